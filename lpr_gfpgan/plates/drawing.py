"""Drawing one flat plate: glyphs from the atlas, ground, border line, screws, wear and holder.

The atlas (atlas.npz, made by tools/make_atlas.py) holds a signed distance field per typeface and
character: the distance to the glyph's outline in millimetres, positive inside. It is read on first
use.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import DataError, LabelError
from .alphabet import CLASSES, Layout

TRAIN_TYPEFACES = ("bebas", "din", "roboto", "noto")
HELD_OUT_TYPEFACE = "b612"
STANDARD_TYPEFACE = "standard"
"""Strokes after those of photographed plates; all others are open fonts, which differ from it."""
TYPEFACES = (*TRAIN_TYPEFACES, "slender", "dejavu", "hei", HELD_OUT_TYPEFACE)
JUDGE_TYPEFACES = TYPEFACES
"""The judge is the ruler, not on trial: it must read whatever it is shown, so it knows them all."""

MARGIN_MM = 18.0
"""What is drawn around a plate on every side: room for a holder and a shadow."""

_ATLAS_FILE = Path(__file__).with_name("atlas.npz")
_CORNER_MM = 9.0

# Grounds between which a plate's own is mixed, sRGB 0-255: paints differ and fade.
_GROUNDS = {
    "blue": [(8, 28, 105), (14, 60, 185), (24, 100, 232), (30, 130, 225), (42, 38, 140)],
    "yellow": [(250, 186, 20), (232, 150, 12), (205, 150, 50), (245, 205, 60)],
    "green": [(70, 205, 130), (40, 175, 110), (110, 215, 150), (85, 190, 165)],
}


@dataclass(frozen=True)
class Atlas:
    """The glyphs of all typefaces.

    Attributes:
        distance: float32 [typefaces, characters, rows, columns], mm, positive inside.
        typefaces: their names, in the order of the first axis.
        pad_mm: what a cell shows around the 45 x 90 mm of a glyph.
        mm_per_pixel: size of a cell's pixel.
        licences: for every typeface, the fonts it was rendered from and their licences.
    """

    distance: np.ndarray
    typefaces: tuple[str, ...]
    pad_mm: float
    mm_per_pixel: float
    licences: dict[str, dict]


@functools.cache
def atlas() -> Atlas:
    """Return the glyph atlas, read once.

    Raises:
        DataError: the file is missing, or was made for another alphabet.
    """
    try:
        with np.load(_ATLAS_FILE, allow_pickle=False) as file:
            stored, metadata = file["distance"], json.loads(str(file["metadata"]))
    except (OSError, ValueError, KeyError):
        raise DataError(f"no glyph atlas in {_ATLAS_FILE}; install the package again") from None
    if metadata["characters"] != CLASSES:
        raise DataError(f"{_ATLAS_FILE} has another alphabet; run tools/make_atlas.py")
    return Atlas(
        distance=stored.astype(np.float32) * (metadata["pad_mm"] / 127),
        typefaces=tuple(metadata["typefaces"]),
        pad_mm=metadata["pad_mm"],
        mm_per_pixel=metadata["mm_per_pixel"],
        licences=metadata["typefaces"],
    )


@dataclass(frozen=True)
class Look:
    """How one plate looks, beyond its text; colours are float RGB in 0..1, lengths in mm.

    Attributes:
        ground_top, ground_bottom, ink: colours.
        weight: added to the half width of every stroke.
        glyph_scale: (x, y) size of the glyphs against the nominal 45 x 90 mm.
        border: (distance from the edge, width) of the border line; width 0 is none.
        emboss: brightness of the lit rim of the raised glyphs, -1..1; 0 is flat.
        screws: number of screws, 0, 2 or 4.
        screw_radius, screw_colour: of their heads.
        holder: width of a holder's rim around the plate; 0 is none.
        holder_colour: its colour.
        shadow: darkness of the plate's shadow on its surroundings, 0..1.
    """

    ground_top: np.ndarray
    ground_bottom: np.ndarray
    ink: np.ndarray
    weight: float
    glyph_scale: tuple[float, float]
    border: tuple[float, float]
    emboss: float
    screws: int
    screw_radius: float
    screw_colour: np.ndarray
    holder: float
    holder_colour: np.ndarray
    shadow: float


def random_look(rng: np.random.Generator, layout: Layout) -> Look:
    """Draw a plate's look; the ranges are wide, as real plates vary by maker, age and camera."""
    ground = rng.dirichlet(np.full(len(_GROUNDS[layout.name]), 0.7)) @ np.array(
        _GROUNDS[layout.name]
    )
    ground = np.clip(ground / 255 + rng.normal(0, 0.02, 3), 0, 1)
    top = ground * rng.uniform(0.9, 1.1)
    if layout.name == "green":
        top = np.array(layout.top_colour) / 255 * rng.uniform(0.88, 1.04, 3)
    ink = np.array(layout.glyph_colour) / 255
    # Ink is never perfectly white or black: old paint yellows, and lets the ground through.
    ink = ink + (ground - ink) * rng.uniform(0, 0.22) + rng.normal(0, 0.02, 3)
    grey = rng.uniform(0.1, 0.95)
    return Look(
        ground_top=np.clip(top, 0, 1),
        ground_bottom=ground,
        ink=np.clip(ink, 0, 1),
        weight=rng.uniform(-0.7, 0.7),
        glyph_scale=(rng.uniform(0.95, 1.02), rng.uniform(0.96, 1.02)),
        border=(rng.uniform(2.0, 5.5), rng.uniform(1.2, 2.8) if rng.random() < 0.9 else 0.0),
        emboss=rng.uniform(-0.35, 0.35) if rng.random() < 0.7 else 0.0,
        screws=int(rng.choice([0, 2, 4], p=[0.15, 0.4, 0.45])),
        screw_radius=rng.uniform(4.5, 9.5),
        screw_colour=grey * rng.uniform(0.9, 1.1, 3),
        holder=rng.uniform(3, 14) if rng.random() < 0.4 else 0.0,
        holder_colour=_holder_colour(rng),
        shadow=rng.uniform(0.0, 0.7),
    )


