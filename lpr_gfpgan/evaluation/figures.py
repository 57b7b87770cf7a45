"""Pictures of the test's rows and tables.

Every function returns a matplotlib figure; style and `save` are those of `figure_style`. Readings
are drawn with the plates' own glyphs, so that province characters need no system font.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..errors import DataError
from ..metrics import alignment
from ..plates import CLASSES
from ..plates.drawing import atlas
from .classical import CLASSICAL, WIENER_FIXED
from .figure_style import MEASURE_NAMES, PALETTE, errors, method_styles, numbers, save
from .methods import BICUBIC, DEGRADED, DIRECT, JUDGE, ORIGINAL
from .tables import POOLED

__all__ = [
    "accuracy_figure",
    "forest_plot",
    "glyph_image",
    "grid_order",
    "learning_curves",
    "position_figure",
    "prior_figure",
    "reading_image",
    "restoration_grid",
    "save",
]

INK = (40, 40, 40)
WRONG = (213, 94, 0)
TYPEFACE = "noto"
CELL_WIDTH = 256
GLYPH_HEIGHT = 40
GAP = 10


def glyph_image(character: str, height: int = GLYPH_HEIGHT) -> np.ndarray:
    """How much of each pixel a character covers, 0..1, float32 [height, width], from the atlas.

    Raises:
        DataError: the character is on no plate.
    """
    if character not in CLASSES:
        raise DataError(f"no glyph for {character!r}; readings hold characters of plates only")
    glyphs = atlas()
    distance = glyphs.distance[glyphs.typefaces.index(TYPEFACE), CLASSES.index(character)]
    rows, columns = distance.shape
    width = round(columns * height / rows)
    scaled = cv2.resize(distance, (width, height), interpolation=cv2.INTER_AREA)
    pixels_per_mm = height / (rows * glyphs.mm_per_pixel)
    return np.clip(scaled * pixels_per_mm + 0.5, 0, 1)


def reading_image(truth: str, reading: str, width: int = CELL_WIDTH) -> np.ndarray:
    """A reading as a picture: wrong characters are orange and underlined, missing ones a gap.

    Args:
        truth: the plate's text.
        reading: what was read.
        width: columns of the picture.

    Returns:
        uint8 [rows, width, 3] on white.
    """
    blank = np.zeros_like(glyph_image(CLASSES[0]))
    strip = np.full((GLYPH_HEIGHT + 6, 0, 3), 255, np.uint8)
    for true, read in alignment(truth, reading):
        colour = np.array(INK if true == read else WRONG, np.float32)
        cover = (glyph_image(read) if read else blank)[..., None]
        tile = np.full((GLYPH_HEIGHT + 6, cover.shape[1] + 2, 3), 255, np.uint8)
        tile[:GLYPH_HEIGHT, 1:-1] = (255 + (colour - 255) * cover).round().astype(np.uint8)
        if true != read:
            tile[-4:-1, 2:-2] = colour.astype(np.uint8)
        strip = np.concatenate([strip, tile], axis=1)
    if strip.shape[1] > width:  # more extra characters than a cell has room for
        strip = cv2.resize(strip, (width, strip.shape[0]), interpolation=cv2.INTER_AREA)
    left = (width - strip.shape[1]) // 2
    right = width - strip.shape[1] - left
    return np.pad(strip, ((0, 0), (left, right), (0, 0)), constant_values=255)


def grid_order(methods: Sequence[str]) -> list[str]:
    """Columns of a restoration grid: plain, one deconvolution, variants, the full model, original.

    Of the classical methods one is shown, told no kernel; all of them would leave no room.
    """
    full = [name for name in methods if name.split("-")[0] == "full"]
    plain = (DEGRADED, BICUBIC, WIENER_FIXED)
    variants = [n for n in methods if n not in (*plain, *CLASSICAL, ORIGINAL, *full)]
    order = [*plain, *variants, *full, ORIGINAL]
    return [name for name in order if name in methods]


def restoration_grid(
    examples: np.ndarray, methods: Sequence[str], rows: pd.DataFrame, *, condition: str
) -> Figure:
    """Plates by methods, each with the judge's reading beneath.

    Args:
        examples: uint8 [plates, methods, H, W, 3], the first plates of the test.
        methods: names of the second axis.
        rows: the test's rows.
        condition: the condition the examples were made under.

    Raises:
        DataError: a plate and method has no reading.
    """
    chosen = rows[(rows["condition"] == condition) & (rows["reader"] == JUDGE)]
    readings = chosen.set_index(["method", "plate"])[["text", "reading"]]
    plates = sorted(chosen["plate"].unique())[: len(examples)]
    columns = grid_order(methods)
    lines = []
    for number, plate in enumerate(plates):
        cells = []
        for method in columns:
            if (method, plate) not in readings.index:
                raise DataError(f"no reading of plate {plate} by {method} under {condition}")
            text, reading = readings.loc[(method, plate)]
            image = _enlarged(examples[number, list(methods).index(method)])
            cell = np.concatenate([image, reading_image(text, reading)])
            cells.append(
                np.pad(
                    cell, ((GAP, 0), (GAP // 2, GAP // 2), (0, 0)), "constant", constant_values=255
                )
            )
        lines.append(np.concatenate(cells, axis=1))
    picture = np.concatenate(lines)
    height, width = picture.shape[:2]
    scale = 1.6 * len(columns) / width
    labels = [name.replace("_", "\n") for name in columns]
    heading = 0.2 + 0.16 * max(label.count("\n") + 1 for label in labels)
    figure = Figure(figsize=(width * scale, height * scale + heading), layout="constrained")
    axes = figure.subplots()
    axes.imshow(picture, interpolation="none")
    step = width / len(columns)
    axes.set_xticks([step * (k + 0.5) for k in range(len(columns))], labels)
    axes.tick_params(
        top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelsize=8
    )
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def accuracy_figure(
    table: pd.DataFrame, images: pd.DataFrame, *, measure: str = "character_accuracy"
) -> Figure:
    """A reading measure by condition and method, and the plate's PSNR, with 95 % intervals.

    Args:
        table: of `tables.accuracy_table`.
        images: of `tables.image_table`.
        measure: which reading measure.
    """
    chosen = table[(table["measure"] == measure) & (table["condition"] != POOLED)]
    judged = chosen[chosen["reader"] == JUDGE]
    direct = chosen[(chosen["reader"] == DIRECT) & (chosen["method"] == DEGRADED)]
    shown = pd.concat([judged, direct.assign(method="direct reading")])
    quality = images[(images["measure"] == "psnr_plate") & (images["condition"] != POOLED)]
    quality = quality[np.isfinite(quality["estimate"])]
    order = list(dict.fromkeys(shown["method"]))
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _points(left, shown, order, scale=100)
    _points(right, quality, order, scale=1)
    left.set_ylabel(f"{MEASURE_NAMES[measure]} (%)")
    right.set_ylabel(MEASURE_NAMES["psnr_plate"])
    for axes, part in ((left, shown), (right, quality)):
        axes.set_title(f"n = {numbers(part['n'])} plates per condition, 95 % intervals", fontsize=9)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def forest_plot(
    differences: pd.DataFrame,
    *,
    measures: Sequence[str] = ("character_accuracy", "plate_accuracy"),
) -> Figure:
    """Paired differences pooled over conditions, first method less second, with 95 % intervals.

    Args:
        differences: of `tables.difference_table`.
        measures: one panel each.
    """
    pooled = differences[differences["condition"] == POOLED]
    if pooled.empty:
        raise DataError("no paired differences to draw; the test has no restorer")
    names = list(
        dict.fromkeys(f"{a} - {b}" for a, b in zip(pooled["first"], pooled["second"], strict=True))
    )
    figure = Figure(figsize=(11, 1.2 + 0.42 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    colour = PALETTE[0]
    for axes, measure in zip(panels, measures, strict=True):
        part = pooled[pooled["measure"] == measure]
        heights = [
            names.index(f"{a} - {b}") for a, b in zip(part["first"], part["second"], strict=True)
        ]
        axes.errorbar(
            100 * part["estimate"],
            heights,
            xerr=errors(part, 100),
            fmt="o",
            color=colour,
            capsize=3,
        )
        axes.axvline(0, color="0.4", linewidth=1)
        reach = max(1.0, 105 * part[["low", "high"]].abs().to_numpy().max())
        axes.set_xlim(-reach, reach)
        axes.set_xlabel(f"difference in {MEASURE_NAMES[measure]} (percentage points)")
        axes.set_title(f"n = {numbers(part['n'])} plates, paired", fontsize=9)
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    return figure


def position_figure(positions: pd.DataFrame) -> Figure:
    """Share of characters read at each position, with 95 % intervals.

    Args:
        positions: of `tables.position_table`.
    """
    shown = positions[positions["position"] > 0]
    order = list(dict.fromkeys(shown["method"]))
    shown = shown.assign(condition=shown["position"].astype(str))
    figure = Figure(figsize=(11, 4), layout="constrained")
    axes = figure.subplots()
    _points(axes, shown, order, scale=100)
    axes.set_xlabel("position on the plate; 1 is the province, 8 exists on green plates only")
    axes.set_ylabel("characters read (%)")
    sizes = "/".join(str(n) for n in shown.groupby("condition")["n"].max())
    axes.set_title(f"n = {sizes} plates by position, 95 % intervals", fontsize=9)
    figure.legend(loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def learning_curves(curves: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """One panel per loss, one line per run.

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
    figure = Figure(figsize=(2.9 * across, 2.1 * down + 0.8), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False)
    lines = ("-", "--", ":", "-.")
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
                    color=PALETTE[number % len(PALETTE)],
                    linestyle=lines[number // len(PALETTE) % len(lines)],
                    linewidth=1.2,
                    marker="." if len(known) < 3 else None,
                )
        axes.set_title(loss.replace("_", " "), fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
    handles = {}
    for axes in panels.flat[: len(losses)]:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.suptitle(f"{title}; mean loss between reports against step", fontsize=10)
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower center",
        ncols=4,
        fontsize=8,
        frameon=False,
    )
    return figure


