"""Intervals and tests for figures over plates.

The unit of sampling is the plate. A plate that appears under several conditions is drawn together
with all its rows, so pooled figures use the bootstrap over plates; Wilson intervals and McNemar's
test treat outcomes as independent and hold within one condition only; Holm's adjustment is for a
family of such tests. None of this covers the randomness of training: an interval says how the
figure of these checkpoints would vary over plates. `resampling` draws training seeds, too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from ..errors import DataError

LEVEL = 0.95
_CHUNK = 1_000_000  # plates drawn at once: bounds the memory whatever `draws` is


@dataclass(frozen=True)
class Interval:
    """An estimate, the ends of its interval and the number of plates behind it."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class McNemar:
    """Plates that exactly one of two methods reads, and the two-sided exact p-value."""

    only_first: int
    only_second: int
    p: float


def wilson(successes: int, n: int, *, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927), without continuity correction.

    Args:
        successes: between 0 and n.
        n: number of independent trials, at least 1.
        level: confidence level.

    Raises:
        DataError: n is 0 or the successes are out of range.
    """
    if n < 1 or not 0 <= successes <= n:
        raise DataError(f"a proportion needs 0 <= successes <= n and n >= 1, got {successes} / {n}")
    ends = binomtest(int(successes), int(n)).proportion_ci(confidence_level=level, method="wilson")
    return Interval(successes / n, float(ends.low), float(ends.high), int(n))


def bootstrap_mean(
    values: ArrayLike,
    *,
    draws: int,
    rng: np.random.Generator,
    counts: ArrayLike | None = None,
    level: float = LEVEL,
) -> Interval:
    """Percentile bootstrap over plates of a mean (Efron 1979).

    Args:
        values: [N] one value per plate; with `counts`, the sum of the plate's values.
        draws: number of resamples of the N plates.
        rng: draws them.
        counts: [N] how many values each sum holds; the estimate is then the ratio of the totals,
            and plates without a value (count 0) are left out of n.
        level: confidence level.

    Returns:
        The mean and its interval; n counts the plates.

    Raises:
        DataError: no plates, a value that is not finite, or arrays of different length.
    """
    total = np.asarray(values, dtype=np.float64)
    held = np.ones_like(total) if counts is None else np.asarray(counts, dtype=np.float64)
    if total.ndim != 1 or total.shape != held.shape:
        raise DataError(f"bootstrap needs one value per plate, got {total.shape} and {held.shape}")
    total, held = total[held > 0], held[held > 0]
    if not len(total) or not np.isfinite(total).all():
        raise DataError(f"bootstrap needs finite values of at least one plate, got {len(total)}")
    means = np.empty(draws)
    step = max(1, _CHUNK // len(total))
    for start in range(0, draws, step):
        index = rng.integers(len(total), size=(min(step, draws - start), len(total)))
        means[start : start + step] = total[index].sum(axis=1) / held[index].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(total.sum() / held.sum()), float(low), float(high), len(total))


def mcnemar(first: ArrayLike, second: ArrayLike) -> McNemar:
    """McNemar's exact test of two methods on the same plates (binomial on the discordant pairs).

    Args:
        first: [N] whether the first method is right, plate by plate.
        second: [N] the same for the second.

    Returns:
        The discordant counts and the two-sided p-value; 1 where no pair is discordant.

    Raises:
        DataError: arrays of different length.
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if a.shape != b.shape:
        raise DataError(f"McNemar's test needs the same plates, got {a.shape} and {b.shape}")
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_first + only_second
    p = float(binomtest(only_first, n, 0.5).pvalue) if n else 1.0
    return McNemar(only_first, only_second, p)


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjusts the p-values of a family of tests so that comparing each with alpha is safe.

    Holm's (1979) step-down method: with p_(1) <= ... <= p_(m), the adjusted p_(i) is
    max_{j <= i} min(1, (m - j + 1) p_(j)). The chance of one or more false rejections in the family
    is at most alpha, however the tests depend on each other.

    Args:
        p_values: [m] in [0, 1].

    Returns:
        float64 [m] in the order given; never less than the p-values.

    Raises:
        DataError: no p-values, or one outside [0, 1].
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise DataError(f"Holm's method needs p-values [m] in [0, 1], got {p.shape}: {p.tolist()}")
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(1, np.arange(len(p), 0, -1) * p[order])
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(stepped)
    return adjusted
