"""Which readers may judge: those that read nearly all clean plates of the kind to be judged.

Of a reader that fails on clean plates one cannot tell what a restoration cost from what the reader
never could. So a reader is admitted, source by source, only where it reads at least 90 % of that
source's clean plates whole (7/7, the province too); what others say is shown, but judges nothing.

A source of photographs has one set of clean plates. The drawn plates have two. The validation split
looks like the restorers' training and serves for thresholds, which must not see the test. The
test's own originals are what its figures are about, some in a held-out typeface or surroundings, so
they alone decide who judges there.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import Interval
from .lines import POOLED, table_line
from .measures import READING_MEASURES
from .methods import DIRECT, JUDGE, ORIGINAL
from .tables import GROUPS, accuracy_table

JUDGES_FROM = 0.9
"""Least share of clean plates read whole."""
HYPERLPR = "hyperlpr"
CLEAN_READERS = (JUDGE, DIRECT, HYPERLPR)
ABSENT = "not installed"
"""The interval of a reader that read nothing."""
UNASKED = "not read"
"""The interval of a reader that reads clean plates, but none of this set."""
TEST, VALIDATION = "test originals", "validation"
SPLIT = ("typeface seen in training", "typeface held out")
"""Groups of `tables.GROUPS` by which the test's originals are shown apart, too."""


def admitted(clean: pd.DataFrame) -> list[str]:
    """The readers that may judge, in the order of the rows.

    Args:
        clean: rows of clean plates of the source to be judged, each read once by each reader.
    """
    shares = clean.groupby("reader", sort=False)["exact"].mean()
    return [str(reader) for reader, share in shares.items() if share >= JUDGES_FROM]


def originals(rows: pd.DataFrame) -> pd.DataFrame:
    """The test's rows of its untouched plates, once: they are the same under each condition.

    Raises:
        DataError: the originals are not among the rows.
    """
    own = rows[rows["method"] == ORIGINAL]
    if own.empty:
        raise DataError(f"no readings of the test's {ORIGINAL!r}; run `make reproduce` first")
    return own[own["condition"] == own["condition"].iloc[0]]


def reader_table(
    clean: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    readers: Sequence[str] = CLEAN_READERS,
) -> pd.DataFrame:
    """How well each reader reads each set of clean plates, and whether it may judge the test.

    Args:
        clean: rows of the validation plates, each read once by each reader.
        rows: the test's rows, the originals among them.
        draws: bootstrap resamples of plates.
        seed: of the resamples.
        readers: who is to be listed.

    Returns:
        The lines of `tables.accuracy_table` of VALIDATION, of TEST and of its parts by SPLIT, as
        the column `set` says; `may_judge` is the reader's, alike in all of its lines, and follows
        from TEST. A reader without rows of VALIDATION or TEST has one line for each measure,
        without a figure: n is 0, `interval` is UNASKED, or ABSENT for one without rows at all.

    Raises:
        DataError: there are no clean readings, of validation or test.
    """
    if clean.empty:
        raise DataError("no clean readings; run `make reproduce` first")
    test = originals(rows)
    sets = {VALIDATION: clean, TEST: test}
    for name in SPLIT:
        column, value = GROUPS[name]
        sets[f"{TEST}, {name}"] = test[test[column] == value]
    parts = [
        accuracy_table(part.assign(condition=name), draws=draws, seed=seed)
        for name, part in sets.items()
        if len(part)
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[table["condition"] != POOLED].rename(columns={"condition": "set"})
    order = list(dict.fromkeys([*table["reader"], *readers]))
    blanks = [
        _blank(reader, name, ABSENT if reader not in set(table["reader"]) else UNASKED)
        for reader in order
        for name in (VALIDATION, TEST)
        if not ((table["reader"] == reader) & (table["set"] == name)).any()
    ]
    table = pd.concat([table, *blanks], ignore_index=True)
    places = table["reader"].map(order.index) * len(sets) + table["set"].map(list(sets).index)
    table = table.loc[places.sort_values(kind="stable").index].reset_index(drop=True)
    return table.assign(may_judge=table["reader"].isin(admitted(test)))


def _blank(reader: str, name: str, why: str) -> pd.DataFrame:
    """The lines of a reader that read no plate of a set."""
    nothing = Interval(np.nan, np.nan, np.nan, 0), why
    lines = [table_line(nothing, name, ORIGINAL, reader, m) for m in READING_MEASURES]
    return pd.DataFrame(lines).rename(columns={"condition": "set"})
