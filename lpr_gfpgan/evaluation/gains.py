"""What the full model gains over methods that lack a training seed of their own, and over others.

`contributions` pairs variants by training seed. A filter, a plain enlargement and direct reading
have no seed: each of the full model's checkpoints is then paired with the same images. So one rule
gives the interval of every comparison: plates are resampled, and with several training seeds these
too; with one seed a line says that it speaks of this checkpoint.
"""

from collections.abc import Sequence

import pandas as pd

from ..errors import DataError
from ..settings import BASELINES as WITHOUT_PRIOR
from .contributions import contribution_table
from .filters import best_filter
from .grid import FACTORS
from .grid_tables import check_cells
from .honesty import adjust
from .measures import MEASURES, READING_MEASURES
from .methods import BICUBIC, DEGRADED, DIRECT, DIRECT_READING, FULL, JUDGE, base_name
from .strengths import LOW

LEARNED = (*WITHOUT_PRIOR, "face_recipe")
"""Rivals that were trained: networks without a prior, and the recipe without contributions."""
GAIN_MEASURES = ("character_accuracy", "plate_accuracy", "ringing_plate")
THIS_CHECKPOINT = "this checkpoint"
BY_DIRECT = f"{DEGRADED}, both read by {DIRECT}"
"""Whether restoring helps the reader that was trained on degraded plates."""


def gain_table(
    rows: pd.DataFrame,
    *,
    others: Sequence[str],
    draws: int,
    seed: int,
    measures: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Paired differences: the full model less each other method, both read by the judge.

    Args:
        rows: the test's rows.
        others: methods or variants, DIRECT_READING for the degraded image read by `direct`, or
            BY_DIRECT where `direct` reads both sides; those without rows are left out.
        draws: bootstrap resamples.
        seed: of the resamples.
        measures: keys of `tables.MEASURES`; those of GAIN_MEASURES that the rows can give when not
            given.

    Returns:
        A table as that of `contributions.contribution_table`, with `holm_p`, adjusted over the
        lines of a measure. Where the other is not trained and there is one training seed, `scope`
        is "this checkpoint". Image measures have no line for direct reading, which makes no image,
        nor for BY_DIRECT, where they would say the same again.

    Raises:
        DataError: there is no full model, or as in `contribution_table`.
    """
    if measures is None:
        measures = [name for name in GAIN_MEASURES if name in MEASURES]
    parts = []
    for other in others:
        pair, trained = _pair(rows, other)
        if pair.empty:
            continue
        by_direct = other in (DIRECT_READING, BY_DIRECT)
        asked = [m for m in measures if not by_direct or m in READING_MEASURES]
        if not asked:
            continue
        found = contribution_table(pair, draws=draws, seed=seed, measures=asked)
        if not trained:
            found["scope"] = found["scope"].where(found["seeds"] > 1, THIS_CHECKPOINT)
        reader = DIRECT if other == BY_DIRECT else JUDGE
        parts.append(found.assign(second=other, reader=reader))
    if not parts:
        raise DataError(
            f"none of {', '.join(others)} is among the rows: nothing to compare; test one of them"
        )
    return adjust(pd.concat(parts, ignore_index=True), family=("measure",), column="p")


def factor_gain_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    other: str = DEGRADED,
    measures: Sequence[str] = ("character_accuracy",),
) -> pd.DataFrame:
    """The full model less another method in the cells of the grid that have a factor.

    Args:
        rows: the grid's rows under one protocol.
        cells: of `strengths.strength_table`.
        other: as in `gain_table`.
        draws: bootstrap resamples.
        seed: of the resamples.
        measures: keys of `tables.MEASURES`.

    Returns:
        A table as that of `gain_table` with the columns `factor` (of `grid.FACTORS`, or
        "low_resolution") and `cells` (how many have it); `holm_p` is adjusted over the factors.

    Raises:
        DataError: as in `grid_tables.check_cells` and `gain_table`, or no cell has a factor.
    """
    check_cells(rows, cells)
    present = cells[cells["condition"].isin(rows["condition"].unique())]
    has = {
        name: present["factors"].str.split("+").map(lambda on, f=name: f in on) for name in FACTORS
    }
    has[LOW] = present["low_resolution"].notna()
    parts = []
    for factor, mark in has.items():
        names = present[mark.astype(bool)]["condition"]
        if names.empty:
            continue
        chosen = rows[rows["condition"].isin(names)]
        found = gain_table(chosen, others=[other], draws=draws, seed=seed, measures=measures)
        parts.append(found.assign(factor=factor, cells=len(names)))
    if not parts:
        raise DataError("no cell of the rows has a factor; test the whole grid")
    return adjust(pd.concat(parts, ignore_index=True), family=("measure",), column="p")


def learned_rivals(rows: pd.DataFrame) -> list[str]:
    """Those of LEARNED that were tested."""
    names = set(_kind(rows.drop_duplicates("method")))
    return [name for name in LEARNED if name in names]


def compared_with(rows: pd.DataFrame, filters: pd.DataFrame) -> list[str]:
    """What the claim of better accuracy is held against, in order, for `gain_table`.

    Args:
        rows: the test's rows.
        filters: of `tables.accuracy_table`, on validation plates; see `filters.best_filter`.

    Raises:
        DataError: as in `best_filter`.
    """
    chosen = best_filter(filters)
    return [DEGRADED, BICUBIC, chosen, *learned_rivals(rows), BY_DIRECT, DIRECT_READING]


def _kind(rows: pd.DataFrame) -> pd.Series:
    """What was trained, without its seed, or the method's name where nothing was."""
    names = rows["method"]
    return names.where(rows["training_seed"] == "", names.map(base_name))


def _pair(rows: pd.DataFrame, other: str) -> tuple[pd.DataFrame, bool]:
    """Rows of the full model and of another as if both were variants; none without the other.

    Also whether the other was trained: whether it has a training seed. Trained ones are paired by
    seed, others with each of the full model's.
    """
    judged = rows["reader"] == (DIRECT if other == BY_DIRECT else JUDGE)
    full = rows[(rows["variant"] == FULL) & judged].assign(reader=JUDGE)
    if other in (DIRECT_READING, BY_DIRECT):
        side = rows[(rows["method"] == DEGRADED) & (rows["reader"] == DIRECT)]
    else:
        side = rows[judged & (_kind(rows) == other)]
    if side.empty:
        return side, False
    seeds = list(full["training_seed"].unique())
    trained = bool((side["training_seed"] != "").any())
    copies = [side] if trained or not seeds else [side.assign(training_seed=s) for s in seeds]
    paired = pd.concat([full, *(c.assign(variant=other, reader=JUDGE) for c in copies)])
    return paired, trained
