"""A coarser sensor: area averaging to a smaller grid, and the way back to the frame.

Shape legend: B samples, H x W frame, h x w small image.
"""

from functools import lru_cache

import torch
from torch import Tensor

from lpr_gfpgan.errors import ConfigError

ENLARGEMENTS = ("bicubic", "bilinear", "lanczos")
LOBES = 3  # of the Lanczos kernel to each side


@lru_cache(maxsize=64)
def _area_weights(n: int, m: int, device: torch.device) -> Tensor:
    """Share of each of n pixels in each of m larger ones: float32 [m, n], rows sum to 1."""
    # Kept for later calls, which may want gradients even if this one runs in inference mode.
    with torch.inference_mode(False):
        edges = torch.arange(m + 1, dtype=torch.float64) * n / m
        left = torch.arange(n, dtype=torch.float64)
        overlap = torch.minimum(edges[1:, None], left + 1) - torch.maximum(edges[:-1, None], left)
        return (overlap.clamp(min=0) * m / n).float().to(device)


@lru_cache(maxsize=64)
def _lanczos_weights(n: int, m: int, device: torch.device) -> Tensor:
    """Weight of each of n pixels in each of m >= n smaller ones: float32 [m, n], rows sum to 1.

    sinc(x) sinc(x / 3) for |x| < 3 at the pixels' centres (Duchon 1979); where the kernel reaches
    over the border its remaining weights are scaled up.
    """
    with torch.inference_mode(False):
        centre = (torch.arange(m, dtype=torch.float64) + 0.5) * n / m
        x = torch.arange(n, dtype=torch.float64) + 0.5 - centre[:, None]
        weights = torch.sinc(x) * torch.sinc(x / LOBES) * (x.abs() < LOBES)
        return (weights / weights.sum(dim=1, keepdim=True)).float().to(device)


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
    if size[0] < frame[0]:
        image = _area_weights(frame[0], size[0], image.device) @ image
    if size[1] < frame[1]:
        image = image @ _area_weights(frame[1], size[1], image.device).T
    return image


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
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    if kind == "lanczos":
        rows, columns = image.shape[-2:]
        if size[0] < rows or size[1] < columns:
            raise ConfigError(
                f"enlarge to {tuple(size)} px: smaller than the image's {rows} x {columns}"
            )
        image = _lanczos_weights(rows, size[0], image.device) @ image
        return image @ _lanczos_weights(columns, size[1], image.device).T
    return torch.nn.functional.interpolate(image, size=size, mode=kind, align_corners=False)
