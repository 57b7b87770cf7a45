"""Pictures of what is no plate, in the canonical frame, to learn where a plate ends.

Three kinds, each of several families that vary in every draw. Half of the pictures fill the frame;
the other half are taken for tight crops of a plate, as a user's cut-out would be, and stretched to
its box. All are lit, turned and developed a little, so that neither light nor sharpness tells them
from plates.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

from ..errors import DataError
from ..plates import tight_to_frame
from . import signs, textures, views

Family = Callable[[np.random.Generator, int, int], np.ndarray]

KINDS: dict[str, tuple[Family, ...]] = {
    "texture": (
        textures.clouds,
        textures.waves,
        textures.wood,
        textures.tiles,
        textures.gravel,
        textures.plain,
    ),
    "other text": (
        signs.shop_sign,
        signs.chinese_sign,
        signs.notice,
        signs.number_sign,
        signs.road_sign,
    ),
    "scene": (
        views.bare_car,
        views.clutter,
        views.lamps,
        views.facade,
        views.road,
        views.person,
        views.plants,
    ),
}
"""The families of each kind."""

_FINEST = 256  # columns of the canvas at least; twice the frame's columns otherwise
_ASPECTS = (2.2, 5.0)  # of a picture that a restorer takes for a tight crop


def draw_non_plate(rng: np.random.Generator, height: int, width: int, kind: str) -> np.ndarray:
    """Draws one picture without a plate.

    Args:
        rng: source of all randomness; the picture is a function of its state and the arguments.
        height: rows of the frame.
        width: columns of the frame.
        kind: one of KINDS.

    Returns:
        uint8 [height, width, 3], RGB.

    Raises:
        DataError: an unknown kind.
    """
    if kind not in KINDS:
        raise DataError(f"no kind of non-plate {kind!r}; choose one of {', '.join(KINDS)}")
    factor = max(2, math.ceil(_FINEST / width))
    rows, columns = height * factor, width * factor
    family = KINDS[kind][rng.integers(len(KINDS[kind]))]
    if rng.random() < 0.5:
        crop = _turned(rng, family(rng, round(columns / rng.uniform(*_ASPECTS)), columns))
        canvas = tight_to_frame(crop, rows, columns)
    else:
        canvas = _turned(rng, family(rng, rows, columns))
    return _photographed(rng, canvas, height, width)


def draw_non_plates(seed: int, count: int, height: int, width: int) -> tuple[np.ndarray, list[str]]:
    """Draws pictures of all kinds in turn.

    Args:
        seed: of the set; another seed gives other pictures.
        count: how many.
        height: rows of the frame.
        width: columns of the frame.

    Returns:
        uint8 [count, height, width, 3], and the kind of each.
    """
    kinds = [list(KINDS)[number % len(KINDS)] for number in range(count)]
    images = np.empty((count, height, width, 3), np.uint8)
    for number, kind in enumerate(kinds):
        rng = np.random.default_rng([seed, number])
        images[number] = draw_non_plate(rng, height, width, kind)
    return images, kinds


def _turned(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The picture turned by some degrees, seen a little from the side, its edge repeated."""
    rows, columns = image.shape[:2]
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    moved = corners + rng.uniform(-0.05, 0.05, (4, 2)) * [columns, rows]
    angle = rng.normal(0, 4)
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, rng.uniform(0.9, 1.15))
    moved = moved @ turn[:, :2].T + turn[:, 2]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    size = columns, rows
    return cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)


def _photographed(
    rng: np.random.Generator, canvas: np.ndarray, height: int, width: int
) -> np.ndarray:
    """Light that falls off, exposure and colour, the lens, as in the drawn scenes of plates."""
    image = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    image /= 255
    slope = rng.normal(0, 0.16, 2)
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    image *= np.clip(1 + slope[0] * x + slope[1] * y, 0.1, None)[..., None]
    image *= np.exp(rng.normal(0, 0.3) + rng.normal(0, 0.08, 3))
    if rng.random() < 0.35:  # haze
        veil = rng.uniform(0.05, 0.4)
        image += veil * (rng.uniform(0.25, 0.7) - image)
    image = np.clip(image, 0, 1) ** rng.uniform(0.75, 1.3)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (3, 3), rng.uniform(0.2, 0.5))
    return np.round(image * 255).clip(0, 255).astype(np.uint8)
