"""KID of pairs: unbiased though pairs look alike, and resampled without self-pairs."""

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import (
    bootstrap_statistic,
    kid,
    kid_interval,
    pair_terms,
    paired_kid,
    weighted_kid,
)


def kernel(a, b):
    return (np.dot(a, b) / len(a) + 1) ** 3


def written_out(x, y):
    """The formula, pair by pair."""
    n = len(x)
    return sum(
        kernel(x[i], x[j]) + kernel(y[i], y[j]) - kernel(x[i], y[j]) - kernel(x[j], y[i])
        for i in range(n)
        for j in range(n)
        if i != j
    ) / (n * (n - 1))


def pairs(rng, n, shift=0.0, size=4):
    """Originals, and copies with noise taken from them: of one distribution if the shift is 0."""
    x = rng.normal(size=(n, size))
    return x, 0.8 * x + 0.6 * rng.normal(size=(n, size)) + shift


def test_against_sums_written_out():
    x, y = pairs(np.random.default_rng(0), 6, shift=0.3)
    assert paired_kid(x, y) == pytest.approx(written_out(x, y))
    terms = pair_terms(x, y)
    assert np.array_equal(np.diag(terms), np.zeros(6)) and np.allclose(terms, terms.T)


def test_the_originals_themselves_have_0_exactly():
    x = np.random.default_rng(1).normal(size=(40, 7)).astype(np.float32)
    assert paired_kid(x, x.copy()) == 0
    assert kid(x, x.copy()) < -0.01  # what the estimate for independent sets would say


def test_unbiased_for_pairs_where_the_estimate_for_independent_sets_is_not():
    rng = np.random.default_rng(2)
    sets = [pairs(rng, 30) for _ in range(400)]
    paired = np.array([paired_kid(x, y) for x, y in sets])
    apart = np.array([kid(x, y) for x, y in sets])
    errors = [found.std() / np.sqrt(len(sets)) for found in (paired, apart)]
    assert abs(paired.mean()) < 3 * errors[0]
    assert apart.mean() < -10 * errors[1]


def test_measures_what_kid_measures_of_independent_sets():
    rng = np.random.default_rng(3)
    differences = []
    for _ in range(100):
        x, y = pairs(rng, 150, shift=0.5)
        _, other = pairs(rng, 150, shift=0.5)
        differences.append(paired_kid(x, y) - kid(x, other))
    error = np.std(differences) / 10
    assert abs(np.mean(differences)) < 3 * error < 0.2 * paired_kid(x, y)


def test_a_resample_is_a_mean_over_pairs_of_different_plates():
    rng = np.random.default_rng(4)
    x, y = pairs(rng, 5, shift=0.4)
    drawn = np.array([0, 0, 2, 3, 3])
    weights = np.bincount(drawn, minlength=5)[None].astype(float)
    expected = np.mean(
        [
            kernel(x[a], x[b]) + kernel(y[a], y[b]) - kernel(x[a], y[b]) - kernel(x[b], y[a])
            for p, a in enumerate(drawn)
            for q, b in enumerate(drawn)
            if p != q and a != b
        ]
    )
    terms = pair_terms(x, y)
    assert weighted_kid(terms, weights)[0] == pytest.approx(expected)
    assert np.isnan(weighted_kid(terms, np.array([[5.0, 0, 0, 0, 0]]))[0])


def test_duplicates_taken_for_pairs_would_raise_every_resample():
    """What the module leaves out is h_ii / n on average: here more than the KID itself."""
    rng = np.random.default_rng(5)
    x, y = pairs(rng, 40, shift=0.1)
    terms, estimate = pair_terms(x, y), paired_kid(x, y)
    own = np.array(
        [kernel(a, a) + kernel(b, b) - 2 * kernel(a, b) for a, b in zip(x, y, strict=True)]
    )
    index = rng.integers(40, size=(4000, 40))
    weights = np.stack([np.bincount(line, minlength=40) for line in index]).astype(float)
    right = weighted_kid(terms, weights)
    # The resampled rows as if they were 40 different plates: duplicates meet as pairs.
    naive = (np.einsum("dn,dn->d", weights @ (terms + np.diag(own)), weights) - weights @ own) / (
        40 * 39
    )
    error = right.std() / np.sqrt(len(right))
    assert abs(right.mean() - estimate) < 4 * error
    assert naive.mean() - estimate == pytest.approx(own.mean() / 40, rel=0.15)
    assert naive.mean() - estimate > estimate > 0
    naive_by_hand = kid(x[index[0]], y[index[0]])
    across = sum(kernel(x[i], y[i]) for i in index[0]) / 40
    all_pairs = np.mean([kernel(x[i], y[j]) for i in index[0] for j in index[0]])
    assert naive[0] == pytest.approx(naive_by_hand + 2 * (across - all_pairs) / 39)


def test_intervals_cover_the_true_value():
    """MMD^2 of N(0, I) and N(s, I) in F dimensions, by a large sample; 95 % intervals of n = 60."""
    rng = np.random.default_rng(6)
    truth = np.mean([paired_kid(*pairs(rng, 1500, shift=0.4)) for _ in range(8)])
    covered = []
    for number in range(150):
        terms = pair_terms(*pairs(rng, 60, shift=0.4))
        ends = bootstrap_statistic(
            lambda weights, terms=terms: weighted_kid(terms, weights),
            60,
            draws=300,
            rng=np.random.default_rng(number),
        )
        covered.append(ends.low <= truth <= ends.high)
    assert 0.88 <= np.mean(covered) <= 0.99


@pytest.mark.parametrize(("shift", "least"), [(0.4, 0.88), (0.0, 0.95)])
def test_intervals_of_independent_sets_cover_the_true_value(shift, least):
    rng = np.random.default_rng(7)
    draw = {"size": (1500, 4)}
    truth = shift and np.mean(
        [kid(rng.normal(**draw), rng.normal(shift, 1, **draw)) for _ in range(8)]
    )
    covered = []
    for number in range(120):
        x, y = rng.normal(size=(60, 4)), rng.normal(shift, 1, size=(40, 4))
        ends = kid_interval(x, y, draws=300, rng=np.random.default_rng(number))
        assert ends.estimate == kid(x, y) and ends.n == 40
        covered.append(ends.low <= truth <= ends.high)
    assert np.mean(covered) >= least


def test_resamples_of_independent_sets_centre_on_their_estimate():
    """Where duplicates were taken for pairs, they would lie higher by `raised`."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 60, 4))
    ends = kid_interval(x, y, draws=4000, rng=rng)
    raised = sum(
        (np.mean([kernel(a, a) for a in z]) - np.mean([kernel(a, b) for a in z for b in z])) / 60
        for z in (x, y)
    )
    middle = (ends.low + ends.high) / 2
    assert ends.low < ends.estimate < ends.high
    assert abs(middle - ends.estimate) < 0.25 * raised


def test_refuses_what_it_cannot_compare():
    with pytest.raises(DataError, match="of one shape"):
        paired_kid(np.zeros((4, 3)), np.zeros((5, 3)))
    with pytest.raises(DataError, match="N >= 2"):
        paired_kid(np.zeros((1, 3)), np.zeros((1, 3)))
    with pytest.raises(DataError, match="not finite"):
        paired_kid(np.full((4, 2), np.nan), np.zeros((4, 2)))
