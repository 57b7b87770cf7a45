"""The forest plot of what each contribution brings.

Style and `save` are those of `figure_style`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from ..errors import DataError
from .ablations import HIGHER, LOWER
from .figure_style import (
    WIDTH,
    difference_named,
    errors,
    interval_note,
    legend_below,
    scale_of,
)
from .grid import CORRECTED
from .method_style import method_style

ACTS, ELSEWHERE = "D", "o"


def ablation_figure(
    ablations: pd.DataFrame,
    *,
    measures: Sequence[str] = ("character_accuracy", "plate_accuracy"),
    protocol: str = CORRECTED,
) -> Figure:
    """What each contribution brings, overall and where it should act: a forest plot.

    A line looks like the variant that lacks the contribution. A filled marker is a difference that
    is shown, an empty one none; where a contribution should act the marker is a diamond.

    Args:
        ablations: of `ablations.ablation_table`.
        measures: one panel each.
        protocol: of the cells.

    Raises:
        DataError: the table has no line of a measure under the protocol.
    """
    shown = ablations[ablations["protocol"] == protocol]
    for measure in measures:
        if not (shown["measure"] == measure).any():
            raise DataError(f"no ablation of {measure} under {protocol} to draw; test it first")
    shown = shown[shown["measure"].isin(measures)]
    labels, heights, headings = [], {}, {}
    for contribution, part in shown.groupby("contribution", sort=False):
        headings[len(labels)] = f"{contribution}: full less {part['second'].iloc[0]}"
        labels.append("")
        for line in part.drop_duplicates("where").itertuples():
            heights[(contribution, line.where)] = len(labels)
            labels.append(f"{line.where}, n = {line.n}")
    figure = Figure(figsize=(WIDTH, 1.5 + 0.24 * len(labels)), layout="constrained")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        _forest(axes, shown[shown["measure"] == measure], heights, measure)
        for height in headings:
            axes.axhspan(height - 0.5, height + 0.5, color="0.92", zorder=0.5)
        axes.tick_params(axis="y", length=0, labelsize=8)
    # Headings begin at the figure's left edge, above the lines' labels.
    place = blended_transform_factory(figure.transFigure, panels[0].transData)
    for height, text in headings.items():
        heading = panels[0].text(
            0.006, height, text, transform=place, va="center", fontsize=8, fontweight="bold"
        )
        heading.set_in_layout(False)
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.4, -0.6)
    readers = [name for name in dict.fromkeys(shown["reader"]) if name]
    read = f"; read by {' and '.join(readers)}" if readers else ""
    scope = " / ".join(dict.fromkeys(shown["scope"]))
    figure.suptitle(
        f"paired by plate; protocol {protocol}{read}; they speak of {scope}\n"
        f"{interval_note(shown)}, each by itself (unadjusted)",
        fontsize=9,
    )
    _legend(figure)
    return figure


def _forest(
    axes: Any, part: pd.DataFrame, heights: dict[tuple[str, str], int], measure: str
) -> None:
    scale = scale_of(measure)
    digits = 1 if scale == 100 else 2
    for line in part.itertuples():
        if np.isnan(line.estimate):
            continue
        height = heights[(line.contribution, line.where)]
        colour = method_style(line.second)["color"]
        ends = pd.DataFrame([line._asdict()])
        axes.errorbar(
            scale * line.estimate,
            height,
            xerr=errors(ends, scale),
            fmt=ACTS if line.acts else ELSEWHERE,
            markersize=6 if line.acts else 5,
            color=colour,
            markerfacecolor=colour if line.finding in (HIGHER, LOWER) else "white",
            capsize=2,
            linewidth=2.0 if line.acts else 1.2,
        )
        text = " to ".join(f"{scale * end:+.{digits}f}" for end in (line.low, line.high))
        axes.annotate(
            f"{scale * line.estimate:+.{digits}f} ({text})",
            (1.01, height),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=7,
            fontweight="bold" if line.acts else "normal",
        )
    axes.axvline(0, color="0.4", linewidth=1)
    reach = scale * part[["low", "high"]].abs().to_numpy().max()
    axes.set_xlim(-1.1 * reach, 1.1 * reach) if reach > 0 else axes.set_xlim(-1, 1)
    axes.set_xlabel(difference_named(measure), fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["left", "right", "top"]].set_visible(False)


def _legend(figure: Figure) -> None:
    def mark(marker: str, face: str, label: str) -> Line2D:
        options = {"marker": marker, "linestyle": "none", "markerfacecolor": face}
        return Line2D([], [], color="0.3", label=label, **options)

    legend_below(
        figure,
        [
            mark(ACTS, "0.3", "diamond, bold: where it should act"),
            mark(ELSEWHERE, "0.3", "circle: elsewhere"),
            mark(ELSEWHERE, "0.3", "filled: shown, below 5 % after Holm"),
            mark(ELSEWHERE, "white", "empty: none shown, not below 5 % after Holm"),
        ],
        ncols=2,
    )
