"""Where the plate lies in a frame, and the maps between photograph and frame.

Coordinates are continuous: x to the right, y down, an image spans [0, W] x [0, H] and the centre of
pixel (row i, column j) is (j + 0.5, i + 0.5). A quadrilateral (quad) is [4, 2] with the corners
upper left, upper right, lower right, lower left; a box is x0, y0, x1, y1.

In the canonical frame the plate fills the width and is 140/440 of the width high, centred: rows
174.5 to 337.5 of 512 x 512, as in the paper. Plates of other proportions (green: 480 x 140 mm) are
stretched to the same box, because the kind of a plate is not known before it is read.
"""

import math

import cv2
import numpy as np

from ..errors import DataError, ImageError
from .alphabet import MAX_CHARACTERS, Layout

PLATE_ASPECT = 140.0 / 440.0
_UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)
_MAX_OVERSAMPLING = 16


def plate_box(height: int, width: int) -> tuple[float, float, float, float]:
    """Return the canonical plate box x0, y0, x1, y1 of a frame, in pixels.

    Example:
        >>> [round(v, 1) for v in plate_box(512, 512)]
        [0.0, 174.5, 512.0, 337.5]
    """
    half = width * PLATE_ASPECT / 2
    return 0.0, height / 2 - half, float(width), height / 2 + half


def box_quad(box: np.ndarray | tuple[float, float, float, float]) -> np.ndarray:
    """Return the corners [..., 4, 2] of boxes [..., 4]."""
    x0, y0, x1, y1 = np.moveaxis(np.asarray(box, np.float64), -1, 0)
    return np.stack([np.stack(p, -1) for p in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], -2)


def quad_box(quad: np.ndarray) -> np.ndarray:
    """Return the bounding boxes [..., 4] of quads [..., 4, 2]."""
    quad = np.asarray(quad, np.float64)
    return np.concatenate([quad.min(-2), quad.max(-2)], -1)


def quad_size(quad: np.ndarray) -> tuple[float, float]:
    """Return mean width and mean height, in pixels, of a plate with corners [4, 2]."""
    sides = np.roll(quad, -1, axis=0) - np.asarray(quad, np.float64)
    top, right, bottom, left = np.linalg.norm(sides, axis=1)
    return float(top + bottom) / 2, float(right + left) / 2


def canonical_quad(height: int, width: int, margin: float = 0.0) -> np.ndarray:
    """Return the corners [4, 2] of the canonical plate box.

    Args:
        height: rows of the frame.
        width: columns of the frame.
        margin: part of the frame's width left free on either side; the plate shrinks about the
            centre and keeps its proportions.
    """
    centre = np.array([width / 2, height / 2])
    return centre + (box_quad(plate_box(height, width)) - centre) * (1 - 2 * margin)


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the projective map [3, 3] that takes four points to four points.

    Args:
        source: [4, 2], no three of them on a line.
        target: [4, 2], likewise.

    Returns:
        float64 [3, 3] with the last entry 1, in the continuous coordinates of this module.

    Raises:
        DataError: three of the points lie on a line.
    """
    x, y = np.asarray(source, np.float64).reshape(4, 2).T
    u, v = np.asarray(target, np.float64).reshape(4, 2).T
    one, zero = np.ones(4), np.zeros(4)
    rows = np.concatenate(
        [
            np.stack([x, y, one, zero, zero, zero, -u * x, -u * y], 1),
            np.stack([zero, zero, zero, x, y, one, -v * x, -v * y], 1),
        ]
    )
    for points in (np.stack([x, y], 1), np.stack([u, v], 1)):
        if _collinear(points):
            raise DataError(f"the corners {points.tolist()} span no quadrilateral; correct them")
    return np.append(np.linalg.solve(rows, np.concatenate([u, v])), 1.0).reshape(3, 3)


def _collinear(points: np.ndarray) -> bool:
    """Tell whether some three of four points lie on a line, to rounding."""
    if not np.isfinite(points).all():
        return True
    extent = np.ptp(points, axis=0).max() ** 2
    for left_out in range(4):
        a, b, c = np.delete(points, left_out, axis=0)
        if abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) <= 1e-9 * extent:
            return True
    return False


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points [..., 2] by a projective map [3, 3]."""
    points = np.asarray(points, np.float64)
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def warp(
    image: np.ndarray,
    matrix: np.ndarray,
    size: tuple[int, int],
    *,
    border: str = "replicate",
) -> np.ndarray:
    """Resample an image through a projective map, without aliasing.

    Where the map shrinks, the result is computed on a finer grid and averaged (a box filter as wide
    as a pixel of the result); where it enlarges, the interpolation is bicubic.

    Args:
        image: uint8 or float32 [H, W] or [H, W, C].
        matrix: [3, 3], from the image's coordinates to the result's.
        size: (height, width) of the result.
        border: "replicate" repeats the image's edge outside of it, "zero" leaves it black.

    Returns:
        An array of the image's type, [height, width] or [height, width, C].
    """
    height, width = size
    rows, columns = _oversampling(image.shape[:2], matrix, size)
    # OpenCV counts pixel centres from 0; the finer grid is a scaling of the result.
    to_centres = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    from_centres = np.array([[columns, 0, -0.5], [0, rows, -0.5], [0, 0, 1]])
    fine = cv2.warpPerspective(
        image,
        from_centres @ matrix @ to_centres,
        (width * columns, height * rows),
        flags=cv2.INTER_CUBIC if rows == columns == 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE if border == "replicate" else cv2.BORDER_CONSTANT,
    )
    if rows == columns == 1:
        return fine
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)


