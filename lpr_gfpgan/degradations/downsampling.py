"""A coarser sensor: area averaging to a smaller grid, and the way back to the frame.

Both are linear along each axis, so each is one matrix product an axis.

Shape legend: B samples, H x W frame, h x w small image.
"""

from functools import lru_cache

import torch
from torch import Tensor

from lpr_gfpgan.errors import ConfigError

ENLARGEMENTS = ("bicubic", "bilinear", "lanczos")
LOBES = 3  # of the Lanczos kernel to each side
CUBIC = -0.75  # slope of Keys's cubic at 1 px (1981), the one that OpenCV and torch take
GRIDS = 256  # weights kept: two axes of a ladder's grids, down and up, for several frames


@lru_cache(maxsize=GRIDS)
def _area_weights(n: int, m: int, device: torch.device) -> Tensor:
    """Share of each of n pixels in each of m larger ones: float32 [m, n], rows sum to 1."""
    # Kept for later calls, which may want gradients even if this one runs in inference mode.
    with torch.inference_mode(False):
        edges = torch.arange(m + 1, dtype=torch.float64) * n / m
        left = torch.arange(n, dtype=torch.float64)
        overlap = torch.minimum(edges[1:, None], left + 1) - torch.maximum(edges[:-1, None], left)
        return (overlap.clamp(min=0) * m / n).float().to(device)


def _cubic(x: Tensor) -> Tensor:
    """Weights of Keys's cubic at distances x of 0 to 2 px."""
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = CUBIC * (((x - 5) * x + 8) * x - 4)
    return torch.where(x <= 1, near, far)


@lru_cache(maxsize=GRIDS)
def _interpolation_weights(kind: str, n: int, m: int, device: torch.device) -> Tensor:
    """Weight of each of n pixels in each of m interpolated ones: float32 [m, n], rows sum to 1.

    Lanczos is sinc(x) sinc(x / 3) for |x| < 3 at the pixels' centres (Duchon 1979); where it
    reaches over the border its remaining weights are scaled up. The other kinds repeat the
    outermost pixel there.
    """
    with torch.inference_mode(False):
        at = (torch.arange(m, dtype=torch.float64) + 0.5) * n / m - 0.5
        if kind == "lanczos":
            x = torch.arange(n, dtype=torch.float64) - at[:, None]
            weights = torch.sinc(x) * torch.sinc(x / LOBES) * (x.abs() < LOBES)
            return (weights / weights.sum(dim=1, keepdim=True)).float().to(device)
        taps = torch.arange(-1, 3) if kind == "bicubic" else torch.arange(2)
        places = at.floor().long()[:, None] + taps
        x = (at[:, None] - places).abs()
        values = _cubic(x) if kind == "bicubic" else 1 - x
        weights = torch.zeros(m, n, dtype=torch.float64)
        weights.scatter_add_(1, places.clamp(0, n - 1), values)
        return weights.float().to(device)


def _along_both(image: Tensor, rows: Tensor | None, columns: Tensor | None) -> Tensor:
    """Multiplies [B, C, h, w] from the left by [H, h] and from the right by [W, w] transposed."""
    # The axis that grows less comes first: fewer products.
    growth_r = 1 if rows is None else rows.shape[0] / rows.shape[1]
    growth_c = 1 if columns is None else columns.shape[0] / columns.shape[1]
    if columns is not None and growth_c <= growth_r:
        image, columns = image @ columns.to(image.dtype).T, None
    if rows is not None:
        image = rows.to(image.dtype) @ image
    return image if columns is None else image @ columns.to(image.dtype).T


def downsample(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Averages over the area of each pixel of a smaller grid, as a sensor's pixel does.

    Exact for fractional factors too, so it equals OpenCV's INTER_AREA wherever that shrinks.

    Args:
        image: float32 [B, C, H, W], any range.
        size: (h, w), at least 1 and at most (H, W).

    Returns:
        float32 [B, C, h, w].

    Raises:
        ConfigError: the size is empty or exceeds the frame.
    """
    frame = tuple(image.shape[-2:])
    if any(not 1 <= m <= n for m, n in zip(size, frame, strict=True)):
        raise ConfigError(f"small image of {size} px: use 1 px up to the frame's {frame}")
    rows, columns = (
        _area_weights(n, m, image.device) if m < n else None
        for m, n in zip(size, frame, strict=True)
    )
    return _along_both(image, rows, columns)


def enlarge(image: Tensor, size: tuple[int, int], kind: str) -> Tensor:
    """Interpolates a small image to the frame.

    Args:
        image: float32 [B, C, h, w].
        size: (H, W).
        kind: "bicubic", "bilinear" as a plain reader's own resize does, or "lanczos" with three
            lobes. All but bilinear overshoot.

    Returns:
        float32 [B, C, H, W].

    Raises:
        ConfigError: the kind is unknown, or Lanczos is asked to shrink.
    """
    if kind not in ENLARGEMENTS:
        raise ConfigError(f"enlarge {kind!r}: use one of {', '.join(ENLARGEMENTS)}")
    grid = tuple(image.shape[-2:])
    if kind == "lanczos" and (size[0] < grid[0] or size[1] < grid[1]):
        raise ConfigError(
            f"enlarge to {tuple(size)} px: smaller than the image's {grid[0]} x {grid[1]}"
        )
    rows, columns = (
        _interpolation_weights(kind, n, m, image.device) if n != m else None
        for n, m in zip(grid, size, strict=True)
    )
    return _along_both(image, rows, columns)
