"""The map of what can still be read at each blur and resolution.

Style and `save` are those of `figure_style`.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..errors import DataError
from .figure_style import WIDTH, heat_map, interval_note, legend_below, named, read_by
from .methods import JUDGE

BORDERS = ((50, "white"), (90, "black"))
"""Per cent that a border encloses, and its colour."""


def recoverability_figure(
    table: pd.DataFrame, *, measure: str = "character_accuracy", reader: str = JUDGE
) -> Figure:
    """How much can still be read at each blur and resolution, one panel per method.

    Lines part the cells in which half, and nine tenths, are read from those with less; a cell is
    taken as its whole per cent is written.

    Args:
        table: long, with `method`, `sigma` (of the blur, as a fraction of the plate's width),
            `plate_width` (px on the small image), `n`, `estimate` in 0..1 (NaN where it is
            undefined), `low`, `high` and `interval`.
        measure: what the estimates are.
        reader: who read.

    Raises:
        DataError: the table is empty, lacks a column, or has two figures for one cell.
    """
    wanted = ["method", "sigma", "plate_width", "n", "estimate", "low", "high", "interval"]
    lacking = [name for name in wanted if name not in table]
    if lacking or table.empty:
        raise DataError(
            f"a recoverability map needs the column {lacking[0]!r}; see recoverability_figure"
            if lacking
            else "no cells of blur and resolution to draw; test them first"
        )
    if table.duplicated(["method", "sigma", "plate_width"]).any():
        raise DataError("a cell of blur and resolution occurs twice; give one measure and reader")
    sigmas = sorted(table["sigma"].unique())
    widths = sorted(table["plate_width"].unique())
    methods = list(dict.fromkeys(table["method"]))
    figure = Figure(figsize=(WIDTH, 1.5 + 0.36 * len(sigmas)), layout="constrained")
    panels = figure.subplots(1, len(methods), sharey=True, squeeze=False)[0]
    for method, axes in zip(methods, panels, strict=True):
        part = table[table["method"] == method]
        wide = part.pivot(index="sigma", columns="plate_width", values="estimate")
        shares = wide.reindex(index=sigmas, columns=widths).to_numpy(dtype=float)
        picture = heat_map(
            axes,
            shares,
            across=[f"{width:g}" for width in widths],
            down=[f"{sigma:g}" for sigma in sigmas],
        )
        known, written = np.isfinite(shares), np.round(100 * shares)
        for share, colour in BORDERS:
            _border(axes, written >= share, known, **border_style(colour))
        axes.set_title(method, fontsize=9)
        axes.set_xlabel("width of the plate (px)", fontsize=9)
    panels[0].set_ylabel("blur: sigma / width of the plate", fontsize=9)
    half = 50 * (table["high"] - table["low"]).max()
    note = interval_note(table).replace("plates", "plates in each cell", 1)
    figure.suptitle(
        f"{named(measure)}; {read_by(reader, methods)}\n{note}, the widest ± {half:.0f} points",
        fontsize=9,
    )
    figure.colorbar(picture, ax=list(panels), shrink=0.8, pad=0.01).ax.tick_params(labelsize=8)
    legend_below(
        figure,
        [
            Line2D(
                [], [], **border_style(colour), label=f"border of the cells with {share} % or more"
            )
            for share, colour in BORDERS
        ],
    )
    return figure


def border_style(colour: str) -> dict[str, Any]:
    """A line that shows on any cell and on the page: white with a black edge, or the reverse."""
    edge = "black" if colour == "white" else "white"
    effects = [patheffects.withStroke(linewidth=4, foreground=edge)]
    style = {"color": colour, "linewidth": 2.5, "solid_capstyle": "round"}
    return {**style, "path_effects": effects}


def _border(axes: Any, reached: np.ndarray, known: np.ndarray, **style: Any) -> None:
    """A line along the sides of cells on which one reaches a share and its neighbour does not."""
    x, y = [], []  # one line with gaps, so that no part's edge crosses another part
    for axis in (0, 1):
        pairs = [np.moveaxis(part, axis, 0) for part in (reached, known)]
        differ = (pairs[0][1:] != pairs[0][:-1]) & pairs[1][1:] & pairs[1][:-1]
        for step, other in np.argwhere(differ):
            across, along = [step + 0.5] * 2, [other - 0.5, other + 0.5]
            x += [*(along if axis == 0 else across), np.nan]
            y += [*(across if axis == 0 else along), np.nan]
    axes.plot(x, y, **style)
