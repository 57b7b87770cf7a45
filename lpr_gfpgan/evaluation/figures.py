"""Pictures of the test's tables: accuracy, paired differences, positions on the plate.

Every function returns a matplotlib figure; style and `save` are those of `figure_style`, and a
method looks as `method_style` says.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..errors import DataError
from .figure_style import (
    WIDTH,
    difference_named,
    errors,
    interval_note,
    method_legend,
    method_points,
    named,
    read_by,
    scale_of,
)
from .method_style import method_style
from .methods import DEGRADED, DIRECT, DIRECT_READING, JUDGE
from .tables import POOLED


def accuracy_figure(
    table: pd.DataFrame,
    images: pd.DataFrame,
    *,
    measure: str = "character_accuracy",
    quality: str = "psnr_plate",
) -> Figure:
    """A reading measure by condition and method, and beneath it an image measure.

    Args:
        table: of `tables.accuracy_table`.
        images: of `tables.image_table`; infinite figures are left out.
        measure: which reading measure.
        quality: which image measure.

    Raises:
        DataError: a table has no line of its measure.
    """
    chosen = table[(table["measure"] == measure) & (table["condition"] != POOLED)]
    judged = chosen[chosen["reader"] == JUDGE]
    direct = chosen[(chosen["reader"] == DIRECT) & (chosen["method"] == DEGRADED)]
    shown = pd.concat([judged, direct.assign(method=DIRECT_READING)])
    pictures = images[(images["measure"] == quality) & (images["condition"] != POOLED)]
    pictures = pictures[np.isfinite(pictures["estimate"])]
    for name, part in ((measure, shown), (quality, pictures)):
        if part.empty:
            raise DataError(f"no {name} to draw; test some plates first")
    order = list(dict.fromkeys(shown["method"]))
    figure = Figure(figsize=(WIDTH, 7.4), layout="constrained")
    panels = figure.subplots(2, 1)
    for axes, name, part in zip(panels, (measure, quality), (shown, pictures), strict=True):
        method_points(axes, part, across="condition", order=order, scale=scale_of(name))
        axes.set_ylabel(named(name), fontsize=9)
        who = f"{read_by(JUDGE, order)}\n" if name == measure else ""
        note = interval_note(part).replace("plates", "plates in each condition", 1)
        axes.set_title(f"{who}{note}", fontsize=9)
    method_legend(figure, order)
    return figure


def forest_plot(
    differences: pd.DataFrame,
    *,
    measures: Sequence[str] = ("character_accuracy", "plate_accuracy"),
) -> Figure:
    """Paired differences pooled over conditions, first method less second, with 95 % intervals.

    A line looks like the second method, which is what the first is compared with.

    Args:
        differences: of `tables.difference_table`.
        measures: one panel each.

    Raises:
        DataError: the table has no pooled difference.
    """
    pooled = differences[differences["condition"] == POOLED]
    if pooled.empty:
        raise DataError("no paired differences to draw; the test has no restorer")
    pooled = pooled.assign(pair=pooled["first"] + " - " + pooled["second"])
    names = list(dict.fromkeys(pooled["pair"]))
    figure = Figure(figsize=(WIDTH, 1.3 + 0.29 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        scale = scale_of(measure)
        part = pooled[(pooled["measure"] == measure) & np.isfinite(pooled["estimate"])]
        for _, line in part.iterrows():
            ends = line.to_frame().T
            axes.errorbar(
                scale * line["estimate"],
                names.index(line["pair"]),
                xerr=errors(ends, scale).astype(float),
                **{**method_style(line["second"]), "linestyle": "none", "linewidth": 1.4},
                markersize=6,
                capsize=3,
            )
        axes.axvline(0, color="0.4", linewidth=1)
        axes.set_xlabel(difference_named(measure), fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    shown = pooled[pooled["measure"].isin(measures)]
    methods = [*shown["first"], *shown["second"]]
    figure.suptitle(
        f"all conditions pooled, paired by plate; {read_by(JUDGE, methods)}\n"
        f"{interval_note(shown)}, each by itself (unadjusted); right of 0 the first has more",
        fontsize=9,
    )
    return figure


def position_figure(positions: pd.DataFrame) -> Figure:
    """Share of characters read at each position, with 95 % intervals.

    Args:
        positions: of `tables.position_table`.

    Raises:
        DataError: the table has no position.
    """
    shown = positions[positions["position"] > 0]
    if shown.empty:
        raise DataError("no positions of the plate to draw; test some plates first")
    order = list(dict.fromkeys(shown["method"]))
    sizes = shown.groupby("position")["n"].max()
    half = -(-len(sizes) // 2)
    figure = Figure(figsize=(WIDTH, 6.6), layout="constrained")
    panels = figure.subplots(2, 1, sharey=True)
    for axes, places in zip(panels, (sizes.index[:half], sizes.index[half:]), strict=True):
        part = shown[shown["position"].isin(places)]
        if part.empty:
            axes.set_visible(False)
            continue
        labels = [f"{place}\nn = {sizes[place]}" for place in part["position"]]
        method_points(axes, part.assign(place=labels), across="place", order=order, scale=100)
        axes.set_ylabel("characters read (%)", fontsize=9)
    panels[1].set_xlabel(
        "position on the plate; 1 is the province, 8 exists on green plates only", fontsize=9
    )
    figure.suptitle(
        f"all conditions pooled; read by {JUDGE}; {interval_note(shown)}",
        fontsize=9,
    )
    method_legend(figure, order)
    return figure
