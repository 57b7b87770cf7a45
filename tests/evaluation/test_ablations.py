"""Contributions over the grid: effects that were put in are found, others shown as null."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation.ablations import (
    CONTRIBUTIONS,
    EVERYWHERE,
    EXACT,
    HIGHER,
    IN_RANGE,
    LOWER,
    MOTION,
    NO_MOTION,
    NULL,
    SHIFTED,
    UNDEFINED,
    ablation_table,
)
from lpr_gfpgan.metrics import holm

DRAWS = {"draws": 300, "seed": 5}
METHODS = ("degraded", "wiener true kernel", "full", "no_motion_blur", "fixed_region")


def rule(row):
    """Motion blur costs what was not trained on it 2 or 3 characters; a fixed region costs shifted
    frames, those of even plates, 1, and 1 of 4 is lost by chance that depends on the plate."""
    lost = row["plate"] % 3
    if row["variant"] == "no_motion_blur" and "motion" in row["factors"]:
        lost += 2 + row["plate"] % 2
    lost += row["variant"] == "fixed_region" and row["plate"] % 2 == 0
    return 7 - lost


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.fixture(scope="module")
def cells(grid_cells):
    return grid_cells[grid_cells["protocol"] == "corrected"]


@pytest.fixture(scope="module")
def table(make_grid_rows, cells):
    rows = make_grid_rows(rule, methods=METHODS, readers=("judge", "direct"), cells=cells)
    return ablation_table(rows, cells, **DRAWS)


def test_effects_are_found_where_they_act(table):
    read = table[table["measure"] == "character_accuracy"]
    motion = read[read["second"] == "no_motion_blur"]
    assert one(motion, where=MOTION)["estimate"] == pytest.approx(2.5 / 7)
    assert one(motion, where=EVERYWHERE)["estimate"] == pytest.approx(2.5 / 7 * 24 / 51)
    assert one(motion, where=NO_MOTION)["estimate"] == 0
    assert motion.set_index("where").loc[[MOTION, EVERYWHERE, NO_MOTION], "cells"].tolist() == [
        24,
        51,
        27,
    ]
    region = read[read["second"] == "fixed_region"]
    assert one(region, where=SHIFTED)["estimate"] == pytest.approx(1 / 7)
    assert one(region, where=EXACT)["estimate"] == 0
    assert one(region, where=EVERYWHERE)["estimate"] == pytest.approx(0.5 / 7)
    assert region.set_index("where").loc[[SHIFTED, EXACT, EVERYWHERE], "n"].tolist() == [3, 3, 6]


def test_a_null_result_is_shown_as_one(table):
    read = table[table["measure"] == "character_accuracy"]
    assert one(read, second="no_motion_blur", where=MOTION)["finding"] == HIGHER
    null = one(read, second="no_motion_blur", where=NO_MOTION)
    assert (null["finding"], null["p"], null["holm_p"]) == (NULL, 1, 1)
    # Half of six plates differ: the bootstrap's interval leaves 0 out, the adjusted test does not.
    mixed = one(read, second="fixed_region", where=EVERYWHERE)
    assert mixed["p"] < 1 and mixed["holm_p"] > 0.05 and mixed["finding"] == NULL


def test_where_a_contribution_should_act(table):
    acting = {(line.second, line.where) for line in table[table["acts"]].itertuples()}
    assert acting == {("no_motion_blur", MOTION), ("fixed_region", SHIFTED)}
    recognition = next(c for c in CONTRIBUTIONS if c.without == "no_recognition_loss")
    assert "psnr_plate" not in recognition.measures and recognition.acts == EVERYWHERE
    assert all(c.acts in c.where for c in CONTRIBUTIONS)


def test_holm_covers_all_lines_of_a_measure(table):
    for _, part in table.groupby("measure"):
        assert part["holm_p"].to_numpy() == pytest.approx(holm(part["p"]))


def test_one_seed_speaks_of_two_checkpoints_and_the_judge_reads(table):
    assert set(table["scope"]) == {"these two checkpoints"} and set(table["seeds"]) == {1}
    assert set(table["interval"]) == {"bootstrap"} and set(table["reader"]) == {"judge"}
    assert set(table["second"]) == {"no_motion_blur", "fixed_region"}
    assert not table.duplicated(["contribution", "where", "measure"]).any()


def test_several_seeds_are_resampled_too(make_grid_rows, cells):
    rng = np.random.default_rng(0)
    rows = make_grid_rows(
        lambda row: rule(row) - rng.integers(0, 2),
        methods=("full", "no_motion_blur"),
        seeds=(0, 1, 2),
        cells=cells[:12],
    )
    table = ablation_table(rows, cells, **DRAWS, measures=("character_accuracy",))
    assert set(table["scope"]) == {"training seeds and plates"} and set(table["seeds"]) == {3}
    assert set(table["interval"]) == {"bootstrap over seeds and plates"}
    line = one(table, where=MOTION)
    assert line["low"] < line["estimate"] < line["high"]
    assert line["estimate"] == pytest.approx(2.5 / 7, abs=0.05)


def test_protocols_are_not_pooled_and_losses_are_named(make_grid_rows, grid_cells):
    def worse(row):
        lost = row["variant"] == "full" and row["protocol"] == "corrected"
        return 7 - lost * (1 + row["plate"] % 2)

    rows = make_grid_rows(worse, methods=("full", "face_recipe"), plates=12)
    table = ablation_table(rows, grid_cells, **DRAWS, measures=("character_accuracy",))
    corrected = one(table, protocol="corrected", where=EVERYWHERE)
    assert corrected["estimate"] == pytest.approx(-1.5 / 7) and corrected["finding"] == LOWER
    assert one(table, protocol="as_published", where=EVERYWHERE)["finding"] == NULL
    marked = grid_cells.set_index("protocol")["in_training_range"]
    for protocol in ("corrected", "as_published"):
        line = one(table, protocol=protocol, where=IN_RANGE)
        assert line["cells"] == marked[protocol].sum() < 51


def test_an_infinite_difference_is_undefined(make_grid_rows, cells):
    rows = make_grid_rows(rule, methods=("full", "no_motion_blur"), cells=cells)
    rows.loc[
        (rows["method"] == "full") & (rows["condition"] == "corrected/clean"), "psnr_plate"
    ] = np.inf
    table = ablation_table(rows, cells, **DRAWS, measures=("psnr_plate",))
    assert one(table, where=EVERYWHERE)["finding"] == UNDEFINED
    assert one(table, where=MOTION)["finding"] == HIGHER


def test_refuses_rows_with_nothing_to_compare(make_grid_rows, cells):
    alone = make_grid_rows(rule, methods=("degraded", "full"), cells=cells[:3])
    with pytest.raises(DataError, match="no variant beside 'full'"):
        ablation_table(alone, cells, **DRAWS)
    without = make_grid_rows(rule, methods=("fixed_region",), cells=cells[:3])
    with pytest.raises(DataError, match="no variant 'full' read by 'judge'"):
        ablation_table(without, cells, **DRAWS)
    with pytest.raises(DataError, match="is no cell of the grid"):
        ablation_table(without, cells[1:], **DRAWS)
    with pytest.raises(DataError, match="no rows"):
        ablation_table(pd.DataFrame(), cells, **DRAWS)