def prior_figure(samples: np.ndarray, metrics: Mapping[str, Any]) -> Figure:
    """What the prior draws, under its distance from real scenes before and after training.

    Args:
        samples: uint8 [H, W, 3], the sample grid.
        metrics: kid_initial, kid_final and n of metrics/prior.json.
    """
    height, width = samples.shape[:2]
    figure = Figure(figsize=(8, 8 * height / width + 0.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(samples, interpolation="none")
    axes.set_axis_off()
    axes.set_title(
        f"KID {metrics['kid_initial']:.4g} before training, {metrics['kid_final']:.4g} after "
        f"(features of the reader judge, n = {metrics['n']} scenes)",
        fontsize=10,
    )
    return figure


def _enlarged(image: np.ndarray) -> np.ndarray:
    """An image at the width of a cell, its pixels kept as squares."""
    height, width = image.shape[:2]
    size = (CELL_WIDTH, round(CELL_WIDTH * height / width))
    kind = cv2.INTER_NEAREST if width <= CELL_WIDTH else cv2.INTER_AREA
    return cv2.resize(image, size, interpolation=kind)


def _points(axes: Any, table: pd.DataFrame, order: Sequence[str], *, scale: float) -> None:
    """Estimates with intervals: conditions across, methods side by side in fixed colours."""
    conditions = list(dict.fromkeys(table["condition"]))
    styles = method_styles(order)
    for number, method in enumerate(order):
        part = table[table["method"] == method]
        shift = 0.8 * ((number + 0.5) / len(order) - 0.5)
        colour, marker = styles[method]
        axes.errorbar(
            [conditions.index(name) + shift for name in part["condition"]],
            scale * part["estimate"],
            yerr=errors(part, scale),
            fmt=marker,
            color=colour,
            markersize=5,
            capsize=2,
            linewidth=1.2,
            label=method,
        )
    axes.set_xticks(range(len(conditions)), conditions)
    axes.grid(axis="y", alpha=0.3)
