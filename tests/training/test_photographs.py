"""Photographed crops in training: which enter, as what, and whom they teach."""

import dataclasses

import numpy as np
import pytest
import torch

from lpr_gfpgan.config import load_study
from lpr_gfpgan.errors import ConfigError, DataError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import canonical_quad, encode
from lpr_gfpgan.settings import PhotographsSettings, WarmupSettings
from lpr_gfpgan.training.photographs import (
    open_photographs,
    photograph_stream,
    prepare_photographs,
)
from lpr_gfpgan.training.reader import ReaderTask, reader_identity
from lpr_gfpgan.training.restorer import RestorerTask, restorer_identity
from lpr_gfpgan.training.stage import cpu_has_bfloat16, open_plates

CPU = torch.device("cpu")
TRAINING_TEXTS = ["皖A88888", "京AA00001", "沪B12345"]  # "train" by their hash
OTHER_TEXT = "皖A00003"  # "test"
CROPS = 4


def write_folder(folder):
    """Grey crops, each of its own level: training texts, one other text, one other source."""
    rows = [("mine", text) for text in TRAINING_TEXTS]
    rows += [("mine", OTHER_TEXT), ("foreign", TRAINING_TEXTS[0])]
    folder.mkdir()
    lines = ["crop,text,source"]
    for number, (source, text) in enumerate(rows):
        write_png(folder / f"{number}.png", np.full((24, 94, 3), 40 * number, np.uint8))
        lines.append(f"{number}.png,{text},{source}")
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def study(trained, fresh_copy, tmp_path):
    """The trained study with photographs in it and in its warm-up, the crops prepared."""
    settings = trained.settings
    restorer = dataclasses.replace(
        settings.restorer,
        warmup=WarmupSettings(motion_blur=True, recognition_loss=True, bfloat16=False),
    )
    photographs = PhotographsSettings(
        sources=["mine"], reader=CROPS, restorer=CROPS, l1=1.0, l1_width=28
    )
    settings = dataclasses.replace(settings, restorer=restorer, photographs=photographs)
    study = fresh_copy(dataclasses.replace(trained, settings=settings), tmp_path / "out")
    prepare_photographs(study, write_folder(tmp_path / "photographs"))
    return study


def without(study):
    settings = dataclasses.replace(study.settings, photographs=None)
    return dataclasses.replace(study, settings=settings)


def test_only_training_texts_of_the_named_sources_enter(study):
    crops = open_photographs(study)
    assert crops.texts == TRAINING_TEXTS
    assert [image[0, 0, 0] for image in crops.images] == [0, 40, 80]


def test_batches_have_the_crops_in_the_canonical_place(study):
    height, width = study.settings.frame.size
    batch = open_photographs(study).batch(np.array([2, 0]))
    assert batch.image.shape == (2, 3, height, width)
    assert batch.image[:, 0, 0, 0].tolist() == pytest.approx([80 / 127.5 - 1, -1])
    assert np.allclose(batch.quad, canonical_quad(height, width))
    assert batch.labels[0, :7].tolist() == encode(TRAINING_TEXTS[2])
    assert batch.tight.all()
    assert batch.character_boxes.shape == (2, 8, 4)
    assert (batch.character_boxes[0, 7] == 0).all()  # seven characters


def test_what_cannot_be_prepared_or_opened_is_refused(study, tmp_path):
    with pytest.raises(ConfigError, match="photographs: null"):
        prepare_photographs(without(study), tmp_path / "photographs")
    foreign = dataclasses.replace(study.settings.photographs, sources=["nobody"])
    settings = dataclasses.replace(study.settings, photographs=foreign)
    with pytest.raises(DataError, match="no plate of the training split from nobody"):
        prepare_photographs(dataclasses.replace(study, settings=settings), tmp_path / "photographs")
    path = study.paths.photographs
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="is damaged"):
        open_photographs(study)
    path.unlink()
    with pytest.raises(DataError, match="no photographs in"):
        open_photographs(study)


def test_crops_too_coarse_to_teach_by_their_pixels_are_refused(study, tmp_path):
    folder = tmp_path / "photographs"  # 94 pixels wide
    prepare_photographs(weighing(study, l1_width=56), folder)
    coarse = weighing(study, l1_width=57)
    with pytest.raises(DataError, match=r"0\.png: its plate is 94 px wide.*lower .*l1_width to 56"):
        prepare_photographs(coarse, folder)
    prepare_photographs(weighing(coarse, l1=0.0), folder)


