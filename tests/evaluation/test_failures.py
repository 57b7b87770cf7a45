"""A plate on which a method or a reader fails stays in the test as wrong, with its reason."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.evaluation import compare, load_plates, study_conditions
from lpr_gfpgan.evaluation.failures import (
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
    images, reasons = apply_method(method, plates, degraded)
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
    readings, reasons = read_images(reader, images, plates, skip={1: "fragile: gone"})
    assert reader.shown == len(plates) - 1
    assert reasons == {1: "fragile: gone"}
    assert [reading.text == "" for reading in readings] == [i == 1 for i in range(len(plates))]
    readings, reasons = read_images(Echo(plates.table["text"]), images, plates)
    assert reasons == {1: "echo: all black, no contrast"} and readings[1].confidence == 0


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
    fine = failure_table(rows[rows["method"] != "fragile"])
    assert failure_note(fine).startswith("No method and no reader failed")


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
