"""Kernel distance (KID) of originals and what was made of the same plates.

`image.kid` compares two independent sets. Originals x_i and restorations y_i of the same plates are
not: y_i looks like x_i, more than like any other original. The mean of k(x_i, y_j) over all pairs
then holds n terms k(x_i, y_i) that are too large, which lowers the estimate by about
2 (E k(x_i, y_i) - E k(x_i, y_j)) / n: the set against itself would have a KID below 0. Those terms
are left out here (Gretton et al. 2012, equation 4):

    KID = 1 / (n (n - 1)) * sum over i != j of h_ij
    h_ij = k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i),    k(a, b) = (a.b / F + 1)^3

Only different plates meet in h_ij, and plates are independent of each other, so each term has the
mean MMD^2(P, Q) of the distributions P of originals and Q of restorations, however y_i depends on
x_i: the estimate is unbiased. Of the originals themselves it is exactly 0.

Resampling plates with replacement draws some twice, and a plate that meets itself adds
h_ii = k(x_i, x_i) + k(y_i, y_i) - 2 k(x_i, y_i) >= 0: taken for a pair, it raises every resample by
about the mean of h_ii / n, which may be more than the KID. With w_i the times that plate i was
drawn, a resample therefore is a mean over pairs of different plates only:

    KID(w) = sum over i != j of w_i w_j h_ij / sum over i != j of w_i w_j

Averaging each plate's mean of h_ij and resampling these n numbers would not do: a plate enters its
own mean and everyone else's, so that the interval would be about half as wide as it must be.

Two sets of other plates have no pairs; `kid_interval` resamples each and leaves out what meets
itself within a set in the same way. Where two sets are of one distribution the intervals are wider
than they need be: the terms then hardly depend on single plates, and resampling adds the chance
differences between these plates to those that come from drawing them.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from .image import kid, polynomial_kernel
from .statistics import LEVEL, Interval


def pair_terms(original: ArrayLike, made: ArrayLike) -> np.ndarray:
    """h_ij of the module's formula.

    Args:
        original: [N, F] features of the originals, N >= 2.
        made: [N, F] features of what was made of the same plates in the same order.

    Returns:
        float64 [N, N], symmetric; 0 on the diagonal, where no pair of different plates is.

    Raises:
        DataError: other shapes, or a value that is not finite.
    """
    x, y = np.asarray(original, dtype=np.float64), np.asarray(made, dtype=np.float64)
    if x.ndim != 2 or x.shape != y.shape or len(x) < 2:
        raise DataError(
            f"a paired KID needs two [N, F] arrays of one shape with N >= 2, got {x.shape} and "
            f"{y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("KID features hold a value that is not finite; check the feature network")
    if np.array_equal(x, y):  # exactly 0, whatever the order in which matrix products are summed
        return np.zeros((len(x), len(x)))
    across = polynomial_kernel(x, y)
    terms = polynomial_kernel(x, x) + polynomial_kernel(y, y) - across - across.T
    np.fill_diagonal(terms, 0.0)
    return terms


def paired_kid(original: ArrayLike, made: ArrayLike) -> float:
    """Unbiased KID of originals and what was made of the same plates; see the module's formula.

    Args:
        original: [N, F], N >= 2.
        made: [N, F], row by row of the same plates.

    Raises:
        DataError: as in `pair_terms`.
    """
    terms = pair_terms(original, made)
    return float(weighted_kid(terms, np.ones((1, len(terms))))[0])


def weighted_kid(terms: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """KID of resamples of the plates; see the module's formula.

    Args:
        terms: [N, N] of `pair_terms`.
        weights: [D, N], how often each plate counts in each of D resamples.

    Returns:
        float64 [D]; NaN where a resample holds one plate only.
    """
    pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
    sums = np.einsum("dn,dn->d", weights @ terms, weights)
    return np.divide(sums, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def kid_interval(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    draws: int,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Interval:
    """`image.kid` of two sets of other plates, with its percentile bootstrap over both.

    Args:
        real: [N, F], N >= 2.
        fake: [M, F], M >= 2, of other plates than `real`.
        draws: number of resamples of each set.
        rng: draws them.
        level: confidence level.

    Returns:
        The KID and its interval; n is that of the smaller set.

    Raises:
        DataError: as in `kid`.
    """
    estimate = kid(real, fake)
    x, y = (np.asarray(values, dtype=np.float64) for values in (real, fake))
    v, w = (rng.multinomial(n, np.full(n, 1 / n), size=draws) for n in (len(x), len(y)))
    within = []
    for rows, weights in ((x, v), (y, w)):
        terms = polynomial_kernel(rows, rows)
        np.fill_diagonal(terms, 0.0)
        within.append(weighted_kid(terms, weights))
    across = np.einsum("dn,dn->d", v @ polynomial_kernel(x, y), w) / (len(x) * len(y))
    ends = np.nanquantile(sum(within) - 2 * across, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(ends[0]), float(ends[1]), min(len(x), len(y)))
