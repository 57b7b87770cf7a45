"""What the lines of long tables have in common.

Within one condition a plate occurs once, so a share has a Wilson interval; over several conditions
plates are resampled with all their rows.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import Interval, bootstrap_mean, wilson

POOLED = "all"
SAME = 1e-9
"""Values that differ by less are equal: sums of the same fractions in another order."""


def by_condition(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each condition's rows, then all of them."""
    parts = [(str(name), part) for name, part in rows.groupby("condition", sort=False)]
    return [*parts, (POOLED, rows)]


def share_of_rows(
    hits: np.ndarray, plates: np.ndarray, *, one_condition: bool, draws: int, seed: int
) -> tuple[Interval, str]:
    """The share of rows that are hits, with its interval.

    Args:
        hits: [N] 0 or 1.
        plates: [N] the plate of each row.
        one_condition: whether each plate occurs once.
        draws: bootstrap resamples.
        seed: of the resamples.

    Returns:
        The figure, all NaN with n 0 where there are no rows, and how its interval was found.
    """
    if not len(hits):
        return Interval(np.nan, np.nan, np.nan, 0), "undefined"
    if one_condition:
        return wilson(int(hits.sum()), len(hits)), "Wilson"
    _, place = np.unique(plates, return_inverse=True)
    sums, counts = np.bincount(place, weights=hits), np.bincount(place)
    return share_over_plates(sums, counts, draws=draws, seed=seed)


def share_over_plates(
    sums: np.ndarray, counts: np.ndarray, *, draws: int, seed: int
) -> tuple[Interval, str]:
    """Bootstrap over plates of a share in 0..1, given each plate's sum and count.

    Where all is right or all is wrong every resample is the same, which would claim certainty; the
    ends are then Wilson's for that many plates.
    """
    if not sums.any() or np.array_equal(sums, counts):
        return wilson(len(sums) if sums.any() else 0, len(sums)), "Wilson over plates"
    rng = np.random.default_rng(seed)
    return bootstrap_mean(sums, counts=counts, draws=draws, rng=rng), "bootstrap"


def no_spread(values: np.ndarray) -> bool:
    """Whether all values are equal but for rounding."""
    return bool(np.ptp(values) < SAME)


def unanimous(value: float, n: int, *, bounds: tuple[float, float] | None) -> tuple[Interval, str]:
    """The mean of n plates that all have one value, with an interval that claims no certainty.

    Resampling equal values gives an interval of width 0. Yet 0 of n plates that depart from the
    value only bound the share of plates that do: by u, the upper end of Wilson's interval for
    0 of n. Since a departing plate lies within the bounds, the mean lies within
    value - u (value - lowest) and value + u (highest - value): for a paired difference of 0 within
    [-1, 1], +-u, which is +-3.1 points for 120 plates.

    Args:
        value: what every plate has.
        n: independent plates, at least 1.
        bounds: lowest and highest value that a plate can have; None where there are none, and then
            nothing bounds the mean: the ends are NaN.

    Returns:
        The figure, and how its interval was found.
    """
    if bounds is None:
        return Interval(value, np.nan, np.nan, n), "none"
    share = wilson(0, n).high
    low, high = value - share * (value - bounds[0]), value + share * (bounds[1] - value)
    return Interval(value, low, high, n), "Wilson over plates"


def condition_of(rows: pd.DataFrame) -> str:
    """The one condition of the rows, or POOLED where there are several."""
    names = rows["condition"].unique()
    return str(names[0]) if len(names) == 1 else POOLED


def table_line(
    found: tuple[Interval, str], condition: str, method: str, reader: str, measure: str
) -> dict[str, Any]:
    """One figure as a line: whose it is, then n, estimate, low, high and interval.

    Args:
        found: the figure, and how its interval was found.
        condition: a condition's name, or POOLED.
        method: what was read.
        reader: who read it; empty for image measures.
        measure: what the figure measures.
    """
    interval, kind = found
    return {
        "condition": condition,
        "method": method,
        "reader": reader,
        "measure": measure,
        "n": interval.n,
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "interval": kind,
    }


def as_json(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a table as JSON holds it: estimate and ends to five digits, and n."""
    ends = {key: round(float(line[key]), 5) for key in ("estimate", "low", "high")}
    return {**ends, "n": int(line["n"])}
