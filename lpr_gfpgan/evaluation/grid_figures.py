"""Pictures of the paper's grid: accuracy by strength, by combination of factors, by resolution.

Every function returns a matplotlib figure; style and `save` are those of `figure_style`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import DataError
from .figure_style import (
    DIRECT_READING,
    WIDTH,
    errors,
    heat_map,
    interval_note,
    legend_below,
    line_styles,
    named,
    scale_of,
)
from .grid import CORRECTED, FACTORS
from .methods import DEGRADED, DIRECT, JUDGE
from .strengths import LOW
from .tables import READING_MEASURES

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
BORDERS = ((0.5, "white"), (0.9, "black"))
OUTSIDE = "outside the restorers' training range"


def strength_figure(
    single: pd.DataFrame,
    *,
    measure: str = "character_accuracy",
    protocol: str = CORRECTED,
    reader: str = JUDGE,
    methods: Sequence[str] | None = None,
) -> Figure:
    """A measure against the strength of each factor alone, one panel per factor, with intervals.

    Args:
        single: of `grid_tables.single_factor_table`.
        measure: a key of `tables.MEASURES`.
        protocol: of the cells.
        reader: who reads; direct reading is drawn beside it where it was tested.
        methods: which lines; all methods when not given. The same choice has the same styles in
            every figure.

    Raises:
        DataError: the table has no line for a method, or none for any of the four factors.
    """
    shown = _chosen(single, measure, protocol, reader, methods)
    factors = [factor for factor in FACTORS if factor in set(shown["factor"])]
    if not factors:
        raise DataError("no cell with one factor alone to draw; test those cells")
    shown = shown[shown["factor"] != LOW]
    styles = line_styles(methods or list(dict.fromkeys(shown["method"])))
    down = -(-len(factors) // 2)
    figure = Figure(figsize=(WIDTH, 0.9 + 2.7 * down), layout="constrained")
    panels = figure.subplots(down, 2, sharey=True, squeeze=False)
    for axes in panels.flat[len(factors) :]:
        axes.set_visible(False)
    for factor, axes in zip(factors, panels.flat, strict=False):
        _curves(axes, shown[shown["factor"] == factor], styles, factor, measure)
    for axes in panels[:, 0]:
        axes.set_ylabel(named(measure), fontsize=9)
    _finish(figure, shown, styles, protocol, reader)
    return figure


def low_resolution_figure(
    single: pd.DataFrame,
    *,
    measure: str = "character_accuracy",
    protocol: str = CORRECTED,
    reader: str = JUDGE,
    methods: Sequence[str] | None = None,
) -> Figure:
    """A measure against the width that is left of the plate, with intervals.

    Args:
        single: of `grid_tables.single_factor_table`.
        measure: as in `strength_figure`.
        protocol: likewise.
        reader: likewise.
        methods: likewise.

    Raises:
        DataError: the table has no line for a method, or no cell of low resolution.
    """
    shown = _chosen(single, measure, protocol, reader, methods)
    shown = shown[shown["factor"] == LOW]
    if shown.empty:
        raise DataError("no cell of low resolution to draw; test those cells")
    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    axes = figure.subplots()
    styles = line_styles(methods or list(dict.fromkeys(shown["method"])))
    _curves(axes, shown, styles, LOW, measure)
    axes.set_ylabel(named(measure), fontsize=9)
    _finish(figure, shown, styles, protocol, reader)
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
    shown = _chosen(grid, measure, protocol, reader, methods)
    shown = shown[shown["low_resolution"].isna()]
    combinations = list(dict.fromkeys(shown["factors"]))
    levels = sorted(int(level) for level in shown["level"].dropna().unique()) or [1]
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
        labels = [" + ".join(FACTOR_NAMES[f] for f in on.split("+") if f) for on in combinations]
        picture = heat_map(
            axes,
            shares,
            across=[str(level) for level in levels],
            down=[label or "none (clean plate)" for label in labels],
            hatched=outside,
        )
        axes.set_title(_wrapped(method), fontsize=8)
        axes.set_xlabel("level", fontsize=8)
    half = 50 * (shown["high"] - shown["low"]).max()
    note = interval_note(shown).replace("plates", "plates in each cell", 1)
    figure.suptitle(
        f"{named(measure)}; protocol {protocol}; read by {reader}\n{note}; the widest is "
        f"± {half:.0f} points",
        fontsize=9,
    )
    bar = figure.colorbar(picture, ax=list(panels), shrink=0.6, pad=0.01)
    bar.ax.tick_params(labelsize=8)
    legend_below(figure, [Patch(facecolor="0.85", edgecolor="0.3", hatch="///", label=OUTSIDE)])
    return figure


def recoverability_figure(
    table: pd.DataFrame, *, measure: str = "character_accuracy", reader: str = JUDGE
) -> Figure:
    """How much can still be read at each blur and resolution, one panel per method.

    Lines part the cells in which half, and nine tenths, are read from those with less.

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
        known = np.isfinite(shares)
        for share, colour in BORDERS:
            _border(axes, shares >= share, known, colour)
        axes.set_title(_wrapped(method), fontsize=9)
        axes.set_xlabel("width of the plate (px)", fontsize=9)
    panels[0].set_ylabel("blur: sigma / width of the plate", fontsize=9)
    half = 50 * (table["high"] - table["low"]).max()
    note = interval_note(table).replace("plates", "plates in each cell", 1)
    figure.suptitle(
        f"{named(measure)}, read by {reader}; reached: 50 % (white line), 90 % (black)\n"
        f"{note}, the widest ± {half:.0f} points",
        fontsize=9,
    )
    figure.colorbar(picture, ax=list(panels), shrink=0.8, pad=0.01).ax.tick_params(labelsize=8)
    return figure


