"""Tables of the readers' confidences against the measures they are made of."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import calibration_table, reliability_table, risk_coverage_table
from lpr_gfpgan.metrics import (
    aurc,
    auroc,
    bootstrap_statistic,
    expected_calibration_error,
    reliability,
    risk_at_coverage,
    wilson,
)

DRAWS = {"draws": 300, "seed": 0}


def make_rows(confidence, right, *, condition="light", method="full", reader="judge"):
    return pd.DataFrame(
        {
            "condition": condition,
            "method": method,
            "reader": reader,
            "plate": np.arange(len(right)),
            "confidence": np.asarray(confidence, dtype=float),
            "exact": np.asarray(right, dtype=int),
        }
    )


def random_rows(n=80, conditions=("light", "strong"), seed=0):
    rng = np.random.default_rng(seed)
    parts = []
    for condition in conditions:
        confidence = rng.beta(2, 1, n)
        parts.append(make_rows(confidence, rng.random(n) < confidence**2, condition=condition))
    return pd.concat(parts, ignore_index=True)


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize("condition", ["light", "strong", "all"])
def test_every_figure_is_that_of_the_rows(condition):
    rows = random_rows()
    table = calibration_table(rows, **DRAWS)
    part = rows if condition == "all" else rows[rows["condition"] == condition]
    confidence, right = part["confidence"].to_numpy(), part["exact"].to_numpy()
    expected = {
        "overconfidence": confidence.mean() - right.mean(),
        "confidence_gap": confidence[right == 1].mean() - confidence[right == 0].mean(),
        "auroc": auroc(confidence, right),
        "aurc": aurc(confidence, right),
        "ece": expected_calibration_error(confidence, right),
    }
    for measure, value in expected.items():
        line = one(table, condition=condition, measure=measure)
        assert line["estimate"] == pytest.approx(value)
        assert line["low"] < value < line["high"] and line["n"] == 80
    # This reader is overconfident by far: more than chance gives a calibrated one.
    chance = one(table, condition=condition, measure="ece_if_calibrated")
    assert 0 < chance["low"] < chance["estimate"] < chance["high"] < expected["ece"]
    assert one(table, condition=condition, measure="overconfidence")["low"] > 0


def test_calibration_errors_have_the_mirrored_interval():
    """Resamples of a calibration error lie above it by as much as it lies above the truth."""
    rows = random_rows(conditions=["light"])
    confidence, right = rows["confidence"].to_numpy(), rows["exact"].to_numpy()
    known = bootstrap_statistic(
        lambda w: expected_calibration_error(confidence, right, weights=w),
        80,
        draws=300,
        rng=np.random.default_rng(0),
        basic=True,
    )
    line = one(calibration_table(rows, **DRAWS), condition="light", measure="ece")
    assert (line["low"], line["high"]) == pytest.approx((max(known.low, 0), known.high))
    assert line["interval"] == "basic bootstrap"


def test_pooled_figures_resample_plates_not_rows():
    """Copies of a plate's row under more conditions must not narrow any interval."""
    single = random_rows(conditions=["c0"])
    copies = pd.concat([single.assign(condition=f"c{k}") for k in range(5)])
    once, pooled = (calibration_table(rows, **DRAWS) for rows in (single, copies))
    for measure in ("confidence_gap", "auroc", "aurc", "overconfidence"):
        a, b = (one(t, condition="all", measure=measure) for t in (once, pooled))
        # A sum over ranks counts each copy apart, hence the tolerance of AURC.
        assert b["low"] == pytest.approx(a["low"], abs=5e-3)
        assert b["high"] == pytest.approx(a["high"], abs=5e-3)


def test_the_pool_alone():
    rows = random_rows()
    whole, pool = (
        calibration_table(rows, **DRAWS),
        calibration_table(rows, **DRAWS, pooled_only=True),
    )
    expected = whole[whole["condition"] == "all"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pool, expected)


def test_gaps_cover_the_truth():
    """The interval of a confidence gap holds the gap of a large set about as often as it says."""
    rng = np.random.default_rng(1)
    confidence = rng.beta(2, 1, 400_000)
    right = rng.random(400_000) < confidence
    truth = confidence[right].mean() - confidence[~right].mean()
    inside = 0
    for part in range(200):
        chosen = slice(part * 60, (part + 1) * 60)
        table = calibration_table(
            make_rows(confidence[chosen], right[chosen]), draws=200, seed=part, pooled_only=True
        )
        line = one(table, measure="confidence_gap")
        inside += line["low"] <= truth <= line["high"]
    assert 0.89 <= inside / 200 <= 0.99


