"""Resampling against closed forms, slow references and simulated coverage."""

import numpy as np
import pytest
from scipy import stats

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import (
    bootstrap_mean,
    bootstrap_seeds,
    bootstrap_statistic,
    crossed_interval,
    crossed_p,
    resampling,
)


def mean_of(values):
    return lambda weights: weights @ values / weights.sum(axis=1)


def test_statistic_of_a_mean_is_the_bootstrap_of_the_mean():
    values = np.random.default_rng(0).exponential(size=60)
    rng = [np.random.default_rng(1) for _ in range(2)]
    known = bootstrap_mean(values, draws=400, rng=rng[0])
    found = bootstrap_statistic(mean_of(values), 60, draws=400, rng=rng[1])
    assert (found.estimate, found.low, found.high, found.n) == pytest.approx(
        (known.estimate, known.low, known.high, known.n)
    )


def test_statistic_in_chunks_draws_the_same(monkeypatch):
    values = np.arange(10.0)
    whole = bootstrap_statistic(mean_of(values), 10, draws=50, rng=np.random.default_rng(0))
    monkeypatch.setattr(resampling, "_CHUNK", 35)
    again = bootstrap_statistic(mean_of(values), 10, draws=50, rng=np.random.default_rng(0))
    assert whole == again and whole.low < whole.estimate < whole.high


def test_several_figures_come_from_the_same_resamples():
    values = np.random.default_rng(1).random((9, 2))
    pair = bootstrap_statistic(
        lambda w: w @ values[:, :1] / 9, 9, draws=80, rng=np.random.default_rng(0)
    )
    both = bootstrap_statistic(
        lambda w: w @ values / 9, 9, draws=80, rng=np.random.default_rng(0), rows=20
    )
    alone = bootstrap_statistic(mean_of(values[:, 1]), 9, draws=80, rng=np.random.default_rng(0))
    assert len(pair) == 1 and len(both) == 2
    for found, known in zip(both, (pair[0], alone), strict=True):
        assert (found.estimate, found.low, found.high) == pytest.approx(
            (known.estimate, known.low, known.high)
        )


def test_undefined_resamples_are_left_out():
    values = np.array([np.nan, 1.0, 2.0, 4.0])

    def figure(weights):
        rest = weights[:, 1:].sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.where(rest > 0, weights[:, 1:] @ values[1:] / rest, np.nan)

    found = bootstrap_statistic(figure, 4, draws=3000, rng=np.random.default_rng(0))
    assert found.estimate == pytest.approx(7 / 3) and 1 <= found.low < found.high <= 4
    undefined = bootstrap_statistic(
        lambda w: np.full(len(w), np.nan), 3, draws=5, rng=np.random.default_rng(0)
    )
    assert np.isnan([undefined.estimate, undefined.low, undefined.high]).all()
    assert undefined.n == 3


def test_basic_ends_mirror_the_percentiles():
    values = np.random.default_rng(2).exponential(size=30)
    plain, mirrored = (
        bootstrap_statistic(
            mean_of(values), 30, draws=200, rng=np.random.default_rng(3), basic=basic
        )
        for basic in (False, True)
    )
    assert mirrored.low == pytest.approx(2 * plain.estimate - plain.high)
    assert mirrored.high == pytest.approx(2 * plain.estimate - plain.low)


