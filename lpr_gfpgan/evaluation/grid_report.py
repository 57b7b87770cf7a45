"""Tables and figures of the paper's grid as files."""

from pathlib import Path

import pandas as pd

from ..config import Study
from . import ablation_figures, grid_figures
from .ablations import ablation_table
from .figure_style import save
from .gains import factor_gain_table
from .grid import AS_PUBLISHED, CORRECTED, PROTOCOLS
from .grid_effects import factor_table, protocol_table
from .grid_run import grid_rows_path, strengths
from .grid_tables import grid_table, single_factor_table, wide_grid
from .methods import BICUBIC, DEGRADED, DIRECT_READING, FULL, JUDGE
from .rows import read_rows, write_table

SHOWN = (DEGRADED, BICUBIC, "wiener fixed kernel", "face_recipe", FULL, DIRECT_READING)
"""The lines of the curves: more would hide each other; the tables hold all."""

PANELS = (DEGRADED, FULL, DIRECT_READING)


def make_grid_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Computes the grid's tables; writes each as reports/<profile>/tables/grid-<name>.csv.

    Returns:
        cells (strengths and marks), grid, single (one factor alone, by strength), factors,
        gains (`full` less the degraded image by factor), ablations, protocols (what the public
        code's defects change).

    Raises:
        DataError: a protocol was not run.
    """
    settings = study.settings.evaluation
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    rows = {name: read_rows(grid_rows_path(study, name)) for name in PROTOCOLS}
    cells = {name: strengths(study, name) for name in PROTOCOLS}
    pairs = [(rows[name], cells[name]) for name in PROTOCOLS]
    both = pd.concat(rows.values()), pd.concat(cells.values())
    grids = [grid_table(*pair, **options) for pair in pairs]
    tables = {
        "cells": both[1],
        "grid": pd.concat(grids),
        "single": pd.concat(
            single_factor_table(grid, table) for grid, (_, table) in zip(grids, pairs, strict=True)
        ),
        "factors": pd.concat(factor_table(*pair, **options) for pair in pairs),
        "gains": factor_gain_table(rows[CORRECTED], cells[CORRECTED], **options),
        "ablations": ablation_table(rows[CORRECTED], cells[CORRECTED], **options),
        "protocols": protocol_table(*both, **options),
    }
    folder = study.paths.reports / "tables"
    for name, table in tables.items():
        stored = wide_grid(table) if name == "grid" else table
        write_table(folder / f"grid-{name}.csv", stored)
    return tables


def make_grid_figures(study: Study, tables: dict[str, pd.DataFrame]) -> dict[str, Path]:
    """Draws the grid's figures to reports/<profile>/figures.

    Args:
        study: the study.
        tables: of `make_grid_tables`.

    Returns:
        The files by name: strengths, low-resolution, combinations, published, ablations.
    """
    single, grid = tables["single"], tables["grid"]
    known = {*grid["method"], DIRECT_READING}
    shown = [name for name in SHOWN if name in known]
    panels = [name for name in PANELS if name in known]
    drawn = {
        "strengths": grid_figures.strength_figure(single, methods=shown),
        "low-resolution": grid_figures.low_resolution_figure(single, methods=shown),
        "combinations": grid_figures.combination_figure(grid, methods=panels),
        "published": grid_figures.combination_figure(
            grid, methods=panels, protocol=AS_PUBLISHED, reader=JUDGE
        ),
        "ablations": ablation_figures.ablation_figure(tables["ablations"]),
    }
    folder = study.paths.reports / "figures"
    return {name: save(figure, folder / f"grid-{name}.png") for name, figure in drawn.items()}
