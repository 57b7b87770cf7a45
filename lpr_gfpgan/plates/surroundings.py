"""What is around a plate: families of car-like (and street-like) surroundings.

Each family is a function of a generator and a size that returns uint8 RGB [rows, columns, 3]. They
are drawn for a frame in which the plate fills the width, so lengths are parts of the frame's width.
"""

from collections.abc import Callable

import cv2
import numpy as np

# Common car paints, sRGB 0-255.
_PAINTS = np.array(
    [
        (236, 236, 234), (20, 21, 23), (160, 164, 168), (92, 96, 100), (132, 22, 26),
        (28, 48, 96), (96, 74, 54), (196, 178, 140), (52, 88, 70), (214, 92, 24),
    ],
    np.float64,
)  # fmt: skip

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)


def _paint(rng: np.random.Generator) -> np.ndarray:
    """Draw a body colour, float RGB 0-255."""
    return np.clip(_PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.6, 1.1, 1), 0, 255)


def _shaded(
    rng: np.random.Generator, rows: int, columns: int, colour: np.ndarray, depth: float
) -> np.ndarray:
    """Return a colour shaded by a smooth field, as a curved panel reflects its world."""
    field = cv2.resize(
        rng.normal(1.0, depth, (5, 3)).astype(np.float32),
        (columns, rows),
        interpolation=cv2.INTER_CUBIC,
    )
    return np.clip(field[..., None] * colour.astype(np.float32), 0, 255).astype(np.uint8)