def test_seeds_and_plates_are_drawn_apart():
    """Against a loop that draws rows and columns of the table one resample at a time."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(4, 1)) + rng.normal(size=(1, 25)) + rng.normal(size=(4, 25))
    found = bootstrap_seeds(values, draws=20000, rng=rng)
    slow = []
    for _ in range(20000):
        seeds, plates = rng.integers(4, size=4), rng.integers(25, size=25)
        slow.append(values[np.ix_(seeds, plates)].mean())
    assert (found.low, found.high) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.04)
    assert found.estimate == pytest.approx(values.mean())
    assert (found.n, found.seeds, found.scope) == (25, 4, "training seeds and plates")


def test_one_seed_speaks_of_its_checkpoints_only():
    values = np.random.default_rng(5).normal(size=(1, 40))
    found = bootstrap_seeds(values, draws=300, rng=np.random.default_rng(6))
    known = bootstrap_mean(values[0], draws=300, rng=np.random.default_rng(6))
    assert (found.low, found.high) == (known.low, known.high)
    assert (found.seeds, found.scope) == (1, "these two checkpoints")
    crossed = crossed_interval(values)
    assert (crossed.seeds, crossed.scope) == (1, "these two checkpoints")
    ends = stats.ttest_1samp(values[0], 0).confidence_interval(0.95)
    assert (crossed.low, crossed.high) == pytest.approx((ends.low, ends.high))


def test_crossed_interval_is_students_where_one_factor_does_not_matter():
    effect = np.random.default_rng(7).normal(size=6)
    alike = np.repeat(effect[:, None], 30, axis=1)
    ends = stats.ttest_1samp(effect, 0).confidence_interval(0.95)
    for values in (alike, alike.T):
        found = crossed_interval(values)
        assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


def test_crossed_variance_against_the_sums_written_out():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(3, 1)) + rng.normal(size=(1, 5)) + 0.1 * rng.normal(size=(3, 5))
    seed, plate, mean = x.mean(1), x.mean(0), x.mean()
    ms_seed = 5 * sum((seed - mean) ** 2) / 2
    ms_plate = 3 * sum((plate - mean) ** 2) / 4
    rest = [(x[s, p] - seed[s] - plate[p] + mean) ** 2 for s in range(3) for p in range(5)]
    ms_rest = sum(rest) / 8
    variance = (ms_seed + ms_plate - ms_rest) / 15
    freedom = (ms_seed + ms_plate - ms_rest) ** 2 / (
        ms_seed**2 / 2 + ms_plate**2 / 4 + ms_rest**2 / 8
    )
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variance)
    found = crossed_interval(x)
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half))


def test_crossed_variance_is_never_less_than_over_one_factor_alone():
    rng, smaller = np.random.default_rng(10), {"seeds": 0, "plates": 0}
    for _ in range(60):
        x = rng.normal(size=(4, 6))
        seeds, plates = (stats.ttest_1samp(x.mean(axis), 0) for axis in (1, 0))
        found = crossed_interval(x)
        variances = {
            "seeds": x.mean(1).var(ddof=1) / 4,
            "plates": x.mean(0).var(ddof=1) / 6,
        }
        rest = (x - x.mean(1, keepdims=True) - x.mean(0) + x.mean()) ** 2
        if sum(variances.values()) - rest.sum() / 15 / 24 < max(variances.values()):
            larger = max(variances, key=variances.get)
            smaller[larger] += 1
            ends = {"seeds": seeds, "plates": plates}[larger].confidence_interval(0.95)
            assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert min(smaller.values()) > 5


@pytest.mark.parametrize(
    ("seeds", "bootstrap", "crossed"),
    [  # nominal 0.95; a seed effect ten times the standard error over plates
        (1, (0.10, 0.35), (0.10, 0.35)),
        (3, (0.70, 0.83), (0.89, 0.98)),
        (5, (0.78, 0.90), (0.91, 0.98)),
    ],
)
def test_few_seeds_cover_too_little(seeds, bootstrap, crossed):
    """The module's table: the reason why claims rest on several seeds and on `crossed_interval`."""
    rng, trials, plates = np.random.default_rng(9), 500, 100
    inside = np.zeros(2)
    for _ in range(trials):
        effect = rng.normal(0, 10 / np.sqrt(plates), (seeds, 1))
        x = effect + rng.normal(size=(1, plates)) + rng.normal(size=(seeds, plates))
        found = bootstrap_seeds(x, draws=200, rng=rng), crossed_interval(x)
        inside += [ends.low <= 0 <= ends.high for ends in found]
    assert bootstrap[0] <= inside[0] / trials <= bootstrap[1]
    assert crossed[0] <= inside[1] / trials <= crossed[1]


def test_refuses_what_it_cannot_resample():
    rng = np.random.default_rng(0)
    for values in ([], [[]], [1.0, 2.0], [[1.0, np.nan]], [[np.inf]]):
        with pytest.raises(DataError, match="training seeds and plates"):
            bootstrap_seeds(values, draws=10, rng=rng)
        with pytest.raises(DataError, match="training seeds and plates"):
            crossed_interval(values)
    with pytest.raises(DataError, match="at least two"):
        crossed_interval([[1.0], [2.0]])
    with pytest.raises(DataError, match="at least one plate"):
        bootstrap_statistic(lambda w: w, 0, draws=10, rng=rng)


def test_crossed_p_of_one_seed_is_the_paired_t_test():
    x = np.random.default_rng(1).normal(0.3, 1, (1, 40))
    assert crossed_p(x) == pytest.approx(stats.ttest_1samp(x[0], 0).pvalue)


@pytest.mark.parametrize("seeds", [1, 3])
def test_crossed_p_agrees_with_its_interval(seeds):
    rng = np.random.default_rng(2)
    sides = []
    for _ in range(60):
        x = rng.normal(0.15, 1, (seeds, 60)) + rng.normal(0, 0.2, (seeds, 1))
        ends = crossed_interval(x)
        sides.append(ends.low > 0 or ends.high < 0)
        assert (crossed_p(x) < 0.05) == sides[-1]
    assert 0 < sum(sides) < 60


def test_crossed_p_without_spread():
    assert crossed_p(np.zeros((2, 5))) == 1
    assert crossed_p(np.ones((2, 5))) == 0
    with pytest.raises(DataError, match="at least two"):
        crossed_p([[1.0]])
