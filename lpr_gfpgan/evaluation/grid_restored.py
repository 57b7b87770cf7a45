"""What a method gives back of what each factor of the paper's grid takes.

Cells come as in `grid_tables`, comparisons as in `grid_effects`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from .by_plate import measured
from .grid_effects import by_factor
from .grid_tables import check_cells
from .measures import READING_MEASURES
from .methods import DEGRADED, ORIGINAL


def restored_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    measures: Sequence[str] = tuple(READING_MEASURES),
) -> pd.DataFrame:
    """What each method gives back of a factor's effect: its `factor_table` less the degraded one's.

    A plate's difference between method and degraded image in the cells with the factor, less the
    same in those without it. Where a factor costs a method as much as it costs the degraded image
    this is 0: what the method gains also without the factor is none of its doing.

    Args:
        rows: the test's rows, those of `degraded` among them.
        cells: of `strengths.strength_table`.
        draws: bootstrap resamples.
        seed: of the resamples.
        measures: keys of `tables.MEASURES`; pairs in which one is infinite are left out.

    Returns:
        As `factor_table`, without a test of McNemar's; `present` and `absent` are the means of
        method less degraded with and without the factor, and `estimate` is the first less the
        second.

    Raises:
        DataError: as in `factor_table`, or there is no method beside the degraded image, or a plate
            of it has no degraded image.
    """
    check_cells(rows, cells)
    tested = rows[rows["method"] != ORIGINAL]
    if set(tested["method"]) <= {DEGRADED} or DEGRADED not in set(tested["method"]):
        raise DataError(f"what is restored needs {DEGRADED!r} and a method beside it; test both")
    gains = [(_less_degraded(part, names), names) for part, names in measured(tested, measures)]
    return by_factor(gains, tested, cells, draws=draws, seed=seed).drop(columns="mcnemar_p")


def _less_degraded(values: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """Each method's values less those of the degraded image of the same plate."""
    keys = ["condition", "reader", "plate"]
    base = values[values["method"] == DEGRADED].set_index(keys)[list(measures)]
    others = values[values["method"] != DEGRADED]
    own = pd.MultiIndex.from_frame(others[keys])
    lacking = own.difference(base.index)
    if len(lacking):
        condition, reader, plate = lacking[0]
        raise DataError(
            f"plate {plate} has no {DEGRADED!r} image under {condition} read by {reader!r}; "
            "run the test again"
        )
    with np.errstate(invalid="ignore"):
        less = others[list(measures)].to_numpy() - base.reindex(own).to_numpy()
    return others.assign(**dict(zip(measures, less.T, strict=True)))
