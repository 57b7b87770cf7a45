"""Tests over training seeds and plates against those of means, and against simulation."""

import numpy as np
import pytest
from scipy.stats import t

from lpr_gfpgan.evaluation import seeded
from lpr_gfpgan.evaluation.seeded import by_seed, difference_lines, seed_tests
from lpr_gfpgan.metrics import bootstrap_seeds, crossed_p, holm

DRAWS = {"draws": 400, "seed": 5}


def means(values):
    """The mean over plates of each column of [n, Q]."""
    return lambda weights: weights @ values / weights.sum(axis=1, keepdims=True)


def test_p_is_not_bounded_by_the_number_of_resamples():
    """A family of many differences, each far from 0, must not hide them all."""
    values = np.random.default_rng(9).normal(3, 1, size=(60, 1))
    (test,) = seed_tests(means(values), 60, [[0]], draws=20, seed=0)
    assert 0 < test.p < 1e-20


def test_p_of_a_figure_that_is_no_mean():
    """The ratio of two sums: linearised by hand (Cochran 1977), and its own jackknife."""
    x, y = np.random.default_rng(10).gamma([[2.0, 2.2]], size=(80, 2)).T

    def figure(weights):
        return (weights @ x / (weights @ y) - 1)[:, None]

    (test,) = seed_tests(figure, 80, [[0]], **DRAWS)
    residuals = (x - x.sum() / y.sum() * y) / y.mean()
    error = residuals.std(ddof=1) / np.sqrt(80)
    assert test.p == pytest.approx(2 * t.sf(abs(test.estimate) / error, 79), rel=0.15)
    assert 0.01 < test.p < 0.99


def test_one_seed_is_the_bootstrap_over_plates():
    values = np.random.default_rng(0).normal(0.3, 1, size=(50, 2))
    found = seed_tests(means(values), 50, [[0], [1]], **DRAWS)
    for test, own in zip(found, values.T, strict=True):
        known = bootstrap_seeds(own[None], draws=4000, rng=np.random.default_rng(1))
        assert (test.n, test.seeds, test.estimate) == (50, 1, pytest.approx(own.mean()))
        assert (test.low, test.high) == pytest.approx((known.low, known.high), abs=0.06)
        assert test.p == pytest.approx(crossed_p(own[None]))
        assert (test.p < 0.05) == (test.low > 0 or test.high < 0)


def test_seeds_are_resampled_with_the_plates():
    rng = np.random.default_rng(2)
    values = rng.normal([0.2, 1.0, -0.3], 1, size=(40, 3))
    (test,) = seed_tests(means(values), 40, [[0, 1, 2]], draws=4000, seed=0)
    known = bootstrap_seeds(values.T, draws=4000, rng=np.random.default_rng(3))
    assert (test.seeds, test.estimate) == (3, pytest.approx(values.mean()))
    assert (test.low, test.high) == pytest.approx((known.low, known.high), abs=0.06)
    plates_alone = seed_tests(means(values.mean(axis=1, keepdims=True)), 40, [[0]], **DRAWS)[0]
    assert test.high - test.low > 1.5 * (plates_alone.high - plates_alone.low)


def test_two_seeds_alike_do_not_outdo_the_crossed_test():
    """Both seeds are above 0 in every resample, yet two runs that differ prove little."""
    values = np.random.default_rng(4).normal([0.5, 2.0], 0.1, size=(40, 2))
    (test,) = seed_tests(means(values), 40, [[0, 1]], **DRAWS)
    assert test.low > 0
    assert test.p == pytest.approx(crossed_p(values.T)) and test.p > 0.2


def test_false_findings_are_about_as_rare_as_the_level_says():
    """Nothing differs in the mean; of three seeds each has an effect of its own."""
    rng = np.random.default_rng(6)
    found, by_plates_alone = [], []
    for number in range(300):
        noise = rng.normal(size=(40, 3))
        values = np.column_stack([noise + rng.normal(0, 0.5, size=3), noise[:, 0]])
        three, one = seed_tests(means(values), 40, [[0, 1, 2], [3]], draws=200, seed=number)
        (plates,) = seed_tests(
            means(values[:, :3].mean(axis=1, keepdims=True)), 40, [[0]], draws=200, seed=number
        )
        found.append((three.p < 0.05, one.p < 0.05))
        by_plates_alone.append(plates.p < 0.05)
    several, single = np.mean(found, axis=0)
    assert 0.01 < single < 0.09 and 0.01 < several < 0.12
    assert np.mean(by_plates_alone) > 0.4  # what leaving the seeds out would call findings


def test_chunks_draw_the_same(monkeypatch):
    values = np.random.default_rng(7).normal(size=(12, 2))
    whole = seed_tests(means(values), 12, [[0, 1], [1]], **DRAWS)
    monkeypatch.setattr(seeded, "_CHUNK", 70)
    again = seed_tests(means(values), 12, [[0, 1], [1]], **DRAWS)
    for a, b in zip(whole, again, strict=True):
        assert vars(a) == pytest.approx(vars(b))


def test_undefined_resamples_are_left_out_and_undefined_figures_said():
    values = np.array([np.nan, 1.0, 2.0, 4.0])

    def figure(weights):
        rest = weights[:, 1:].sum(axis=1)
        mean = np.divide(
            weights[:, 1:] @ values[1:], rest, out=np.full(len(rest), np.nan), where=rest > 1
        )
        return np.stack([mean, np.full(len(rest), np.nan)], axis=1)

    known, unknown = seed_tests(figure, 4, [[0], [1]], **DRAWS)
    assert known.estimate == pytest.approx(7 / 3) and known.low >= 1
    assert np.isnan([unknown.estimate, unknown.low, unknown.p]).all()


def test_one_plate_and_several_seeds_are_no_test():
    (test,) = seed_tests(means(np.array([[1.0, 2.0]])), 1, [[0, 1]], **DRAWS)
    assert np.isnan(test.p)


def test_a_condition_is_a_family():
    assert by_seed([("full-0", "a"), ("full-0", "b-0"), ("full-1", "a"), ("full-1", "b-1")]) == {
        ("full", "a"): [0, 2],
        ("full", "b"): [1, 3],
    }
    ps = np.array([0.01, 0.04, 0.03])
    found = [(seeded.SeedTest(0.1, 0.0, 0.2, 9, 1, p), "bootstrap") for p in [*ps, 0.02, np.nan]]
    cells = [("light", "full", name, "kid") for name in "abc"]
    cells += [("all", "full", name, "kid") for name in "ab"]
    table = difference_lines(cells, found)
    assert list(table.columns) == list(seeded.COLUMNS)
    assert table["holm_p"][:3].to_numpy() == pytest.approx(holm(ps))
    assert table["holm_p"][3] == 0.02 and np.isnan(table["holm_p"][4])
