"""Ranking and abstention against values by hand and slow references."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import (
    acceptance_threshold,
    aurc,
    auroc,
    risk_at_coverage,
    risk_coverage,
)

FIGURES = [auroc, aurc]


def draw(rng, *, ties):
    """Some readings, right about as often as their confidence says; few distinct ones on demand."""
    n = int(rng.integers(1, 12))
    confidence = rng.integers(0, 5, n) / 4 if ties else rng.random(n)
    return confidence, (rng.random(n) < confidence).astype(int)


def cases(count=60):
    rng = np.random.default_rng(0)
    return [draw(rng, ties=bool(k % 2)) for k in range(count)]


def test_auroc_counts_pairs():
    assert auroc([0.9, 0.8, 0.3], [1, 1, 0]) == 1
    assert auroc([0.9, 0.8, 0.3], [0, 0, 1]) == 0
    assert auroc([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0]) == 0.5
    assert auroc([0.9, 0.5, 0.5, 0.1], [1, 1, 0, 0]) == pytest.approx(3.5 / 4)
    for confidence, right in cases():
        hits, misses = confidence[right == 1], confidence[right == 0]
        wins = [(a > b) + (a == b) / 2 for a in hits for b in misses]
        if wins:
            assert auroc(confidence, right) == pytest.approx(np.mean(wins))
        else:
            assert np.isnan(auroc(confidence, right))


def test_risk_coverage_by_hand():
    curve = risk_coverage([0.9, 0.9, 0.6, 0.2], [1, 0, 1, 0])
    assert curve.threshold.tolist() == [0.9, 0.6, 0.2]
    assert curve.coverage.tolist() == [0.5, 0.75, 1.0]
    assert curve.risk == pytest.approx([1 / 2, 1 / 3, 1 / 2])


def test_aurc_is_the_mean_over_all_orders_of_ties():
    assert aurc([0.9, 0.8, 0.7], [1, 0, 1]) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)
    rng = np.random.default_rng(3)
    for _ in range(25):
        n = int(rng.integers(1, 6))
        confidence, right = rng.integers(0, 3, n) / 2, rng.integers(0, 2, n)
        areas = []
        for order in itertools.permutations(range(n)):
            order = sorted(order, key=lambda k: -confidence[k])  # stable: ties keep their order
            wrong = np.cumsum(1 - right[order])
            areas.append((wrong / np.arange(1, n + 1)).mean())
        assert aurc(confidence, right) == pytest.approx(np.mean(areas))


def test_aurc_bounds():
    rng = np.random.default_rng(4)
    right = rng.integers(0, 2, 50)
    best, chance, worst = aurc(right, right), aurc([0.5] * 50, right), aurc(1 - right, right)
    assert best < aurc(rng.random(50), right) < worst
    assert chance == pytest.approx(1 - right.mean())
    assert aurc(rng.random(50), np.ones(50)) == 0
    assert aurc(rng.random(50), np.zeros(50)) == pytest.approx(1)


def test_risk_at_a_coverage():
    confidence, right = [0.9, 0.9, 0.6, 0.2], [1, 0, 1, 0]
    assert risk_at_coverage(confidence, right, 0.25) == pytest.approx(1 / 2)
    assert risk_at_coverage(confidence, right, 0.75) == pytest.approx(1 / 3)
    assert risk_at_coverage(confidence, right, 0.875) == pytest.approx(1.5 / 3.5)
    assert risk_at_coverage(confidence, right, 0.1) == pytest.approx(1 / 2)
    for values, hits in cases():
        curve = risk_coverage(values, hits)
        assert risk_at_coverage(values, hits, curve.coverage) == pytest.approx(curve.risk)
        assert risk_at_coverage(values, hits, 1) == pytest.approx(1 - hits.mean())
        assert curve.coverage[-1] == 1 and curve.risk[-1] == pytest.approx(1 - hits.mean())
        each = [risk_at_coverage(values, hits, k / len(hits)) for k in range(1, len(hits) + 1)]
        assert aurc(values, hits) == pytest.approx(np.mean(each))


def risk_at_two_fifths(confidence, right, **options):
    return risk_at_coverage(confidence, right, 0.4, **options)


def test_several_coverages_at_once():
    rng = np.random.default_rng(7)
    for confidence, right in cases(20):
        weights = rng.integers(0, 3, (2, 3, len(right)))
        each = [risk_at_coverage(confidence, right, c, weights=weights) for c in (0.2, 0.7, 1)]
        found = risk_at_coverage(confidence, right, [0.2, 0.7, 1], weights=weights)
        assert found.shape == (2, 3, 3) and np.array_equal(found, np.stack(each, -1), True)


@pytest.mark.parametrize("figure", [auroc, aurc, risk_at_two_fifths])
def test_weights_count_readings_repeatedly(figure):
    rng = np.random.default_rng(5)
    for confidence, right in cases(20):
        weights = rng.integers(0, 4, (3, len(right)))
        weights[0, 0] = 1
        found = figure(confidence, right, weights=weights)
        assert found.shape == (3,)
        for row, value in zip(weights, found, strict=True):
            if row.any():
                copied = figure(np.repeat(confidence, row), np.repeat(right, row))
                assert value == pytest.approx(copied, nan_ok=True)
            else:
                assert np.isnan(value)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_order_of_the_readings_is_no_matter(figure):
    rng = np.random.default_rng(6)
    for confidence, right in cases():
        order = rng.permutation(len(right))
        assert figure(confidence[order], right[order]) == pytest.approx(
            figure(confidence, right), nan_ok=True
        )


@pytest.mark.parametrize("figure", FIGURES)
def test_ranking_figures_outlive_any_rising_rescaling(figure):
    for confidence, right in cases():
        assert figure(confidence**3 / 2, right) == pytest.approx(
            figure(confidence, right), nan_ok=True
        )


def slow_threshold(confidence, right, precision):
    """Every threshold, lowest first, in exact arithmetic."""
    for threshold in sorted(set(confidence)):
        accepted = [r for c, r in zip(confidence, right, strict=True) if c >= threshold]
        if Fraction(int(sum(accepted)), len(accepted)) >= precision:
            return threshold
    return np.inf


@pytest.mark.parametrize("precision", [Fraction(1, 2), Fraction(99, 100), Fraction(1)])
def test_threshold_is_the_lowest_that_reaches_the_precision(precision):
    for confidence, right in cases(200):
        expected = slow_threshold(confidence, right, precision)
        assert acceptance_threshold(confidence, right, precision=float(precision)) == expected


def test_threshold_by_hand():
    # Two wrong among 100: accepting all gives 98 %, leaving out the lower wrong one 98 / 99.
    confidence = np.linspace(0.01, 1, 100)
    right = np.ones(100)
    right[[4, 90]] = 0
    assert acceptance_threshold(confidence, right, precision=0.98) == confidence[0]
    assert acceptance_threshold(confidence, right, precision=98 / 99) == confidence[91]
    right[4] = 1
    assert acceptance_threshold(confidence, right) == confidence[0]  # 99 of 100 is enough


def test_nothing_is_accepted_where_no_threshold_will_do():
    assert acceptance_threshold([0.2, 0.9, 0.9], [1, 1, 0]) == np.inf
    assert acceptance_threshold([0.2, 0.9], [0, 0]) == np.inf
    assert acceptance_threshold([0.2, 0.9], [1, 1]) == 0.2


@pytest.mark.parametrize("figure", [*FIGURES, acceptance_threshold, risk_coverage])
def test_refuses_what_is_no_set_of_readings(figure):
    with pytest.raises(DataError, match="N >= 1"):
        figure([], [])
    with pytest.raises(DataError, match=r"\[0, 1\], got nan"):
        figure([0.5, np.nan], [1, 0])
    with pytest.raises(DataError, match=r"\[0, 1\], got 1.5"):
        figure([0.5, 1.5], [1, 0])
    with pytest.raises(DataError, match="wrong or right"):
        figure([0.5, 0.6], [1])
    with pytest.raises(DataError, match="wrong or right"):
        figure([0.5, 0.6], [1, np.nan])


def test_refuses_settings_out_of_range():
    for coverage in (0, 1.1, np.nan, [0.5, 2]):
        with pytest.raises(DataError, match="coverage"):
            risk_at_coverage([0.5], [1], coverage)
    for precision in (0, 1.1):
        with pytest.raises(DataError, match="precision"):
            acceptance_threshold([0.5], [1], precision=precision)
    with pytest.raises(DataError, match="weights"):
        auroc([0.5, 0.6], [1, 0], weights=[[1.0]])
    with pytest.raises(DataError, match="weights"):
        aurc([0.5, 0.6], [1, 0], weights=[1.0, -1.0])