@pytest.mark.parametrize("right", [0, 1])
def test_all_right_or_all_wrong(right):
    table = calibration_table(make_rows([0.2, 0.4, 0.6, 0.8], [right] * 4), **DRAWS)
    for measure in ("confidence_gap", "auroc"):
        line = one(table, condition="light", measure=measure)
        assert np.isnan(line["estimate"]) and line["interval"] == "undefined"
    area = one(table, condition="light", measure="aurc")
    known = wilson(4 * (1 - right), 4)
    assert area["estimate"] == pytest.approx(1 - right)
    assert (area["low"], area["high"]) == pytest.approx((known.low, known.high))
    assert area["interval"] == "Wilson over plates"


def test_perfect_ranking_claims_no_certainty():
    table = calibration_table(make_rows([0.9] * 6 + [0.1] * 6, [1] * 6 + [0] * 6), **DRAWS)
    line = one(table, condition="light", measure="auroc")
    assert line["estimate"] == 1 and line["interval"] == "none"
    assert np.isnan(line["low"]) and np.isnan(line["high"])


def test_reliability_within_a_condition():
    rows = random_rows(conditions=["light"])
    table = reliability_table(rows, **DRAWS, bins=5)
    known = reliability(rows["confidence"], rows["exact"], bins=5)
    assert len(table) == len(known) == 5
    for line, each in zip(table.to_dict("records"), known, strict=True):
        assert line["confidence"] == pytest.approx(each.confidence)
        assert (line["lowest"], line["highest"]) == (each.low, each.high)
        assert (line["low"], line["high"]) == (each.accuracy.low, each.accuracy.high)
        assert line["n"] == line["readings"] == each.accuracy.n
        assert (line["interval"], line["condition"]) == ("Wilson", "light")


def test_pooled_reliability_counts_plates_and_readings():
    rows = random_rows(n=30, conditions=["a", "b", "c"])
    table = reliability_table(rows, **DRAWS, bins=4, binning="width")
    assert table["readings"].sum() == 90 and (table["n"] <= 30).all()
    assert set(table["condition"]) == {"all"} and "Wilson" not in set(table["interval"])
    shown = (table["estimate"] * table["readings"]).sum()
    assert shown == pytest.approx(rows["exact"].sum())


def test_risk_falls_with_abstention_as_measured():
    rows = random_rows()
    table = risk_coverage_table(rows, **DRAWS, coverages=[0.25, 0.5, 1.0])
    confidence, right = rows["confidence"], rows["exact"]
    for line in table.to_dict("records"):
        assert line["estimate"] == risk_at_coverage(confidence, right, line["coverage"])
        assert line["low"] < line["estimate"] < line["high"] and line["n"] == 80
        kept = confidence >= line["threshold"]
        assert kept.sum() == line["coverage"] * 160
        assert line["estimate"] == pytest.approx(1 - right[kept].mean())
    assert table["estimate"].is_monotonic_increasing
    assert table["threshold"].is_monotonic_decreasing


def test_no_risk_is_no_certainty():
    rows = make_rows([0.9, 0.8, 0.7, 0.6, 0.2, 0.1], [1, 1, 1, 1, 0, 1])
    rows = pd.concat([rows, rows.assign(condition="strong", confidence=0.05, exact=0)])
    table = risk_coverage_table(rows, **DRAWS, coverages=[1 / 12, 1.0])
    line = one(table, coverage=1 / 12)
    known = wilson(0, 1)  # one plate is kept
    assert (line["estimate"], line["n"]) == (0, 1) and line["high"] == pytest.approx(known.high)


@pytest.mark.parametrize("table", [calibration_table, reliability_table, risk_coverage_table])
def test_refuses_rows_without_confidences(table):
    with pytest.raises(DataError, match="no rows"):
        table(make_rows([], []), **DRAWS)
    with pytest.raises(DataError, match=r"\[0, 1\], got nan"):
        table(make_rows([0.5, np.nan], [1, 0]), **DRAWS)