def _holder_colour(rng: np.random.Generator) -> np.ndarray:
    """Draw black plastic, chrome or a painted rim."""
    kind = rng.random()
    if kind < 0.55:
        return np.full(3, rng.uniform(0.02, 0.2))
    if kind < 0.85:
        return np.full(3, rng.uniform(0.5, 0.95))
    return rng.uniform(0.1, 0.9, 3)


def _check(text: str, layout: Layout, typeface: str) -> None:
    if typeface not in atlas().typefaces:
        raise DataError(f"no typeface {typeface!r}; choose one of {', '.join(atlas().typefaces)}")
    if len(text) != len(layout.glyphs):
        raise LabelError(
            f"plate text {text!r} has {len(text)} characters, a {layout.name} plate has "
            f"{len(layout.glyphs)}"
        )
    for character in text:
        if character not in CLASSES:
            raise LabelError(f"plate text {text!r}: no glyph for {character!r}")


def plate_size(layout: Layout, pixels_per_mm: float) -> tuple[int, int]:
    """Return rows and columns of a drawn plate with its margin."""
    return (
        round((layout.height + 2 * MARGIN_MM) * pixels_per_mm),
        round((layout.width + 2 * MARGIN_MM) * pixels_per_mm),
    )


@functools.lru_cache(maxsize=16)
def edge_distance(layout: Layout, pixels_per_mm: float) -> np.ndarray:
    """Return the distance to the plate's rounded edge in mm, positive inside; [rows, columns]."""
    rows, columns = plate_size(layout, pixels_per_mm)
    x = np.abs((np.arange(columns) + 0.5) / pixels_per_mm - MARGIN_MM - layout.width / 2)
    y = np.abs((np.arange(rows) + 0.5) / pixels_per_mm - MARGIN_MM - layout.height / 2)
    x = x - (layout.width / 2 - _CORNER_MM)
    y = (y - (layout.height / 2 - _CORNER_MM))[:, None]
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0)
    return (_CORNER_MM - outside).astype(np.float32)


