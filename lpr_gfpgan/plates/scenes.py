"""Synthetic scenes: a plate in its surroundings, lit, soiled, and framed with a detector's error.

A scene is drawn on a canvas several times finer than the frame and averaged down, so edges are
sharp and free of aliasing: it is the ground truth of the restoration, so it carries the look of a
camera (exposure, colour, slight softness) but none of the degradations the model has to undo.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..errors import DataError
from .alphabet import LAYOUTS, Layout
from .drawing import MARGIN_MM, draw_plate, random_look
from .geometry import (
    apply,
    box_quad,
    canonical_quad,
    character_boxes,
    homography,
    plate_box,
    quad_box,
    tight_to_frame,
)
from .surroundings import FAMILIES

SHIFT = 0.05
"""Detector's error: the plate is off by up to this part of its width and height."""
SCALE = (0.85, 1.0)
"""Detector's error: the plate's size against the one that fills the frame."""
ROTATION = 6.0
"""Detector's error: degrees, either way."""
PERSPECTIVE = 0.04
"""Detector's error: each corner is off by up to this part of the plate's width and height."""
OVERHANG = 0.02
"""At most this part of the plate's width may leave the frame on a side."""

_FINEST = 256  # columns of the canvas at least; twice the frame's columns otherwise


@dataclass(frozen=True)
class Scene:
    """One synthetic picture and all that is known about it.

    Attributes:
        image: uint8 [H, W, 3], RGB.
        text: what the plate says.
        style: "blue", "yellow" or "green".
        typeface: of the glyphs.
        surroundings: family of the background.
        tight: the frame was filled from a tight crop, its surroundings by edge replication.
        quad: float32 [4, 2], the plate's corners in the frame; may leave it by OVERHANG.
        box: float32 [4], bounding box of the visible plate.
        character_boxes: float32 [8, 4], visible bounding boxes of the glyphs, zeros where absent.
    """

    image: np.ndarray
    text: str
    style: str
    typeface: str
    surroundings: str
    tight: bool
    quad: np.ndarray
    box: np.ndarray
    character_boxes: np.ndarray


def detector_quad(
    rng: np.random.Generator, height: int, width: int, *, overhang: float = OVERHANG
) -> np.ndarray:
    """Draw where a detector with typical errors puts the plate in the frame.

    The plate is distorted by PERSPECTIVE, turned by ROTATION, scaled by SCALE and moved by SHIFT,
    each drawn uniformly. Then it is made to fit: one that is larger than the frame and `overhang`
    on either side shrinks about its middle, and one that reaches beyond moves back to that limit.
    A plate that nearly fills the frame therefore moves less than SHIFT, sideways above all (at
    scale 1 by about `overhang` of its width), and never shows more than the scale that fits; only
    smaller plates have the whole of SHIFT.

    Args:
        rng: source of randomness.
        height: rows of the frame.
        width: columns of the frame.
        overhang: part of the plate's width that may leave the frame on a side.

    Returns:
        float64 [4, 2], corners in pixels of the frame.
    """
    x0, y0, x1, y1 = plate_box(height, width)
    size = np.array([x1 - x0, y1 - y0])
    centre = np.array([width / 2, height / 2])
    angle = math.radians(rng.uniform(-ROTATION, ROTATION))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = canonical_quad(height, width) - centre
    corners = corners + rng.uniform(-PERSPECTIVE, PERSPECTIVE, (4, 2)) * size
    corners = corners @ turn.T * rng.uniform(*SCALE)
    corners += centre + rng.uniform(-SHIFT, SHIFT, 2) * size

    reach = overhang * size[0]
    low, high = np.full(2, -reach), np.array([width, height]) + reach
    extent = np.ptp(corners, axis=0)
    shrink = min(1.0, *((high - low) / extent))
    middle = (corners.min(0) + corners.max(0)) / 2
    corners = middle + (corners - middle) * shrink
    corners += np.maximum(low - corners.min(0), 0)
    return corners - np.maximum(corners.max(0) - high, 0)


