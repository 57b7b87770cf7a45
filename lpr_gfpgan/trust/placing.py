"""How a user's picture becomes the frame that is judged, read and restored.

Three ways: between the plate's four corners, by their homography; tight, where the picture is taken
for the plate and stretched to its box; or found, between the corners that a detector gives, which
are near the plate's own. `restore` places pictures by `to_canonical`, and so does the calibration,
which thereby measures what users get.
"""

import numpy as np

from ..errors import DataError
from ..plates import quad_box, rectify, tight_to_frame
from .detected import found_corners

CORNERS = "corners"
TIGHT = "tight"
FOUND = "found"
WAYS = (CORNERS, TIGHT, FOUND)


def to_canonical(
    picture: np.ndarray, size: tuple[int, int], quad: np.ndarray | None = None
) -> np.ndarray:
    """Brings a picture's plate into the canonical frame.

    Args:
        picture: uint8 RGB [h, w, 3].
        size: (H, W) of the frame.
        quad: the plate's corners [4, 2] in pixels; None where the picture is the plate.

    Returns:
        uint8 [H, W, 3].
    """
    return tight_to_frame(picture, *size) if quad is None else rectify(picture, quad, size)


def cut_tight(picture: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """What a user cuts out who draws a box around a plate: whole pixels, upright.

    Of a plate that is turned, or seen from the side, the box holds some surroundings too.

    Args:
        picture: uint8 RGB [h, w, 3].
        quad: the plate's corners [4, 2] in pixels.

    Returns:
        The part of the picture in the corners' bounding box.
    """
    height, width = picture.shape[:2]
    limits = [width, height, width, height]
    x0, y0, x1, y1 = np.clip(np.floor(quad_box(quad) + 0.5), 0, limits).astype(int)
    return picture[y0:y1, x0:x1]


def as_given(
    picture: np.ndarray,
    quad: np.ndarray,
    way: str,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """The frame of a plate that a user gives in one of the WAYS.

    Args:
        picture: uint8 RGB [h, w, 3].
        quad: the plate's corners [4, 2] in pixels.
        way: one of WAYS.
        size: (H, W) of the frame.
        rng: draws how far off found corners are; the other ways draw nothing.

    Returns:
        uint8 [H, W, 3].

    Raises:
        DataError: an unknown way.
    """
    if way not in WAYS:
        raise DataError(f"no way {way!r} to give a plate; choose one of {', '.join(WAYS)}")
    if way == TIGHT:
        return to_canonical(cut_tight(picture, quad), size)
    return to_canonical(picture, size, found_corners(quad, rng) if way == FOUND else quad)
