"""What all figures of the test share: colours, names, intervals, and how they are saved.

Colours are seaborn's colour-blind palette; methods also differ by marker, and keep both in every
figure of a study. Labels need no font beyond matplotlib's own.
"""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..files import atomic_path
from .methods import FULL
from .tables import MAJORITY, NUMBERS

DPI = 120
WIDTH = 9.2
"""Inches of a figure over the whole page: 1104 px."""
MARKERS = "osD^vP*X<>"
PALETTE = [c for k, c in enumerate(seaborn.color_palette("colorblind")) if k not in (7, 8)]
_OTHERS = (0, 1, 2, 4, 5, 7)  # of PALETTE: not the full model's, nor a pink too pale for a line
DIRECT_READING = "direct reading"
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
_APART = {DIRECT_READING: ("black", "d"), MAJORITY: ("0.6", "_")}  # no method of their own


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure as PNG, without the date and version that would change its bytes."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
    return path


def method_styles(order: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Colour and marker of each method, the same wherever the order is.

    Args:
        order: all methods of the study.
    """
    methods = [name for name in order if name not in _APART]
    styles = zip(cycle(PALETTE), cycle(MARKERS))
    return _APART | dict(zip(methods, styles, strict=False))


def line_styles(methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Colour, marker, width and dashes of each method's line.

    The full model has one strong colour wherever it is drawn, and six other methods colours of
    their own; more repeat them with dashes. The same methods in the same order look the same in
    every figure.

    Args:
        methods: those that are drawn.
    """
    full = [name for name in methods if name.split("-")[0] == FULL]
    others = [name for name in methods if name not in full and name not in _APART]
    styles = {}
    for name, (colour, marker) in _APART.items():
        styles[name] = {"color": colour, "marker": marker, "linestyle": "-", "linewidth": 1.2}
    for number, name in enumerate(others):
        again = number >= len(_OTHERS)
        styles[name] = {
            "color": PALETTE[_OTHERS[number % len(_OTHERS)]],
            "marker": MARKERS[1 + number % (len(MARKERS) - 1)],
            "linestyle": "--" if again else "-",
            "linewidth": 1.2,
        }
    for name, marker in zip(full, cycle(MARKERS)):
        styles[name] = {"color": PALETTE[3], "marker": marker, "linestyle": "-", "linewidth": 2.0}
    return styles


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


def named(measure: str) -> str:
    """A measure's name with its unit."""
    name = MEASURE_NAMES.get(measure, measure.replace("_", " "))
    return f"{name} (%)" if scale_of(measure) == 100 else name


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
