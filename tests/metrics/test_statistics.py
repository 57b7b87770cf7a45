"""Intervals and tests against published numbers and simulated data."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import (
    bootstrap_mean,
    holm,
    mcnemar,
    statistics,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_newcombe(successes, n, low, high):
    interval = wilson(successes, n)
    assert interval.estimate == pytest.approx(successes / n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)
    assert interval.n == n


def test_wilson_refuses_no_trials():
    with pytest.raises(DataError, match="n >= 1"):
        wilson(0, 0)
    with pytest.raises(DataError, match="4 / 3"):
        wilson(4, 3)


def test_wilson_covers_on_average_what_it_promises():
    """Exact, by summing over all outcomes: near 95 % on average, never far below it for n = 100."""
    n, shares = 100, np.linspace(0.02, 0.98, 97)
    ends = [wilson(k, n) for k in range(n + 1)]
    covered = np.array(
        [
            sum(binom.pmf(k, n, p) for k, end in enumerate(ends) if end.low <= p <= end.high)
            for p in shares
        ]
    )
    assert covered.mean() == pytest.approx(0.95, abs=0.01) and covered.min() > 0.90


def test_bootstrap_is_seeded_and_counts_its_plates():
    values = np.random.default_rng(0).random(37)
    first = bootstrap_mean(values, draws=500, rng=np.random.default_rng(1))
    again = bootstrap_mean(values, draws=500, rng=np.random.default_rng(1))
    other = bootstrap_mean(values, draws=500, rng=np.random.default_rng(2))
    assert first == again != other
    assert first.n == 37 and first.estimate == pytest.approx(values.mean())
    assert first.low < first.estimate < first.high


def test_bootstrap_width_matches_the_normal_interval():
    values = np.random.default_rng(0).normal(3, 2, size=400)
    interval = bootstrap_mean(values, draws=4000, rng=np.random.default_rng(1))
    half = 1.96 * values.std() / np.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.02)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.02)


def test_bootstrap_covers_the_true_mean():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        interval = bootstrap_mean(rng.exponential(size=80), draws=400, rng=rng)
        inside += interval.low <= 1 <= interval.high
    assert 0.90 <= inside / 400 <= 0.97


def test_bootstrap_over_plates_covers_where_rows_of_a_plate_are_alike():
    """A plate's rows share its difficulty: rows taken for independent would cover far less."""
    rng, trials, plates, conditions = np.random.default_rng(1), 400, 60, 12
    inside = np.zeros(2)
    for _ in range(trials):
        difficulty = rng.beta(1, 1, size=(plates, 1))
        right = (rng.random((plates, conditions)) < difficulty).astype(float)
        pooled = bootstrap_mean(
            right.sum(axis=1), counts=np.full(plates, conditions), draws=300, rng=rng
        )
        rows = bootstrap_mean(right.ravel(), draws=300, rng=rng)
        inside += [ends.low <= 0.5 <= ends.high for ends in (pooled, rows)]
    assert 0.91 <= inside[0] / trials <= 0.98
    assert inside[1] / trials < 0.80


def test_bootstrap_in_chunks_draws_the_same(monkeypatch):
    values = np.arange(10.0)
    whole = bootstrap_mean(values, draws=50, rng=np.random.default_rng(0))
    monkeypatch.setattr(statistics, "_CHUNK", 35)
    assert bootstrap_mean(values, draws=50, rng=np.random.default_rng(0)) == whole


def test_bootstrap_of_sums_is_a_ratio_of_totals():
    interval = bootstrap_mean(
        [6.0, 1.0, 0.0], counts=[3, 1, 0], draws=100, rng=np.random.default_rng(0)
    )
    assert interval.estimate == pytest.approx(7 / 4) and interval.n == 2
    assert 1 <= interval.low <= interval.high <= 2


def test_bootstrap_refuses_what_it_cannot_average():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="at least one plate"):
        bootstrap_mean([], draws=10, rng=rng)
    with pytest.raises(DataError, match="finite"):
        bootstrap_mean([1.0, np.inf], draws=10, rng=rng)
    with pytest.raises(DataError, match="one value per plate"):
        bootstrap_mean([1.0, 2.0], counts=[1], draws=10, rng=rng)


def test_mcnemar_exact():
    def pairs(both, only_first, only_second, neither):
        first = [1] * both + [1] * only_first + [0] * only_second + [0] * neither
        second = [1] * both + [0] * only_first + [1] * only_second + [0] * neither
        return mcnemar(first, second)

    result = pairs(20, 8, 2, 5)
    assert (result.only_first, result.only_second) == (8, 2)
    assert result.p == pytest.approx(2 * (1 + 10 + 45) / 2**10)
    assert pairs(3, 0, 6, 1).p == pytest.approx(2 / 2**6)
    assert pairs(7, 0, 0, 2).p == 1
    assert pairs(0, 4, 4, 0).p == 1
    with pytest.raises(DataError, match="same plates"):
        mcnemar([1], [1, 0])


def test_holm_by_hand():
    # Sorted: 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, then never falling.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.2]).tolist() == [0.2]
    assert holm([0.6, 0.7, 1.0]).tolist() == [1, 1, 1]


def test_holm_rejects_as_the_closed_test_of_bonferroni():
    """Holm is the closed procedure: a test falls if every set it belongs to falls by Bonferroni."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        p = rng.random(5) ** 3
        adjusted = holm(p)
        for k in range(5):
            others = [j for j in range(5) if j != k]
            sets = [
                (k, *rest) for size in range(5) for rest in itertools.combinations(others, size)
            ]
            closed = max(min(1, len(s) * min(p[list(s)])) for s in sets)
            assert adjusted[k] == pytest.approx(closed)


def test_holm_keeps_the_order_and_never_lowers():
    rng = np.random.default_rng(1)
    p = np.round(rng.random(20), 1)
    order = rng.permutation(20)
    assert np.array_equal(holm(p)[order], holm(p[order]))
    assert (holm(p) >= p).all() and (np.diff(holm(p)[np.argsort(p)]) >= 0).all()


def test_holm_refuses_what_is_no_family():
    for p in ([], [0.5, np.nan], [1.2], [[0.5]]):
        with pytest.raises(DataError, match="Holm's method needs p-values"):
            holm(p)