def glyph_distance(
    text: str,
    layout: Layout,
    typeface: str,
    pixels_per_mm: float,
    glyph_scale: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """Return the distance to the glyphs' outlines in mm, positive inside; [rows, columns].

    Raises:
        LabelError: the text does not fit the layout.
        DataError: there is no such typeface.
    """
    _check(text, layout, typeface)
    glyphs = atlas()
    face = glyphs.distance[glyphs.typefaces.index(typeface)]
    field = np.full(plate_size(layout, pixels_per_mm), -glyphs.pad_mm, np.float32)
    for character, (x0, y0, x1, y1) in zip(text, layout.glyphs, strict=True):
        scale = np.array([(x1 - x0) / 45.0, (y1 - y0) / 90.0]) * glyph_scale
        _place(
            field,
            face[CLASSES.index(character)],
            centre=np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + MARGIN_MM,
            mm_per_pixel=scale * glyphs.mm_per_pixel,
            pixels_per_mm=pixels_per_mm,
        )
    return field


def _place(
    field: np.ndarray,
    cell: np.ndarray,
    *,
    centre: np.ndarray,
    mm_per_pixel: np.ndarray,
    pixels_per_mm: float,
) -> None:
    """Draw one cell of the atlas into the field, at a fraction of a pixel's accuracy."""
    half = np.array(cell.shape[::-1]) / 2 * mm_per_pixel
    low = np.maximum(np.floor((centre - half) * pixels_per_mm), 0).astype(int)
    high = np.minimum(np.ceil((centre + half) * pixels_per_mm), field.shape[::-1]).astype(int)
    # From a pixel centre of the field to one of the cell.
    step = 1 / (pixels_per_mm * mm_per_pixel)
    offset = ((low + 0.5) / pixels_per_mm - centre + half) / mm_per_pixel - 0.5
    drawn = cv2.warpAffine(
        cell,
        np.array([[step[0], 0, offset[0]], [0, step[1], offset[1]]]),
        tuple(int(n) for n in high - low),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(cell.min()),
    )
    part = field[low[1] : high[1], low[0] : high[0]]
    np.maximum(part, drawn, out=part)


def ink_coverage(
    text: str, layout: Layout, typeface: str, look: Look, pixels_per_mm: float
) -> np.ndarray:
    """Return how much of each pixel is glyph, separator or border line, 0..1; [rows, columns]."""
    field = glyph_distance(text, layout, typeface, pixels_per_mm, look.glyph_scale)
    field += look.weight
    coverage = field * pixels_per_mm + 0.5
    if layout.dot:
        x, y = ((np.array(layout.dot) + MARGIN_MM) * pixels_per_mm).tolist()
        radius = (4.6 + look.weight) * pixels_per_mm
        size = int(radius + 3)
        rows = slice(int(y) - size, int(y) + size)
        columns = slice(int(x) - size, int(x) + size)
        across = np.arange(columns.start, columns.stop) + 0.5 - x
        down = np.arange(rows.start, rows.stop)[:, None] + 0.5 - y
        part = coverage[rows, columns]
        np.maximum(part, radius - np.hypot(across, down) + 0.5, out=part)
    inset, width = look.border
    if width:
        edge = edge_distance(layout, pixels_per_mm)
        line = (width / 2 - np.abs(edge - (inset + width / 2))) * pixels_per_mm + 0.5
        # A line thinner than a pixel covers only its width of it.
        np.maximum(coverage, np.minimum(line, width * pixels_per_mm), out=coverage)
    return np.clip(coverage, 0, 1, out=coverage)


def draw_plate(
    text: str, layout: Layout, typeface: str, look: Look, pixels_per_mm: float
) -> np.ndarray:
    """Draw a flat, evenly lit plate with its margin.

    Args:
        text: as many characters as the layout has glyphs.
        layout: the kind of plate.
        typeface: one of TYPEFACES, or STANDARD_TYPEFACE.
        look: colours and wear.
        pixels_per_mm: resolution.

    Returns:
        float32 [4, rows, columns]: red, green, blue in 0..1 and opacity, in planes; the plate's
        corners lie MARGIN_MM from the edges.

    Raises:
        LabelError: the text does not fit the layout.
        DataError: there is no such typeface.
    """
    coverage = ink_coverage(text, layout, typeface, look, pixels_per_mm)
    edge = edge_distance(layout, pixels_per_mm)
    rows = coverage.shape[0]
    height = np.clip((np.arange(rows) / pixels_per_mm - MARGIN_MM) / layout.height, 0, 1)[:, None]
    inside = np.clip(edge * pixels_per_mm + 0.5, 0, 1)
    rim = None
    if look.emboss:
        # The raised strokes catch the light on one flank and lose it on the other.
        rim = np.float32(look.emboss) * (coverage[1:, 1:] - coverage[:-1, :-1])

    planes = np.empty((4, *coverage.shape), np.float32)
    for channel, plane in enumerate(planes[:3]):
        top, bottom = look.ground_top[channel], look.ground_bottom[channel]
        ground = (top + (bottom - top) * height).astype(np.float32)
        np.multiply(np.float32(look.ink[channel]) - ground, coverage, out=plane)
        plane += ground
        if rim is not None:
            plane[1:, 1:] += rim
    if look.screws:
        _draw_screws(planes, layout, look, pixels_per_mm)
    np.clip(planes[:3], 0, 1, out=planes[:3])

    for channel, plane in enumerate(planes[:3]):
        rest = np.float32(look.holder_colour[channel] if look.holder else 0.0)
        plane -= rest
        plane *= inside
        plane += rest
    if look.holder:
        np.clip((edge + look.holder) * pixels_per_mm + 0.5, 0, 1, out=planes[3])
    else:
        fall = np.clip(1 + edge / 12.0, 0, 1)
        np.maximum(inside, np.float32(look.shadow) * fall * fall, out=planes[3])
    return planes


def _draw_screws(planes: np.ndarray, layout: Layout, look: Look, pixels_per_mm: float) -> None:
    """Draw screw heads: a disc, lighter at the top left, with a dark rim below."""
    radius = look.screw_radius * pixels_per_mm
    size = int(radius + 3)
    places = [(x, y) for y in (13.0, layout.height - 13.0) for x in (-112.0, 108.0)]
    for x, y in places[: look.screws]:
        x = (layout.width / 2 + x + MARGIN_MM) * pixels_per_mm
        y = (y + MARGIN_MM) * pixels_per_mm
        rows = slice(int(y) - size, int(y) + size)
        columns = slice(int(x) - size, int(x) + size)
        across = np.arange(columns.start, columns.stop) + 0.5 - x
        down = np.arange(rows.start, rows.stop)[:, None] + 0.5 - y
        disc = np.clip(radius - np.hypot(across, down) + 0.5, 0, 1)
        shade = 1 - 0.35 * (across + down) / radius
        part = planes[:3, rows, columns]
        part += (look.screw_colour[:, None, None] * shade - part) * disc
