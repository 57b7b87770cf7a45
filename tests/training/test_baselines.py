"""The baselines without a prior: told what they say, on the scenes that `full` sees."""

import dataclasses

import pytest
import torch

from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.training import Paused, ensure_baseline, stages, train_baseline
from lpr_gfpgan.training.baseline import BaselineTask, baseline_identity
from lpr_gfpgan.training.restorer import WARMUP, RestorerTask

CPU = torch.device("cpu")


def test_the_unet_hears_l1_alone_and_rrdb_its_recipe(trained, closing):
    plain, rrdb = (closing(BaselineTask(trained, n, 0, CPU)) for n in ("plain_unet", "rrdb"))
    restorer, turn = trained.settings.restorer, rrdb.turn
    assert plain.steps == rrdb.steps == restorer.warmup_steps + restorer.steps
    assert turn == round(trained.settings.baselines.rrdb.l1_share * rrdb.steps)
    assert rrdb.adversary.settings == trained.settings.baselines.rrdb.discriminator
    for step in (0, turn - 1):
        assert set(plain.step(step)) == set(rrdb.step(step)) == {"l1"}
    assert set(plain.step(turn)) == {"l1"}
    # R1 is due at even steps.
    even = turn + turn % 2
    wanted = {"l1", "perceptual", "adversarial", "discriminator", "r1"}
    assert set(rrdb.step(even)) == wanted
    assert vars(rrdb.then.weights) | {"l1": 0, "perceptual": 0, "adversarial": 0} == dict.fromkeys(
        vars(rrdb.then.weights), 0
    )
    assert (rrdb.then.weights.l1, rrdb.then.weights.adversarial) == (1.0, 0.1)


@pytest.mark.parametrize("seed", [0, 5])
def test_scenes_and_degradations_are_those_of_full_and_its_warmup(trained, closing, seed):
    warmup = closing(RestorerTask(trained, WARMUP, trained.seeds[0], CPU))
    full = closing(RestorerTask(trained, "full", seed, CPU))
    plain = closing(BaselineTask(trained, "plain_unet", seed, CPU))
    turn = warmup.steps
    pairs = [(warmup, 0, 0), (warmup, turn - 1, turn - 1), (full, 0, turn), (full, 2, turn + 2)]
    for task, step, whole in pairs:
        (batch, image), (own, given) = task.stream(step), plain.stream(whole)
        assert torch.equal(image, given) and torch.equal(batch.image, own.image)
    assert plain.batch == full.batch and plain.steps == warmup.steps + full.steps


@pytest.mark.parametrize("name", ["plain_unet", "rrdb"])
def test_paused_and_resumed_is_the_same_as_in_one_go(name, trained, tmp_path, fresh_copy):
    weights = []
    for folder in ("whole", "paused"):
        study = fresh_copy(trained, tmp_path / folder)
        pauses = 0
        while folder == "paused":
            try:
                train_baseline(study, name, max_seconds=0)
                break
            except Paused:
                pauses += 1
        metrics = train_baseline(study, name)
        assert pauses == (study.settings.restorer.warmup_steps + 2 if folder == "paused" else 0)
        assert metrics["n"] == study.settings.plates.validation
        weights.append(study.paths.baseline(name, 0).read_bytes())
        assert study.paths.curve(f"baseline-{name}-0").exists()
    assert weights[0] == weights[1]
    _, about = load_weights(study.paths.baseline(name, 0), expect_kind=name)
    assert about["provenance"]["steps"] == sum(
        getattr(trained.settings.restorer, key) for key in ("warmup_steps", "steps")
    )


def test_a_trained_baseline_is_kept_and_one_of_other_settings_is_not(
    trained, tmp_path, fresh_copy, monkeypatch, change
):
    study = fresh_copy(trained, tmp_path / "study")
    ensure_baseline(study, "plain_unet", 0)
    before = study.paths.baseline("plain_unet", 0).read_bytes()
    asked = []
    monkeypatch.setattr(stages, "train_baseline", lambda *_, **__: asked.append(True))
    ensure_baseline(study, "plain_unet", 0)
    assert not asked and study.paths.baseline("plain_unet", 0).read_bytes() == before
    own = dataclasses.replace(study.settings.baselines.plain_unet, learning_rate=0.5)
    baselines = dataclasses.replace(study.settings.baselines, plain_unet=own)
    other = dataclasses.replace(
        study, settings=dataclasses.replace(study.settings, baselines=baselines)
    )
    assert baseline_identity(other, "plain_unet", 0) != baseline_identity(study, "plain_unet", 0)
    flatter = change(low_contrast=0.9)
    assert baseline_identity(flatter, "plain_unet", 0) != baseline_identity(
        trained, "plain_unet", 0
    )
    ensure_baseline(other, "plain_unet", 0)
    assert asked
