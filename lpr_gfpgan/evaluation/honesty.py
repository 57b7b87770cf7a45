"""False reads: how often a restored plate is read wrongly with confidence.

A restorer that invents characters can make a wrong plate look certain, which a share of plates read
does not show. So each reader may abstain: it accepts a reading that is a whole plate text by its
grammar and whose confidence reaches the reader's threshold. The threshold is found once, on clean
plates of the validation split, and holds for every method and condition. An accepted reading that
is wrong is a false read.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import acceptance_threshold, holm
from ..metrics.selective import PRECISION
from ..plates import is_grammatical
from .lines import by_condition, condition_of, share_of_rows, table_line

HONESTY_MEASURES = ("false_reads", "accepted", "right_of_accepted")
FAMILY = ("first", "second", "measure")


def thresholds(clean: pd.DataFrame, *, precision: float = PRECISION) -> dict[str, float]:
    """The confidence from which each reader's grammatical readings are accepted.

    Args:
        clean: rows of clean plates of the validation split, each read once by each reader.
        precision: share of right readings wanted among the accepted.

    Returns:
        By reader's name; infinity where no threshold reaches the precision: that reader then
        accepts nothing.

    Raises:
        DataError: there are no rows, or a reader has read a plate twice.
    """
    if clean.empty:
        raise DataError("no clean readings to set a threshold on; read the validation plates first")
    if clean.duplicated(["reader", "plate"]).any():
        raise DataError(
            "a threshold is set on one clean reading of each plate, but a plate occurs twice; "
            "give the rows of one method under one condition"
        )
    found = {}
    for reader, rows in clean.groupby("reader", sort=False):
        whole = rows[grammatical(rows)]
        found[str(reader)] = (
            acceptance_threshold(whole["confidence"], whole["exact"], precision=precision)
            if len(whole)
            else np.inf
        )
    return found


def grammatical(rows: pd.DataFrame) -> np.ndarray:
    """Whether each reading is a whole plate text by its grammar: bool [N]."""
    return rows["reading"].map(is_grammatical).to_numpy(dtype=bool)


def accepted(rows: pd.DataFrame, thresholds: Mapping[str, float]) -> np.ndarray:
    """Whether each reading is grammatical and as confident as its reader's threshold: bool [N].

    Raises:
        DataError: a reader has no threshold, or a confidence is no number.
    """
    unknown = sorted(set(rows["reader"]) - set(thresholds))
    if unknown:
        raise DataError(
            f"no threshold for the reader {unknown[0]!r}; set one on its clean validation readings"
        )
    confidence = rows["confidence"].to_numpy(dtype=float)
    if np.isnan(confidence).any():
        raise DataError("a reading has no confidence; check the readers")
    return grammatical(rows) & (confidence >= rows["reader"].map(thresholds).to_numpy(dtype=float))


def false_read_table(
    rows: pd.DataFrame, thresholds: Mapping[str, float], *, draws: int, seed: int
) -> pd.DataFrame:
    """Per condition and pooled, per method and reader: what is accepted, and what of it is wrong.

    The measures are shares: `false_reads`, of all plates, accepted and wrong in any character;
    `accepted`, of all plates; `right_of_accepted`, of the accepted, undefined where there are none.
    Plates that are not accepted stay in the first two. A plate whose true text fits no grammar can
    only be read wrongly or not at all.

    Args:
        rows: the test's rows.
        thresholds: of `thresholds`, by reader.
        draws: bootstrap resamples.
        seed: of the resamples.

    Returns:
        A long table as those of `tables`.

    Raises:
        DataError: there are no rows, or `accepted` refuses them.
    """
    if rows.empty:
        raise DataError("no rows to summarise; run `make reproduce` first")
    marked = rows.assign(accepted=accepted(rows, thresholds))
    lines = []
    for condition, part in by_condition(marked):
        for (method, reader), group in part.groupby(["method", "reader"], sort=False):
            taken, right = group["accepted"].to_numpy(), group["exact"].to_numpy(dtype=bool)
            plates = group["plate"].to_numpy()
            options = {
                "one_condition": group["condition"].nunique() == 1,
                "draws": draws,
                "seed": seed,
            }
            for measure, hits, counted in (
                ("false_reads", taken & ~right, plates),
                ("accepted", taken, plates),
                ("right_of_accepted", right[taken], plates[taken]),
            ):
                found = share_of_rows(hits, counted, **options)
                lines.append(table_line(found, condition, method, reader, measure))
    return pd.DataFrame(lines)


def threshold_table(
    clean: pd.DataFrame, *, draws: int, seed: int, precision: float = PRECISION
) -> pd.DataFrame:
    """Each reader's threshold, and what it accepts of the clean plates that it was set on.

    Args:
        clean: as in `thresholds`.
        draws: as in `false_read_table`, of which these are the lines.
        seed: likewise.
        precision: share of right readings wanted among the accepted.

    Returns:
        The lines of `false_read_table` and, in each, the reader's `threshold`.

    Raises:
        DataError: as in `thresholds`.
    """
    found = thresholds(clean, precision=precision)
    table = false_read_table(clean, found, draws=draws, seed=seed)
    table = table[table["condition"] == condition_of(clean)].reset_index(drop=True)
    return table.assign(threshold=table["reader"].map(found))


def adjust(
    table: pd.DataFrame, *, family: Sequence[str] = FAMILY, column: str = "mcnemar_p"
) -> pd.DataFrame:
    """Adds `holm_p`: p-values adjusted within each family of cells by Holm's method.

    Args:
        table: long, such as `tables.difference_table`'s, where a family is by default one measure
            of one comparison under all conditions.
        family: the columns that name a family.
        column: the p-values; a cell without one (NaN) was not tested and is not counted.

    Returns:
        A copy; `holm_p` is NaN where the cell has no p-value.

    Raises:
        DataError: a p-value lies outside [0, 1].
    """
    adjusted = table.assign(holm_p=np.nan)
    tested = adjusted[adjusted[column].notna()]
    for _, cells in tested.groupby(list(family), sort=False):
        adjusted.loc[cells.index, "holm_p"] = holm(cells[column])
    return adjusted