def test_crops_of_another_frame_are_refused(study):
    with np.load(study.paths.photographs) as file:
        held = dict(file)
    np.savez(study.paths.photographs, **{**held, "images": held["images"][:, :-2]})
    with pytest.raises(DataError, match="another frame"):
        open_photographs(study)


def test_their_draws_are_not_those_of_the_scenes(study):
    seen = []

    def prepare(batch, step, samples):
        seen.append(samples)
        return batch, batch.image

    stream = photograph_stream(study, CROPS, seed=1, device=CPU, prepare=prepare)
    stream(0)
    stream.close()
    scenes = stream.samples(0)
    assert seen[0].min() > 10**9  # more scenes than any training sees
    assert torch.equal(seen[0] - seen[0][0], scenes - scenes[0])
    assert photograph_stream(study, 0, seed=1, device=CPU, prepare=prepare) is None


def test_readers_hear_their_text_and_not_their_places(study):
    settings = study.settings.readers.loss
    with_crops, alone = (ReaderTask(s, settings, CPU) for s in (study, without(study)))
    for task in (with_crops, alone):
        task.network.eval()  # one batch's statistics must not enter another's
    own, plain = with_crops.step(0), alone.step(0)
    assert torch.equal(own["slots"], plain["slots"])
    assert not torch.equal(own["ctc"], plain["ctc"])
    for task in (with_crops, alone):
        task.close()


def test_the_restorer_hears_their_text_and_sees_their_pixels_made_small(study):
    with_crops, alone = (RestorerTask(s, "warmup", 0, CPU) for s in (study, without(study)))
    own, plain = with_crops.step(0), alone.step(0)
    assert set(own) == {"l1", "pyramid", "recognition", "photographs", "photographs_l1"}
    assert set(plain) == {"l1", "pyramid", "recognition"}
    for name, value in plain.items():
        torch.testing.assert_close(own[name], value)
    assert own["photographs"] > 0
    moved = zip(with_crops.restorer.parameters(), alone.restorer.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in moved)
    for task in (with_crops, alone):
        task.close()


def weighing(study, **changes):
    photographs = dataclasses.replace(study.settings.photographs, **changes)
    settings = dataclasses.replace(study.settings, photographs=photographs)
    return dataclasses.replace(study, settings=settings)


def test_their_text_weighs_as_the_recognition_loss_and_their_pixels_by_their_own_weight(study):
    task = RestorerTask(weighing(study, l1=0.7), "full", 0, CPU)
    one = torch.ones(())
    weights = study.settings.restorer.weights
    assert task.objective.total({"photographs": one}) == pytest.approx(weights.recognition)
    assert task.objective.total({"photographs_l1": one}) == pytest.approx(0.7)
    task.close()


def test_a_variant_without_recognition_sees_their_pixels_alone(study):
    face = RestorerTask(study, "face_recipe", 0, CPU)
    losses = face.step(0)
    assert "photographs_l1" in losses and "photographs" not in losses
    face.close()
    blind = RestorerTask(weighing(study, l1=0.0), "face_recipe", 0, CPU)
    assert blind.photographs is None
    blind.close()


