"""Ringing and halos at edges: how far an image leaves the range of its original beside them.

Sharpening and deconvolution overshoot at edges: a light rim outside dark strokes, then waves. As in
the full-reference metric of Marziliano, Dufaux, Winkler and Ebrahimi (2004), edges are found in the
original and the difference is measured beside them only. What differs is what counts: there, every
deviation of the filtered image from the original beyond the edge's width; here, only what lies
beyond the original's local range, so that blur, which stays within it, counts as nothing.

With Y the original's and Z the image's luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) and B_k(p)
the square of (2 k + 1)^2 pixels about p, cut off at the image's border:

    range_k(p) = max over B_k(p) of Y - min over B_k(p) of Y
    edges      = {p: range_1(p) >= EDGE}
    near       = {p: B_r(p) meets edges}
    over(p)    = max(0, Z(p) - max over B_(r+1)(p) of Y)
    under(p)   = max(0, min over B_(r+1)(p) of Y - Z(p))
    ringing    = mean over near of over(p) + under(p)

The range is one pixel wider than `near`, so for every pixel that counts it holds an edge with both
its sides, and a step edge that is blurred, however much, or moved by up to r + 1 pixels rings 0.
A box blur of up to (2 r + 3)^2 pixels rings 0 on any image, but for rounding to 8 bits (half a
level at most). Noise near edges counts like ringing, noise elsewhere does not. A halo that storage
clips at 0 or 255 is not seen. r follows the width of the image because blur does.
"""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from ..errors import ImageError
from .image import crop_box, require_same_kind

EDGE = 32
"""Grey levels within 3 x 3 pixels that make an edge: an eighth of the range."""
REACH = 1 / 32
"""How far `near` reaches from an edge, as a fraction of the image's width: 2 px of 64."""


def ringing(
    original: np.ndarray,
    image: np.ndarray,
    *,
    box: ArrayLike | None = None,
    radius: int | None = None,
) -> float:
    """Mean overshoot and undershoot of an image beside the edges of its original.

    Args:
        original: uint8 [H, W, 3], RGB.
        image: uint8 of the same shape.
        box: (x0, y0, x1, y1) in pixels as in `crop_box`, to average over the pixels near edges that
            it touches; ranges still look beyond it. The whole image when not given.
        radius: r of the module's formula in pixels, at least 1; W / 32, rounded, when not given.

    Returns:
        Grey levels, at least 0; 0 for the original itself, and where the original has no edge.

    Raises:
        ImageError: the images are not uint8 [H, W, 3] of one shape, the box does not meet them, or
            the radius is below 1.
    """
    require_same_kind(original, image)
    if original.ndim != 3 or original.shape[2] != 3:
        raise ImageError(f"ringing needs RGB images [H, W, 3], got {original.shape}")
    reach = max(1, round(original.shape[1] * REACH)) if radius is None else radius
    if reach < 1:
        raise ImageError(f"ringing needs a radius of at least 1 pixel, got {radius}")
    true, seen = _luma(original), _luma(image)
    low, high = _extremes(true, 1)
    edges = (high - low >= EDGE).astype(np.uint8)
    near = cv2.dilate(edges, _square(reach))
    low, high = _extremes(true, reach + 1)
    excess = np.maximum(np.maximum(seen - high, low - seen), 0)
    if box is not None:
        near, excess = crop_box(near, box), crop_box(excess, box)
    counted = excess[near > 0]
    return float(counted.mean(dtype=np.float64)) if len(counted) else 0.0


def _luma(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY)


def _extremes(luma: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    # OpenCV's own border value leaves pixels outside the image out of both.
    return cv2.erode(luma, _square(radius)), cv2.dilate(luma, _square(radius))


def _square(radius: int) -> np.ndarray:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