def draw_scene(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    style: str,
    typeface: str,
    surroundings: str,
    text: str,
    tight: bool,
) -> Scene:
    """Draw one scene.

    Args:
        rng: source of all randomness; the scene is a function of its state and the arguments.
        height: rows of the frame.
        width: columns of the frame.
        style: "blue", "yellow" or "green".
        typeface: one of drawing.TYPEFACES, or drawing.STANDARD_TYPEFACE.
        surroundings: one of surroundings.FAMILIES.
        text: characters for that style.
        tight: crop the plate's bounding box, stretch it to the canonical box, and fill the rest by
            repeating the crop's edge, as happens to published crops.

    Returns:
        The scene with its labels.

    Raises:
        DataError: an unknown style, surroundings or typeface.
        LabelError: the text does not fit the style.
    """
    for kind, name, known in (("style", style, LAYOUTS), ("surroundings", surroundings, FAMILIES)):
        if name not in known:
            raise DataError(f"no {kind} {name!r}; choose one of {', '.join(known)}")
    layout = LAYOUTS[style]
    factor = max(2, math.ceil(_FINEST / width))
    rows, columns = height * factor, width * factor

    quad = detector_quad(rng, height, width, overhang=0.0 if tight else OVERHANG)
    canvas = np.stack(cv2.split(FAMILIES[surroundings](rng, rows, columns)))
    canvas = canvas * np.float32(1 / 255)
    look = random_look(rng, layout)
    plate = draw_plate(text, layout, typeface, look, columns / layout.width)
    _wear(rng, plate)
    _paste(canvas, plate, layout, quad * factor)
    _light(rng, canvas)

    canvas = cv2.merge(canvas)
    if tight:
        crop = _detected(rng, quad * factor, rows, columns)
        x0, y0, x1, y1 = crop
        canvas = tight_to_frame(canvas[y0:y1, x0:x1], rows, columns)
        into_box = homography(box_quad(np.array(crop) / factor), canonical_quad(height, width))
        quad = apply(into_box, quad)
    image = _develop(rng, canvas, height, width)

    limits = np.array([width, height, width, height], np.float64)
    return Scene(
        image=image,
        text=text,
        style=style,
        typeface=typeface,
        surroundings=surroundings,
        tight=tight,
        quad=quad.astype(np.float32),
        box=np.clip(quad_box(quad), 0, limits).astype(np.float32),
        character_boxes=np.clip(character_boxes(layout, quad), 0, limits).astype(np.float32),
    )


def _detected(
    rng: np.random.Generator, quad: np.ndarray, rows: int, columns: int
) -> tuple[int, int, int, int]:
    """Return the box x0, y0, x1, y1 that a detector cuts out, in whole pixels of the canvas."""
    box = quad_box(quad)
    size = np.array([box[2] - box[0], box[3] - box[1]])
    # Detectors cut a little too wide more often than too narrow.
    outward = rng.uniform([-0.025, -0.06] * 2, [0.035, 0.08] * 2) * np.tile(size, 2)
    box = box + outward * [-1, -1, 1, 1]
    limits = np.array([columns, rows, columns, rows])
    return tuple(int(v) for v in np.clip(np.round(box), 0, limits))


def _field(rng: np.random.Generator, rows: int, columns: int, cells: tuple[int, int]) -> np.ndarray:
    """Return smooth noise of about unit variance, float32 [rows, columns]."""
    return cv2.resize(
        rng.normal(size=cells).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC
    )


def _blend(planes: np.ndarray, colour: np.ndarray, amount: np.ndarray) -> None:
    """Mix a colour [3] into planes [3, rows, columns] by an amount [rows, columns], in place."""
    for plane, value in zip(planes, colour, strict=True):
        plane += (np.float32(value) - plane) * amount


def _wear(rng: np.random.Generator, plate: np.ndarray) -> None:
    """Soil and scratch a drawn plate, [4, rows, columns], in place."""
    rows, columns = plate.shape[1:]
    colours = plate[:3]
    if rng.random() < 0.4:
        cells = int(rng.integers(3, 9)), int(rng.integers(6, 24))
        amount = _field(rng, rows, columns, cells) - np.float32(rng.uniform(-0.3, 1.2))
        amount += np.linspace(-0.4, 0.4, rows, dtype=np.float32)[:, None]
        amount *= np.float32(rng.uniform(0.3, 1.2))
        np.clip(amount, 0, np.float32(rng.uniform(0.15, 0.75)), out=amount)
        dirt = rng.uniform(0.1, 0.6) * np.array([1, rng.uniform(0.8, 1), rng.uniform(0.6, 1)])
        _blend(colours, dirt, amount)
    if rng.random() < 0.25:
        marks = np.zeros((rows, columns), np.uint8)
        for _ in range(rng.integers(1, 6)):
            start = rng.uniform(0, 1, 2) * [columns, rows]
            end = start + rng.normal(0, 0.12, 2) * columns
            ends = (tuple(int(v) for v in point) for point in (start, end))
            cv2.line(marks, *ends, int(rng.uniform(40, 170)), 1, cv2.LINE_AA)
        shade = rng.choice([rng.uniform(0, 0.2), rng.uniform(0.6, 0.9)])
        _blend(colours, np.full(3, shade), marks * np.float32(1 / 255))
    if rng.random() < 0.3:
        speckle = rng.integers(-128, 128, (rows, columns), dtype=np.int8).astype(np.float32)
        colours += speckle * np.float32(rng.uniform(0.0001, 0.0006))


