"""Emphasis against gains worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import emphasis_difference_table, emphasis_table
from lpr_gfpgan.evaluation.emphasis import EMPHASIS

DRAWS = {"draws": 400, "seed": 0}
NAMES = ["psnr_gain_plate", "psnr_gain_surroundings", EMPHASIS]


def make_rows(plate, surroundings, *, method="full", condition="light", reader="judge"):
    return pd.DataFrame(
        {
            "condition": condition,
            "method": method,
            "reader": reader,
            "plate": np.arange(len(plate)),
            "psnr_plate": np.asarray(plate, float),
            "psnr_surroundings": np.asarray(surroundings, float),
        }
    )


def two_methods(**columns):
    degraded = make_rows([20, 18, 16, 21], [25, 24, 26, 27], method="degraded", **columns)
    full = make_rows([23, 20, 20, 22], [25, 25, 28, 26], **columns)
    return pd.concat([degraded, full], ignore_index=True)


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_gains_and_their_difference():
    table = emphasis_table(two_methods(), **DRAWS)
    assert list(table["measure"]) == NAMES * 2 and set(table["method"]) == {"full"}
    found = {name: one(table, condition="light", measure=name) for name in NAMES}
    assert found[NAMES[0]]["estimate"] == pytest.approx((3 + 2 + 4 + 1) / 4)
    assert found[NAMES[1]]["estimate"] == pytest.approx((0 + 1 + 2 - 1) / 4)
    emphasis = found[EMPHASIS]
    assert emphasis["estimate"] == pytest.approx(2) and emphasis["n"] == 4
    assert 1 <= emphasis["low"] < 2 < emphasis["high"] <= 3


def test_pairing_is_by_plate_whatever_the_order_of_the_rows():
    rows = two_methods()
    mixed = rows.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(emphasis_table(mixed, **DRAWS), emphasis_table(rows, **DRAWS))


def test_readers_and_copies_of_a_condition_add_no_plates():
    rows = two_methods()
    more = pd.concat([rows, rows.assign(reader="direct")])
    pd.testing.assert_frame_equal(emphasis_table(more, **DRAWS), emphasis_table(rows, **DRAWS))
    both = pd.concat([rows, two_methods(condition="strong")])
    line, alone = (
        one(emphasis_table(part, **DRAWS), condition="all", measure=EMPHASIS)
        for part in (both, rows)
    )
    assert line["n"] == 4
    assert (line["low"], line["high"]) == pytest.approx((alone["low"], alone["high"]))


def test_plates_without_surroundings_or_without_error_are_left_out_and_counted():
    rows = two_methods()
    rows.loc[rows["plate"] == 0, "psnr_surroundings"] = np.nan
    rows.loc[(rows["plate"] == 1) & (rows["method"] == "full"), "psnr_plate"] = np.inf
    table = emphasis_table(rows, **DRAWS)
    counts = [one(table, condition="all", measure=name)["n"] for name in NAMES]
    assert counts == [3, 3, 2]
    assert one(table, condition="all", measure=EMPHASIS)["estimate"] == pytest.approx((2 + 2) / 2)
    nothing = emphasis_table(rows.assign(psnr_surroundings=np.nan), **DRAWS)
    line = one(nothing, condition="all", measure=EMPHASIS)
    assert line["n"] == 0 and np.isnan(line["estimate"]) and line["interval"] == "undefined"


def test_equal_emphasis_of_all_plates_claims_no_certainty():
    degraded = make_rows([20, 18, 16], [25, 24, 26], method="degraded")
    rows = pd.concat([degraded, make_rows([22, 20, 18], [26, 25, 27])])
    line = one(emphasis_table(rows, **DRAWS), condition="all", measure=EMPHASIS)
    assert line["estimate"] == 1 and np.isnan(line["low"]) and line["interval"] == "none"


def test_needs_the_degraded_image_of_every_plate():
    rows = two_methods()
    lost = rows[~((rows["method"] == "degraded") & (rows["plate"] == 2))]
    for part in (lost, rows[rows["method"] == "degraded"], rows[:0]):
        with pytest.raises(DataError, match="degraded image of the same plates"):
            emphasis_table(part, **DRAWS)


def test_differences_of_emphasis_are_paired_by_plate():
    """Plates that any method emphasises more widen emphasis, not the difference of two methods."""
    steady = make_rows([24, 21, 21, 24], [25, 25, 28, 26], method="steady")
    rows = pd.concat([two_methods(), steady], ignore_index=True)
    pairs = [("steady", "full"), ("steady", "degraded")]
    table = emphasis_difference_table(rows.sample(frac=1, random_state=1), pairs, **DRAWS)
    line = one(table, condition="all", first="steady", second="full", measure=EMPHASIS)
    assert line["estimate"] == pytest.approx((1 + 1 + 1 + 2) / 4) and line["n"] == 4
    assert (line["low"], line["interval"]) == (1, "bootstrap") and line["high"] <= 2
    assert set(table["second"]) == {"full"} and list(table["condition"]) == ["light", "all"]
    alone = emphasis_table(rows, **DRAWS)
    apart = [one(alone, condition="all", method=m, measure=EMPHASIS) for m in ("steady", "full")]
    assert line["estimate"] == pytest.approx(apart[0]["estimate"] - apart[1]["estimate"])
    assert line["high"] - line["low"] < apart[1]["high"] - apart[1]["low"]
    rows.loc[rows["plate"] == 3, "psnr_surroundings"] = np.nan
    line = one(emphasis_difference_table(rows, pairs, **DRAWS), condition="all")
    assert line["estimate"] == pytest.approx(1) and line["n"] == 3


def test_training_seeds_are_one_difference_with_a_p_value():
    """Seeds 0 and 1 emphasise 1 and 3 dB more than a filter of no seed: 2 dB in all."""
    rng = np.random.default_rng(0)
    plate, around = rng.normal(20, 1, size=(2, 30))
    rows = [make_rows(plate, around, method="degraded")]
    for method, gain in {"full-0": 2, "full-1": 4, "rrdb-0": 2, "rrdb-1": 4, "unsharp": 1}.items():
        rows.append(make_rows(plate + gain + rng.normal(0, 0.1, 30), around, method=method))
    pairs = [(f"full-{s}", o) for s in (0, 1) for o in ("unsharp", f"rrdb-{s}")]
    table = emphasis_difference_table(pd.concat(rows), pairs, **DRAWS)
    assert table["condition"].tolist() == ["light", "light", "all", "all"]
    assert set(table["seeds"]) == {2} and set(table["n"]) == {30}
    line = one(table, condition="all", second="unsharp")
    assert line["estimate"] == pytest.approx(2, abs=0.1)
    assert line["low"] < 1.2 and line["high"] > 2.8  # as far apart as the seeds
    assert line["p"] > 0.2 and line["holm_p"] == pytest.approx(min(1, 2 * line["p"]))
    alone = emphasis_difference_table(pd.concat(rows), [("full-0", "unsharp")], **DRAWS)
    alone = one(alone, condition="all")
    assert alone["seeds"] == 1 and alone["p"] < 1e-6
    assert one(table, condition="all", second="rrdb")["p"] > 0.05


def test_differences_of_emphasis_need_rows_of_both():
    assert emphasis_difference_table(two_methods(), [("full", "degraded")], **DRAWS).empty
    with pytest.raises(DataError, match="no rows of 'lanczos'"):
        emphasis_difference_table(two_methods(), [("full", "lanczos")], **DRAWS)


@pytest.mark.parametrize("lacking", [["degraded", "full", "steady"], ["full"]])
def test_plates_without_a_difference_have_no_part_in_it(lacking):
    """A plate without surroundings, or whose image was not made, is as if it were not there.

    Resampled or left out in turn like the others it would change the interval and the p-value.
    """
    rng = np.random.default_rng(3)
    around = {name: rng.normal(25, 1, 12) for name in ("degraded", "full", "steady")}
    rows = pd.concat(
        [make_rows(rng.normal(20, 1, 12), values, method=m) for m, values in around.items()],
        ignore_index=True,
    )
    gone = rows["plate"].isin([2, 7])
    held_out = rows.copy()
    held_out.loc[gone & rows["method"].isin(lacking), "psnr_surroundings"] = np.nan
    found, alone = (
        emphasis_difference_table(part, [("full", "steady")], **DRAWS)
        for part in (held_out, rows[~gone])
    )
    pd.testing.assert_frame_equal(found, alone)
    assert set(found["n"]) == {10} and found["p"].between(0, 1).all()
    whole = emphasis_difference_table(rows, [("full", "steady")], **DRAWS)
    assert not np.isclose(whole["estimate"], found["estimate"]).any()