def _chosen(
    table: pd.DataFrame,
    measure: str,
    protocol: str,
    reader: str,
    methods: Sequence[str] | None,
) -> pd.DataFrame:
    """One measure of the methods in their order, direct reading being a method of its own."""
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


def _curves(
    axes: Any, shown: pd.DataFrame, styles: dict[str, dict[str, Any]], factor: str, measure: str
) -> None:
    """One line per method; a missing strength, where nothing limits the image, stands apart."""
    scale = scale_of(measure)
    strengths = sorted(shown["strength"].dropna().unique())
    reach = (strengths[-1] - strengths[0]) or 1.0
    beyond = strengths[-1] + 0.2 * reach
    order = list(dict.fromkeys(shown["method"]))
    for number, method in enumerate(order):
        part = shown[(shown["method"] == method) & np.isfinite(shown["estimate"])]
        place = part["strength"].fillna(beyond)
        # Side by side, so that intervals do not hide each other.
        place = place + 0.07 * reach * ((number + 0.5) / len(order) - 0.5)
        part = part.assign(place=place).sort_values("place")
        style = styles[method]
        axes.errorbar(
            part["place"],
            scale * part["estimate"],
            yerr=errors(part, scale),
            **{**style, "marker": None},
            capsize=2,
            elinewidth=0.9,
        )
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


def _finish(
    figure: Figure,
    shown: pd.DataFrame,
    styles: dict[str, dict[str, Any]],
    protocol: str,
    reader: str,
) -> None:
    read = f"; read by {reader}" if (shown["reader"] != "").all() else ""
    figure.suptitle(
        f"protocol {protocol}{read}; {interval_note(shown)}\nempty markers: {OUTSIDE}", fontsize=9
    )
    drawn = dict.fromkeys(shown[np.isfinite(shown["estimate"])]["method"])
    legend_below(figure, [Line2D([], [], label=name, **styles[name]) for name in drawn])


def _border(axes: Any, reached: np.ndarray, known: np.ndarray, colour: str) -> None:
    """A line along the sides of cells on which one reaches a share and its neighbour does not."""
    for axis in (0, 1):
        pairs = [np.moveaxis(part, axis, 0) for part in (reached, known)]
        differ = (pairs[0][1:] != pairs[0][:-1]) & pairs[1][1:] & pairs[1][:-1]
        for step, other in np.argwhere(differ):
            across, along = [step + 0.5] * 2, [other - 0.5, other + 0.5]
            x, y = (along, across) if axis == 0 else (across, along)
            axes.plot(x, y, color=colour, linewidth=2.5, solid_capstyle="round")


def _wrapped(method: str) -> str:
    return method.replace("_", "\n").replace(" ", "\n")
