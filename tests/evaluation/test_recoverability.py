"""The map of blur and resolution holds these two factors alone, and each figure is of who it says.

Plates are drawn, methods give back what is known, and the readers are the fixtures' cheating ones.
"""

import dataclasses
import itertools
import math

import pandas as pd
import pytest
import torch

from lpr_gfpgan.evaluation import recoverability
from lpr_gfpgan.evaluation.grid import LOW_RESOLUTION
from lpr_gfpgan.evaluation.methods import Method
from lpr_gfpgan.evaluation.recoverability import (
    SIGMAS,
    WIDTHS,
    recoverability_conditions,
    recoverability_rows,
    recoverability_table,
)

DRAWS = {"draws": 50, "seed": 0}
CHARACTERS = 7  # of the texts of `make_grid_rows`


@pytest.fixture(scope="module")
def cells(study):
    """The map's cells as a table, as `make_grid_rows` takes them."""
    known = recoverability_conditions(study)
    lines = [(name, sigma, width, "") for name, (sigma, width, _) in known.items()]
    return pd.DataFrame(lines, columns=["condition", "sigma", "plate_width", "skipped"])


def test_each_blur_meets_each_of_the_grid_s_widths_once(study):
    found = recoverability_conditions(study)
    assert WIDTHS == LOW_RESOLUTION and SIGMAS[0] == 0 and list(SIGMAS) == sorted(set(SIGMAS))
    pairs = [(sigma, width) for sigma, width, _ in found.values()]
    assert sorted(pairs) == sorted(itertools.product(SIGMAS, WIDTHS))
    for name, (sigma, width, condition) in found.items():
        assert name == condition.name == f"sigma {sigma:g}, {width} px"
        assert condition.seed == study.settings.evaluation.seed


def test_a_cell_draws_its_blur_and_width_and_nothing_else(study):
    """In a frame of 256 px, whose plates of 100 to 240 px are wider than any cell's.

    Whatever the study's own first condition may draw: here every factor, and disks now and then.
    """
    first = study.settings.evaluation.conditions[0]
    every = {f"{name}_probability": 0.9 for name in ("motion", "defocus", "noise", "jpeg")}
    drawn = {**study.degradations[first], **every, "defocus_kinds": {"disk": 1.0}}
    drawn["signal_noise"] = [0.1, 0.2]
    study = dataclasses.replace(study, degradations={**study.degradations, first: drawn})
    count, size = 50, (128, 256)
    plate = torch.linspace(100, 240, count, dtype=torch.float64)
    for sigma, width, condition in recoverability_conditions(study).values():
        drawn = condition.draw(torch.arange(count), plate_width=plate, size=size)
        blur = (sigma * plate).float()
        torch.testing.assert_close(drawn.sigma_major, blur)
        torch.testing.assert_close(drawn.sigma_minor, blur)  # isotropic
        small = drawn.small_width.double() / size[1] * plate
        # The small frame has whole pixels: the plate's width is off by half of one frame pixel's.
        assert ((small - width).abs() <= plate / size[1] * 0.5 + 1e-9).all()
        others = ("motion_length", "disk_radius", "noise_sigma", "signal_gain", "jpeg_quality")
        for name in others:
            assert (getattr(drawn, name) == 0).all(), (condition.name, name)


@pytest.fixture(scope="module")
def read(study, readers):
    """Rows of a study with two seeds: `full-0` gives back the original, others must not run."""

    def refused(plates, degraded):
        raise AssertionError("this method has no place on the map")

    def perfect(plates, degraded):
        return plates.image

    trained = [
        Method(name="face_recipe-0", apply=refused, variant="face_recipe", training_seed=0),
        Method(name="full-0", apply=perfect, variant="full", training_seed=0),
        Method(name="full-1", apply=refused, variant="full", training_seed=1),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recoverability, "restorers", lambda study, device: trained)
        patch.setattr(recoverability, "open_readers", lambda study, device: readers)
        return recoverability_rows(study, device="cpu")


