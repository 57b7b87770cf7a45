"""What all figures of the test share: colours, names, intervals, and how they are saved.

How methods look is in `method_style`; runs that are no methods take seaborn's colour-blind palette.
Labels need no font beyond matplotlib's own.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from ..files import atomic_path
from .measures import LOWER_IS_BETTER, NUMBERS
from .method_style import method_style
from .methods import DEGRADED, DIRECT, DIRECT_READING

DPI = 120
WIDTH = 9.2
"""Inches of a figure over the whole page: 1104 px."""
PALETTE = [c for k, c in enumerate(seaborn.color_palette("colorblind")) if k not in (0, 3, 7, 8)]
"""Colours of runs that are no methods: not those of `full` and direct reading, grey, yellow."""
MEASURE_NAMES = {
    "plate_accuracy": "plates read completely",
    "character_accuracy": "character accuracy",
    "plate_accuracy_without_province": "plates read, province left out",
    "character_accuracy_without_province": "character accuracy, province left out",
    "psnr_plate": "PSNR on the plate (dB)",
    "psnr_frame": "PSNR on the frame (dB)",
    "psnr_surroundings": "PSNR on the surroundings (dB)",
    "ssim_plate": "SSIM on the plate",
    "ssim_frame": "SSIM on the frame",
    "mse_plate": "MSE on the plate",
    "mse_frame": "MSE on the frame",
    "mse_surroundings": "MSE on the surroundings",
    "ringing_plate": "ringing on the plate (grey levels)",
}
_KINDS = {
    "Wilson": "Wilson",
    "Wilson over plates": "Wilson over plates where all or none are right",
    "bootstrap": "bootstrap over plates",
    "basic bootstrap": "basic bootstrap over plates",
    "bootstrap over seeds and plates": "bootstrap over training seeds and plates",
}


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure as PNG, without the date and version that would change its bytes."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
    return path


def errors(table: pd.DataFrame, scale: float) -> np.ndarray:
    """Distances from the estimates to the ends, [2, N]; rounding may leave -1e-17, which is 0."""
    low, high = table["estimate"] - table["low"], table["high"] - table["estimate"]
    return scale * np.clip(np.array([low, high]), 0, None)


def numbers(values: pd.Series) -> str:
    """The one value, or "least to greatest"."""
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low} to {high}"


def scale_of(measure: str) -> float:
    """By what a measure is multiplied to be shown: 100 for shares."""
    return NUMBERS.get(measure.split("_")[0], (100, 1))[0]


def direction(measure: str) -> str:
    """What a label adds where lower is better; empty where the higher value is the better."""
    return "; lower is better" if measure.split("_")[0] in LOWER_IS_BETTER else ""


def named(measure: str) -> str:
    """A measure's name with its unit, and its direction where lower is better."""
    unit = " (%)" if scale_of(measure) == 100 else ""
    return f"{measure_name(measure)}{unit}{direction(measure)}"


def difference_named(measure: str) -> str:
    """The name of a measure's differences with their unit, and the direction as in `named`."""
    unit = " (percentage points)" if scale_of(measure) == 100 else ", difference"
    return f"{measure_name(measure)}{unit}{direction(measure)}"


def measure_name(measure: str) -> str:
    """A measure's name in words."""
    return MEASURE_NAMES.get(measure, measure.replace("_", " "))


def read_by(reader: str, methods: Iterable[str]) -> str:
    """Who read what is drawn; direct reading has a reader of its own.

    Args:
        reader: of all methods but direct reading.
        methods: what is drawn.
    """
    methods = set(methods)
    direct = f"{DIRECT_READING}: reader {DIRECT} on the {DEGRADED} image"
    if DIRECT_READING not in methods:
        return f"read by {reader}"
    return direct if methods == {DIRECT_READING} else f"read by {reader}; {direct}"


def interval_note(table: pd.DataFrame) -> str:
    """How many plates a figure rests on, and what its intervals are.

    Args:
        table: the lines that are drawn, with `n` and `interval`.
    """
    kinds = [_KINDS[kind] for kind in dict.fromkeys(table["interval"]) if kind in _KINDS]
    note = f"n = {numbers(table['n'])} plates"
    return f"{note}; 95 % intervals: {', '.join(sorted(kinds))}" if kinds else note


def legend_below(figure: Figure, handles: Sequence[Any], *, ncols: int = 5) -> None:
    """One legend for all panels, under them.

    Args:
        figure: the figure.
        handles: what it explains; their labels are its texts.
        ncols: columns of the legend.
    """
    figure.legend(
        handles=list(handles), loc="outside lower center", ncols=ncols, fontsize=8, frameon=False
    )


def method_legend(figure: Figure, methods: Iterable[str], *, ncols: int = 5) -> None:
    """The methods' legend under all panels, each as it looks in every figure.

    Args:
        figure: the figure.
        methods: what is drawn, in the legend's order.
        ncols: columns of the legend.
    """
    handles = [Line2D([], [], label=name, markersize=6, **method_style(name)) for name in methods]
    legend_below(figure, handles, ncols=ncols)


def method_points(
    axes: Any, table: pd.DataFrame, *, across: str, order: Sequence[str], scale: float
) -> None:
    """Estimates with intervals: groups across, methods side by side.

    Args:
        axes: where to draw.
        table: long, with `method`, the column `across`, and estimates with their ends.
        across: the column that makes the groups, in the order of the table.
        order: the methods; each keeps its place in every group, also where it has no line.
        scale: by what the estimates are multiplied.
    """
    groups = list(dict.fromkeys(table[across]))
    for number, method in enumerate(order):
        part = table[table["method"] == method]
        shift = 0.84 * ((number + 0.5) / len(order) - 0.5)
        axes.errorbar(
            [groups.index(name) + shift for name in part[across]],
            scale * part["estimate"],
            yerr=errors(part, scale),
            **{**method_style(method), "linestyle": "none", "linewidth": 1.2},
            markersize=5,
            capsize=2,
        )
    for border in range(1, len(groups)):
        axes.axvline(border - 0.5, color="0.85", linewidth=1)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_xlim(-0.5, len(groups) - 0.5)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", alpha=0.3)


def heat_map(
    axes: Any,
    shares: np.ndarray,
    *,
    across: Sequence[str],
    down: Sequence[str],
    hatched: np.ndarray | None = None,
) -> Any:
    """Shares as coloured cells with their per cent written in; undefined ones stay blank.

    Args:
        axes: where to draw.
        shares: [rows, columns] in 0..1 or NaN.
        across: labels of the columns.
        down: labels of the rows.
        hatched: bool [rows, columns], cells to mark with stripes.

    Returns:
        The image, for a colour bar.
    """
    picture = axes.imshow(100 * shares, cmap="viridis", vmin=0, vmax=100, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if np.isnan(share):
            continue
        ink = "white" if share < 0.6 else "black"
        if hatched is not None and hatched[row, column]:
            corner = (column - 0.5, row - 0.5)
            stripes = {"fill": False, "hatch": "///", "linewidth": 0, "alpha": 0.35}
            axes.add_patch(Rectangle(corner, 1, 1, edgecolor=ink, **stripes))
        axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=ink, size=8)
    axes.set_xticks(range(len(across)), across)
    axes.set_yticks(range(len(down)), down)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    return picture
