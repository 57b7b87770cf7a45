"""Re-degradation with known parameters: what agrees with the truth, and what does not."""

import dataclasses
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from lpr_gfpgan.degradations import DegradationParameters, degrade
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import consistency, consistency_rows, consistency_table
from lpr_gfpgan.evaluation.consistency import (
    ROUNDING,
    WRONG,
    distances,
    without_noise,
    wrong_plates,
)
from lpr_gfpgan.evaluation.protocol import DegradedSet
from lpr_gfpgan.metrics import crop_box
from lpr_gfpgan.plates import rectify
from lpr_gfpgan.training.pictures import to_pixels

DRAWS = {"draws": 300, "seed": 0}


def parameters_of(plates, **values):
    height, width = plates.image.shape[1:3]
    none = DegradationParameters.none(len(plates), height, width)
    filled = {name: torch.full_like(getattr(none, name), value) for name, value in values.items()}
    return replace(none, noise_key=torch.arange(len(plates)), **filled)


def make_set(plates, name="made", **values):
    parameters = parameters_of(plates, **values)
    bilinear, bicubic = (
        to_pixels(degrade(plates.batch.image, parameters, codec="exact", enlarge=kind))
        for kind in ("bilinear", "bicubic")
    )
    rows = pd.DataFrame(parameters.to_rows())
    rows.insert(0, "plate", plates.batch.index.numpy())
    return DegradedSet(
        condition=name,
        bilinear=bilinear,
        bicubic=bicubic,
        lanczos=bicubic,
        parameters=rows,
        set_sha256="",
        pixels_sha256="",
    )


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_only_noise_and_compression_are_switched_off(plates):
    drawn = parameters_of(
        plates,
        sigma_major=1.5,
        motion_length=3.0,
        small_width=30,
        noise_sigma=9.0,
        signal_gain=0.2,
        jpeg_quality=30,
    )
    quiet = without_noise(drawn)
    for field in dataclasses.fields(drawn):
        before, after = getattr(drawn, field.name), getattr(quiet, field.name)
        off = field.name in ("noise_sigma", "signal_gain", "jpeg_quality")
        assert torch.equal(after, torch.zeros_like(before) if off else before)
        assert after.dtype == before.dtype


def test_the_original_is_as_far_away_as_its_noise(plates):
    """Noise of 6 levels on the frame's own grid, and no blur: the distance is the noise itself."""
    found = distances(plates, make_set(plates, noise_sigma=6.0), plates.image)
    assert found.shape == (len(plates),) and np.mean(found) == pytest.approx(6, rel=0.1)


def test_without_noise_the_original_is_as_far_away_as_rounding(plates):
    for values in ({}, {"sigma_major": 1.0, "sigma_minor": 1.0}, {"small_width": 30}):
        found = distances(plates, make_set(plates, **values), plates.image)
        assert (found >= ROUNDING).all() and found == pytest.approx(ROUNDING, rel=0.1)


