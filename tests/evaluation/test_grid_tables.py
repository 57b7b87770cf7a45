"""The grid's tables against the one-by-one tables, and against effects that are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import accuracy_table, image_table
from lpr_gfpgan.evaluation.grid_effects import (
    ALIASING,
    CLAMP,
    KERNEL,
    LATE,
    STORAGE,
    STRETCH,
    TAPS,
    defects,
    factor_table,
    protocol_table,
)
from lpr_gfpgan.evaluation.grid_tables import (
    CELLS,
    STRENGTHS,
    grid_table,
    single_factor_table,
    wide_grid,
)
from lpr_gfpgan.evaluation.measures import IMAGE_MEASURES
from lpr_gfpgan.metrics import bootstrap_mean, wilson

DRAWS = {"draws": 200, "seed": 3}


def noisy(seed=0):
    """Any number of characters, whatever the cell."""
    rng = np.random.default_rng(seed)
    return lambda row: rng.integers(0, 8)


def part_of(cells, *names):
    return cells[cells["condition"].isin(names)]


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.fixture(scope="module")
def rows(make_grid_rows):
    return make_grid_rows(
        noisy(), methods=("original", "degraded", "full"), readers=("judge", "direct")
    )


@pytest.fixture(scope="module")
def grid(rows, grid_cells):
    return grid_table(rows, grid_cells, **DRAWS)


def test_figures_are_those_of_the_tables_of_one_condition(rows, grid):
    some = rows[rows["condition"].isin(["corrected/2/gaussian+motion", "as_published/low-30"])]
    known = pd.concat([accuracy_table(some, **DRAWS), image_table(some, **DRAWS)])
    known = known[known["condition"] != "all"]
    keys = ["condition", "method", "reader", "measure"]
    both = known.merge(grid, on=keys, suffixes=("_known", ""))
    assert len(both) == len(known) == 2 * 3 * (2 * 4 + len(IMAGE_MEASURES))
    spread = both[both["interval"] != "none"]
    assert len(spread) > 0.9 * len(both)
    for name in ("estimate", "low", "high", "n"):
        assert spread[name].to_numpy() == pytest.approx(spread[f"{name}_known"].to_numpy())
    assert (spread["interval"] == spread["interval_known"]).all()


def test_every_cell_is_there_in_order_with_its_marks(grid, grid_cells):
    assert list(dict.fromkeys(grid["condition"])) == list(grid_cells["condition"])
    lines = grid.drop_duplicates("condition")[list(CELLS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(lines, grid_cells[list(CELLS)])


def test_the_wide_grid_has_a_line_for_each_cell_method_and_reader(rows, grid):
    wide = wide_grid(grid)
    keys = ["condition", "method", "reader"]
    assert len(wide) == len(rows.drop_duplicates(keys)) == len(wide.drop_duplicates(keys))
    for line in wide.sample(5, random_state=0).to_dict("records"):
        own = {name: line[name] for name in keys}
        read = one(grid, **own, measure="character_accuracy")
        seen = one(grid, **{**own, "reader": ""}, measure="psnr_plate")
        assert line["character_accuracy_low"] == read["low"] and line["n"] == read["n"]
        assert line["psnr_plate"] == seen["estimate"]
        assert line["psnr_plate_high"] == seen["high"]
    images = wide_grid(grid[grid["reader"] == ""])
    assert len(images) == len(rows.drop_duplicates(keys[:2])) and "plate_accuracy" not in images
    assert "psnr_plate" not in wide_grid(grid[grid["reader"] != ""])


def test_figures_that_do_not_spread_claim_no_certainty(make_grid_rows, grid_cells):
    cells = part_of(grid_cells, "corrected/clean", "corrected/1/noise")
    rows = make_grid_rows(lambda row: 7 if row["factors"] == "" else 0, cells=cells, plates=5)
    rows.loc[rows["condition"] == "corrected/clean", "psnr_plate"] = np.inf
    rows.loc[rows.index[-1], "psnr_plate"] = np.inf
    table = grid_table(rows, cells, **DRAWS)
    for condition, right in (("corrected/clean", 5), ("corrected/1/noise", 0)):
        for measure, kind in (
            ("plate_accuracy", "Wilson"),
            ("character_accuracy", "Wilson over plates"),
        ):
            line = one(table, condition=condition, measure=measure)
            ends = wilson(right, 5)
            assert (line["low"], line["high"]) == (ends.low, ends.high)
            assert line["interval"] == kind
    identical = one(table, condition="corrected/clean", measure="psnr_plate")
    assert (identical["estimate"], identical["interval"], identical["n"]) == (
        np.inf,
        "identical",
        5,
    )
    partly = one(table, condition="corrected/1/noise", measure="psnr_plate")
    assert (partly["estimate"], partly["n"]) == (20, 4)
    same = one(table, condition="corrected/clean", measure="ssim_plate")
    assert same["estimate"] == 1 and same["interval"] == "none"
    assert np.isnan(same["low"]) and np.isnan(same["high"])


def test_strengths_of_the_cells_with_one_factor(grid, grid_cells):
    table = single_factor_table(grid, grid_cells)
    chosen = table[
        (table["measure"] == "plate_accuracy")
        & (table["method"] == "full")
        & (table["reader"] == "judge")
        & (table["protocol"] == "corrected")
    ]
    found = {name: part["strength"].tolist() for name, part in chosen.groupby("factor")}
    # The published ranges' middles; lengths are 64 / 512 of the published ones.
    assert found["gaussian"] == pytest.approx([0, 5.05 / 8, 9.5 / 8, 19.5 / 8])
    assert found["motion"] == pytest.approx([0, 15 / 8, 19.5 / 8, 39.5 / 8])
    assert found["noise"] == [0, 20, 35, 79.5]
    assert found["jpeg"][1:] == [77.5, 45, 17.5] and np.isnan(found["jpeg"][0])
    assert found["low_resolution"][1:] == [20, 25, 30, 40, 50]
    assert set(STRENGTHS) | {"low_resolution"} == set(found)
    with pytest.raises(DataError, match="no cell of the grid has a factor alone"):
        single_factor_table(grid[grid["condition"] == "corrected/clean"], grid_cells)


def test_factors_do_what_they_were_made_to_do(make_grid_rows, grid_cells):
    def rule(row):
        on = row["factors"].split("+")
        level = 0 if pd.isna(row["level"]) else row["level"]
        lost = 2 * ("gaussian" in on) + (level >= 2) * ("motion" in on)
        return 7 - lost if pd.isna(row["low_resolution"]) else row["low_resolution"] // 10

    rows = make_grid_rows(rule, methods=("original", "degraded"))
    table = factor_table(rows, grid_cells, **DRAWS, measures=("character_accuracy", "psnr_plate"))
    assert set(table["method"]) == {"degraded"}
    table = table[(table["protocol"] == "corrected")]
    read = table[table["measure"] == "character_accuracy"]
    for level in (1, 2, 3):
        gaussian = one(read, factor="gaussian", level=level)
        motion = one(read, factor="motion", level=level)
        assert gaussian["estimate"] == pytest.approx(-2 / 7) and gaussian["cells"] == 8
        assert motion["estimate"] == pytest.approx(-1 / 7 if level > 1 else 0)
        assert one(read, factor="jpeg", level=level)["estimate"] == 0
        # Half of the cells without a Gaussian have motion blur.
        assert gaussian["absent"] == pytest.approx(1 - (level > 1) / 14)
    low = one(read, low_resolution=20)
    assert (low["present"], low["absent"], low["cells"]) == (pytest.approx(2 / 7), 1, 1)
    noise = one(table, measure="psnr_plate", factor="gaussian", level=3)
    assert (noise["estimate"], noise["reader"]) == (-2, "")
    assert len(read) == 4 * 3 + 5


def test_factor_effects_by_loops(rows, grid_cells):
    table = factor_table(rows, grid_cells, **DRAWS, measures=("character_accuracy",))
    line = one(
        table, protocol="as_published", factor="noise", level=2, method="full", reader="direct"
    )
    own = rows[(rows["method"] == "full") & (rows["reader"] == "direct")]
    cells = grid_cells[(grid_cells["protocol"] == "as_published")].set_index("condition")
    by_plate = np.zeros(own["plate"].nunique())
    for condition, cell in cells[cells["level"] == 2].iterrows():
        on = cell["factors"].split("+")
        if "noise" in on:
            rest = "+".join(name for name in on if name != "noise")
            without = f"as_published/2/{rest}" if rest else "as_published/clean"
            for plate in range(len(by_plate)):
                a, b = (
                    own[(own["condition"] == name) & (own["plate"] == plate)]["cer"].iloc[0]
                    for name in (condition, without)
                )
                by_plate[plate] += (b - a) / 8
    known = bootstrap_mean(by_plate, draws=200, rng=np.random.default_rng(3))
    assert (line["estimate"], line["low"], line["high"], line["n"]) == pytest.approx(
        (known.estimate, known.low, known.high, known.n)
    )
    assert line["present"] - line["absent"] == pytest.approx(line["estimate"])
    mixed = factor_table(
        rows.sample(frac=1, random_state=0), grid_cells, **DRAWS, measures=("character_accuracy",)
    )
    keys = ["protocol", "factor", "level", "low_resolution", "method", "reader"]
    pd.testing.assert_frame_equal(
        mixed.sort_values(keys, ignore_index=True), table.sort_values(keys, ignore_index=True)
    )


def test_published_defects_change_what_they_change(make_grid_rows, grid_cells):
    def rule(row):
        hurt = row["protocol"] == "as_published" and "motion" in row["factors"]
        return 6 if hurt and row["plate"] < 4 else 7

    rows = make_grid_rows(rule)
    table = protocol_table(rows, grid_cells, **DRAWS)
    read = table[table["measure"] == "plate_accuracy"]
    line = one(read, condition="2/noise+motion")
    assert (line["as_published"], line["corrected"]) == (pytest.approx(2 / 6), 1)
    assert line["estimate"] == pytest.approx(-4 / 6) and line["n"] == 6 and line["cells"] == 1
    assert line["mcnemar_p"] == pytest.approx(binomtest(0, 4, 0.5).pvalue)
    assert line["holm_p"] == 1  # of 51 cells
    assert line["defects"] == "; ".join((STORAGE, KERNEL, STRETCH, LATE))
    clean = one(read, condition="clean")
    assert clean["estimate"] == 0 and clean["defects"] == STORAGE and clean["mcnemar_p"] == 1
    pooled = one(read, condition="all/motion")
    assert (pooled["cells"], pooled["estimate"]) == (3, pytest.approx(-4 / 6))
    assert np.isnan(pooled["mcnemar_p"]) and np.isnan(pooled["holm_p"])
    everything = one(read, condition="all")
    assert (everything["cells"], everything["estimate"]) == (51, pytest.approx(-24 / 51 * 4 / 6))
    assert one(read, condition="all/low_resolution")["cells"] == 5
    assert len(read) == 51 + 16 + 1
    assert set(table[table["measure"] == "psnr_plate"]["reader"]) == {""}
    assert (table["holm_p"].dropna() >= table["mcnemar_p"][table["holm_p"].notna()]).all()


def test_defects_by_cell():
    assert defects(()) == (STORAGE,)
    assert defects(("gaussian", "jpeg")) == (STORAGE, TAPS, CLAMP)
    assert defects(("motion",)) == (STORAGE, KERNEL, STRETCH)
    assert defects(("jpeg", "motion")) == (STORAGE, CLAMP, KERNEL, STRETCH, LATE)
    assert defects((), 20) == (STORAGE, ALIASING)


def test_plates_whose_psnr_is_infinite_are_left_out_of_a_difference(make_grid_rows, grid_cells):
    cells = part_of(grid_cells, "as_published/clean", "corrected/clean")
    rows = make_grid_rows(lambda row: 7 - row["plate"] % 2, cells=cells, plates=4)
    rows.loc[(rows["condition"] == "corrected/clean") & (rows["plate"] < 3), "psnr_plate"] = np.inf
    measures = ("psnr_plate", "psnr_frame")
    line = one(
        protocol_table(rows, cells, **DRAWS, measures=measures),
        condition="clean",
        measure="psnr_plate",
    )
    assert (line["n"], line["estimate"], line["corrected"]) == (1, 0, 26)
    rows.loc[rows["condition"] == "corrected/clean", "psnr_plate"] = np.inf
    line = one(
        protocol_table(rows, cells, **DRAWS, measures=measures),
        condition="clean",
        measure="psnr_plate",
    )
    assert line["n"] == 0 and line["interval"] == "undefined" and np.isnan(line["estimate"])


@pytest.mark.parametrize("make", [grid_table, factor_table, protocol_table])
def test_refuses_rows_and_cells_that_do_not_belong_together(rows, grid_cells, make):
    with pytest.raises(DataError, match="no rows to summarise"):
        make(rows[:0], grid_cells, **DRAWS)
    with pytest.raises(DataError, match="'as_published/1/gaussian' of the rows is no cell"):
        few = rows[rows["condition"] == "as_published/1/gaussian"]
        make(few, part_of(grid_cells, "corrected/clean"), **DRAWS)
    with pytest.raises(DataError, match="no column 'factors'"):
        make(rows, grid_cells.drop(columns="factors"), **DRAWS)
    with pytest.raises(DataError, match="a condition occurs twice"):
        make(rows, pd.concat([grid_cells, grid_cells]), **DRAWS)


@pytest.mark.parametrize("make", [factor_table, protocol_table])
def test_refuses_comparisons_without_a_counterpart(rows, grid_cells, make):
    degraded = rows[rows["method"] == "degraded"]
    alone = degraded[degraded["condition"] == "corrected/2/gaussian+motion"]
    with pytest.raises(DataError, match=r"counterpart|tested as_published and corrected"):
        make(alone, grid_cells, **DRAWS)
    lost = (degraded["condition"] == "corrected/1/noise") & (degraded["plate"] == 2)
    with pytest.raises(DataError, match=r"not both tested with .*'degraded'.*plate 2"):
        make(degraded[~lost], grid_cells, **DRAWS)
