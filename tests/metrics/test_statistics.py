"""Intervals and tests against published numbers and simulated data."""

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import bootstrap_difference, bootstrap_mean, mcnemar, statistics, wilson


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


def test_pairing_narrows_the_interval():
    rng = np.random.default_rng(0)
    plate = rng.normal(0, 1, size=200)
    first, second = (
        plate + 0.1 + rng.normal(0, 0.1, size=200),
        plate + rng.normal(0, 0.1, size=200),
    )
    paired = bootstrap_difference(first, second, draws=1000, rng=rng)
    assert paired.low > 0 and paired.estimate == pytest.approx(np.mean(first - second))
    unpaired = bootstrap_difference(first, rng.permutation(second), draws=1000, rng=rng)
    assert paired.high - paired.low < (unpaired.high - unpaired.low) / 5


def test_bootstrap_refuses_what_it_cannot_average():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="at least one plate"):
        bootstrap_mean([], draws=10, rng=rng)
    with pytest.raises(DataError, match="finite"):
        bootstrap_mean([1.0, np.inf], draws=10, rng=rng)
    with pytest.raises(DataError, match="same plates"):
        bootstrap_difference([1.0, 2.0], [1.0], draws=10, rng=rng)


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
