"""What the full model gains by factor: where a factor acts alone, and where it acts with others.

Only a cell with one factor tells what a method does about that factor; a cell that holds others,
too, tells of their mixture. Cells come as in `grid_tables`.
"""

from collections.abc import Sequence

import pandas as pd

from ..errors import DataError
from .gains import factor_gain_table
from .grid_tables import check_cells
from .honesty import adjust

ALONE, MIXED = "alone", "with others"


def grid_gain_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    others: Sequence[str],
    draws: int,
    seed: int,
    measures: Sequence[str] = ("character_accuracy",),
) -> pd.DataFrame:
    """The full model less each other method, by factor, its levels pooled.

    Args:
        rows: the grid's rows under one protocol.
        cells: of `strengths.strength_table`.
        others: as in `gains.gain_table`, best those that the test's gains are held against.
        draws: bootstrap resamples.
        seed: of the resamples.
        measures: keys of `tables.MEASURES`.

    Returns:
        A table as that of `gains.factor_gain_table` with the column `where`: ALONE for the cells
        with this factor and no other, a low resolution among them, MIXED for those with others
        beside it. `holm_p` is adjusted over all factors and other methods of one `where` and
        measure.

    Raises:
        DataError: as in `gains.factor_gain_table`, or no cell of the rows has a factor alone.
    """
    check_cells(rows, cells)
    mixed = cells["factors"].str.contains("+", regex=False)
    parts = []
    for where, chosen in ((ALONE, cells[~mixed]), (MIXED, cells[mixed])):
        own = rows[rows["condition"].isin(chosen["condition"])]
        if own.empty:
            continue
        options = {"draws": draws, "seed": seed, "measures": measures}
        parts += [
            factor_gain_table(own, chosen, other=other, **options).assign(where=where)
            for other in others
        ]
    table = pd.concat(parts, ignore_index=True)
    if ALONE not in set(table["where"]):
        raise DataError("no cell of the rows has a factor alone; test the whole grid")
    return adjust(table, family=("where", "measure"), column="p")
