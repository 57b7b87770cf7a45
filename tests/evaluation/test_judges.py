"""Who may judge, from a few clean readings worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import admitted, reader_table, real_tables, threshold_table
from lpr_gfpgan.evaluation.judges import ABSENT, SPLIT, TEST, UNASKED, VALIDATION, originals
from lpr_gfpgan.metrics import wilson

DRAWS = {"draws": 300, "seed": 0}


def clean_rows(reader, whole, without_province, total=20):
    """Readings of which so many are right, and so many more right but for the province."""
    kinds = ["whole"] * whole + ["six"] * without_province
    kinds += ["none"] * (total - len(kinds))
    return pd.DataFrame(
        [
            {
                "condition": "validation",
                "method": "original",
                "reader": reader,
                "plate": plate,
                "text": "皖A12345",
                "reading": {"whole": "皖A12345", "six": "苏A12345", "none": ""}[kind],
                "confidence": {"whole": 0.9, "six": 0.8, "none": 0.0}[kind],
                "exact": int(kind == "whole"),
                "exact6": int(kind != "none"),
                "cer": {"whole": 0.0, "six": 1 / 7, "none": 1.0}[kind],
                "cer6": float(kind == "none"),
            }
            for plate, kind in enumerate(kinds)
        ]
    )


def own_rows(*whole, total=20):
    """The test's originals under two conditions: what each (reader, whole) reads of them.

    The plates read whole come first; every second plate has a typeface that training saw. Every
    reader misses each degraded plate.
    """
    parts = []
    for reader, count in whole:
        own = clean_rows(reader, count, 0, total)
        own["seen_typeface"] = 1 - own["plate"] % 2
        lost = clean_rows(reader, 0, 0, total).assign(method="degraded", seen_typeface=1)
        parts += [p.assign(condition=c) for p in (own, lost) for c in ("light", "strong")]
    return pd.concat(parts, ignore_index=True)


GOOD = own_rows(("judge", 18), ("direct", 18))


def of(table, reader, measure, name=VALIDATION):
    found = table[
        (table["reader"] == reader) & (table["measure"] == measure) & (table["set"] == name)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_nine_of_ten_whole_plates_admit_a_reader():
    rows = pd.concat([clean_rows("judge", 18, 0), clean_rows("direct", 17, 3)])
    assert admitted(rows) == ["judge"]
    assert admitted(rows[rows["reader"] == "direct"]) == []


def test_each_reader_has_its_figures():
    table = reader_table(
        pd.concat([clean_rows("judge", 18, 1), clean_rows("direct", 17, 3)]), GOOD, **DRAWS
    )
    for reader, measure, hits in (
        ("judge", "plate_accuracy", 18),
        ("judge", "plate_accuracy_without_province", 19),
        ("direct", "plate_accuracy", 17),
        ("direct", "plate_accuracy_without_province", 20),
    ):
        line, known = of(table, reader, measure), wilson(hits, 20)
        assert tuple(line[["n", "estimate", "low", "high"]]) == (
            20,
            known.estimate,
            known.low,
            known.high,
        )
        assert line["interval"] == "Wilson"
    characters = of(table, "judge", "character_accuracy")
    assert characters["estimate"] == pytest.approx((18 + 6 / 7) / 20)
    assert characters["interval"] == "bootstrap" and characters["low"] < characters["high"]


def test_the_test_s_own_originals_decide_not_the_validation():
    clean = pd.concat([clean_rows("judge", 20, 0), clean_rows("direct", 10, 0)])
    rows = own_rows(("judge", 17), ("direct", 18))
    table = reader_table(clean, rows, **DRAWS)
    may = table.groupby("reader")["may_judge"].agg(["min", "max"])
    assert may.loc["direct"].all() and not may.loc[["judge", "hyperlpr"]].any(axis=None)
    for name, hits, total in ((VALIDATION, 20, 20), (TEST, 17, 20)):
        line, known = of(table, "judge", "plate_accuracy", name), wilson(hits, total)
        assert tuple(line[["n", "estimate", "low", "high", "interval"]]) == (
            total,
            known.estimate,
            known.low,
            known.high,
            "Wilson",
        )
    # Of 17 plates read whole, numbered from 0, nine are even: those of the seen typeface.
    for name, hits in zip(SPLIT, (9, 8), strict=True):
        line = of(table, "judge", "plate_accuracy", f"{TEST}, {name}")
        assert (line["n"], line["estimate"]) == (10, hits / 10) and line["interval"] == "Wilson"
    assert list(dict.fromkeys(table["reader"])) == ["judge", "direct", "hyperlpr"]


def test_originals_are_taken_once():
    assert len(originals(GOOD)) == 2 * 20
    with pytest.raises(DataError, match="no readings of the test's 'original'"):
        originals(GOOD[GOOD["method"] == "degraded"])


def test_a_reader_that_is_not_installed_is_named():
    rows = pd.concat([clean_rows("judge", 20, 0), clean_rows("direct", 20, 0)])
    table = reader_table(rows, GOOD, **DRAWS)
    absent = table[table["reader"] == "hyperlpr"]
    assert (
        len(absent) == 2 * 4 and (absent["n"] == 0).all() and (absent["interval"] == ABSENT).all()
    )
    assert absent[["estimate", "low", "high"]].isna().all(axis=None)
    assert not absent["may_judge"].any()
    present = reader_table(pd.concat([rows, clean_rows("hyperlpr", 9, 2)]), GOOD, **DRAWS)
    assert ABSENT not in set(present["interval"])
    assert of(present, "hyperlpr", "plate_accuracy", TEST)["interval"] == UNASKED
    assert not present.loc[present["reader"] == "hyperlpr", "may_judge"].any()
    assert of(present, "hyperlpr", "plate_accuracy")["estimate"] == 0.45


def test_the_view_has_one_line_for_each_reader_and_set():
    views = pytest.importorskip("lpr_gfpgan.evaluation.views")
    rows = pd.concat([clean_rows("judge", 18, 1), clean_rows("direct", 17, 3)])
    view = views.judging_view(reader_table(rows, own_rows(("judge", 16), ("direct", 20)), **DRAWS))
    sets = [VALIDATION, TEST, *(f"{TEST}, {name}" for name in SPLIT)]
    assert list(view.index) == [
        *((reader, name) for reader in ("judge", "direct") for name in sets),
        *(("hyperlpr", name) for name in sets[:2]),
    ]
    assert list(view["rules"]) == [
        *("sets thresholds only", "may not judge", "", ""),
        *("sets thresholds only", "may judge", "", ""),
        *(ABSENT, ABSENT),
    ]
    assert list(view["n"]) == [20, 20, 10, 10] * 2 + [0, 0]
    assert view.loc[("judge", VALIDATION), "plate accuracy"].startswith("90.0 [")
    assert view.loc[("judge", TEST), "plate accuracy"].startswith("80.0 [")
    assert view.loc[("hyperlpr", TEST), "plate accuracy"] == ""
    read = pd.concat([rows, clean_rows("hyperlpr", 9, 2)])
    view = views.judging_view(reader_table(read, own_rows(("judge", 16)), **DRAWS))
    assert view.loc[("hyperlpr", VALIDATION), "rules"] == "nothing: no reader of the test"
    assert view.loc[("judge", VALIDATION), "rules"] == "sets thresholds only"


def test_one_rule_for_drawn_and_photographed_plates(monkeypatch):
    rows = pd.concat([clean_rows("judge", 18, 0), clean_rows("direct", 17, 3)])
    photographs = rows.assign(condition=real_tables.UNTOUCHED, source="street")
    assert real_tables.may_judge(photographs) == {"street": ["judge"]}
    monkeypatch.setattr("lpr_gfpgan.evaluation.judges.JUDGES_FROM", 0.85)
    assert real_tables.may_judge(photographs) == {"street": ["judge", "direct"]}
    table = reader_table(rows, own_rows(("judge", 18), ("direct", 17)), **DRAWS)
    assert set(table.loc[table["may_judge"], "reader"]) == {"judge", "direct"}


def test_a_reader_that_is_no_judge_changes_no_threshold():
    own = pd.concat([clean_rows("judge", 18, 0), clean_rows("direct", 17, 0)])
    alone, beside = (
        threshold_table(rows, **DRAWS).query("reader != 'hyperlpr'").reset_index(drop=True)
        for rows in (own, pd.concat([own, clean_rows("hyperlpr", 0, 12)]))
    )
    pd.testing.assert_frame_equal(alone, beside)
    assert np.isfinite(alone["threshold"]).all()


def test_refuses_no_rows():
    with pytest.raises(DataError, match="no clean readings"):
        reader_table(clean_rows("judge", 1, 0)[:0], GOOD, **DRAWS)
