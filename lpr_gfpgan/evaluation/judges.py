"""Which readers may judge: those that read nearly all clean plates of the kind to be judged.

Of a reader that fails on clean plates one cannot tell what a restoration cost from what the reader
never could. So a reader is admitted, source by source, only where it reads at least 90 % of the
clean plates whole (7/7, the province too); what others say is shown, but judges nothing.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from .lines import POOLED
from .methods import DIRECT, JUDGE
from .tables import accuracy_table

JUDGES_FROM = 0.9
"""Least share of clean plates read whole."""
HYPERLPR = "hyperlpr"
CLEAN_READERS = (JUDGE, DIRECT, HYPERLPR)
ABSENT = "not installed"
"""The interval of a reader that read nothing."""


def admitted(clean: pd.DataFrame) -> list[str]:
    """The readers that may judge, in the order of the rows.

    Args:
        clean: rows of clean plates of one source, each read once by each reader.
    """
    shares = clean.groupby("reader", sort=False)["exact"].mean()
    return [str(reader) for reader, share in shares.items() if share >= JUDGES_FROM]


def reader_table(
    clean: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    readers: Sequence[str] = CLEAN_READERS,
) -> pd.DataFrame:
    """How well each reader reads the clean plates, and whether it may judge.

    Args:
        clean: as in `admitted`.
        draws: bootstrap resamples of plates.
        seed: of the resamples.
        readers: who is to be listed.

    Returns:
        The lines of `tables.accuracy_table` and, in each, `may_judge`. A reader without rows has
        one line for each measure, without a figure: n is 0 and `interval` is `ABSENT`.

    Raises:
        DataError: there are no rows.
    """
    if clean.empty:
        raise DataError("no clean readings; run `make reproduce` first")
    table = accuracy_table(clean, draws=draws, seed=seed)
    table = table[table["condition"] != POOLED]
    judging = set(admitted(clean))
    absent = [reader for reader in readers if reader not in set(clean["reader"])]
    first = table[table["reader"] == table["reader"].iloc[0]]
    nothing = {"n": 0, "estimate": np.nan, "low": np.nan, "high": np.nan, "interval": ABSENT}
    parts = [table, *(first.assign(reader=reader, **nothing) for reader in absent)]
    listed = pd.concat(parts, ignore_index=True)
    return listed.assign(may_judge=listed["reader"].isin(judging))