def test_their_pixels_say_nothing_of_detail_finer_than_they_have(study):
    width = study.settings.frame.width
    task = RestorerTask(weighing(study, l1_width=width // 4), "face_recipe", 0, CPU)
    batch = open_photographs(study).batch(np.array([0, 1]))
    stripes = (torch.arange(width) % 2 * 2.0 - 1)[None, None, None, :]
    offset = {}
    for name, change in (("fine", 0.3 * stripes), ("coarse", 0.3)):
        terms = task.objective.of_photographs(batch.image + change, batch)
        offset[name] = terms["photographs_l1"].item()
    task.close()
    assert offset["fine"] == pytest.approx(0, abs=1e-6)
    assert offset["coarse"] == pytest.approx(0.3, abs=1e-6)


def test_identities_change_with_the_crops(study):
    reader, restorer = reader_identity(study, "loss"), restorer_identity(study, "full", 0)
    face = restorer_identity(study, "face_recipe", 0)
    with np.load(study.paths.photographs) as file:
        held = dict(file)
    np.savez(study.paths.photographs, **{**held, "images": 255 - held["images"]})
    assert reader_identity(study, "loss") != reader
    assert restorer_identity(study, "full", 0) != restorer
    assert restorer_identity(study, "face_recipe", 0) != face
    blind = restorer_identity(weighing(study, l1=0.0), "face_recipe", 0)
    np.savez(study.paths.photographs, **held)
    assert restorer_identity(weighing(study, l1=0.0), "face_recipe", 0) == blind
    for changed in (weighing(study, l1=2.0), weighing(study, l1_width=12)):
        assert restorer_identity(changed, "face_recipe", 0) != restorer_identity(
            study, "face_recipe", 0
        )


def test_without_photographs_nothing_is_looked_for(study):
    study.paths.photographs.unlink()
    assert reader_identity(without(study), "loss")
    assert len(open_plates(without(study), "train"))


def test_a_profile_may_put_other_ranges_in_the_place_of_training():
    quick, release = load_study("quick"), load_study("release")
    assert release.ranges("training") == release.ranges("broad") != quick.ranges("training")
    assert "photos_web" not in release.settings.photographs.sources


def in_format(study, *, bfloat16, **changed):
    warmup = dataclasses.replace(study.settings.restorer.warmup, bfloat16=bfloat16)
    restorer = dataclasses.replace(study.settings.restorer, warmup=warmup, **changed)
    settings = dataclasses.replace(study.settings, restorer=restorer)
    return dataclasses.replace(study, settings=settings)


def first_losses(study, variant, *, bfloat16):
    task = RestorerTask(in_format(study, bfloat16=bfloat16), variant, 0, CPU)
    losses = {name: float(value.detach()) for name, value in task.step(0).items()}
    task.close()
    assert {p.dtype for p in task.ema.module.parameters()} == {torch.float32}
    return losses


def curve_of(study, *, bfloat16, steps):
    changed = in_format(study, bfloat16=bfloat16, warmup_steps=steps)
    task = RestorerTask(changed, "warmup", 0, CPU)
    rows = [task.step(step) for step in range(steps)]
    task.close()
    return {name: sum(float(row[name].detach()) for row in rows) / steps for name in rows[0]}


@pytest.fixture
def with_instructions(monkeypatch):
    """As on a CPU that has instructions for bfloat16; torch computes it without them too."""
    found = {"avx512_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)


@pytest.mark.parametrize(
    ("found", "has"),
    [
        ({"avx2": True, "avx512_bf16": True}, True),
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": True}, True),
        ({"neon": True, "bf16": True}, True),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({}, False),
    ],
)
def test_a_cpu_has_bfloat16_where_it_has_instructions_for_it(monkeypatch, found, has):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert cpu_has_bfloat16() is has


@pytest.mark.usefixtures("with_instructions")
def test_a_bfloat16_warmup_stays_within_two_percent_of_float32(study):
    exact, mixed = (curve_of(study, bfloat16=on, steps=30) for on in (False, True))
    assert mixed != exact
    assert mixed == pytest.approx(exact, rel=0.02)


def test_a_cpu_without_instructions_for_bfloat16_computes_in_float32(study, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    exact, asked = (first_losses(study, "warmup", bfloat16=on) for on in (False, True))
    assert exact == asked
    monkeypatch.delattr(torch.cpu, "get_capabilities")  # as in an older torch
    assert first_losses(study, "warmup", bfloat16=True) == exact


@pytest.mark.usefixtures("with_instructions")
def test_bfloat16_on_a_cpu_is_the_warmup_alone_and_near_float32(study):
    exact, mixed = (first_losses(study, "warmup", bfloat16=on) for on in (False, True))
    assert exact != mixed
    assert mixed == pytest.approx(exact, rel=0.02)
    exact, mixed = (first_losses(study, "full", bfloat16=on) for on in (False, True))
    assert exact == mixed


def test_their_text_asks_for_pixels_of_a_filling_plates_characters_alone(study):
    asked = {}
    for where in ("characters", "plate"):
        restorer = dataclasses.replace(study.settings.restorer, recognition_on=where)
        settings = dataclasses.replace(study.settings, restorer=restorer)
        task = RestorerTask(dataclasses.replace(study, settings=settings), "warmup", 0, CPU)
        batch = open_photographs(study).batch(np.array([0, 1]))
        image = batch.image.clone().requires_grad_()
        terms = task.objective.of_photographs(image, batch)
        (gradient,) = torch.autograd.grad(terms["photographs"], image)
        asked[where] = gradient.abs().sum(1) > 0
        task.close()
    x0, _, x1, _ = batch.character_boxes[0].unbind(1)
    gap = slice(int(x1[1]) + 2, int(x0[2]) - 1)  # between the second and the third character
    assert asked["characters"].any() and not asked["characters"][:, :, gap].any()
    assert asked["plate"][:, :, gap].any()
