"""Paired differences of any figure over training seeds and plates, each with a p-value.

`metrics.bootstrap_seeds` and `crossed_p` take a value of each seed and plate, whose mean is the
figure. KID is no mean over plates, and emphasis leaves plates out; here a figure is whatever can be
found for weighted plates. With one training seed, plates are resampled; with several, seeds and,
apart from them, plates (the pigeonhole bootstrap of `bootstrap_seeds`).

The p-value is `crossed_p`, that of claims about reading, of the jackknife's pseudo-values: for
plate i of n and a figure T, n T - (n - 1) T without i (Tukey 1958). Of a mean over plates these are
the plates' own values. It is not found from the resamples: of 2000 none tells a p below 0.001,
which times the size of a family may be no finding whatever the figure, and a bootstrap of few seeds
makes light of what another seed would give (see `metrics.resampling`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..metrics import Interval, crossed_p
from ..metrics.statistics import LEVEL
from .honesty import adjust
from .methods import base_name

COLUMNS = (
    *("condition", "first", "second", "measure", "n", "seeds"),
    *("estimate", "low", "high", "interval", "p", "holm_p"),
)
"""Of the tables of such differences."""
_CHUNK = 1_000_000  # weights at once: bounds the memory whatever `draws` is


@dataclass(frozen=True)
class SeedTest(Interval):
    """A difference over training seeds and plates.

    Attributes:
        seeds: training seeds behind it; n counts the plates.
        p: two-sided p-value of the difference being 0; NaN where it, or the figure without some
            plate, is undefined.
    """

    seeds: int
    p: float


def seed_tests(
    statistic: Callable[[np.ndarray], np.ndarray],
    n: int,
    groups: Sequence[Sequence[int]],
    *,
    draws: int,
    seed: int,
) -> list[SeedTest]:
    """Means over training seeds of a figure, with interval and p-value over seeds and plates.

    Args:
        statistic: takes float64 [D, n], how often each plate counts in each of D resamples, and
            returns Q figures of each, [D, Q], one for each training seed of each difference; NaN
            where it is undefined.
        n: number of plates, at least 1.
        groups: for each of K differences, which of the Q figures are of its seeds.
        draws: bootstrap resamples, shared by all K.
        seed: of the resamples.

    Returns:
        K tests. Ends are found over the resamples in which the difference is defined.
    """
    rng = np.random.default_rng(seed)
    whole = statistic(np.ones((1, n)))[0]
    step = max(1, _CHUNK // n)
    drawn = np.concatenate(
        [
            statistic(
                rng.multinomial(n, np.full(n, 1 / n), size=min(step, draws - k)).astype(float)
            )
            for k in range(0, draws, step)
        ]
    )
    sizes = sorted({len(group) for group in groups})
    times = {size: rng.multinomial(size, np.full(size, 1 / size), size=draws) for size in sizes}
    values = np.full((n, len(whole)), np.nan)
    if n > 1:
        values = _pseudo_values(statistic, whole, n, step)
    found = []
    for group in map(list, groups):
        means = (drawn[:, group] * times[len(group)]).sum(axis=1) / len(group)
        estimate = float(whole[group].mean())
        known = means[~np.isnan(means)]
        if np.isnan(estimate) or not len(known):
            found.append(SeedTest(np.nan, np.nan, np.nan, n, len(group), np.nan))
            continue
        low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        own = values[:, group].T
        p = crossed_p(own) if np.isfinite(own).all() else np.nan
        found.append(SeedTest(estimate, float(low), float(high), n, len(group), p))
    return found


def by_seed(pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """Which pairs of methods are one pair trained with several seeds.

    Args:
        pairs: names of methods, with their seeds where there are several.

    Returns:
        Places in `pairs` by (first, second) without seeds, in the order of `pairs`.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for place, (first, second) in enumerate(pairs):
        found.setdefault((base_name(first), base_name(second)), []).append(place)
    return found


def difference_lines(
    cells: Sequence[tuple[str, str, str, str]], found: Sequence[tuple[SeedTest, str]]
) -> pd.DataFrame:
    """A table of differences, whose family are the lines of a condition and measure.

    Args:
        cells: condition, first, second and measure of each line.
        found: each line's test, and how its interval was found.

    Returns:
        Columns COLUMNS; `holm_p` is `p` adjusted by Holm's method within the family.
    """
    lines = [
        (*cell, t.n, t.seeds, t.estimate, t.low, t.high, kind, t.p)
        for cell, (t, kind) in zip(cells, found, strict=True)
    ]
    table = pd.DataFrame(lines, columns=list(COLUMNS[:-1]))
    return adjust(table, family=("condition", "measure"), column="p")


def _pseudo_values(
    statistic: Callable[[np.ndarray], np.ndarray], whole: np.ndarray, n: int, step: int
) -> np.ndarray:
    """The jackknife's pseudo-values of Q figures: float64 [n, Q]."""
    left = [statistic(1.0 - np.eye(min(step, n - start), n, start)) for start in range(0, n, step)]
    return n * whole - (n - 1) * np.concatenate(left)