def test_distance_by_hand(plates):
    """Without degradation it is the RMS difference of the plate's box, in levels."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, plates.image.shape).astype(np.uint8)
    found = distances(plates, make_set(plates), images)
    for number, value in enumerate(found):
        box = plates.batch.box[number].numpy()
        a, b = (crop_box(x[number], box).astype(float) for x in (images, plates.image))
        assert value == pytest.approx(np.sqrt(np.mean((a - b) ** 2)), rel=1e-5)


@pytest.mark.parametrize("chunk", [1, 3, 64])
def test_distances_do_not_depend_on_how_many_are_made_at_once(plates, monkeypatch, chunk):
    degraded = make_set(plates, sigma_major=1.0, sigma_minor=1.0)
    images = plates.image[::-1].copy()
    whole = distances(plates, degraded, images)
    monkeypatch.setattr(consistency, "CHUNK", chunk)
    assert distances(plates, degraded, images) == pytest.approx(whole, rel=1e-5)


def test_what_the_blur_wipes_out_is_free(plates):
    """Fine stripes vanish under a strong blur, but not without one."""
    stripes = np.where(np.arange(plates.image.shape[2]) % 2, 12, -12)[None, None, :, None]
    images = np.clip(plates.image.astype(int) + stripes, 0, 255).astype(np.uint8)
    blurred = make_set(plates, "blur", sigma_major=2.0, sigma_minor=2.0, noise_sigma=3.0)
    noisy = make_set(plates, "noise", noise_sigma=3.0)
    rows = pd.concat([consistency_rows(plates, s, {"striped": images}) for s in (blurred, noisy)])
    table = consistency_table(rows, **DRAWS)
    assert one(table, condition="blur", method="striped")["estimate"] == pytest.approx(1, abs=0.1)
    assert one(table, condition="noise", method="striped")["low"] > 3


def test_a_wrong_plate_contradicts_a_mild_degradation_more_than_a_strong_one(plates):
    mild = make_set(plates, "mild", sigma_major=0.5, sigma_minor=0.5, noise_sigma=3.0)
    strong = make_set(
        plates, "strong", sigma_major=3.0, sigma_minor=3.0, noise_sigma=25.0, jpeg_quality=30
    )
    rows = pd.concat([consistency_rows(plates, s, {"bicubic": s.bicubic}) for s in (mild, strong)])
    table = consistency_table(rows, **DRAWS)
    assert set(table["method"]) == {"bicubic", WRONG} and set(table["n"]) == {len(plates)}
    wrong = [one(table, condition=name, method=WRONG) for name in ("mild", "strong")]
    assert wrong[0]["low"] > wrong[1]["high"] and wrong[0]["low"] > 3
    assert 1 < wrong[1]["estimate"] < 3


def test_an_image_that_repeats_the_noise_is_nearer_than_the_truth(plates):
    noisy = make_set(plates, noise_sigma=8.0)
    table = consistency_table(consistency_rows(plates, noisy, {"copy": noisy.bicubic}), **DRAWS)
    assert one(table, condition="made", method="copy")["high"] < 0.2


def test_wrong_plates_change_the_plate_and_nothing_else(plates):
    wrong = wrong_plates(plates)
    assert wrong.shape == plates.image.shape and wrong.dtype == np.uint8
    for number in range(len(plates)):
        x, y = (plates.batch.quad[number].numpy()).T
        row, column = np.mgrid[: wrong.shape[1], : wrong.shape[2]] + 0.5
        outside = (
            (row < y.min() - 1)
            | (row > y.max() + 1)
            | (column < x.min() - 1)
            | (column > x.max() + 1)
        )
        assert np.array_equal(wrong[number][outside], plates.image[number][outside])
        quad = plates.batch.quad[number].numpy()
        here, there = (rectify(x[number], quad, (64, 128))[25:39] for x in (plates.image, wrong))
        # The colours stay, the characters do not.
        assert np.abs(here.mean((0, 1)) - there.mean((0, 1))).max() < 25
        assert np.abs(here.astype(int) - there).mean() > 10


def test_the_other_plate_is_the_next_of_its_style(plates):
    """A copy of the test whose plates all show their number's grey: who took whose place?"""
    greys = np.zeros_like(plates.image)
    ramp = np.linspace(0, 1, plates.image.shape[2])[:, None]
    for number in range(len(plates)):
        greys[number] = 255 * (ramp if number % 2 else ramp[::-1])
    table = plates.table.assign(text=[f"皖A0000{k}" for k in range(len(plates))], style="blue")
    table.loc[[1, 3], "style"] = "green"
    shown = wrong_plates(replace(plates, image=greys, table=table))

    def rising(number):
        quad = plates.batch.quad[number].numpy()
        row = rectify(shown[number], quad, (32, 64))[16, :, 0].astype(float)
        return bool(row[40:56].mean() > row[8:24].mean())

    # Plate 0 (blue) skips the green plate 1 and takes 2, which skips 3 and takes 4; the green 1 and
    # 3 take each other; the last one begins again with 0.
    last = len(plates) - 1
    expected = {0: 2, 1: 3, 2: 4, 3: 1, last: 0}
    assert {k: rising(k) for k in expected} == {k: bool(v % 2) for k, v in expected.items()}


def test_equal_texts_are_no_wrong_plates(plates):
    alone = replace(plates, table=plates.table.assign(text="皖A12345"))
    with pytest.raises(DataError, match="皖A12345 is the only text"):
        wrong_plates(alone)


def test_given_wrong_plates_are_not_made_again(plates):
    made = make_set(plates, noise_sigma=4.0)
    given = consistency_rows(plates, made, {WRONG: plates.image})
    table = consistency_table(given, **DRAWS)
    assert one(table, condition="made", method=WRONG)["estimate"] == pytest.approx(1)


def test_ratios_are_geometric_means_with_intervals_over_plates():
    rows = pd.DataFrame(
        [
            {"condition": c, "method": m, "plate": p, "distance": d}
            for c, scale in (("a", 1.0), ("b", 10.0))
            for p, (truth, made) in enumerate([(1, 2), (4, 2), (3, 3), (2, 8)])
            for m, d in (("original", truth * scale), ("full", made * scale))
        ]
    )
    table = consistency_table(rows, **DRAWS)
    # Ratios 2, 1/2, 1 and 4: their geometric mean is 4 ** (1/4). The scale of a condition is none
    # of its ratios'.
    for condition in ("a", "b", "all"):
        line = one(table, condition=condition, method="full")
        assert line["estimate"] == pytest.approx(np.sqrt(2))
        assert 0.5 <= line["low"] < line["estimate"] < line["high"] <= 4 and line["n"] == 4
    a, pooled = (one(table, condition=c, method="full") for c in ("a", "all"))
    assert (a["low"], a["high"]) == pytest.approx((pooled["low"], pooled["high"]))
    assert set(table["measure"]) == {"ratio"} and "original" not in set(table["method"])


def test_refuses_what_does_not_belong_together(plates):
    made = make_set(plates)
    with pytest.raises(DataError, match="one image for each plate"):
        distances(plates, made, plates.image[:-1])
    rows = consistency_rows(plates, made, {"copy": made.bicubic})
    with pytest.raises(DataError, match="positive distances"):
        consistency_table(rows[:0], **DRAWS)
    with pytest.raises(DataError, match="positive distances"):
        consistency_table(rows.assign(distance=np.nan), **DRAWS)
    lost = rows[~((rows["method"] == "original") & (rows["plate"] == 0))]
    with pytest.raises(DataError, match="no distance of its original"):
        consistency_table(lost, **DRAWS)
