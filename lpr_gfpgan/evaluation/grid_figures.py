"""Pictures of the paper's grid: a measure by strength of one factor, and by combination of factors.

Every function returns a matplotlib figure; style and `save` are those of `figure_style`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..errors import DataError
from .figure_style import (
    WIDTH,
    errors,
    heat_map,
    interval_note,
    legend_below,
    method_legend,
    named,
    read_by,
    scale_of,
)
from .grid import CORRECTED, FACTORS, LEVELS, conditions
from .measures import READING_MEASURES
from .method_style import method_style
from .methods import DEGRADED, DIRECT, DIRECT_READING, JUDGE
from .strengths import LOW

AXES = {
    "gaussian": "Gaussian blur: mean sigma (px of the frame)",
    "noise": "noise: mean sigma (levels of 0 to 255)",
    "jpeg": "JPEG: mean quality (the lower the stronger)",
    "motion": "motion blur: mean length (px of the frame)",
    LOW: "width of the plate on the small image (px)",
}
FACTOR_NAMES = {"gaussian": "Gaussian", "noise": "noise", "jpeg": "JPEG", "motion": "motion"}
OFF = {"jpeg": "off", LOW: "unreduced"}
CLAMPED = "JPEG: mean quality (above 100 acts as 100)"
OUTSIDE = "outside the training's range"


def strength_figure(
    single: pd.DataFrame,
    *,
    factors: Sequence[str] = FACTORS,
    measure: str = "character_accuracy",
    protocol: str = CORRECTED,
    reader: str = JUDGE,
    methods: Sequence[str] | None = None,
) -> Figure:
    """A measure against the strength of each factor alone, one panel per factor, with intervals.

    Args:
        single: of `grid_tables.single_factor_table`.
        factors: which panels; `strengths.LOW` is the width that is left of the plate. Those without
            a cell are left out.
        measure: a key of `tables.MEASURES`.
        protocol: of the cells.
        reader: who reads; direct reading is drawn beside it where it was tested.
        methods: which lines; all methods when not given.

    Raises:
        DataError: the table has no line for a method, or none for any of the factors.
    """
    shown = chosen_cells(single, measure, protocol, reader, methods)
    shown = shown[shown["factor"].isin(factors)]
    drawn = [factor for factor in factors if factor in set(shown["factor"])]
    if not drawn:
        raise DataError(f"no cell with {' or '.join(factors)} alone to draw; test those cells")
    across = min(2, len(drawn))
    down = -(-len(drawn) // across)
    tall = 2.7 if across > 1 else 3.7
    figure = Figure(figsize=(WIDTH, 0.9 + tall * down), layout="constrained")
    panels = figure.subplots(down, across, sharey=True, squeeze=False)
    for axes in panels.flat[len(drawn) :]:
        axes.set_visible(False)
    for factor, axes in zip(drawn, panels.flat, strict=False):
        _curves(axes, shown[shown["factor"] == factor], factor, measure)
    for axes in panels[:, 0]:
        axes.set_ylabel(named(measure), fontsize=9)
    order = dict.fromkeys(shown[np.isfinite(shown["estimate"])]["method"])
    read = f"; {read_by(reader, order)}" if (shown["reader"] != "").all() else ""
    figure.suptitle(
        f"protocol {protocol}{read}\n{interval_note(shown)}; empty markers: {OUTSIDE}", fontsize=9
    )
    method_legend(figure, order)
    return figure


def combination_figure(
    grid: pd.DataFrame,
    *,
    methods: Sequence[str],
    measure: str = "character_accuracy",
    protocol: str = CORRECTED,
    reader: str = JUDGE,
) -> Figure:
    """The 16 combinations of factors by level, one panel per method, in per cent.

    Cells outside the training range are striped, cells that were not tested blank. The clean plate,
    the combination without a factor, has no level and stands under all three.

    Args:
        grid: of `grid_tables.grid_table`.
        methods: one panel each; "direct reading" is the reader `direct` on the degraded image.
        measure: one of `tables.READING_MEASURES`.
        protocol: of the cells.
        reader: who reads.

    Raises:
        DataError: the measure is no share, or the table has no line for a method.
    """
    if measure not in READING_MEASURES:
        raise DataError(f"{measure!r} is no share; use one of {', '.join(READING_MEASURES)}")
    shown = chosen_cells(grid, measure, protocol, reader, methods)
    shown = shown[shown["low_resolution"].isna()]
    cells = [cell for cell in conditions(protocol) if cell.low_resolution is None]
    combinations = list(dict.fromkeys("+".join(cell.factors) for cell in cells))
    levels = list(LEVELS[protocol])
    figure = Figure(figsize=(WIDTH, 1.1 + 0.27 * len(combinations)), layout="constrained")
    panels = figure.subplots(1, len(methods), sharey=True, squeeze=False)[0]
    for method, axes in zip(methods, panels, strict=True):
        part = shown[shown["method"] == method]
        shares = np.full((len(combinations), len(levels)), np.nan)
        outside = np.zeros_like(shares, dtype=bool)
        for line in part.itertuples():
            columns = slice(None) if pd.isna(line.level) else levels.index(int(line.level))
            shares[combinations.index(line.factors), columns] = line.estimate
            outside[combinations.index(line.factors), columns] = not line.in_training_range
        picture = heat_map(
            axes,
            shares,
            across=[str(level) for level in levels],
            down=[combination_name(on) for on in combinations],
            hatched=outside,
        )
        axes.set_title(method, fontsize=8)
        axes.set_xlabel("level", fontsize=8)
    half = 50 * (shown["high"] - shown["low"]).max()
    note = interval_note(shown).replace("plates", "plates in each cell", 1)
    figure.suptitle(
        f"{named(measure)}; protocol {protocol}; {read_by(reader, methods)}\n{note}; the widest is "
        f"± {half:.0f} points",
        fontsize=9,
    )
    bar = figure.colorbar(picture, ax=list(panels), shrink=0.6, pad=0.01)
    bar.ax.tick_params(labelsize=8)
    legend_below(figure, [Patch(facecolor="0.85", edgecolor="0.3", hatch="///", label=OUTSIDE)])
    return figure


def combination_name(factors: str) -> str:
    """A combination of factors in words, from the column `factors`: names joined by "+"."""
    return " + ".join(FACTOR_NAMES[f] for f in factors.split("+") if f) or "none (clean plate)"


def chosen_cells(
    table: pd.DataFrame,
    measure: str,
    protocol: str,
    reader: str,
    methods: Sequence[str] | None,
) -> pd.DataFrame:
    """One measure of the methods in their order, direct reading being a method of its own.

    Args:
        table: long, with `measure`, `protocol`, `reader` and `method`.
        measure: which lines.
        protocol: likewise.
        reader: likewise; image measures have none.
        methods: likewise; all when not given.

    Raises:
        DataError: the table has no line for a method.
    """
    part = table[(table["measure"] == measure) & (table["protocol"] == protocol)]
    direct = part[(part["reader"] == DIRECT) & (part["method"] == DEGRADED)]
    part = part[part["reader"] == (reader if measure in READING_MEASURES else "")]
    part = pd.concat([part, direct.assign(method=DIRECT_READING)])
    if methods is None:
        methods = list(dict.fromkeys(part["method"]))
    for method in methods or [reader]:
        if not (part["method"] == method).any():
            raise DataError(
                f"no {measure} of {method!r} read by {reader!r} under {protocol} to draw; test it "
                "first"
            )
    return pd.concat([part[part["method"] == method] for method in methods])


def _curves(axes: Any, shown: pd.DataFrame, factor: str, measure: str) -> None:
    """One line per method; a missing strength, where nothing limits the image, stands apart."""
    scale = scale_of(measure)
    strengths = sorted(shown["strength"].dropna().unique())
    reach = (strengths[-1] - strengths[0]) or 1.0
    beyond = strengths[-1] + 0.2 * reach
    order = list(dict.fromkeys(shown["method"]))
    for number, method in enumerate(order):
        part = shown[(shown["method"] == method) & np.isfinite(shown["estimate"])]
        part = part.assign(place=part["strength"].fillna(beyond)).sort_values("place")
        style = method_style(method)
        # Intervals stand side by side, not to hide each other. Curves do not: beside its place a
        # steep one would seem higher or lower than it is.
        aside = 0.07 * reach * ((number + 0.5) / len(order) - 0.5)
        axes.errorbar(
            part["place"] + aside,
            scale * part["estimate"],
            yerr=errors(part, scale),
            **{**style, "marker": None, "linestyle": "none"},
            capsize=2,
            elinewidth=0.9,
        )
        axes.plot(part["place"], scale * part["estimate"], **{**style, "marker": None})
        for trained in (True, False):
            some = part[part["in_training_range"].astype(bool) == trained]
            axes.plot(
                some["place"],
                scale * some["estimate"],
                **{**style, "linestyle": "none"},
                markersize=5,
                markerfacecolor=style["color"] if trained else "white",
            )
    ticks = [(strength, f"{strength:.3g}") for strength in strengths]
    ticks += [(beyond, OFF[factor])] if shown["strength"].isna().any() else []
    axes.set_xticks(*zip(*ticks, strict=True))
    clamped = factor == "jpeg" and strengths[-1] > 100
    axes.set_xlabel(CLAMPED if clamped else AXES[factor], fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    if factor in ("jpeg", LOW):
        axes.invert_xaxis()  # the stronger the farther to the right, as for the others