def _oversampling(
    source: tuple[int, int], matrix: np.ndarray, size: tuple[int, int]
) -> tuple[int, int]:
    """Return how many samples per pixel of the result are needed along rows and columns."""
    height, width = size
    corners = apply(np.linalg.inv(matrix), box_quad((0.0, 0.0, width, height)))
    # A corner beyond the horizon, or far outside the image, says nothing about the sampling there.
    corners = np.clip(corners, [-source[1], -source[0]], [2 * source[1], 2 * source[0]])
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    across, down = sides[[0, 2]].max() / width, sides[[1, 3]].max() / height
    return tuple(min(max(math.ceil(step - 0.05), 1), _MAX_OVERSAMPLING) for step in (down, across))


def rectify(
    image: np.ndarray, quad: np.ndarray, size: tuple[int, int], *, margin: float = 0.0
) -> np.ndarray:
    """Bring a photographed plate into the canonical frame by the homography of its four corners.

    Args:
        image: the photograph, uint8 [H, W, 3].
        quad: the plate's corners in it, [4, 2].
        size: (height, width) of the frame.
        margin: see `canonical_quad`.

    Returns:
        uint8 [height, width, 3]; beyond the photograph its edge is repeated.

    Raises:
        DataError: the corners span no quadrilateral.
    """
    return warp(image, homography(quad, canonical_quad(*size, margin)), size)


def tight_to_frame(crop: np.ndarray, height: int, width: int) -> np.ndarray:
    """Stretch a tight crop of a plate to the canonical plate box; repeat its edge around it.

    Args:
        crop: uint8 or float32 [h, w, 3], the plate and nothing else.
        height: rows of the frame.
        width: columns of the frame.

    Returns:
        [height, width, 3] of the crop's type.

    Raises:
        ImageError: the crop is empty.
    """
    if crop.ndim != 3 or crop.size == 0:
        raise ImageError(f"a crop must be [h, w, 3] and not empty, got {crop.shape}")
    outline = box_quad((0.0, 0.0, crop.shape[1], crop.shape[0]))
    return warp(crop, homography(outline, canonical_quad(height, width)), (height, width))


def paste_back(
    photo: np.ndarray,
    frame: np.ndarray,
    quad: np.ndarray,
    *,
    margin: float = 0.0,
    feather: float = 0.03,
) -> np.ndarray:
    """Put a restored frame's plate back into its photograph.

    Args:
        photo: uint8 [H, W, 3].
        frame: the restored frame, uint8 [h, w, 3].
        quad: the plate's corners in the photograph, [4, 2].
        margin: as given to `rectify`.
        feather: width of the soft seam inside the plate's edge, as a part of the plate's height.

    Returns:
        A new photograph; no pixel whose centre lies outside the quad is changed.

    Raises:
        DataError: the corners span no quadrilateral.
    """
    height, width = frame.shape[:2]
    corners = canonical_quad(height, width, margin)
    x0, y0, x1, y1 = quad_box(corners)
    x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    inside = np.minimum(np.minimum(x - x0, x1 - x), np.minimum(y - y0, y1 - y))
    seam = max(feather * (y1 - y0), 1e-6)
    alpha = np.clip(inside / seam, 0.0, 1.0).astype(np.float32)

    matrix = homography(corners, quad)
    size = photo.shape[:2]
    mask = warp(alpha, matrix, size, border="zero")
    # The soft edge of a resampled mask must not reach past the plate.
    mask = (np.clip(mask, 0.0, 1.0) * _holds(quad, size))[..., None]
    plate = warp(frame.astype(np.float32), matrix, size)
    mixed = photo + (plate - photo) * mask
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def _holds(quad: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Whether the centre of each pixel lies in a convex quad, whichever way round it runs."""
    x, y = np.arange(size[1]) + 0.5, np.arange(size[0])[:, None] + 0.5
    sides = [
        (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        for (x0, y0), (x1, y1) in zip(quad, np.roll(quad, -1, axis=0), strict=True)
    ]
    return np.all([s >= 0 for s in sides], axis=0) | np.all([s <= 0 for s in sides], axis=0)


def character_boxes(layout: Layout, quad: np.ndarray) -> np.ndarray:
    """Return the bounding boxes of a plate's glyphs in an image.

    Args:
        layout: the kind of plate.
        quad: the plate's corners in the image, [4, 2].

    Returns:
        float32 [8, 4]; rows beyond the layout's characters are zero.
    """
    outline = box_quad((0.0, 0.0, layout.width, layout.height))
    glyphs = apply(homography(outline, quad), box_quad(np.array(layout.glyphs)))
    boxes = np.zeros((MAX_CHARACTERS, 4), np.float32)
    boxes[: len(layout.glyphs)] = quad_box(glyphs)
    return boxes
