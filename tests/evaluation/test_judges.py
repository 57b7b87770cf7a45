"""Who may judge, from a few clean readings worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import admitted, reader_table, real, threshold_table
from lpr_gfpgan.evaluation.judges import ABSENT
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


def of(table, reader, measure):
    found = table[(table["reader"] == reader) & (table["measure"] == measure)]
    assert len(found) == 1
    return found.iloc[0]


def test_nine_of_ten_whole_plates_admit_a_reader():
    rows = pd.concat([clean_rows("judge", 18, 0), clean_rows("direct", 17, 3)])
    assert admitted(rows) == ["judge"]
    assert admitted(rows[rows["reader"] == "direct"]) == []


def test_each_reader_has_its_figures():
    table = reader_table(
        pd.concat([clean_rows("judge", 18, 1), clean_rows("direct", 17, 3)]), **DRAWS
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
    may = table.groupby("reader")["may_judge"].agg(["min", "max"])
    assert may.loc["judge"].all() and not may.loc["direct"].any()


def test_a_reader_that_is_not_installed_is_named():
    rows = pd.concat([clean_rows("judge", 20, 0), clean_rows("direct", 20, 0)])
    table = reader_table(rows, **DRAWS)
    absent = table[table["reader"] == "hyperlpr"]
    assert len(absent) == 4 and (absent["n"] == 0).all() and (absent["interval"] == ABSENT).all()
    assert absent[["estimate", "low", "high"]].isna().all(axis=None)
    assert not absent["may_judge"].any()
    present = reader_table(pd.concat([rows, clean_rows("hyperlpr", 9, 2)]), **DRAWS)
    assert ABSENT not in set(present["interval"])
    assert of(present, "hyperlpr", "plate_accuracy")["estimate"] == 0.45


def test_the_view_has_one_line_for_each_reader():
    views = pytest.importorskip("lpr_gfpgan.evaluation.views")
    rows = pd.concat([clean_rows("judge", 18, 1), clean_rows("direct", 17, 3)])
    view = views.judging_view(reader_table(rows, **DRAWS))
    assert list(view.index) == ["judge", "direct", "hyperlpr"]
    assert list(view["may judge"]) == ["yes", "no", ABSENT] and list(view["n"]) == [20, 20, 0]
    assert view.loc["judge", "plate accuracy"].startswith("90.0 [")
    assert view.loc["hyperlpr", "plate accuracy"] == ""


def test_one_rule_for_drawn_and_photographed_plates(monkeypatch):
    rows = pd.concat([clean_rows("judge", 18, 0), clean_rows("direct", 17, 3)])
    photographs = rows.assign(condition=real.UNTOUCHED, source="street")
    assert real.may_judge(photographs) == {"street": ["judge"]}
    monkeypatch.setattr("lpr_gfpgan.evaluation.judges.JUDGES_FROM", 0.85)
    assert real.may_judge(photographs) == {"street": ["judge", "direct"]}
    assert reader_table(rows, **DRAWS)["may_judge"].sum() == 8


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
        reader_table(clean_rows("judge", 1, 0)[:0], **DRAWS)
