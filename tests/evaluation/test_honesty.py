"""Thresholds, false reads and families of tests, from a few rows worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    adjust,
    difference_table,
    false_read_table,
    readable,
    threshold_table,
    thresholds,
)
from lpr_gfpgan.metrics import holm, wilson

DRAWS = {"draws": 300, "seed": 0}
TRUTH = "皖A12345"
OTHER = "皖A12346"


def make_rows(readings, *, condition="light", method="full", reader="judge"):
    """Rows of plates that all read 皖A12345, from (reading, confidence)."""
    return pd.DataFrame(
        [
            {
                "condition": condition,
                "method": method,
                "reader": reader,
                "plate": plate,
                "text": TRUTH,
                "reading": reading,
                "confidence": float(confidence),
                "exact": int(reading == TRUTH),
            }
            for plate, (reading, confidence) in enumerate(readings)
        ]
    )


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def ends(line):
    return tuple(line[["estimate", "low", "high", "n"]])


SIX = [
    (TRUTH, 0.95),  # accepted and right
    (OTHER, 0.9),  # accepted and wrong: a false read; the threshold itself is enough
    (OTHER, 0.89),  # not confident
    ("皖A1234", 0.99),  # no plate has six characters
    ("", 0.0),
    (TRUTH, 0.5),  # right, but not accepted
]


def test_false_reads_are_whole_confident_and_wrong():
    table = false_read_table(make_rows(SIX), {"judge": 0.9}, **DRAWS)
    for measure, hits, n in (
        ("false_reads", 1, 6),
        ("accepted", 2, 6),
        ("right_of_accepted", 1, 2),
    ):
        line = one(table, condition="light", measure=measure)
        known = wilson(hits, n)
        assert ends(line) == (known.estimate, known.low, known.high, n)
        assert line["interval"] == "Wilson"


def test_a_wrong_province_makes_a_false_read():
    table = false_read_table(make_rows([("苏A12345", 1.0)] * 3), {"judge": 0.9}, **DRAWS)
    assert one(table, condition="light", measure="false_reads")["estimate"] == 1


def test_readers_have_thresholds_of_their_own():
    rows = pd.concat([make_rows(SIX), make_rows(SIX, reader="direct")])
    table = false_read_table(rows, {"judge": 0.9, "direct": 0.89}, **DRAWS)
    light = table[(table["condition"] == "light") & (table["measure"] == "false_reads")]
    assert one(light, reader="judge")["estimate"] == pytest.approx(1 / 6)
    assert one(light, reader="direct")["estimate"] == pytest.approx(2 / 6)


def test_pooled_false_reads_resample_plates_not_rows():
    single = make_rows(SIX * 5, condition="c0")
    copies = pd.concat([make_rows(SIX * 5, condition=f"c{k}") for k in range(6)])
    table = false_read_table(copies, {"judge": 0.9}, **DRAWS)
    pooled = one(table, condition="all", measure="false_reads")
    assert pooled["n"] == 30 and pooled["interval"] == "bootstrap"
    assert pooled["estimate"] == pytest.approx(1 / 6)
    exact = wilson(5, 30)
    assert pooled["high"] - pooled["low"] == pytest.approx(exact.high - exact.low, rel=0.25)
    # The pooled rows of one condition are that condition.
    alone = false_read_table(single, {"judge": 0.9}, **DRAWS)
    light, everything = (
        alone[alone["condition"] == name].drop(columns="condition").reset_index(drop=True)
        for name in ("c0", "all")
    )
    assert light["estimate"].equals(everything["estimate"]) and len(light) == 3


def test_no_false_read_is_no_certainty():
    rows = pd.concat([make_rows([(TRUTH, 1.0)] * 12, condition=c) for c in ("light", "strong")])
    table = false_read_table(rows, {"judge": 0.9}, **DRAWS)
    line = one(table, condition="all", measure="false_reads")
    assert line["estimate"] == 0 and line["high"] == pytest.approx(wilson(0, 12).high)


def test_where_nothing_is_accepted_the_accepted_have_no_share():
    rows = pd.concat([make_rows(SIX, condition=c) for c in ("light", "strong")])
    table = false_read_table(rows, {"judge": np.inf}, **DRAWS)
    for condition in ("light", "strong", "all"):
        assert one(table, condition=condition, measure="accepted")["estimate"] == 0
        assert one(table, condition=condition, measure="false_reads")["estimate"] == 0
        line = one(table, condition=condition, measure="right_of_accepted")
        assert np.isnan(line["estimate"]) and line["n"] == 0 and line["interval"] == "undefined"
    wide = readable(table, index=["method", "reader"], columns=["condition", "measure"])
    assert wide.loc[("full", "judge"), ("light", "right_of_accepted")] == ""


def test_random_rows_against_a_loop():
    rng = np.random.default_rng(0)
    words = [TRUTH, OTHER, "皖AD12345", "A12345", "皖皖12345"]
    for _ in range(20):
        rows = make_rows([(words[rng.integers(5)], rng.random()) for _ in range(15)])
        limit = rng.random()
        taken = false = 0
        for row in rows.itertuples():
            if row.reading in words[:3] and row.confidence >= limit:
                taken += 1
                false += row.reading != row.text
        table = false_read_table(rows, {"judge": limit}, **DRAWS)
        assert one(table, condition="all", measure="accepted")["estimate"] * 15 == pytest.approx(
            taken
        )
        assert one(table, condition="all", measure="false_reads")["estimate"] * 15 == pytest.approx(
            false
        )


def clean_rows(wrong, total=100):
    """Clean readings of rising confidence, wrong at the given plates."""
    readings = [(OTHER if k in wrong else TRUTH, (k + 1) / total) for k in range(total)]
    return make_rows(readings, condition="clean", method="original")


def test_threshold_is_set_on_clean_plates_of_each_reader():
    clean = pd.concat([clean_rows({50}), clean_rows({3, 50}).assign(reader="direct")])
    found = thresholds(clean)
    assert found["judge"] == 0.01
    # With one of the two wrong ones left out, 95 of 96 fall short of 99 %; with both, all is right.
    assert found["direct"] == 0.52
    assert thresholds(clean, precision=0.98)["direct"] == 0.01


def test_readings_that_fit_no_plate_do_not_raise_the_threshold():
    clean = clean_rows(set())
    clean.loc[90, ["reading", "exact"]] = ["皖A1234", 0]
    clean.loc[95, ["reading", "exact"]] = ["", 0]
    assert thresholds(clean)["judge"] == 0.01


def test_a_reader_that_is_never_good_enough_accepts_nothing():
    assert thresholds(clean_rows({98, 99}))["judge"] == np.inf
    assert thresholds(clean_rows(set()).assign(reading="", exact=0))["judge"] == np.inf
    table = threshold_table(clean_rows({98, 99}), **DRAWS)
    assert np.isinf(one(table, measure="accepted")["threshold"])
    assert one(table, measure="accepted")["estimate"] == 0


def test_threshold_table_says_what_the_clean_plates_gave():
    table = threshold_table(clean_rows({3, 50}), **DRAWS)
    assert set(table["condition"]) == {"clean"} and (table["threshold"] == 0.52).all()
    known = wilson(49, 100)
    assert ends(one(table, measure="accepted")) == (0.49, known.low, known.high, 100)
    assert one(table, measure="right_of_accepted")["estimate"] == 1


def test_refuses_rows_that_hold_no_threshold():
    with pytest.raises(DataError, match="no clean readings"):
        thresholds(clean_rows(set())[:0])
    with pytest.raises(DataError, match="occurs twice"):
        thresholds(pd.concat([clean_rows(set())] * 2))
    with pytest.raises(DataError, match="no threshold for the reader 'judge'"):
        false_read_table(make_rows(SIX), {"direct": 0.5}, **DRAWS)
    with pytest.raises(DataError, match="no confidence"):
        false_read_table(make_rows([(TRUTH, np.nan)]), {"judge": 0.5}, **DRAWS)
    with pytest.raises(DataError, match="no rows"):
        false_read_table(make_rows(SIX)[:0], {}, **DRAWS)


def test_holm_within_families_leaves_other_cells_alone():
    table = pd.DataFrame(
        {
            "first": "full",
            "second": ["bicubic"] * 4 + ["degraded"] * 2,
            "measure": "plate_accuracy",
            "condition": ["a", "b", "c", "all", "a", "b"],
            "mcnemar_p": [0.01, 0.04, 0.03, np.nan, 0.04, 0.5],
        },
        index=[7, 3, 9, 1, 0, 2],
    )
    found = adjust(table)
    assert found["holm_p"].iloc[:3].tolist() == pytest.approx(holm([0.01, 0.04, 0.03]).tolist())
    assert np.isnan(found["holm_p"].iloc[3])
    assert found["holm_p"].iloc[4:].tolist() == pytest.approx([0.08, 0.5])
    assert "holm_p" not in table
    one_family = adjust(table, family=["measure"])
    assert one_family["holm_p"].dropna().tolist() == pytest.approx(
        holm(table["mcnemar_p"].dropna()).tolist()
    )


def test_holm_of_the_differences_between_methods(evaluation):
    table = adjust(difference_table(evaluation.rows, **DRAWS))
    tested = table[table["mcnemar_p"].notna()]
    assert len(tested) and (tested["holm_p"] >= tested["mcnemar_p"]).all()
    assert table.loc[table["mcnemar_p"].isna(), "holm_p"].isna().all()
