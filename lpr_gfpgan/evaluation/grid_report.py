"""Tables and figures of the paper's grid as files."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..config import Study
from .ablation_figures import ablation_figure
from .ablations import ablation_table
from .effect_figures import factor_figure, protocol_figure
from .failures import failure_table
from .figure_style import save
from .grid import AS_PUBLISHED, CORRECTED, PROTOCOLS
from .grid_effects import factor_table, protocol_table
from .grid_figures import combination_figure, strength_figure
from .grid_gains import grid_gain_table
from .grid_restored import restored_table
from .grid_run import grid_rows_path, strengths
from .grid_tables import grid_table, single_factor_table, wide_grid
from .method_style import SHOWN, first_of_each
from .methods import DEGRADED, DIRECT_READING, FULL
from .rows import read_rows, write_table
from .strengths import LOW

CURVE_METHODS = (*SHOWN, DIRECT_READING)
PANEL_METHODS = (DEGRADED, FULL, DIRECT_READING)


def make_grid_tables(study: Study, *, others: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Computes the grid's tables; writes each as reports/<profile>/tables/grid-<name>.csv.gz.

    Args:
        study: the study.
        others: what the gains of `full` are held against, see `grid_gains`.

    Returns:
        cells (strengths and marks), grid, single (one factor alone, by strength), factors,
        gains (`full` less each other method by factor), restored (what methods give back of the
        factors), ablations, protocols (what the public code's defects change), failures.

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
        "gains": grid_gain_table(rows[CORRECTED], cells[CORRECTED], others=others, **options),
        "restored": pd.concat(restored_table(*pair, **options) for pair in pairs),
        "ablations": ablation_table(rows[CORRECTED], cells[CORRECTED], **options),
        "protocols": protocol_table(*both, **options),
        "failures": failure_table(both[0]),
    }
    folder = study.paths.reports / "tables"
    for name, table in tables.items():
        stored = wide_grid(table) if name == "grid" else table
        write_table(folder / f"grid-{name}.csv.gz", stored)
    return tables


def make_grid_figures(study: Study, tables: dict[str, pd.DataFrame]) -> dict[str, Path]:
    """Draws the grid's figures to reports/<profile>/figures.

    Args:
        study: the study.
        tables: of `make_grid_tables`.

    Returns:
        The files by name: strengths, low-resolution, combinations, published, factors, protocols,
        ablations.
    """
    single, grid = tables["single"], tables["grid"]
    known = [*dict.fromkeys(grid["method"]), DIRECT_READING]
    shown, panels = first_of_each(known, CURVE_METHODS), first_of_each(known, PANEL_METHODS)
    full = first_of_each(known, [FULL])
    drawn = {
        "strengths": strength_figure(single, methods=shown),
        "low-resolution": strength_figure(single, factors=[LOW], methods=shown),
        "combinations": combination_figure(grid, methods=panels),
        "published": combination_figure(grid, methods=panels, protocol=AS_PUBLISHED),
        "factors": factor_figure(
            tables["factors"], tables["restored"], methods=panels, restorers=full
        ),
        "protocols": protocol_figure(tables["protocols"]),
        "ablations": ablation_figure(tables["ablations"]),
    }
    folder = study.paths.reports / "figures"
    return {name: save(figure, folder / f"grid-{name}.png") for name, figure in drawn.items()}
