"""What the full model gains: known differences, pairing by seed, and Holm over the right family."""

import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import accuracy_table
from lpr_gfpgan.evaluation.filters import best_filter
from lpr_gfpgan.evaluation.gains import (
    BY_DIRECT,
    LEARNED,
    THIS_CHECKPOINT,
    compared_with,
    factor_gain_table,
    gain_table,
)
from lpr_gfpgan.metrics import holm
from lpr_gfpgan.settings import BASELINES

DRAWS = {"draws": 200, "seed": 3}
LOST = {
    "full": 2,
    "degraded": 4,
    "unsharp": 1,
    "lanczos": 3,
    "wiener true kernel": 0,
    "face_recipe": 2,
    "bicubic": 4,
}


@pytest.fixture(scope="module")
def cells(grid_cells):
    return grid_cells[grid_cells["protocol"] == "corrected"]


def rule(row):
    """Each method loses its own characters, one more on odd plates; `direct` one of `full`."""
    name = row["variant"] or row["method"].split("-")[0]
    if row["reader"] == "direct":
        return 6 if name == "full" else 7
    return 7 - LOST[name] - row["plate"] % 2


@pytest.fixture(scope="module")
def rows(make_grid_rows, cells):
    return make_grid_rows(rule, methods=tuple(LOST), readers=("judge", "direct"), cells=cells[:6])


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_the_best_filter_is_that_of_the_validation_plates_and_is_told_no_kernel(rows):
    """On the test `unsharp` is best; on validation plates, where the two are exchanged, Lanczos."""
    assert best_filter(accuracy_table(rows, **DRAWS)) == "unsharp"
    exchanged = rows.replace({"method": {"unsharp": "lanczos", "lanczos": "unsharp"}})
    # Another reader's favourite must not count.
    other = (exchanged["reader"] == "direct") & (exchanged["method"] == "lanczos")
    exchanged.loc[other, "cer"] = 1.0
    accuracy = accuracy_table(exchanged, **DRAWS)
    assert compared_with(rows, accuracy) == [
        "degraded",
        "bicubic",
        "lanczos",
        "face_recipe",
        BY_DIRECT,
        "direct reading",
    ]
    with pytest.raises(DataError, match="no classical filter"):
        best_filter(accuracy[accuracy["method"] == "wiener true kernel"])


def test_restoring_for_the_direct_reader_is_judged_by_that_reader(rows):
    line = gain_table(rows, others=[BY_DIRECT], **DRAWS).set_index("measure")
    assert line["estimate"]["character_accuracy"] == pytest.approx(-1 / 7)
    assert set(line["reader"]) == {"direct"} and "ringing_plate" not in line.index


def test_gains_are_those_put_in(rows):
    others = ["degraded", "unsharp", "plain_unet", "direct reading"]
    table = gain_table(rows, others=others, **DRAWS)
    read = table[table["measure"] == "character_accuracy"]
    assert read["second"].tolist() == ["degraded", "unsharp", "direct reading"]
    assert one(read, second="degraded")["estimate"] == pytest.approx(2 / 7)
    assert one(read, second="unsharp")["estimate"] == pytest.approx(-1 / 7)
    direct = one(read, second="direct reading")
    assert direct["estimate"] == pytest.approx(-2.5 / 7)
    assert direct["low"] < direct["estimate"] < direct["high"]
    assert set(table["n"]) == {6}
    assert read["holm_p"].to_numpy() == pytest.approx(holm(read["p"]))


def test_direct_reading_makes_no_image(rows):
    table = gain_table(
        rows, others=["degraded", "direct reading"], measures=("psnr_plate",), **DRAWS
    )
    assert table["second"].tolist() == ["degraded"]


def test_scope_names_one_checkpoint_or_two(rows):
    table = gain_table(rows, others=["degraded", "face_recipe"], **DRAWS)
    assert set(table[table["second"] == "degraded"]["scope"]) == {THIS_CHECKPOINT}
    assert set(table[table["second"] == "face_recipe"]["scope"]) == {"these two checkpoints"}


def test_any_rival_with_a_training_seed_counts_as_trained(make_grid_rows, cells):
    rows = make_grid_rows(
        lambda row: 3 + (row["variant"] == "full"),
        methods=("full", "fixed_region", "unsharp"),
        cells=cells[:2],
    )
    table = gain_table(
        rows, others=["fixed_region", "unsharp"], measures=["character_accuracy"], **DRAWS
    )
    assert table["scope"].tolist() == ["these two checkpoints", THIS_CHECKPOINT]
    assert set(BASELINES) < set(LEARNED)


def test_every_seed_is_paired(make_grid_rows, cells):
    """Of two seeds one reads two characters more than the other, whatever it is compared with."""
    rows = make_grid_rows(
        lambda row: rule(row) - 2 * (row["training_seed"] == "1"),
        methods=("full", "degraded", "face_recipe"),
        seeds=(0, 1),
        cells=cells[:3],
    )
    rows["method"] = rows["method"].str.removesuffix("-")  # nothing trained has no seed
    table = gain_table(
        rows, others=["degraded", "face_recipe"], measures=["character_accuracy"], **DRAWS
    )
    assert one(table, second="degraded")["estimate"] == pytest.approx(1 / 7)
    assert one(table, second="face_recipe")["estimate"] == pytest.approx(0)
    assert set(table["seeds"]) == {2} and set(table["scope"]) == {"training seeds and plates"}


def test_a_baseline_without_a_variant_is_known_by_its_name(rows):
    named = rows.assign(
        method=rows["method"].replace("face_recipe", "plain_unet"),
        variant=rows["variant"].replace("face_recipe", ""),
    )
    table = gain_table(named, others=["plain_unet"], measures=["character_accuracy"], **DRAWS)
    line = one(table, second="plain_unet")
    assert line["estimate"] == 0 and line["scope"] == "these two checkpoints"


def test_factors_gain_where_they_act(make_grid_rows, cells):
    def motion_only(row):
        gain = row["variant"] == "full" and "motion" in row["factors"]
        return 3 + gain * (2 + row["plate"] % 2)

    rows = make_grid_rows(motion_only, methods=("full", "degraded"), cells=cells, plates=8)
    table = factor_gain_table(rows, cells, **DRAWS)
    found = table.set_index("factor")
    assert found["cells"].to_dict() == {
        "gaussian": 24,
        "noise": 24,
        "jpeg": 24,
        "motion": 24,
        "low_resolution": 5,
    }
    assert found.loc["motion", "estimate"] == pytest.approx(2.5 / 7)
    assert found.loc["gaussian", "estimate"] == pytest.approx(2.5 / 14)
    assert found.loc["low_resolution", "estimate"] == 0
    assert found["holm_p"].to_numpy() == pytest.approx(holm(found["p"]))


def test_refuses_what_cannot_be_compared(rows, cells):
    with pytest.raises(DataError, match="none of rrdb is among the rows"):
        gain_table(rows, others=["rrdb"], **DRAWS)
    with pytest.raises(DataError, match="no variant 'full'"):
        gain_table(rows[rows["variant"] != "full"], others=["degraded"], **DRAWS)
    clean = rows[rows["condition"] == "corrected/clean"]
    assert isinstance(clean, pd.DataFrame) and len(clean)
    with pytest.raises(DataError, match="no cell of the rows has a factor"):
        factor_gain_table(clean, cells, **DRAWS)