def _paste(canvas: np.ndarray, plate: np.ndarray, layout: Layout, quad: np.ndarray) -> None:
    """Lay a drawn plate over the canvas [3, rows, columns], its corners at the quad, in place."""
    rows, columns = plate.shape[1:]
    margin_x = MARGIN_MM * columns / (layout.width + 2 * MARGIN_MM)
    margin_y = MARGIN_MM * rows / (layout.height + 2 * MARGIN_MM)
    outline = box_quad((margin_x, margin_y, columns - margin_x, rows - margin_y))
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(shift) @ homography(outline, quad) @ shift
    plate[:3] *= plate[3]  # premultiplied, so that edges mix without a fringe
    laid = cv2.warpPerspective(cv2.merge(plate), matrix, canvas.shape[:0:-1])
    *colours, opacity = cv2.split(laid)
    clear = 1 - opacity
    for plane, colour in zip(canvas, colours, strict=True):
        plane *= clear
        plane += colour


def _light(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """Light the scene [3, rows, columns] in place: falling light, shadow edges, glare, haze."""
    rows, columns = canvas.shape[1:]
    x = np.linspace(-1, 1, columns, dtype=np.float32)
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    slope = rng.normal(0, 0.16, 2).astype(np.float32)
    light = 1 + slope[0] * x + slope[1] * y
    for _ in range(rng.choice(3, p=[0.65, 0.25, 0.1])):
        angle = rng.uniform(0, 2 * math.pi)
        across = np.float32(math.cos(angle)) * x + np.float32(math.sin(angle) * rows / columns) * y
        soft = np.float32(1 / rng.uniform(0.02, 0.5))
        edge = np.clip((across - np.float32(rng.uniform(-0.7, 0.7))) * soft, 0, 1)
        light *= 1 - np.float32(rng.uniform(0.25, 0.75)) * edge
    np.clip(light, 0.05, None, out=light)
    glare = None
    if rng.random() < 0.25:
        centre = rng.uniform(-1, 1, 2)
        reach = rng.uniform([0.1, 0.15], [0.9, 0.8])
        spot_x = np.exp(-(((x - centre[0]) / reach[0]) ** 2)) * rng.uniform(0.1, 0.6)
        spot_y = np.exp(-(((y - centre[1]) / reach[1]) ** 2))
        glare = spot_y.astype(np.float32) * spot_x.astype(np.float32)
    # Haze and stray light lower the contrast.
    veil = rng.uniform(0.05, 0.4) if rng.random() < 0.35 else 0.0
    veil_grey = rng.uniform(0.25, 0.7)
    # One gain per channel: exposure and the colour of the light.
    gains = np.exp(rng.normal(0.0, 0.33) + rng.normal(0, 0.1, 3)) * (1 - veil)
    for plane, gain in zip(canvas, gains, strict=True):
        plane *= light * np.float32(gain)
        if glare is not None:
            plane += glare
        if veil:
            plane += np.float32(veil * veil_grey)


def _develop(rng: np.random.Generator, canvas: np.ndarray, height: int, width: int) -> np.ndarray:
    """Turn the canvas into the camera's picture: average down, colour, tone; uint8 [H, W, 3]."""
    image = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    saturation = np.float32(rng.uniform(0.25, 1.1) if rng.random() < 0.5 else 1.0)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    image = grey + (image - grey) * saturation
    np.clip(image, 0, 1, out=image)
    image **= np.float32(rng.uniform(0.75, 1.3))
    kind = rng.random()
    if kind < 0.4:  # the lens and the camera's interpolation; mild, the target stays sharp
        image = cv2.GaussianBlur(image, (3, 3), rng.uniform(0.2, 0.5))
    elif kind < 0.6:  # the camera's own sharpening
        amount = rng.uniform(0.1, 0.6)
        image = cv2.addWeighted(image, 1 + amount, cv2.blur(image, (3, 3)), -amount, 0)
        np.clip(image, 0, 1, out=image)
    return np.round(image * 255).astype(np.uint8)
