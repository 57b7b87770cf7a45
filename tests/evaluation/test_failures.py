"""A plate on which a method or a reader fails stays in the test as wrong, with its reason."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.evaluation import compare, load_plates, study_conditions
from lpr_gfpgan.evaluation.consistency import WRONG
from lpr_gfpgan.evaluation.emphasis import emphasis_table
from lpr_gfpgan.evaluation.failures import (
    RETRIED,
    Failures,
    apply_method,
    failure_note,
    failure_table,
    read_images,
)
from lpr_gfpgan.evaluation.methods import Method, baselines, restorer
from lpr_gfpgan.evaluation.protocol import degraded_set
from lpr_gfpgan.evaluation.rows import read_rows, write_table
from lpr_gfpgan.readers import Reading


class Echo:
    """A reader that sees the right text, but for the frames it cannot bear: black ones."""

    name = "echo"

    def __init__(self, texts):
        self.texts, self.shown = texts, 0

    def read(self, image, quads):
        self.shown += len(image)
        if bool((image == -1).all(dim=(1, 2, 3)).any()):
            raise ValueError("all black,\nno contrast")
        return [Reading("京A12345", (0.9,) * 7, 0.5) for _ in image]


class Fragile(nn.Module):
    """A restorer whose answer is no number where the image's first value is above a limit."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def forward(self, image):
        wrong = image[:, 0, 0, 0] > self.limit
        return torch.where(wrong[:, None, None, None], torch.nan, image)


@pytest.fixture
def plates(study):
    return load_plates(study)


@pytest.fixture
def degraded(study, plates):
    return degraded_set(plates, study_conditions(study)[0])


def fragile(degraded, failing):
    """A method that fails on the brightest `failing` plates, and which these are."""
    first = degraded.bicubic[:, 0, 0, 0] / 127.5 - 1.0
    order = np.argsort(first)
    limit = (
        -2 if failing == len(first) else (first[order[-failing - 1]] + first[order[-failing]]) / 2
    )
    network = Fragile(limit)
    method = restorer(network, name="fragile", variant="", training_seed=0)
    return method, sorted(order[len(first) - failing :].tolist())


def test_an_image_that_is_no_number_is_named_and_black_and_the_others_are_made(plates, degraded):
    method, failing = fragile(degraded, 2)
    images, found = apply_method(method, plates, degraded)
    reasons = found.failed
    assert found.retried == {}  # the plates' own failures are what failed the batch
    assert sorted(reasons) == failing
    assert all(reason.startswith("fragile: the image holds values") for reason in reasons.values())
    for place, image in enumerate(images):
        expected = 0 * image if place in failing else degraded.bicubic[place]
        assert np.array_equal(image, expected)


def test_what_fails_everywhere_is_no_failure_of_plates(plates, degraded):
    method, _ = fragile(degraded, len(plates))
    with pytest.raises(ImageError, match="not finite"):
        apply_method(method, plates, degraded)


def test_a_reader_is_not_shown_what_no_method_made(plates):
    reader = Echo(plates.table["text"])
    images = plates.image.copy()
    images[1] = 0
    gone = Failures(failed={1: "fragile: gone"})
    readings, found = read_images(reader, images, plates, made=gone)
    assert reader.shown == len(plates) - 1
    assert found == gone
    assert [reading.text == "" for reading in readings] == [i == 1 for i in range(len(plates))]
    readings, found = read_images(Echo(plates.table["text"]), images, plates)
    assert found == Failures(failed={1: "echo: all black, no contrast"})
    assert readings[1].confidence == 0


def test_failures_stay_in_the_rows_as_wrong_and_are_counted(study, plates, degraded, tmp_path):
    method, failing = fragile(degraded, 2)
    methods = [*baselines(), method]
    condition = study_conditions(study)[0]
    found = compare(plates, [condition], methods, [Echo(plates.table["text"])])
    write_table(tmp_path / "rows.csv.gz", found.rows)
    rows = read_rows(tmp_path / "rows.csv.gz")
    assert (rows.groupby("method")["plate"].nunique() == len(plates)).all()
    own = rows[rows["method"] == "fragile"].reset_index(drop=True)
    assert own.index[own["failure"] != ""].tolist() == failing
    assert (own.loc[failing, ["exact", "exact6"]] == 0).all(axis=None)
    assert (own.loc[failing, "cer"] == 1).all() and (own.loc[failing, "reading"] == "").all()
    assert np.isfinite(own["psnr_frame"]).all()
    table = failure_table(rows).set_index("method")
    assert table["failed"].to_dict() == {"original": 0, "degraded": 0, "bicubic": 0, "fragile": 2}
    line = table.loc["fragile"]
    assert line["n"] == len(plates) and line["estimate"] == pytest.approx(2 / len(plates))
    assert line["low"] < line["estimate"] < line["high"]
    note = failure_note(failure_table(rows))
    for place in failing:
        assert f"plate {plates.batch.index[place]} (fragile: the image" in note
    assert "2 of" in note
    assert line["no_image"] == 2 and set(table["left_out"]) == {2}
    assert "of which some method made no image (2), for every method" in note
    fine = failure_table(rows[rows["method"] != "fragile"])
    assert failure_note(fine).startswith("No method and no reader failed")


