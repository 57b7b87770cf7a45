"""Sheets of restored plates with their readings beneath.

Readings are drawn with the plates' own glyphs, so that province characters need no system font;
style and `save` are those of `figure_style`.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..errors import DataError
from ..metrics import alignment
from ..plates import CLASSES
from ..plates.drawing import atlas
from .figure_style import WIDTH
from .method_style import SHOWN, first_of_each
from .methods import JUDGE, ORIGINAL

INK = (40, 40, 40)
WRONG_INK = (213, 94, 0)
TYPEFACE = "noto"
CELL_WIDTH = 256
GLYPH_HEIGHT = 40
GAP = 10
SHEET_METHODS = (*SHOWN, ORIGINAL)


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
        colour = np.array(INK if true == read else WRONG_INK, np.float32)
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
    """Columns of a restoration grid: the SHEET_METHODS that there are, each with its first seed."""
    return first_of_each(methods, SHEET_METHODS)


def restoration_grid(
    examples: np.ndarray, methods: Sequence[str], rows: pd.DataFrame, *, condition: str
) -> Figure:
    """Plates by methods of `grid_order`, each with the judge's reading beneath.

    Args:
        examples: uint8 [plates, methods, H, W, 3], the first plates of the test.
        methods: names of the second axis.
        rows: the test's rows.
        condition: the condition the examples were made under.

    Raises:
        DataError: no method is one of SHEET_METHODS, or a plate and method has no reading.
    """
    chosen = rows[(rows["condition"] == condition) & (rows["reader"] == JUDGE)]
    readings = chosen.set_index(["method", "plate"])[["text", "reading"]]
    plates = sorted(chosen["plate"].unique())[: len(examples)]
    columns = grid_order(methods)
    if not columns or not plates:
        raise DataError(
            f"no plate or method to draw under {condition}; test {SHEET_METHODS[0]!r} first"
        )
    lines = []
    for number, plate in enumerate(plates):
        cells = []
        for method in columns:
            if (method, plate) not in readings.index:
                raise DataError(f"no reading of plate {plate} by {method} under {condition}")
            text, reading = readings.loc[(method, plate)]
            image = _enlarged(examples[number, list(methods).index(method)])
            cell = np.concatenate([image, reading_image(text, reading)])
            margin = ((GAP, 0), (GAP // 2, GAP // 2), (0, 0))
            cells.append(np.pad(cell, margin, "constant", constant_values=255))
        lines.append(np.concatenate(cells, axis=1))
    picture = np.concatenate(lines)
    height, width = picture.shape[:2]
    labels = [name.replace("_", "\n").replace(" ", "\n") for name in columns]
    heading = 0.6 + 0.16 * max(label.count("\n") + 1 for label in labels)
    across = min(WIDTH, 1.9 * max(len(columns), 3))
    figure = Figure(figsize=(across, across * height / width + heading), layout="constrained")
    axes = figure.subplots()
    axes.imshow(picture, interpolation="none")
    step = width / len(columns)
    axes.set_xticks([step * (k + 0.5) for k in range(len(columns))], labels)
    axes.tick_params(
        top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelsize=8
    )
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    figure.suptitle(
        f"condition {condition}; n = {len(plates)} plates\n"
        f"beneath: read by {JUDGE}; wrong characters orange and underlined, missing ones a gap",
        fontsize=9,
    )
    return figure


def _enlarged(image: np.ndarray) -> np.ndarray:
    """An image at the width of a cell, its pixels kept as squares."""
    height, width = image.shape[:2]
    size = (CELL_WIDTH, round(CELL_WIDTH * height / width))
    kind = cv2.INTER_NEAREST if width <= CELL_WIDTH else cv2.INTER_AREA
    return cv2.resize(image, size, interpolation=kind)
