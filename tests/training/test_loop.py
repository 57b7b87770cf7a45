"""Resuming, pausing, reporting and several processes: the result depends on the steps alone."""

import dataclasses
import json
import os

import numpy as np
import pandas as pd
import pytest
import torch

from lpr_gfpgan.errors import CheckpointError, ConfigError, LprError
from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.training import Paused, distributed, train_prior, train_reader, train_restorer
from lpr_gfpgan.training.checkpoint import load_checkpoint, save_checkpoint
from lpr_gfpgan.training.data import SceneStream
from lpr_gfpgan.training.loop import run
from lpr_gfpgan.training.prior import PriorTask
from lpr_gfpgan.training.restorer import RestorerTask
from lpr_gfpgan.training.stage import open_plates

CPU = torch.device("cpu")


def state(path):
    module, _ = load_weights(path)
    return module.state_dict()


def assert_equal(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


TRAININGS = {
    "reader": (lambda s, **k: train_reader(s, "loss", **k), lambda p: p.reader("loss")),
    "prior": (lambda s, **k: train_prior(s, **k), lambda p: p.prior),
    "restorer": (lambda s, **k: train_restorer(s, "full", **k), lambda p: p.restorer("full", 0)),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_paused_after_every_step_equals_uninterrupted(trained, tmp_path, name, fresh_copy):
    train, result = TRAININGS[name]
    whole, broken = (fresh_copy(trained, tmp_path / kind) for kind in ("whole", "broken"))
    for study in (whole, broken):
        result(study.paths).unlink(missing_ok=True)
    expected_metrics = train(whole)
    pauses, drawn = 0, set()
    while True:
        try:
            metrics = train(broken, max_seconds=0)
            break
        except Paused as pause:
            assert pause.exit_code == 75
            assert not list(broken.paths.reports.rglob("*.*"))  # nothing that is declared
            assert not result(broken.paths).exists()
            drawn |= {path.name for path in broken.paths.runs.glob("*/*/*.png")}
            pauses += 1
    assert pauses >= 2
    assert drawn == (set() if name == "reader" else {"grid.png"})
    assert metrics == expected_metrics
    assert_equal(state(result(whole.paths)), state(result(broken.paths)))
    curves = [sorted(s.paths.reports.glob("curves/*.csv"))[0].read_bytes() for s in (whole, broken)]
    assert curves[0] == curves[1]
    assert [s.paths.reports.joinpath("samples").exists() for s in (whole, broken)] == [
        name != "reader"
    ] * 2
    assert not list(broken.paths.runs.glob("*/*/checkpoint.pt"))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    trained, tmp_path, fresh_copy
):
    results = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        study = fresh_copy(trained, tmp_path / folder)
        train_restorer(study, "full", seed=seed)
        results.append(state(study.paths.restorer("full", seed)))
    assert_equal(results[0], results[1])
    assert any(not torch.equal(results[0][n], results[2][n]) for n in results[0])


def test_all_variants_see_the_same_scenes_and_draws(trained):
    variants = ("full", "no_region_discriminator", "face_recipe")
    tasks = [RestorerTask(trained, v, 0, CPU) for v in variants]
    for step in (0, 5, 40):
        (a, image_a), (b, image_b), (c, _) = (task.stream(step) for task in tasks)
        assert torch.equal(a.index, b.index) and torch.equal(a.index, c.index)
        assert torch.equal(image_a, image_b)
    for task in tasks:
        task.stream.close()


def test_what_follows_the_last_step_is_made_again_after_a_kill(
    trained, tmp_path, monkeypatch, fresh_copy
):
    study = fresh_copy(trained, tmp_path / "study")
    samples = study.paths.samples("restorer-full-0")

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("lpr_gfpgan.training.restoring.store", killed)
        train_restorer(study, "full")
    samples.unlink()
    train_restorer(study, "full")
    assert samples.exists() and study.paths.restorer("full", 0).exists()


def test_a_checkpoint_of_another_shape_is_one_line(tmp_path):
    arguments = {"name": "t", "steps": 2, "folder": tmp_path, "fingerprint": "f", "setting": "s"}
    for content in ({"weight": torch.nn.Linear(2, 1).state_dict()}, {}):
        state = {"fingerprint": "f", "step": 1, "parts": content}
        save_checkpoint(tmp_path / "checkpoint.pt", state)
        with pytest.raises(CheckpointError, match="of another shape") as caught:
            run(Diverging(), **arguments, curve=tmp_path / "curve.csv")
        assert "\n" not in str(caught.value)


def test_an_epoch_shows_every_scene_once(trained):
    plates = open_plates(trained, "train")
    stream = SceneStream(plates, batch=8, seed=3, device=CPU)
    steps = len(plates) // 8
    seen = torch.cat([stream(step)[0].index for step in range(steps)])
    assert sorted(seen.tolist()) == list(range(len(plates)))
    second = torch.cat([stream(steps + step)[0].index for step in range(steps)])
    assert sorted(second.tolist()) == list(range(len(plates)))
    assert seen.tolist() != second.tolist()
    stream.close()


class Diverging:
    """A task whose loss becomes NaN at its fourth step."""

    batch = 1

    def __init__(self):
        self.weight = torch.nn.Linear(1, 1)
        self.parts = {"weight": self.weight}

    def step(self, step):
        return {"good": torch.tensor(1.0), "bad": torch.tensor(np.nan if step == 3 else 1.0)}

    def grid(self):
        return None

    def waited(self):
        return 0.0


def test_a_loss_that_is_not_finite_is_named_and_the_last_checkpoint_stays(tmp_path):
    arguments = {
        "name": "test",
        "steps": 6,
        "folder": tmp_path / "run",
        "fingerprint": "f",
        "setting": "s",
        "curve": tmp_path / "curve.csv",
    }
    task = Diverging()
    with pytest.raises(Paused):
        run(task, **arguments, max_seconds=0)
    before = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    with pytest.raises(LprError, match="'bad' is no longer finite at step 4;") as caught:
        run(task, **arguments)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == before
    assert not (tmp_path / "curve.csv").exists()


def test_checkpoints_of_other_runs_damaged_or_hostile_ones_are_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    assert load_checkpoint(path, fingerprint="a") is None
    save_checkpoint(path, {"fingerprint": "a", "step": 3})
    assert load_checkpoint(path, fingerprint="a")["step"] == 3
    with pytest.raises(CheckpointError, match="other settings"):
        load_checkpoint(path, fingerprint="b")
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"no checkpoint at all"):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged checkpoint"):
            load_checkpoint(path, fingerprint="a")
        assert path.read_bytes() == damaged
    torch.save({"fingerprint": "a", "run": os.system}, path)
    with pytest.raises(CheckpointError, match="damaged checkpoint"):
        load_checkpoint(path, fingerprint="a")


