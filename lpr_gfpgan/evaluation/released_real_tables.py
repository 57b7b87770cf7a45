"""What the released restorer gives back of photographed plates, and what it costs.

    recovered = (restored - degraded) / (reference - degraded)

where each is a measure of reading by one reader and the reference is the untouched photograph: 1
where the restored plate is read as well as the photograph, 0 where as badly as the degraded one,
below 0 where restoring harms. It is not given where the reader loses fewer than LEAST plates by
degrading: such a ratio says nothing. Plates are resampled whole, numerator and denominator with
them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ..metrics import bootstrap_statistic
from .honesty import adjust
from .lines import POOLED, by_condition, table_line, unanimous
from .measures import MEASURES, READING_MEASURES
from .methods import BICUBIC, DEGRADED, FULL, ORIGINAL
from .real_tables import changes_by_source
from .tables import difference_table

LEAST = 5
"""Plates, of those that a reader reads untouched and not degraded, less the reverse."""


def recovered_by_source(
    rows: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    methods: Sequence[str] = (FULL, BICUBIC),
    measures: Sequence[str] = tuple(READING_MEASURES),
) -> pd.DataFrame:
    """The share of what degrading took that each method gives back, per source and condition.

    Args:
        rows: of `real.evaluate_real`.
        draws: bootstrap resamples.
        seed: of the resamples; the same plates are drawn for every figure.
        methods: what is put in the place of `restored`.
        measures: of reading.

    Returns:
        A long table with the column `source`, POOLED for all together; n counts plates. Where
        degrading took fewer than LEAST plates from a reader there is no line; where a method gives
        back nothing at all, or everything, no interval.
    """
    lines = []
    for source, part in _sources(rows):
        for condition, own in by_condition(part)[:-1]:
            for reader, read in own.groupby("reader", sort=False):
                for measure in measures:
                    values = read.assign(value=MEASURES[measure](read)).pivot(
                        index="plate", columns="method", values="value"
                    )
                    for method in methods:
                        line = _recovered(values, method, draws=draws, seed=seed)
                        if line is not None:
                            line = table_line(line, condition, method, str(reader), measure)
                            lines.append({"source": source, **line})
    return pd.DataFrame(lines)


def paired_by_source(
    rows: pd.DataFrame, second: str, *, draws: int, seed: int, conditions: Sequence[str] = ()
) -> pd.DataFrame:
    """`full` less another method, each reader by itself, paired by plate.

    Args:
        rows: of `real.evaluate_real`.
        second: the method that is taken off: DEGRADED for what restoring brings, BICUBIC for what
            it brings, or costs, beside a plain enlargement of the same pixels.
        draws: bootstrap resamples.
        seed: of the resamples.
        conditions: the only ones, and then the family over which p is adjusted; all if empty.

    Returns:
        The lines of `tables.difference_table` of measures of reading, by source and reader, those
        of whole plates with McNemar's exact `mcnemar_p` and `holm_p`.
    """
    tables = []
    for source, part in _sources(_pair(rows, second, conditions)):
        for reader in part["reader"].unique():
            pair = ((FULL, reader), (second, reader))
            table = difference_table(
                part, draws=draws, seed=seed, pairs=[pair], measures=tuple(READING_MEASURES)
            )
            tables.append(table.assign(source=source, reader=reader))
    found = pd.concat(tables, ignore_index=True)
    kept = found[found["condition"] != POOLED].reset_index(drop=True)
    return adjust(kept, family=("source", "reader", "measure"))


def changes_against(
    rows: pd.DataFrame, second: str, *, conditions: Sequence[str] = ()
) -> pd.DataFrame:
    """Plates gained and lost by `full` beside another method, as `real_tables.changes_by_source`.

    Args:
        rows: of `real.evaluate_real`.
        second: the method that takes the degraded plate's place there.
        conditions: as in `paired_by_source`.
    """
    return changes_by_source(
        _pair(rows, second, conditions).replace({"method": {second: DEGRADED}})
    )


def _pair(rows: pd.DataFrame, second: str, conditions: Sequence[str]) -> pd.DataFrame:
    """The rows of `full` and the other method, under these conditions or all."""
    own = rows[rows["method"].isin([FULL, second])]
    return own[own["condition"].isin(list(conditions))] if conditions else own


def _sources(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each source's rows, then all."""
    parts = [(str(name), part) for name, part in rows.groupby("source", sort=False)]
    return [*parts, (POOLED, rows)]


def _recovered(values: pd.DataFrame, method: str, *, draws: int, seed: int) -> tuple | None:
    """One figure of plates by methods, and how its interval was found; None where undefined."""
    gain = (values[method] - values[DEGRADED]).to_numpy(dtype=float)
    room = (values[ORIGINAL] - values[DEGRADED]).to_numpy(dtype=float)
    if not room.sum() >= LEAST:
        return None
    if not gain.any() or (gain == room).all():
        # Every resample agrees, which is no certainty.
        return unanimous(float(gain.any()), len(gain), bounds=None)
    rng = np.random.default_rng(seed)
    return bootstrap_statistic(_ratio(gain, room), len(gain), draws=draws, rng=rng), "bootstrap"


def _ratio(gain: np.ndarray, room: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The figure of resamples, given how often each counts each plate: NaN where undefined."""

    def statistic(weights: np.ndarray) -> np.ndarray:
        given, taken = weights @ gain, weights @ room
        return np.divide(given, taken, out=np.full(len(given), np.nan), where=taken > 0)

    return statistic
