"""Figures of many groups of rows at once, resampled by plate.

The grid has thousands of figures over the same plates. Here the resampled plates are drawn once and
every figure is a ratio of sums over plates, so that a whole condition is one matrix product; where
all values are finite its intervals are those that `tables.figure` would find one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import Interval, bootstrap_statistic, wilson
from .measures import MEASURES, READING_MEASURES, SHARES

CELL = ("condition", "method", "reader", "plate")
Found = tuple[Interval, str]
_wilson = lru_cache(maxsize=None)(wilson)  # the same few counts recur in thousands of cells


def measured(rows: pd.DataFrame, measures: Sequence[str]) -> list[tuple[pd.DataFrame, list[str]]]:
    """The values of measures, row by row, apart for readings and for images.

    Image measures are repeated for each reader; they are kept once, under the reader "".

    Args:
        rows: the test's rows.
        measures: keys of `tables.MEASURES`.

    Returns:
        Tables with the columns CELL and one for each measure, with the measures' names; none for
        measures that are not asked for.
    """
    reading = [name for name in measures if name in READING_MEASURES]
    images = [name for name in measures if name not in READING_MEASURES]
    keys = list(CELL)
    parts = []
    if reading:
        values = {name: MEASURES[name](rows).astype(float) for name in reading}
        parts.append((rows[keys].assign(**values), reading))
    if images:
        once = rows.drop_duplicates(["condition", "method", "plate"])
        values = {name: MEASURES[name](once).astype(float) for name in images}
        parts.append((once[keys].assign(reader="", **values), images))
    return parts


def mean_figures(
    values: pd.DataFrame,
    measures: Sequence[str],
    *,
    draws: int,
    seed: int,
    by: Sequence[str] = ("method", "reader"),
    differences: bool = False,
) -> dict[tuple[str, ...], Found]:
    """Mean of each measure for each group, with its interval over plates.

    A share of plates has Wilson's interval where each plate occurs once. Elsewhere plates are
    resampled, each with all its values. Where the resamples do not spread, a reading measure of 0
    or 1 has Wilson's ends for that many plates and other figures have none (NaN). Infinite values,
    such as the PSNR of an image identical to its original, are left out and n counts the plates
    that have others; where all are infinite, so is the figure, and a difference is undefined. Where
    there are none (NaN), the figure is undefined.

    Args:
        values: rows with the columns `plate`, those of `by`, and one for each measure.
        measures: names of the columns to average.
        draws: bootstrap resamples.
        seed: of the resamples; the same plates are drawn for every figure.
        by: what makes a group.
        differences: whether the values are paired differences, which are no shares.

    Returns:
        By (*group, measure), groups in the order in which they first occur: the figure and how its
        interval was found.
    """
    by, measures = list(by), list(measures)
    groups = list(dict.fromkeys(map(tuple, values[by].to_numpy())))
    known = np.isfinite(values[measures])
    keys = [values["plate"], *(values[name] for name in by)]
    across = list(range(1, len(keys)))
    counts = known.groupby(keys).sum().unstack(across, fill_value=0)
    sums = values[measures].where(known, 0.0).groupby(keys).sum().unstack(across, fill_value=0.0)
    names = [(measure, *group) for group in groups for measure in measures]
    total, held = (table[names].to_numpy(dtype=float) for table in (sums, counts))
    grouped = values.groupby(by)

    def ratios(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weights @ total) / (weights @ held)

    drawn = bootstrap_statistic(
        ratios, len(total), draws=draws, rng=np.random.default_rng(seed), rows=len(names)
    )
    rows, plates = (
        {group if isinstance(group, tuple) else (group,): n for group, n in counted.items()}
        for counted in (grouped.size(), grouped["plate"].nunique())
    )
    infinite = np.isinf(values[measures]).groupby(keys).any().unstack(across, fill_value=False)
    infinite = infinite[names].to_numpy(dtype=bool).sum(axis=0)
    found = {}
    for column, ((measure, *group), ends) in enumerate(zip(names, drawn, strict=True)):
        place = tuple(group)
        n = int((held[:, column] > 0).sum())
        share = measure in READING_MEASURES and not differences
        if n == 0 and (differences or not infinite[column]):
            figure = Interval(np.nan, np.nan, np.nan, 0), "undefined"
        elif n == 0:
            figure = Interval(np.inf, np.inf, np.inf, int(infinite[column])), "identical"
        elif share and measure in SHARES and rows[place] == plates[place]:
            figure = _wilson(round(total[:, column].sum()), n), "Wilson"
        elif share and ends.estimate in (0.0, 1.0):
            figure = _wilson(int(ends.estimate) * n, n), "Wilson over plates"
        elif ends.low < ends.high:
            figure = replace(ends, n=n), "bootstrap"
        else:
            figure = Interval(ends.estimate, np.nan, np.nan, n), "none"
        found[(*group, measure)] = figure
    return found


def pair_up(
    values: pd.DataFrame, measures: Sequence[str], pairs: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The values under each first and each second condition, row by row in the same order.

    Args:
        values: of `measured`.
        measures: its measures.
        pairs: second condition by first condition.

    Returns:
        Two tables, indexed alike by CELL with the first condition's name.

    Raises:
        DataError: a method, reader or plate is under one condition of a pair only.
    """
    back = {second: first for first, second in pairs.items()}
    if len(back) < len(pairs):
        raise DataError("two conditions are paired with the same one; pair them one by one")
    keys = list(CELL)
    first = values[values["condition"].isin(list(pairs))]
    second = values[values["condition"].isin(list(back))]
    second = second.assign(condition=second["condition"].map(back))
    first, second = (part.set_index(keys)[list(measures)].sort_index() for part in (first, second))
    lacking = first.index.symmetric_difference(second.index)
    if len(lacking):
        condition, method, reader, plate = lacking[0]
        raise DataError(
            f"{condition} and {pairs[condition]} were not both tested with method {method!r}, "
            f"reader {reader!r}, plate {plate}; run the test of both again"
        )
    return first, second
