"""Where the detector of whole photographs puts a plate's corners: near them, not on them.

Along each axis the four errors are a sum of four movements, each drawn from a normal law. Their
figures were measured on the 409 of 434 photographs of real plates with labelled corners in which
HyperLPR's detector and its refinement of corners found the plate; the labels' own error is in them.
The detector itself cannot stand here: it finds next to no plate in a frame as small as those that
are calibrated on.
"""

import numpy as np

from ..plates import box_quad, homography
from ..plates.geometry import apply

MOVEMENTS = np.array(
    [
        [[1, 1], [1, 1], [1, 1], [1, 1]],  # all corners alike
        [[1, 1], [-1, 1], [-1, -1], [1, -1]],  # inwards: the plate is taken for smaller
        [[1, 1], [1, -1], [-1, -1], [-1, 1]],  # a side against the other: shear and tilt
        [[1, 1], [-1, -1], [1, 1], [-1, -1]],  # opposite corners alike
    ]
)
"""[4, 4, 2]: how each movement shifts upper left, upper right, lower right and lower left."""
MEAN = np.array([[-0.011, 0.0], [0.002, 0.027], [0.001, 0.006], [-0.001, 0.004]])
"""[4, 2], of each movement along the plate's width and height, in parts of these."""
SPREAD = np.array([[0.019, 0.015], [0.019, 0.023], [0.006, 0.018], [0.003, 0.009]])
"""[4, 2], standard deviations, likewise."""

_PLATE = box_quad((0.0, 0.0, 1.0, 1.0))


def corner_errors(found: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """How far found corners are off, on the plate itself.

    Args:
        found: corners [4, 2] in pixels.
        quad: the plate's own, [4, 2].

    Returns:
        float64 [4, 2], in parts of the plate's width and height, to the right and downwards.

    Raises:
        DataError: the plate's corners span no quadrilateral.
    """
    return apply(homography(quad, _PLATE), found) - _PLATE


def found_corners(quad: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws the corners that a detector would give a plate.

    Args:
        quad: the plate's corners [4, 2] in pixels.
        rng: source of randomness.

    Returns:
        float64 [4, 2], in pixels.

    Raises:
        DataError: the corners span no quadrilateral.
    """
    errors = (MOVEMENTS * rng.normal(MEAN, SPREAD)[:, None]).sum(0)
    return apply(homography(_PLATE, quad), _PLATE + errors)
