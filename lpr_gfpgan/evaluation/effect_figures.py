"""Pictures of what each factor of the paper's grid does, and what its published defects change.

Every function returns a matplotlib figure; style and `save` are those of `figure_style`, and a
method looks as `method_style` says.
"""

from collections.abc import Sequence
from typing import Any

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
    read_by,
    scale_of,
)
from .grid import CORRECTED, FACTORS
from .grid_effects import defects
from .grid_figures import chosen_cells, combination_name
from .lines import POOLED
from .method_style import method_style
from .methods import DEGRADED, DIRECT_READING, FULL, JUDGE
from .strengths import LOW

FACTOR_TITLES = {
    "gaussian": "Gaussian blur",
    "noise": "noise",
    "jpeg": "JPEG",
    "motion": "motion blur",
    LOW: "low resolution",
}


def factor_figure(
    factors: pd.DataFrame,
    restored: pd.DataFrame,
    *,
    measure: str = "character_accuracy",
    protocol: str = CORRECTED,
    reader: str = JUDGE,
    methods: Sequence[str] = (DEGRADED, FULL, DIRECT_READING),
    restorers: Sequence[str] = (FULL,),
) -> Figure:
    """What each factor does at each level, and beneath it what a method gives back of that.

    Args:
        factors: of `grid_effects.factor_table`.
        restored: of `grid_restored.restored_table`.
        measure: a key of `tables.MEASURES`.
        protocol: of the cells.
        reader: who reads; direct reading has its own.
        methods: whose effects the upper panels show.
        restorers: what the lower panels show.

    Raises:
        DataError: a table has no line for a method, or none with a defined difference.
    """
    rows = (
        (chosen_cells(factors, measure, protocol, reader, methods), methods),
        (chosen_cells(restored, measure, protocol, reader, restorers), restorers),
    )
    rows = [(part[np.isfinite(part["estimate"])], order) for part, order in rows]
    drawn = [name for name in (*FACTORS, LOW) if name in set(rows[0][0]["factor"])]
    if not drawn:
        raise DataError(f"no effect of a factor on {measure} to draw; test the whole grid")
    figure = Figure(figsize=(WIDTH, 6.0), layout="constrained")
    panels = figure.subplots(2, len(drawn), sharex="col", sharey="row", squeeze=False)
    for line, (part, order) in zip(panels, rows, strict=True):
        for factor, axes in zip(drawn, line, strict=True):
            own = part[part["factor"] == factor]
            # The stronger the farther to the right: a level grows, a width on the image shrinks.
            places = "level" if factor != LOW else "low_resolution"
            own = own.sort_values(places, ascending=factor != LOW, kind="stable")
            scale = scale_of(measure)
            method_points(axes, own, across=places, order=order, scale=scale)
            axes.axhline(0, color="0.4", linewidth=1)
    for factor, upper, lower in zip(drawn, *panels, strict=True):
        upper.set_title(FACTOR_TITLES[factor], fontsize=9)
        lower.set_xlabel("level" if factor != LOW else "plate's width (px)", fontsize=9)
    kind = difference_named(measure)
    panels[0, 0].set_ylabel(f"with the factor less without:\n{kind}", fontsize=8)
    panels[1, 0].set_ylabel(f"restored: the same, less {DEGRADED}'s:\n{kind}", fontsize=8)
    shown = pd.concat([part for part, _ in rows])
    read = f"; {read_by(reader, methods)}" if (shown["reader"] != "").all() else ""
    figure.suptitle(
        f"what a factor does (above), and what is restored of it (below); protocol {protocol}{read}"
        f"\n{interval_note(shown)}, paired; averaged over the combinations of the other factors",
        fontsize=8.5,
    )
    method_legend(figure, dict.fromkeys([*methods, *restorers]))
    return figure