def test_the_degraded_and_the_first_full_model_are_read_in_every_cell(study, read):
    assert list(dict.fromkeys(read["method"])) == ["degraded", "full-0"]
    assert set(read["reader"]) == {"judge", "direct"}
    assert list(dict.fromkeys(read["condition"])) == list(recoverability_conditions(study))
    assert (read.loc[read["method"] == "full-0", "failure"] == "").all()
    plates = study.settings.evaluation.grid_plates
    assert plates < study.settings.evaluation.plates
    keys = read.groupby(["condition", "method", "reader"])["plate"]
    assert all(list(found) == list(range(plates)) for _, found in keys)


def test_more_blur_and_fewer_pixels_leave_less_of_the_degraded_image(study, read):
    """Without noise and JPEG the error of the pixels follows the two factors, plate by plate."""
    once = read[(read["method"] == "degraded") & (read["reader"] == "judge")]
    known = recoverability_conditions(study)
    places = [known[name][:2] for name in once["condition"]]
    error = once.assign(sigma=[s for s, _ in places], width=[w for _, w in places]).pivot(
        index=["plate", "sigma"], columns="width", values="mse_plate"
    )
    assert (error[20] > error[50]).all()
    by_sigma = error[50].unstack("sigma")
    assert (by_sigma[SIGMAS[0]] < by_sigma[SIGMAS[-1]]).all()


def test_the_table_says_whose_each_figure_is(study, read):
    """The judge loses three characters of a degraded plate, the direct reader one."""
    table = recoverability_table(study, read, **DRAWS)
    length = read.drop_duplicates("plate")["text"].str.len()
    wanted = {
        "degraded": (1 - 3 / length).mean(),
        "direct reading": (1 - 1 / length).mean(),
        "full-0": 1,
    }
    assert set(table["method"]) == set(wanted)
    for method, lines in table.groupby("method"):
        pairs = list(zip(lines["sigma"], lines["plate_width"], strict=True))
        assert pairs == list(itertools.product(SIGMAS, WIDTHS))
        assert lines["estimate"].to_numpy() == pytest.approx(wanted[method])
        assert (lines["n"] == study.settings.evaluation.grid_plates).all()


def right_characters(cell):
    """Fewer with blur and at small widths; the method and the reader add what tells them apart."""
    base = list(WIDTHS).index(cell["plate_width"]) - list(SIGMAS).index(cell["sigma"])
    added = {("full", "judge"): 1, ("degraded", "direct"): 2, ("full", "direct"): 3}
    return max(0, base) + added.get((cell["method"], cell["reader"]), 0)


def test_figures_of_cells_are_those_worked_out_by_hand(study, cells, make_grid_rows):
    def rule(row):
        return min(CHARACTERS, right_characters(row) + row["plate"] % 2)

    rows = make_grid_rows(
        rule, methods=("full", "degraded"), readers=("judge", "direct"), plates=4, cells=cells
    )
    table = recoverability_table(study, rows.sample(frac=1, random_state=0), **DRAWS)
    assert len(table) == 3 * len(cells)  # none of `full` read by the direct reader
    who = {
        "full": ("full", "judge"),
        "degraded": ("degraded", "judge"),
        "direct reading": ("degraded", "direct"),
    }
    for line in table.to_dict("records"):
        method, reader = who[line["method"]]
        right = right_characters({**line, "method": method, "reader": reader})
        # Every second plate has one character more.
        assert line["estimate"] == pytest.approx((right + 0.5) / CHARACTERS), line
        assert right - 1e-9 <= CHARACTERS * line["low"] < CHARACTERS * line["high"]
        assert CHARACTERS * line["high"] <= right + 1 + 1e-9
        assert line["n"] == 4 and line["interval"] == "bootstrap"


def test_another_measure_has_its_own_figure_and_interval(study, cells, make_grid_rows):
    def rule(row):
        return CHARACTERS if row["plate"] == 0 else 3

    rows = make_grid_rows(rule, methods=("full",), plates=4, cells=cells[:1])
    (line,) = recoverability_table(study, rows, **DRAWS, measure="plate_accuracy").to_dict(
        "records"
    )
    assert (line["estimate"], line["n"], line["interval"]) == (0.25, 4, "Wilson")
    # Wilson's ends for 1 of 4 plates.
    p, n, z = 0.25, 4, 1.959964
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    ends = [(p + z**2 / (2 * n) + side * half) / (1 + z**2 / n) for side in (-1, 1)]
    assert [line["low"], line["high"]] == pytest.approx(ends, abs=1e-6)
