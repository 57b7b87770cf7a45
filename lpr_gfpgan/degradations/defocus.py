"""Defocus: isotropic and anisotropic Gaussians, and the disk of an ideal lens with a round stop.

Shape legend: B samples, K kernel side (odd).
"""

import torch
from torch import Tensor

from lpr_gfpgan.degradations.motion import direction, offsets

SMALLEST_SIGMA = 1e-2  # px; narrower Gaussians are the identity to float32
SMALLEST_RADIUS = 0.1  # px; any disk inside one pixel is the identity
STRIPS = 16  # strips a pixel is cut into for a disk's coverage


def gaussian_reach(sigma_major: Tensor) -> Tensor:
    """Radius in whole pixels at which a Gaussian is cut, at least three sigma: int64."""
    return (3 * sigma_major).ceil().long()


def disk_reach(radius: Tensor) -> Tensor:
    """Radius in whole pixels beyond which a disk is zero: int64."""
    return (radius - 0.5).clamp(min=0).ceil().long()


def gaussian_kernel(
    sigma_major: Tensor,
    sigma_minor: Tensor,
    angle: Tensor,
    size: int,
    *,
    cut: Tensor | int | None = None,
) -> Tensor:
    """Gaussian sampled at pixel centres and normalised to sum 1.

    The cut depends on the sample's own sigma, not on K, so that a larger K changes nothing.

    Args:
        sigma_major: [B] px along the angle; 0 gives the identity.
        sigma_minor: [B] px across it.
        angle: [B] degrees, 0 = horizontal, counter-clockwise as seen.
        size: K, odd.
        cut: offsets beyond this many pixels in x or y are zero; None means ceil(3 sigma_major).

    Returns:
        float32 [B, K, K].

    Raises:
        ConfigError: the size is even.
    """
    x_1K, y_K1 = offsets(size, sigma_major.device)
    u_x, u_y = (u[:, None, None] for u in direction(angle))
    along = (x_1K * u_x + y_K1 * u_y) / sigma_major.clamp(min=SMALLEST_SIGMA)[:, None, None]
    across = (x_1K * u_y - y_K1 * u_x) / sigma_minor.clamp(min=SMALLEST_SIGMA)[:, None, None]
    kernel = torch.exp(-(along.square() + across.square()) / 2)
    cut = gaussian_reach(sigma_major)[:, None, None] if cut is None else cut
    kernel = kernel * (torch.maximum(x_1K.abs(), y_K1.abs()) <= cut)
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)


def disk_kernel(radius: Tensor, size: int) -> Tensor:
    """Disk: each weight is the share of that pixel's square the disk covers, normalised to sum 1.

    Coverage is exact along one axis and sampled in strips along the other; the mean with the
    transposed kernel restores the symmetry. The second moment along any axis is radius^2 / 4, so a
    disk of radius 2 sigma is as wide as a Gaussian of sigma.

    Args:
        radius: [B] px; up to 0.5 gives the identity.
        size: K, odd.

    Returns:
        float32 [B, K, K].

    Raises:
        ConfigError: the size is even.
    """
    x_1K, y_K1 = offsets(size, radius.device)
    strips = (torch.arange(STRIPS, dtype=torch.float32, device=radius.device) + 0.5) / STRIPS - 0.5
    radius = radius.float().clamp(min=SMALLEST_RADIUS)[:, None, None, None]
    chord = (radius.square() - (y_K1[None, :, :, None] + strips).square()).clamp(min=0).sqrt()
    x = x_1K[None, :, :, None]
    covered = (torch.minimum(x + 0.5, chord) - torch.maximum(x - 0.5, -chord)).clamp(min=0)
    kernel = covered.mean(dim=3)
    kernel = kernel + kernel.transpose(1, 2)
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)