def protocol_figure(
    protocols: pd.DataFrame,
    *,
    measures: Sequence[str] = ("character_accuracy", "psnr_plate"),
    reader: str = JUDGE,
    methods: Sequence[str] = (DEGRADED, DIRECT_READING),
) -> Figure:
    """What the published protocol's defects change: as published less corrected, by combination.

    Beside the differences a dot names each defect that acts there. Combinations are pooled over
    their levels, low resolution over its widths; undefined differences stay blank.

    Args:
        protocols: of `grid_effects.protocol_table`.
        measures: one panel each.
        reader: who reads; direct reading has its own.
        methods: what is compared; direct reading only where a measure is of readings.

    Raises:
        DataError: the table has no line of a measure for a method.
    """
    parts = [_differences(protocols, measure, reader, methods) for measure in measures]
    shown = pd.concat(parts)
    lines = list(dict.fromkeys(shown["name"]))
    acting = [shown[shown["name"] == name]["defects"].iloc[0].split("; ") for name in lines]
    known = list(defects(FACTORS, 1))  # all of them, in their order
    figure = Figure(figsize=(WIDTH, 2.9 + 0.25 * len(lines)), layout="constrained")
    ratios = [1.0] * len(measures) + [0.9]
    panels = figure.subplots(1, len(measures) + 1, sharey=True, width_ratios=ratios)
    for axes, measure, part in zip(panels, measures, parts, strict=False):
        _forest(axes, part, lines, measure)
    dots = panels[-1]
    for place, names in enumerate(acting):
        dots.plot(range(len(known)), [place] * len(known), "o", color="0.9", markersize=5)
        at = [known.index(name) for name in names]
        dots.plot(at, [place] * len(at), "o", color="0.25", markersize=6)
    dots.set_xticks(range(len(known)), known, rotation=55, ha="left", rotation_mode="anchor")
    dots.tick_params(length=0, labelsize=8, labeltop=True, labelbottom=False)
    dots.set_xlim(-0.6, len(known) - 0.4)
    dots.set_xlabel("defects that act there", fontsize=9)
    dots.spines[:].set_visible(False)
    panels[0].set_yticks(range(len(lines)), lines)
    panels[0].set_ylim(len(lines) - 0.4, -0.6)
    figure.suptitle(
        f"as published less corrected, paired by plate; {read_by(reader, shown['method'])}\n"
        f"{interval_note(shown)}; pooled over levels and widths",
        fontsize=9,
    )
    method_legend(figure, dict.fromkeys(shown["method"]))
    return figure


def _differences(
    protocols: pd.DataFrame, measure: str, reader: str, methods: Sequence[str]
) -> pd.DataFrame:
    """One measure's lines by combination: the clean plate, what is pooled over levels, and all."""
    pooled = protocols["condition"].str.startswith(POOLED)
    whole = protocols[pooled | (protocols["condition"] == "clean")]
    if (whole[whole["measure"] == measure]["reader"] == "").all():
        methods = [name for name in methods if name != DIRECT_READING]
    part = chosen_cells(whole.assign(protocol=CORRECTED), measure, CORRECTED, reader, methods)
    low = part["condition"] == f"{POOLED}/{LOW}"
    names = part["factors"].map(combination_name)
    names = names.mask(low, FACTOR_TITLES[LOW]).mask(part["condition"] == POOLED, "all conditions")
    return part.assign(name=names)[np.isfinite(part["estimate"])]


def _forest(axes: Any, part: pd.DataFrame, lines: Sequence[str], measure: str) -> None:
    """Differences with their intervals, methods of a line one above the other."""
    scale, methods = scale_of(measure), list(dict.fromkeys(part["method"]))
    for number, method in enumerate(methods):
        own = part[part["method"] == method]
        shift = 0.5 * ((number + 0.5) / len(methods) - 0.5)
        axes.errorbar(
            scale * own["estimate"],
            [lines.index(name) + shift for name in own["name"]],
            xerr=errors(own, scale),
            **{**method_style(method), "linestyle": "none", "linewidth": 1.2},
            markersize=4.5,
            capsize=2,
        )
    axes.axvline(0, color="0.4", linewidth=1)
    axes.set_xlabel(difference_named(measure), fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
