"""Pictures of what the readers' confidences are worth: abstention, calibration, false reads.

Every function returns a matplotlib figure; style and `save` are those of `figure_style`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import DataError
from .figure_style import (
    WIDTH,
    errors,
    interval_note,
    legend_below,
    method_legend,
    read_by,
)
from .lines import POOLED
from .method_style import method_style
from .methods import DEGRADED, DIRECT, DIRECT_READING, FULL, JUDGE, base_name

DIAGONAL = {"color": "0.5", "linestyle": ":", "linewidth": 1}
SPAN = {"ecolor": "0.75", "elinewidth": 3}
PALE = 0.3
"""How opaque the bar of what is accepted is; the false reads within are opaque."""


def risk_coverage_figure(
    table: pd.DataFrame, *, reader: str = JUDGE, methods: Sequence[str] | None = None
) -> Figure:
    """Share of wrong readings among the most confident ones, against how many are kept.

    Args:
        table: of `confidence.risk_coverage_table`.
        reader: who reads; direct reading is drawn beside it where it was tested.
        methods: which lines; all methods when not given.

    Raises:
        DataError: the table has no line of a method by the reader.
    """
    shown, methods = _chosen(table, reader, methods)
    figure = Figure(figsize=(WIDTH, 4.8), layout="constrained")
    axes = figure.subplots()
    for number, method in enumerate(methods):
        part = shown[shown["method"] == method].sort_values("coverage")
        axes.errorbar(
            100 * part["coverage"] + 0.25 * (number - (len(methods) - 1) / 2),
            100 * part["estimate"],
            yerr=errors(part, 100),
            **method_style(method),
            markersize=5,
            elinewidth=0.8,
            capsize=2,
        )
    axes.set_xlabel("readings kept, the most confident first (%)", fontsize=9)
    axes.set_ylabel("of these, wrong (%)", fontsize=9)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    axes.set_title(
        f"{_where(shown)}; {read_by(reader, methods)}\n{interval_note(shown)}", fontsize=9
    )
    method_legend(figure, methods)
    return figure


def reliability_figure(
    table: pd.DataFrame, *, reader: str = JUDGE, methods: Sequence[str] | None = None
) -> Figure:
    """Share of right readings against the reader's confidence in them, one panel per method.

    On the diagonal a confidence is as large as the share that is right; below it the reader is too
    sure. Horizontal bars span a bin's confidences, vertical ones are intervals.

    Args:
        table: of `confidence.reliability_table`.
        reader: who reads; direct reading is drawn beside it where it was tested.
        methods: which panels; all methods when not given.

    Raises:
        DataError: the table has no line of a method by the reader.
    """
    shown, methods = _chosen(table, reader, methods)
    across = min(4, len(methods))
    down = -(-len(methods) // across)
    figure = Figure(figsize=(WIDTH, 1.4 + 2.4 * down), layout="constrained")
    panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axes in panels.flat[len(methods) :]:
        axes.set_visible(False)
    for method, axes in zip(methods, panels.flat, strict=False):
        part = shown[shown["method"] == method].sort_values("confidence")
        confidence = 100 * part["confidence"]
        spread = np.array([confidence - 100 * part["lowest"], 100 * part["highest"] - confidence])
        axes.plot([0, 100], [0, 100], **DIAGONAL)
        axes.errorbar(
            confidence,
            100 * part["estimate"],
            xerr=np.clip(spread, 0, None),
            fmt="none",
            **SPAN,
        )
        axes.errorbar(
            confidence,
            100 * part["estimate"],
            yerr=errors(part, 100),
            fmt="o",
            markersize=4,
            elinewidth=1.2,
            capsize=2,
            color=method_style(method)["color"],
        )
        axes.set_title(f"{method}\n{part['readings'].sum()} readings", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    panels[0, 0].set_xlim(-3, 103)
    panels[0, 0].set_ylim(-3, 103)
    for axes in panels[-1]:
        axes.set_xlabel("mean confidence of a bin (%)", fontsize=9)
    figure.supylabel("plates read completely (%)", fontsize=9)
    note = interval_note(shown).replace("plates", "plates in each bin", 1)
    figure.suptitle(f"{_where(shown)}; {read_by(reader, methods)}\n{note}", fontsize=9)
    point = {"color": "0.3", "marker": "o", "markersize": 4, "linestyle": "none"}
    span = {"color": SPAN["ecolor"], "linewidth": SPAN["elinewidth"]}
    legend_below(
        figure,
        [
            Line2D([], [], **point, label="share that is right, with its interval"),
            Line2D([], [], **span, label="least to greatest confidence in the bin"),
            Line2D([], [], **DIAGONAL, label="confidence equals the share that is right"),
        ],
    )
    return figure


def false_read_figure(
    table: pd.DataFrame, *, condition: str = POOLED, readers: Sequence[str] = (JUDGE,)
) -> Figure:
    """What is accepted of each method's images, and how much of that is wrong, one panel a reader.

    Args:
        table: of `honesty.false_read_table`.
        condition: which lines.
        readers: one panel each.

    Raises:
        DataError: the table has no line of the condition by a reader.
    """
    chosen = table[table["condition"] == condition]
    for reader in readers:
        if not (chosen["reader"] == reader).any():
            raise DataError(f"no false reads of {reader!r} under {condition!r} to draw; test it")
    chosen = chosen[chosen["reader"].isin(readers)]
    methods = list(dict.fromkeys(chosen["method"]))
    figure = Figure(figsize=(WIDTH, 1.4 + 0.3 * len(methods)), layout="constrained")
    panels = figure.subplots(1, len(readers), sharex=True, sharey=True, squeeze=False)[0]
    bars = (("accepted", PALE, 0.75), ("false_reads", 1.0, 0.38))
    for reader, axes in zip(readers, panels, strict=True):
        for measure, opacity, height in bars:
            part = chosen[(chosen["reader"] == reader) & (chosen["measure"] == measure)]
            axes.barh(
                [methods.index(name) for name in part["method"]],
                100 * part["estimate"],
                xerr=errors(part, 100),
                height=height,
                color=[to_rgba(method_style(name)["color"], opacity) for name in part["method"]],
                error_kw={"elinewidth": 1.2, "capsize": 2, "ecolor": "0.25"},
            )
        axes.set_title(f"read by {reader}", fontsize=9)
        axes.set_xlabel("of all plates (%)", fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
    panels[0].set_xlim(left=0)
    panels[0].set_yticks(range(len(methods)), methods)
    for label, method in zip(panels[0].get_yticklabels(), methods, strict=True):
        label.set_fontweight("bold" if base_name(method) == FULL else "normal")
    panels[0].set_ylim(len(methods) - 0.4, -0.6)
    shown = chosen[chosen["measure"].isin(["accepted", "false_reads"])]
    figure.suptitle(f"{_where(shown)}; {interval_note(shown)}", fontsize=9)
    labels = (
        "pale: accepted (whole, grammatical, confident)",
        "full colour, narrow: false reads (accepted, but wrong)",
    )
    legend_below(
        figure,
        [
            Patch(color=to_rgba("0.3", opacity), label=label)
            for (_, opacity, _), label in zip(bars, labels, strict=True)
        ],
    )
    return figure


def _chosen(
    table: pd.DataFrame, reader: str, methods: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str]]:
    """The lines of the methods by the reader, with direct reading as a method of its own."""
    direct = table[(table["reader"] == DIRECT) & (table["method"] == DEGRADED)]
    part = pd.concat([table[table["reader"] == reader], direct.assign(method=DIRECT_READING)])
    methods = list(dict.fromkeys(part["method"])) if methods is None else list(methods)
    for method in methods or [DEGRADED]:
        if not (part["method"] == method).any():
            raise DataError(f"no confidences of {method!r} read by {reader!r} to draw; test it")
    return part[part["method"].isin(methods)], methods


def _where(shown: pd.DataFrame) -> str:
    condition = shown["condition"].iloc[0]
    return "all conditions pooled" if condition == POOLED else f"condition {condition}"