def test_timing_tells_speed_and_waiting(trained, tmp_path, fresh_copy):
    study = fresh_copy(trained, tmp_path / "study")
    train_restorer(study, "face_recipe")
    timing = json.loads(study.paths.timing("restorer-face_recipe-0").read_text())
    assert timing["images_per_second"] > 0
    assert 0 <= timing["waiting_for_data"] < 1
    curve = pd.read_csv(study.paths.curve("restorer-face_recipe-0"))
    assert curve["step"].iloc[-1] == study.settings.restorer.steps
    assert {"l1", "perceptual", "style", "adversarial", "discriminator"} <= set(curve.columns)


def test_a_batch_that_cannot_be_shared_is_refused(trained, monkeypatch):
    monkeypatch.setattr("lpr_gfpgan.training.distributed.world_size", lambda: 3)
    with pytest.raises(ConfigError, match="batch: 8 does not divide by 3 processes"):
        SceneStream(open_plates(trained, "train"), batch=8, seed=0, device=CPU)


def test_a_share_that_splits_the_compared_groups_is_refused(monkeypatch):
    distributed.refuse_split_groups(8, 4)
    distributed.refuse_split_groups(6, 4)  # alone, any batch is compared as it is
    monkeypatch.setattr("lpr_gfpgan.training.distributed.world_size", lambda: 2)
    distributed.refuse_split_groups(8, 4)
    with pytest.raises(ConfigError, match="batch: 12 over 2 processes leaves 6 each"):
        distributed.refuse_split_groups(12, 4)


def test_both_games_refuse_to_split_the_compared_groups(trained, change, monkeypatch):
    prior = dataclasses.replace(trained.settings.prior, batch=12)
    odd = dataclasses.replace(trained, settings=dataclasses.replace(trained.settings, prior=prior))
    monkeypatch.setattr("lpr_gfpgan.training.distributed.world_size", lambda: 2)
    with pytest.raises(ConfigError, match="batch: 12"):
        PriorTask(odd, 0, CPU)
    with pytest.raises(ConfigError, match="batch: 12"):
        RestorerTask(change(batch=12), "full", 0, CPU)
