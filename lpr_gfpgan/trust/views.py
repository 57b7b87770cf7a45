"""Scenes without a plate, each a function of a generator and a size.

Each returns uint8 RGB [rows, columns, 3]; lengths are parts of the number of columns.
"""

import cv2
import numpy as np

from ..plates import FAMILIES
from .textures import clouds, plain, ramp, smooth_field


def _colour(rng: np.random.Generator, low: float = 0, high: float = 255) -> tuple[float, ...]:
    return tuple(np.clip(rng.uniform(low, high) + rng.normal(0, 25, 3), 0, 255).tolist())


def bare_car(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """The surroundings of plates without the plate: bumper, grille, boot lid, plastic."""
    names = ("bumper", "grille", "plastic", "trunk")
    return FAMILIES[names[rng.integers(len(names))]](rng, rows, columns)


def clutter(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Patches, stripes and blobs, or paving with road marks."""
    return FAMILIES[("clutter", "pavement")[rng.integers(2)]](rng, rows, columns)


def lamps(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """The front or rear of a car between its lamps, with a badge or an empty bay."""
    image = FAMILIES["bumper"](rng, rows, columns)
    lens = ((190, 20, 25), (235, 235, 240), (240, 150, 30))[rng.integers(3)]
    reach = rng.uniform(0.08, 0.25), rng.uniform(0.05, 0.15)
    for side in (0, columns):
        centre = int(side), int(rows * rng.uniform(0.4, 0.6))
        axes = tuple(int(part * columns) for part in reach)
        cv2.ellipse(image, centre, axes, 0, 0, 360, lens, -1, cv2.LINE_AA)
        inner = tuple(int(part * columns * 0.6) for part in reach)
        cv2.ellipse(image, centre, inner, 0, 0, 360, _colour(rng, 150), 2, cv2.LINE_AA)
    if rng.random() < 0.5:
        low = int(columns * 0.3), int(rows / 2 - columns * 0.08)
        high = int(columns * 0.7), int(rows / 2 + columns * 0.08)
        cv2.rectangle(image, low, high, _colour(rng, 0, 120), -1)
    else:
        badge = columns // 2, rows // 2
        cv2.circle(image, badge, int(columns * rng.uniform(0.03, 0.09)), _colour(rng, 120), 3)
    return image


def facade(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Rows of windows, or a fence before a wall."""
    image = plain(rng, rows, columns)
    period = rng.uniform(0.06, 0.25, 2) * columns
    share = rng.uniform(0.3, 0.8, 2)
    pane = _colour(rng)
    shift = rng.uniform(0, 1, 2) * period
    for x in np.arange(-shift[0], columns, period[0]):
        for y in np.arange(-shift[1], rows, period[1]):
            shade = np.clip(np.array(pane) * rng.uniform(0.6, 1.3), 0, 255).tolist()
            low = int(x), int(y)
            high = int(x + share[0] * period[0]), int(y + share[1] * period[1])
            cv2.rectangle(image, low, high, shade, -1)
    return image


def road(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Sky, a skyline and a road that runs to the horizon, with lane marks."""
    horizon = int(rows * rng.uniform(0.25, 0.6))
    image = clouds(rng, rows, columns)
    image[:horizon] = np.clip(image[:horizon] * 0.3 + np.array(_colour(rng, 120)), 0, 255)
    x = 0
    while x < columns:
        wide = int(columns * rng.uniform(0.04, 0.2))
        top = horizon - int(columns * rng.uniform(0.0, 0.2))
        cv2.rectangle(image, (x, top), (x + wide, horizon), _colour(rng, 0, 180), -1)
        x += wide
    grey = rng.uniform(50, 130)
    noise = rng.normal(0, 6, (rows - horizon, columns, 1))
    image[horizon:] = np.clip(grey + noise, 0, 255)
    vanishing = int(columns * rng.uniform(0.3, 0.7)), horizon
    for end in rng.uniform(-0.5, 1.5, int(rng.integers(2, 5))) * columns:
        mark = int(columns * rng.uniform(0.004, 0.03)) + 1
        cv2.line(image, vanishing, (int(end), rows), _colour(rng, 190), mark, cv2.LINE_AA)
    return image


def person(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """A head or two before a ground: hair, skin, eyes, clothes."""
    image = clouds(rng, rows, columns)
    for _ in range(int(rng.integers(1, 3))):
        size = columns * rng.uniform(0.08, 0.3)
        x, y = rng.uniform(0.15, 0.85) * columns, rng.uniform(0.35, 0.65) * rows
        skin = np.array([224, 172, 140]) * rng.uniform(0.35, 1.1)
        body = (x, y + 2.2 * size), (2.2 * size, 2.4 * size), 0.0
        cv2.ellipse(image, body, _colour(rng), -1, cv2.LINE_AA)
        hair = (x, y - 0.2 * size), (1.2 * size, 1.4 * size), 0.0
        cv2.ellipse(image, hair, _colour(rng, 0, 90), -1, cv2.LINE_AA)
        face = (x, y), (size, 1.25 * size), 0.0
        cv2.ellipse(image, face, np.clip(skin, 0, 255).tolist(), -1, cv2.LINE_AA)
        for side in (-0.2, 0.2):
            eye = int(x + side * size), int(y - 0.1 * size)
            cv2.circle(image, eye, max(int(0.06 * size), 1), (30, 30, 30), -1, cv2.LINE_AA)
    return image


def plants(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Leaves and stems, of a hedge or a meadow."""
    field = smooth_field(rng, rows, columns, 20) + smooth_field(rng, rows, columns, 60)
    image = ramp(rng, 0.5 + 0.2 * field)
    image[..., 1] = np.clip(image[..., 1] * 1.2 + 15, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(10, 60))):
        start = rng.uniform(0, 1, 2) * [columns, rows]
        end = start + rng.normal(0, 0.08, 2) * columns
        ends = (tuple(int(v) for v in point) for point in (start, end))
        green = np.array([60, 130, 40]) * rng.uniform(0.3, 1.6)
        wide = max(int(columns * rng.uniform(0.003, 0.02)), 1)
        cv2.line(image, *ends, np.clip(green, 0, 255).tolist(), wide, cv2.LINE_AA)
    return image
