"""A plate whose place is known, brought into the canonical frame: see `locating` for where it is.

The picture is the plate, or its corners are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ImageError
from ..plates import box_quad, quad_size
from ..trust.placing import CORNERS, TIGHT, to_canonical

if TYPE_CHECKING:
    from .examiner import Look

    Plate = str | np.ndarray | Sequence[Sequence[float]] | None

LEAST_HEIGHT = 12
"""Rows of a plate below which nothing is restored."""


@dataclass(frozen=True, kw_only=True)
class PlacedPlate:
    """A plate in the canonical frame, and where it was.

    Attributes:
        frame: uint8 [H, W, 3], RGB, not restored.
        quad: float64 [4, 2], the plate's corners in the picture it comes from, in pixels: upper
            left, upper right, lower right, lower left.
        way: how it was placed, one of `trust.placing.WAYS`: "corners", "tight" or "found".
        vain: why a search for a plate gave none (`NoPlateFound.reason`), where the picture was then
            taken for the plate though it does not look like one; empty otherwise.
        look: what a restorer's reader saw in the frame while it was placed, so that this restorer
            need not read it again; None where nothing was read yet.
    """

    frame: np.ndarray
    quad: np.ndarray
    way: str = CORNERS
    vain: str = ""
    look: Look | None = None

    @property
    def width(self) -> float:
        """Width of the plate in the picture it comes from, in pixels."""
        return quad_size(self.quad)[0]


def place(pixels: np.ndarray, name: str, plate: Plate, size: tuple[int, int]) -> PlacedPlate:
    """Brings a plate whose place is known into the canonical frame.

    Args:
        pixels: uint8 RGB [h, w, 3], the picture.
        name: what messages call it.
        plate: "tight" or corners [4, 2].
        size: (H, W) of the frame.

    Raises:
        ImageError: the picture is too small, or the corners go round no plate.
    """
    height, width = pixels.shape[:2]
    if not isinstance(plate, str):
        quad = check_corners(plate, name, (height, width))
        return PlacedPlate(frame=to_canonical(pixels, size, quad), quad=quad)
    if plate != TIGHT:
        raise ImageError(f"plate {plate!r}: say 'tight', give four corners or leave it out")
    if height < LEAST_HEIGHT or width < LEAST_HEIGHT:
        raise ImageError(
            f"{name} is {width} x {height} pixels; a plate needs at least {LEAST_HEIGHT} each way"
        )
    quad = box_quad((0.0, 0.0, width, height))
    return PlacedPlate(frame=to_canonical(pixels, size), quad=quad, way=TIGHT)


def plate_of_each(count: int, plate: Plate | list[Plate]) -> list[Plate]:
    """What is said of each of a list of pictures: one word for all, or one thing for each.

    Raises:
        ImageError: corners of one plate alone, or another number of plates than of pictures.
    """
    if _is_quad(plate):
        raise ImageError(
            f"one plate's corners for a list of {count} pictures; give a list with one plate for "
            "each picture"
        )
    if plate is None or isinstance(plate, str):
        return [plate] * count
    if len(plate) != count:
        raise ImageError(
            f"{count} pictures but {len(plate)} plates; give one plate for each picture"
        )
    return list(plate)


def _is_quad(plate: Any) -> bool:
    """Whether something is four points of two numbers each, wherever they lie."""
    try:
        return np.asarray(plate, dtype=np.float64).shape == (4, 2)
    except (TypeError, ValueError):
        return False


def check_corners(plate: Any, name: str, size: tuple[int, int]) -> np.ndarray:
    """Corners as float64 [4, 2], if a plate in the picture can have them.

    Args:
        plate: four points (x, y).
        name: what messages call the picture.
        size: (height, width) of the picture.

    Raises:
        ImageError: they are not four points, do not go clockwise round a convex area, lie outside
            the picture, one of them by more than its size, or are too near each other.
    """
    quad = np.asarray(plate, dtype=np.float64) if _is_quad(plate) else np.empty(0)
    if not quad.size or not np.isfinite(quad).all():
        given = " ".join(repr(plate).split())
        raise ImageError(f"{name}: corners must be four points (x, y), got {given}")
    sides = np.roll(quad, -1, axis=0) - quad
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    if not (turns > 1e-9 * np.linalg.norm(sides, axis=1).max() ** 2).all():
        raise ImageError(
            f"{name}: corners {quad.tolist()} do not go round a plate; give them as upper left, "
            "upper right, lower right, lower left"
        )
    if quad_size(quad)[1] < LEAST_HEIGHT:
        raise ImageError(
            f"{name}: the plate between these corners is lower than {LEAST_HEIGHT} pixels; too "
            "small to restore"
        )
    x, y = quad.mean(axis=0)
    inside = 0 <= x <= size[1] and 0 <= y <= size[0]
    extent = np.array(size[::-1])
    if not inside or (quad < -extent).any() or (quad > 2 * extent).any():
        raise ImageError(
            f"{name} is {size[1]} x {size[0]} pixels and the corners {quad.tolist()} lie outside "
            "of it or reach too far out; give them in pixels of this picture"
        )
    return quad