def _grain(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Add a fine texture of this standard deviation (0-255)."""
    noise = rng.integers(-128, 128, image.shape[:2], dtype=np.int8).astype(np.float32)
    noise *= strength / 74.0
    return np.clip(image + noise[..., None], 0, 255).astype(np.uint8)


def _tuple(colour: np.ndarray) -> tuple[int, int, int]:
    return tuple(int(v) for v in np.clip(colour, 0, 255))


def _creases(rng: np.random.Generator, image: np.ndarray, colour: np.ndarray) -> None:
    """Draw panel lines: a dark gap with a light lip, nearly level."""
    rows, columns = image.shape[:2]
    for _ in range(rng.integers(1, 5)):
        y = rng.uniform(0, rows)
        slope = rng.normal(0, 0.04) * columns
        thickness = max(int(rng.uniform(0.004, 0.02) * columns), 1)
        for shift, gain in ((0, rng.uniform(0.1, 0.6)), (thickness, rng.uniform(1.0, 1.5))):
            ends = (-9, int(y + shift)), (columns + 9, int(y + shift + slope))
            cv2.line(image, *ends, _tuple(colour * gain), thickness, cv2.LINE_AA)


def _recess(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Darken a rectangle around the plate, as a number-plate bay does."""
    rows, columns = image.shape[:2]
    half = columns * rng.uniform(0.17, 0.24)
    side = columns * rng.uniform(-0.06, 0.04)
    low = int(side), int(rows / 2 - half)
    high = int(columns - side), int(rows / 2 + half)
    inner = (image * rng.uniform(0.25, 0.8)).astype(np.uint8)
    mask = np.zeros((rows, columns), np.uint8)
    cv2.rectangle(mask, low, high, 255, -1)
    mask = cv2.blur(mask, (max(int(columns * rng.uniform(0.005, 0.03)), 1),) * 2)[..., None]
    weight = mask.astype(np.float32) / 255
    return (image + (inner.astype(np.float32) - image) * weight).astype(np.uint8)


def bumper(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Painted bumper: a curved panel with creases, often with a bay for the plate."""
    colour = _paint(rng)
    image = _shaded(rng, rows, columns, colour, 0.2)
    _creases(rng, image, colour)
    if rng.random() < 0.5:
        image = _recess(rng, image)
    return _grain(rng, image, rng.uniform(0.5, 3))


def grille(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Radiator grille: bars, slats or a mesh over a dark hole, below a painted edge."""
    image = _shaded(rng, rows, columns, np.full(3, rng.uniform(8, 45)), 0.3)
    bar = rng.uniform(40, 220) * rng.uniform(0.92, 1.08, 3)
    period = int(columns * rng.uniform(0.04, 0.14)) + 2
    thickness = max(int(period * rng.uniform(0.15, 0.5)), 1)
    kind = rng.integers(3)
    for at in range(-rows, columns + rows, period):
        shine = _tuple(bar * rng.uniform(0.8, 1.2))
        if kind == 0:
            cv2.line(image, (0, at), (columns, at), shine, thickness)
        elif kind == 1:
            cv2.line(image, (at, 0), (at, rows), shine, thickness)
        else:
            cv2.line(image, (at, 0), (at + rows, rows), shine, thickness, cv2.LINE_AA)
            cv2.line(image, (at, rows), (at + rows, 0), shine, thickness, cv2.LINE_AA)
    if rng.random() < 0.6:
        colour = _paint(rng)
        top = int(rows * rng.uniform(0.05, 0.3))
        if rng.random() < 0.5:
            image[:top] = _shaded(rng, top, columns, colour, 0.15)
        else:
            image[rows - top :] = _shaded(rng, top, columns, colour, 0.15)
    return cv2.blur(image, (2, 2))


def plastic(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Unpainted dark plastic with a coarse grain and moulded edges."""
    colour = np.full(3, rng.uniform(15, 90)) * rng.uniform(0.94, 1.06, 3)
    image = _shaded(rng, rows, columns, colour, 0.25)
    _creases(rng, image, colour)
    image = _grain(rng, image, rng.uniform(2, 9))
    return _recess(rng, image) if rng.random() < 0.4 else image


def trunk(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Boot lid: paint, a chrome strip above the plate, badges, the light of a plate lamp."""
    colour = _paint(rng)
    image = _shaded(rng, rows, columns, colour, 0.2)
    if rng.random() < 0.7:
        at, depth = rows * rng.uniform(0.0, 0.25), max(int(columns * rng.uniform(0.02, 0.07)), 2)
        strip = np.interp(
            np.linspace(0, 1, depth), [0, 0.3, 0.55, 1], rng.uniform([40, 180, 10, 120], 255)
        )
        low = int(at)
        high = min(low + depth, rows)
        image[low:high] = strip[: high - low, None, None].astype(np.uint8)
    for _ in range(rng.integers(0, 4)):
        letters = "".join(chr(int(c)) for c in rng.integers(65, 91, rng.integers(2, 7)))
        place = int(rng.uniform(-0.1, 0.9) * columns), int(rng.uniform(0.05, 1.0) * rows)
        cv2.putText(
            image,
            letters,
            place,
            _FONTS[rng.integers(len(_FONTS))],
            columns * rng.uniform(0.0015, 0.004),
            _tuple(np.full(3, rng.choice([rng.uniform(0, 60), rng.uniform(150, 255)]))),
            max(int(columns * rng.uniform(0.004, 0.012)), 1),
            cv2.LINE_AA,
        )
    _creases(rng, image, colour)
    return _recess(rng, image) if rng.random() < 0.4 else image


def clutter(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Anything: patches, stripes and blobs of all colours, partly out of focus."""
    image = _shaded(rng, rows, columns, rng.uniform(30, 230, 3), 0.35)
    for _ in range(rng.integers(4, 14)):
        colour = _tuple(rng.uniform(0, 255) * rng.uniform(0.6, 1.4, 3))
        x, y, width, height = rng.uniform([-0.2, -0.2, 0.03, 0.03], [1, 1, 0.6, 0.4]) * columns
        low, high = (int(x), int(y)), (int(x + width), int(y + height))
        kind = rng.integers(3)
        if kind == 0:
            cv2.rectangle(image, low, high, colour, -1)
        elif kind == 1:
            cv2.line(image, low, high, colour, max(int(width / 6), 1), cv2.LINE_AA)
        else:
            cv2.ellipse(image, (low, (width, height), rng.uniform(0, 180)), colour, -1)
    reach = max(int(columns * rng.uniform(0, 0.05)), 1)
    return _grain(rng, cv2.blur(image, (reach, reach)), rng.uniform(0, 8))


def pavement(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Bricks or slabs with joints, sometimes a painted lane mark: no part of any car."""
    colour = np.array([1.0, rng.uniform(0.75, 1.0), rng.uniform(0.6, 1.0)]) * rng.uniform(60, 200)
    image = _shaded(rng, rows, columns, colour, 0.15)
    joint = _tuple(colour * rng.choice([0.45, 1.35]))
    height = int(columns * rng.uniform(0.05, 0.14)) + 2
    width = int(height * rng.uniform(1.5, 3.0))
    for row, y in enumerate(range(0, rows, height)):
        start = -(row % 2) * width // 2
        for x in range(start, columns, width):
            brick = _tuple(colour * rng.uniform(0.75, 1.2))
            cv2.rectangle(image, (x, y), (x + width, y + height), brick, -1)
            cv2.rectangle(image, (x, y), (x + width, y + height), joint, max(height // 10, 1))
    if rng.random() < 0.4:
        ends = rng.uniform(-0.2, 1.2, (2, 2)) * [columns, rows]
        thickness = max(int(columns * rng.uniform(0.03, 0.09)), 1)
        mark = _tuple(rng.uniform(190, 250) * np.array([1.0, 1.0, rng.uniform(0.4, 1.0)]))
        cv2.line(image, *(tuple(int(v) for v in end) for end in ends), mark, thickness, cv2.LINE_AA)
    return _grain(rng, image, rng.uniform(4, 14))


FAMILIES: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    family.__name__: family for family in (bumper, grille, plastic, trunk, clutter, pavement)
}
HELD_OUT_SURROUNDINGS = "pavement"
TRAIN_SURROUNDINGS = tuple(name for name in FAMILIES if name != HELD_OUT_SURROUNDINGS)
