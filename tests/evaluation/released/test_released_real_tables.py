"""What is given back of photographed plates: figures of hand-made rows, known beforehand."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.evaluation import released_real_tables

DRAWS = {"draws": 400, "seed": 0}
METHODS = ("original", "degraded", "bicubic", "full")


def make_rows(right, *, plates=20, conditions=("width 40", "motion"), readers=("judge", "direct")):
    """Rows by a rule: whether (condition, method, reader, plate) is read; half are of "near"."""
    lines = []
    for condition in conditions:
        for method in METHODS:
            for reader in readers:
                for plate in range(plates):
                    read = bool(right(condition, method, reader, plate))
                    lines.append(
                        {
                            "source": "near" if plate < plates // 2 else "far",
                            "condition": condition,
                            "method": method,
                            "variant": "full" if method == "full" else "",
                            "training_seed": "0" if method == "full" else "",
                            "reader": reader,
                            "plate": plate,
                            "exact": int(read),
                            "exact6": int(read or method == "original"),
                            "cer": 0.0 if read else 0.5,
                            "cer6": 0.0 if read else 0.5,
                            **dict.fromkeys(
                                (
                                    *("psnr_plate", "psnr_frame", "psnr_surroundings"),
                                    *("ssim_plate", "ssim_frame", "ringing_plate"),
                                    *("mse_plate", "mse_frame", "mse_surroundings"),
                                ),
                                1.0,
                            ),
                        }
                    )
    return pd.DataFrame(lines)


def line_of(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def half_given_back(condition, method, reader, plate):
    """All photographs are read, of degraded plates 4 of 20, of restored ones 12, of bicubic 4."""
    return {"original": 20, "degraded": 4, "bicubic": 4, "full": 12}[method] > plate


def test_recovered_is_the_share_of_what_degrading_took():
    table = released_real_tables.recovered_by_source(make_rows(half_given_back), **DRAWS)
    whole = line_of(
        table,
        source="all",
        condition="motion",
        method="full",
        reader="judge",
        measure="plate_accuracy",
    )
    assert whole["estimate"] == pytest.approx(8 / 16) and whole["n"] == 20
    assert whole["low"] < 0.5 < whole["high"] and whole["interval"] == "bootstrap"
    near, far = (
        line_of(
            table,
            source=source,
            condition="motion",
            method="full",
            reader="judge",
            measure="plate_accuracy",
        )
        for source in ("near", "far")
    )
    assert near["estimate"] == pytest.approx(6 / 6) and far["estimate"] == pytest.approx(2 / 10)
    bicubic = table[(table["method"] == "bicubic") & (table["measure"] == "plate_accuracy")]
    assert (bicubic["estimate"] == 0).all()
    assert bicubic[["low", "high"]].isna().all(axis=None)  # all alike is no certainty


def test_a_share_of_hardly_any_plates_is_not_given(monkeypatch):
    monkeypatch.setattr(released_real_tables, "LEAST", 7)
    table = released_real_tables.recovered_by_source(make_rows(half_given_back), **DRAWS)
    exact = table[table["measure"] == "plate_accuracy"]
    assert set(exact["source"]) == {"far", "all"}  # of near, degrading took six


def test_restoring_that_harms_recovers_less_than_nothing():
    def rule(condition, method, reader, plate):
        return {"original": 20, "degraded": 10, "bicubic": 10, "full": 5}[method] > plate

    table = released_real_tables.recovered_by_source(make_rows(rule), **DRAWS)
    found = line_of(
        table,
        source="all",
        condition="motion",
        method="full",
        reader="judge",
        measure="plate_accuracy",
    )
    assert found["estimate"] == pytest.approx(-0.5) and found["high"] < 0


def test_each_reader_has_its_own_reference():
    def rule(condition, method, reader, plate):
        best = 10 if reader == "judge" else 20
        return {"original": best, "degraded": 0, "bicubic": 0, "full": 5}[method] > plate

    table = released_real_tables.recovered_by_source(make_rows(rule), **DRAWS)
    for reader, expected in (("judge", 0.5), ("direct", 0.25)):
        found = line_of(
            table,
            source="all",
            condition="motion",
            method="full",
            reader=reader,
            measure="plate_accuracy",
        )
        assert found["estimate"] == pytest.approx(expected)


def test_where_degrading_took_nothing_there_is_no_figure():
    def rule(condition, method, reader, plate):
        return condition == "width 40" or half_given_back(condition, method, reader, plate)

    table = released_real_tables.recovered_by_source(make_rows(rule), **DRAWS)
    whole = table[table["measure"] == "plate_accuracy"]
    assert set(whole["condition"]) == {"motion"}
    # Without the province an untouched plate is always read here, and a degraded one not.
    assert np.isfinite(table["estimate"]).all()


def test_gained_and_lost_plates_are_counted_by_reader():
    def rule(condition, method, reader, plate):
        if method == "full":
            return plate >= 2 and (reader == "judge" or plate < 10)
        return method == "original" or plate < 4

    rows = make_rows(rule)
    found = released_real_tables.paired_by_source(rows, "degraded", **DRAWS)
    changes = released_real_tables.changes_against(rows, "degraded")
    for reader, gained in (("judge", 16), ("direct", 6)):
        own = {"source": "all", "condition": "motion", "reader": reader}
        first = line_of(changes, **own, measure="gained")
        second = line_of(changes, **own, measure="lost")
        assert (first["count"], second["count"]) == (gained, 2)
        difference = line_of(found, **own, measure="plate_accuracy")
        assert difference["estimate"] == pytest.approx((gained - 2) / 20)
        assert difference["mcnemar_p"] == first["mcnemar_p"]
        # Holm over two conditions that are alike doubles p.
        assert first["holm_p"] == pytest.approx(min(1, 2 * first["mcnemar_p"]))
        assert difference["holm_p"] == pytest.approx(min(1, 2 * first["mcnemar_p"]))


def test_harm_is_told_against_bicubic_under_the_named_conditions_alone():
    def rule(condition, method, reader, plate):
        return {"original": 20, "degraded": 0, "bicubic": 12, "full": 9}[method] > plate

    rows = make_rows(rule)
    only = {"conditions": ["width 40"]}
    found = released_real_tables.paired_by_source(rows, "bicubic", **DRAWS, **only)
    changes = released_real_tables.changes_against(rows, "bicubic", **only)
    assert set(found["condition"]) == set(changes["condition"]) == {"width 40"}
    own = {"source": "all", "condition": "width 40", "reader": "judge"}
    assert line_of(changes, **own, measure="lost")["count"] == 3
    assert line_of(changes, **own, measure="gained")["count"] == 0
    difference = line_of(found, **own, measure="plate_accuracy")
    assert difference["estimate"] == pytest.approx(-3 / 20)
    assert difference["holm_p"] == difference["mcnemar_p"] == pytest.approx(0.25)
