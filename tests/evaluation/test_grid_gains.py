"""A factor's gain is told from the cells that hold it alone, and from those that mix it."""

import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import effect_views
from lpr_gfpgan.evaluation.gains import gain_table
from lpr_gfpgan.evaluation.grid_gains import ALONE, MIXED, grid_gain_table
from lpr_gfpgan.metrics import holm

DRAWS = {"draws": 200, "seed": 3}
OTHERS = ("degraded", "bicubic", "direct reading")


def rule(row):
    """`full` reads more where motion acts alone, less where it is mixed; `bicubic` one more."""
    if row["reader"] == "direct":
        return 7
    gain = 0
    if row["variant"] == "full" and "motion" in row["factors"]:
        gain = 2 if row["factors"] == "motion" else -1
    return 3 + gain + (row["method"] == "bicubic") + row["plate"] % 2


@pytest.fixture(scope="module")
def cells(grid_cells):
    return grid_cells[grid_cells["protocol"] == "corrected"]


@pytest.fixture(scope="module")
def rows(make_grid_rows, cells):
    methods = ("full", "degraded", "bicubic")
    return make_grid_rows(rule, methods=methods, readers=("judge", "direct"), cells=cells, plates=8)


@pytest.fixture(scope="module")
def table(rows, cells):
    return grid_gain_table(rows, cells, others=OTHERS, **DRAWS)


def test_a_factor_alone_is_its_three_levels(rows, table):
    found = table.set_index(["where", "factor", "second"])
    alone, mixed = found.loc[ALONE], found.loc[MIXED]
    against = alone.xs("degraded", level="second")
    assert against["cells"].to_dict() == {
        **dict.fromkeys(("gaussian", "noise", "jpeg", "motion"), 3),
        "low_resolution": 5,
    }
    assert set(mixed["cells"]) == {21} and "low_resolution" not in mixed.index.get_level_values(0)
    assert alone.loc[("motion", "degraded"), "estimate"] == pytest.approx(2 / 7)
    assert alone.loc[("motion", "bicubic"), "estimate"] == pytest.approx(1 / 7)
    assert alone.loc[("gaussian", "degraded"), "estimate"] == 0
    assert mixed.loc[("motion", "degraded"), "estimate"] == pytest.approx(-1 / 7)
    levels = rows[rows["condition"].isin([f"corrected/{level}/motion" for level in (1, 2, 3)])]
    options = {"others": ["direct reading"], "measures": ["character_accuracy"], **DRAWS}
    by_hand = gain_table(levels, **options).iloc[0]
    line = alone.loc[("motion", "direct reading")]
    for name in ("n", "seeds", "scope", "estimate", "low", "high", "p"):
        assert line[name] == by_hand[name], name


def test_a_family_is_all_factors_and_rivals_of_one_kind_of_cells(table):
    assert len(table) == 3 * (5 + 4)
    for _, part in table.groupby("where"):
        assert part["holm_p"].to_numpy() == pytest.approx(holm(part["p"]))
    alone = table[table["where"] == ALONE]
    assert (alone["holm_p"] >= alone["p"]).all() and (alone["holm_p"] > alone["p"]).any()


def test_the_view_tells_the_cells_apart(table):
    view = effect_views.gain_view(table)
    assert view.index.names == ["where", "factor", "cells", "full less", "measure"]
    assert view.index.is_unique and (view["n"] == 8).all()


def test_refuses_a_grid_without_single_factors(rows, cells):
    mixed = rows[rows["condition"].str.contains("+", regex=False)]
    with pytest.raises(DataError, match="no cell of the rows has a factor alone"):
        grid_gain_table(mixed, cells, others=["degraded"], **DRAWS)
    with pytest.raises(DataError, match="none of rrdb is among the rows"):
        grid_gain_table(rows, cells, others=["rrdb"], **DRAWS)
