"""Pictures of the training: learning curves, and what the prior draws.

Style and `save` are those of `figure_style`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..errors import DataError
from .figure_style import PALETTE, legend_below
from .method_style import STYLES, method_style
from .methods import DIRECT, DIRECT_READING, base_name

DASHES = ("-", "--", ":", "-.")


def learning_curves(curves: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """One panel per loss, one line per run.

    A restorer or baseline has its method's colour and the reader `direct` that of direct reading;
    other runs take those of the palette in turn.

    Args:
        curves: by run, a table with `step` and one column per loss.
        title: above the panels.

    Raises:
        DataError: there are no curves.
    """
    losses = list(
        dict.fromkeys(
            name for table in curves.values() for name in table if name not in ("step", "images")
        )
    )
    if not losses:
        raise DataError(f"{title}: no learning curves; run `make reproduce` first")
    across = min(4, len(losses))
    down = -(-len(losses) // across)
    figure = Figure(figsize=(2.9 * across, 2.2 * down + 0.8), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False)
    for panel in panels.flat[len(losses) :]:
        panel.set_visible(False)
    for loss, axes in zip(losses, panels.flat, strict=False):
        for number, (run, table) in enumerate(curves.items()):
            if loss in table:
                # A lazy term is absent from reports between which it was never due.
                known = table[["step", loss]].dropna()
                axes.plot(
                    known["step"],
                    known[loss],
                    label=run,
                    **_run_style(run, number),
                    marker="." if len(known) < 3 else None,
                )
        axes.set_title(loss.replace("_", " "), fontsize=9)
        axes.tick_params(labelsize=7)
        axes.set_xlabel("step", fontsize=7)
        axes.grid(alpha=0.3)
    handles = {}
    for axes in panels.flat[: len(losses)]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.suptitle(f"{title}; mean loss between reports against step", fontsize=10)
    legend_below(figure, list(handles.values()), ncols=4)
    return figure


def prior_figure(samples: np.ndarray) -> Figure:
    """What the prior draws from codes alone.

    Args:
        samples: uint8 [H, W, 3], the sample grid.
    """
    height, width = samples.shape[:2]
    figure = Figure(figsize=(8, 8 * height / width + 0.1), layout="constrained")
    axes = figure.subplots()
    axes.imshow(samples, interpolation="none")
    axes.set_axis_off()
    return figure


def _run_style(run: str, number: int) -> dict[str, Any]:
    """Colour, dashes and width of a run's line; seeds of one method differ by their dashes."""
    method = run.removeprefix("restorer-").removeprefix("baseline-")
    method = DIRECT_READING if run == f"reader-{DIRECT}" else method
    if base_name(method) in STYLES:
        style = method_style(method)
        _, _, seed = method[len(base_name(method)) :].partition("-")
        style["linestyle"] = DASHES[int(seed or 0) % len(DASHES)]
        return {key: style[key] for key in ("color", "linestyle", "linewidth", "zorder")}
    again = number // len(PALETTE) % len(DASHES)
    return {"color": PALETTE[number % len(PALETTE)], "linestyle": DASHES[again], "linewidth": 1.2}
