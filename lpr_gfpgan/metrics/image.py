"""How close an image is to its original, and how close two sets of images are.

Single images are compared as they would be stored: uint8 RGB, without loss. PSNR and SSIM are meant
to be taken on the plate region and on the frame, apart: in a square frame two thirds of the pixels
are not plate, and a figure over all of them says little about the characters.
"""

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, ImageError

SSIM_SIGMA = 1.5
SSIM_WINDOW = 11
SSIM_C1, SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def crop_box(image: np.ndarray, box: ArrayLike) -> np.ndarray:
    """Cuts the pixels that a box touches.

    Args:
        image: [H, W, ...].
        box: (x0, y0, x1, y1) in pixels, continuous: the image spans [0, W] x [0, H]. Parts outside
            the image are ignored.

    Returns:
        A view [h, w, ...] of `image`.

    Raises:
        ImageError: the box does not meet the image.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (float(value) for value in np.asarray(box, dtype=float))
    left, right = max(math.floor(x0), 0), min(math.ceil(x1), width)
    top, bottom = max(math.floor(y0), 0), min(math.ceil(y1), height)
    if left >= right or top >= bottom:
        raise ImageError(
            f"box {x0:g}, {y0:g}, {x1:g}, {y1:g} does not meet the {height} x {width} image; "
            "check its corners"
        )
    return image[top:bottom, left:right]


def mean_squared_error(original: np.ndarray, image: np.ndarray) -> float:
    """Mean squared difference of two uint8 images of one shape, in squared grey levels.

    Raises:
        ImageError: the images are not uint8 or differ in shape.
    """
    require_same_kind(original, image)
    difference = original.astype(np.float64) - image.astype(np.float64)
    return float(np.mean(difference * difference))


def psnr(original: np.ndarray, image: np.ndarray) -> float:
    """Peak signal-to-noise ratio, 10 log10(255^2 / MSE), in decibels.

    Args:
        original: uint8 [H, W, 3].
        image: uint8 of the same shape.

    Returns:
        Decibels; infinity for identical images, so a mean over images must say how it treats those.

    Raises:
        ImageError: the images are not uint8 or differ in shape.
    """
    return psnr_of_error(mean_squared_error(original, image))


def psnr_of_error(error: float) -> float:
    """PSNR in decibels of a mean squared error in squared levels of 0..255; infinity for 0."""
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ssim(original: np.ndarray, image: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian window of sigma 1.5, mean over RGB.

    The figure is that of scikit-image's `structural_similarity` with Gaussian weights and without
    sample covariance, to rounding. It is computed here because that takes ten times as long, which
    was two fifths of the test's time.

    Args:
        original: uint8 [H, W, 3], at least 11 x 11 pixels.
        image: uint8 of the same shape.

    Returns:
        At most 1, which identical images reach.

    Raises:
        ImageError: the images are not uint8, differ in shape or are smaller than the window.
    """
    require_same_kind(original, image)
    if min(original.shape[:2]) < SSIM_WINDOW:
        raise ImageError(
            f"SSIM needs {SSIM_WINDOW} x {SSIM_WINDOW} pixels, got "
            f"{original.shape[0]} x {original.shape[1]}; use a larger frame"
        )
    x, y = original.astype(np.float64), image.astype(np.float64)
    mean_x, mean_y = _windowed(x), _windowed(y)
    squares = mean_x * mean_x + mean_y * mean_y
    variances = _windowed(x * x) + _windowed(y * y) - squares
    covariance = _windowed(x * y) - mean_x * mean_y
    means = (2 * mean_x * mean_y + SSIM_C1) / (squares + SSIM_C1)
    similarity = means * (2 * covariance + SSIM_C2) / (variances + SSIM_C2)
    edge = SSIM_WINDOW // 2  # windows that reach past the image do not count
    return float(similarity[edge:-edge, edge:-edge].mean())


def _windowed(values: np.ndarray) -> np.ndarray:
    """Means under the Gaussian window about each pixel, float64 [H, W, C]."""
    return cv2.GaussianBlur(
        values, (SSIM_WINDOW, SSIM_WINDOW), SSIM_SIGMA, borderType=cv2.BORDER_REFLECT
    )


def kid(real: ArrayLike, fake: ArrayLike) -> float:
    """Kernel distance of two sets of features (Binkowski et al. 2018): unbiased MMD^2.

    The kernel is (x.y / F + 1)^3. Being unbiased, the estimate may fall below 0 for sets of one
    distribution. The features are the caller's choice and belong beside the figure: KID values of
    different feature networks cannot be compared.

    Args:
        real: [N, F], N >= 2.
        fake: [M, F], M >= 2.

    Raises:
        DataError: fewer than two rows, different F, or a value that is not finite.
    """
    x, y = _features(real, fake)
    n, m = len(x), len(y)
    within_x, within_y, across = (
        polynomial_kernel(x, x),
        polynomial_kernel(y, y),
        polynomial_kernel(x, y),
    )
    mean_x = (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
    mean_y = (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
    return float(mean_x + mean_y - 2 * across.mean())


def kid_subsets(
    real: ArrayLike, fake: ArrayLike, *, size: int, count: int, rng: np.random.Generator
) -> np.ndarray:
    """KID of random subsets, whose mean and spread the KID paper reports.

    Args:
        real: [N, F].
        fake: [M, F].
        size: rows in a subset of each set, drawn without replacement.
        count: number of subsets.
        rng: draws the subsets.

    Returns:
        float64 [count].

    Raises:
        DataError: as in `kid`, or `size` exceeds a set.
    """
    x, y = _features(real, fake)
    if not 2 <= size <= min(len(x), len(y)):
        raise DataError(
            f"KID subsets of {size} rows need sets of at least that many, got {len(x)} and "
            f"{len(y)}; lower the size"
        )
    return np.array(
        [
            kid(
                x[rng.choice(len(x), size, replace=False)],
                y[rng.choice(len(y), size, replace=False)],
            )
            for _ in range(count)
        ]
    )


def polynomial_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """KID's kernel (x.y / F + 1)^3 of all rows of [N, F] and [M, F]: [N, M]."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _features(real: ArrayLike, fake: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(real, dtype=np.float64), np.asarray(fake, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise DataError(
            f"KID needs two [N, F] arrays of one F with N >= 2, got {x.shape} and {y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("KID features hold a value that is not finite; check the feature network")
    return x, y


def require_same_kind(original: np.ndarray, image: np.ndarray) -> None:
    """Raises an ImageError unless both images are uint8 of one shape."""
    if original.dtype != np.uint8 or image.dtype != np.uint8 or original.shape != image.shape:
        raise ImageError(
            "images to compare must be uint8 of one shape, got "
            f"{original.dtype} {original.shape} and {image.dtype} {image.shape}"
        )
