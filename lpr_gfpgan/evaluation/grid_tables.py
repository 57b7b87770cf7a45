"""The paper's grid as tables: every cell, and the cells of one factor by strength.

Cells are told apart by `strengths.strength_table`, which is taken beside the rows; give it both
protocols' cells, one table below the other, where the rows hold both. Like those of `tables`, the
tables are long: one figure per line with `n` (plates), `estimate`, `low`, `high` and `interval`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from .by_plate import mean_figures, measured
from .grid import FACTORS
from .lines import table_line
from .measures import MEASURES, READING_MEASURES
from .strengths import LOW

CELLS = (
    "condition",
    "protocol",
    "level",
    "factors",
    "low_resolution",
    "in_training_range",
    "out_of_range",
)
STRENGTHS = {
    "gaussian": "sigma_px",
    "noise": "noise_sigma",
    "jpeg": "jpeg_quality",
    "motion": "motion_px",
}
"""The column of `strengths.strength_table` that holds each factor's strength."""


def grid_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    measures: Sequence[str] = tuple(MEASURES),
) -> pd.DataFrame:
    """Every measure of every method and reader in every cell.

    Args:
        rows: the test's rows.
        cells: of `strengths.strength_table`.
        draws: bootstrap resamples.
        seed: of the resamples.
        measures: keys of `tables.MEASURES`.

    Returns:
        A long table in the cells' order, with the columns of CELLS before those of `tables`; the
        reader is empty for image measures.

    Raises:
        DataError: as in `check_cells`.
    """
    check_cells(rows, cells)
    lines = []
    for values, names in measured(rows, measures):
        for condition, part in values.groupby("condition", sort=False):
            found = mean_figures(part, names, draws=draws, seed=seed)
            lines += [table_line(figure, condition, *key) for key, figure in found.items()]
    return cells[list(CELLS)].merge(pd.DataFrame(lines), on="condition")


def wide_grid(grid: pd.DataFrame) -> pd.DataFrame:
    """The grid with one line per cell, method and reader, as for a CSV file.

    Args:
        grid: of `grid_table`.

    Returns:
        The columns of CELLS, method, reader and n (plates of the reading measures); then for each
        measure its estimate and, named `<measure>_low` and `<measure>_high`, its interval. Image
        measures stand beside every reader.
    """
    keys, ends = ["condition", "method", "reader"], ["estimate", "low", "high"]
    wide = grid.pivot(index=keys, columns="measure", values=ends)
    wide.columns = [name if end == "estimate" else f"{name}_{end}" for end, name in wide.columns]
    names = {
        images: [
            column
            for name in dict.fromkeys(grid["measure"])
            if (name not in READING_MEASURES) == images
            for column in (name, f"{name}_low", f"{name}_high")
        ]
        for images in (False, True)
    }
    lines = grid[[*CELLS, "method", "reader", "n"]].drop_duplicates(keys)
    pictures = wide.xs("", level="reader")[names[True]] if names[True] else None
    if names[False]:
        lines = lines[lines["reader"] != ""]
        lines = lines.join(wide[names[False]], on=keys)
    if pictures is not None:
        lines = lines.join(pictures, on=["condition", "method"])
    return lines.reset_index(drop=True)


def single_factor_table(grid: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells in which one factor acts alone, by its strength, and the clean plate beside them.

    Args:
        grid: of `grid_table`.
        cells: what it was made with.

    Returns:
        The lines of the grid with the columns `factor` (of `grid.FACTORS`, or "low_resolution") and
        `strength`: mean sigma or length in px of the frame, sigma in levels of 0..255, JPEG
        quality, or the plate's width on the small image in px. The clean plate comes first in each
        factor; its strength is 0, and missing where nothing is the absence of a limit (JPEG,
        resolution).

    Raises:
        DataError: no cell of the grid has a factor alone.
    """
    strengths = cells.set_index("condition")
    clean = grid[(grid["factors"] == "") & grid["low_resolution"].isna()]
    parts = []
    for factor in (*FACTORS, LOW):
        if factor == LOW:
            alone = grid[grid["low_resolution"].notna()]
            strength = alone["low_resolution"].astype(float)
        else:
            alone = grid[grid["factors"] == factor]
            strength = alone["condition"].map(strengths[STRENGTHS[factor]]).astype(float)
        if alone.empty:
            continue
        none = np.nan if factor in ("jpeg", LOW) else 0.0
        shared = clean[clean["protocol"].isin(alone["protocol"])]
        parts += [
            part.assign(factor=factor)
            for part in (shared.assign(strength=none), alone.assign(strength=strength))
        ]
    if not parts:
        raise DataError("no cell of the grid has a factor alone; test those cells")
    return pd.concat(parts, ignore_index=True)


def check_cells(rows: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Refuses rows that are empty or of no cell, and cells that are not told apart.

    Args:
        rows: the test's rows.
        cells: of `strengths.strength_table`.

    Raises:
        DataError: as said.
    """
    if rows.empty:
        raise DataError("no rows to summarise; run the test of the grid first")
    lacking = [name for name in CELLS if name not in cells]
    if lacking:
        raise DataError(f"cells: no column {lacking[0]!r}; use those of strength_table")
    if cells["condition"].duplicated().any():
        raise DataError("cells: a condition occurs twice; give each protocol's cells once")
    unknown = set(rows["condition"]) - set(cells["condition"])
    if unknown:
        raise DataError(
            f"condition {min(unknown)!r} of the rows is no cell of the grid; give the cells of the "
            "same grid"
        )