class Hasty:
    """A method or reader that bears no more than one image at a time."""

    name = "hasty"

    def apply(self, plates, degraded):
        if len(plates) > 1:
            raise MemoryError("too many\nat once")
        return degraded.bilinear

    def read(self, image, quads):
        if len(image) > 1:
            raise MemoryError
        return [Reading("京A12345", (0.9,) * 7, 0.5) for _ in image]


def test_a_batch_that_fails_where_no_plate_does_is_no_failure_but_is_told(
    study, plates, degraded, tmp_path
):
    method = Method(name="hasty", apply=Hasty().apply)
    images, found = apply_method(method, plates, degraded)
    assert np.array_equal(images, degraded.bilinear)
    reasons = dict.fromkeys(range(len(plates)), "hasty: too many at once")
    assert found == Failures(retried=reasons)
    _, both = read_images(Hasty(), images, plates, made=found)
    assert both.failed == {}
    assert set(both.retried.values()) == {"hasty: too many at once; hasty: MemoryError"}
    compared = [*baselines(), method]
    rows = compare(plates, [study_conditions(study)[0]], compared, [Echo(plates.table["text"])])
    write_table(tmp_path / "rows.csv.gz", rows.rows)
    table = failure_table(read_rows(tmp_path / "rows.csv.gz"))
    counts = table.set_index("method")["retried"].to_dict()
    assert counts == {"original": 0, "degraded": 0, "bicubic": 0, "hasty": len(plates)}
    assert (table["failed"] == 0).all() and (table["left_out"] == 0).all()
    note = failure_note(table)
    assert note.startswith("No method and no reader failed")
    assert f"{len(plates)} readings {RETRIED}: " in note
    assert f"hasty read by echo: {len(plates)} plates (hasty: too many at once)" in note


def test_a_batch_error_beside_another_plate_s_failure_is_told_too(plates, degraded):
    def apply(some, part):
        if len(some) > 1:
            raise MemoryError("too many")
        if some.batch.index[0] == plates.batch.index[2]:
            raise ValueError("not this one")
        return part.bilinear

    _, found = apply_method(Method(name="picky", apply=apply), plates, degraded)
    assert found.failed == {2: "picky: not this one"}
    others = [place for place in range(len(plates)) if place != 2]
    assert found.retried == dict.fromkeys(others, "picky: too many")


class Seeing(Echo):
    """Has features, too."""

    def features(self, image, quads):
        return image.flatten(1)[:, :8]


def test_black_images_enter_no_measure_of_what_images_look_like(study, plates):
    conditions = study_conditions(study)
    degraded = degraded_set(plates, conditions[0])
    method, failing = fragile(degraded, 2)
    numbers = plates.batch.index.numpy()
    reader = Seeing(plates.table["text"])
    options = {"consistent": True, "featured": reader}
    plain = compare(plates, conditions, baselines(), [reader], **options)
    beside = compare(plates, conditions, [*baselines(), method], [reader], **options)
    missing = set(beside.rows.loc[beside.rows["failure"] != "", "plate"])
    assert set(numbers[failing]) <= missing and len(missing) < len(plates) - 1
    kept = [n for n in numbers if n not in missing]
    # Every method under every condition is held to the same plates.
    assert beside.features.plates.tolist() == kept
    places = np.flatnonzero(np.isin(numbers, kept))
    for name in ("light", "strong"):
        expected = plain.features.of(name, "bicubic")[places]
        assert np.array_equal(beside.features.of(name, "bicubic"), expected)
    by_method = beside.consistency.groupby(["condition", "method"])["plate"].apply(list)
    assert set(by_method.index.get_level_values("method")) == {
        *("original", "degraded", "bicubic", "fragile", WRONG)
    }
    assert all(found == kept for found in by_method)
    # What is measured plate by plate keeps the black image, but for emphasis.
    own = beside.rows[beside.rows["method"] == "fragile"]
    black = own[own["failure"] != ""]
    assert np.isfinite(black[["psnr_plate", "psnr_frame"]]).all(axis=None)
    assert black[["psnr_surroundings", "mse_surroundings"]].isna().all(axis=None)
    table = emphasis_table(beside.rows, draws=50, seed=0)
    light = table[(table["condition"] == "light") & (table["measure"] == "psnr_emphasis")]
    counts = light.set_index("method")["n"]
    assert counts["fragile"] <= counts["bicubic"] - len(failing)


def test_plates_and_sets_keep_their_numbers_when_some_are_chosen(plates, degraded):
    index = np.array([3, 1])
    some, part = plates.select(index), degraded.select(index)
    assert some.batch.index.tolist() == plates.batch.index[[3, 1]].tolist()
    assert some.table["text"].tolist() == plates.table["text"].iloc[[3, 1]].tolist()
    assert np.array_equal(part.bicubic, degraded.bicubic[index])
    expected = degraded.parameters.iloc[[3, 1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.parameters, expected)
    upper = Method(name="upper", apply=lambda p, d: d.bilinear[:, ::-1].copy())
    alone, _ = apply_method(upper, some, part)
    whole, _ = apply_method(upper, plates, degraded)
    assert np.array_equal(alone, whole[index])
    assert dataclasses.replace(part, condition=part.condition).set_sha256 == degraded.set_sha256
