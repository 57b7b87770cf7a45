"""The public code's degradation, quirks kept, so that the effect of each can be measured.

Described in our own code from its behaviour: the motion blur comes last, after noise and
compression (D4); JPEG qualities above 100 act as 100 (D5); every image passes through a JPEG file
of quality 95 (D6); the motion kernel loses weight, varies in length and spans half of the
directions (D7); motion blur is followed by a contrast stretch (D8); the Gaussian is cut to 41 taps
(D9); downsampling aliases (D12). The numbers are those of the study's list of defects.

Shape legend: B samples, H x W frame, K kernel side (odd).
"""

import torch
from torch import Tensor

from lpr_gfpgan.degradations.convolution import blur
from lpr_gfpgan.degradations.defocus import gaussian_kernel
from lpr_gfpgan.degradations.downsampling import enlarge
from lpr_gfpgan.degradations.jpeg import jpeg_exact
from lpr_gfpgan.degradations.motion import offsets
from lpr_gfpgan.degradations.noise import add_noise
from lpr_gfpgan.degradations.parameters import DegradationParameters
from lpr_gfpgan.degradations.pipeline import SMALLEST_REACH, check, reach_steps
from lpr_gfpgan.errors import ConfigError

TAPS = 41
STORAGE_QUALITY = 95
PUBLISHED_WIDTH = 512  # px of the frame in which the published lengths are given


def motion_kernel_as_published(length: Tensor, angle: Tensor, size: int) -> Tensor:
    """The diagonal of an n x n box, turned inside that box, over n.

    A diagonal of n pixels is n sqrt(2) long; turning it by 45 degrees pushes its ends out of the
    box. So the sum falls from 1 to about 0.7, the length from 1.4 n to n, and angles 0..90 give
    directions -45..45 (counter-clockwise as seen).

    Args:
        length: [B] px; its whole part is n. Below 1 it gives the identity.
        angle: [B] degrees the diagonal is turned by, counter-clockwise as seen.
        size: K, odd, at least n + 1.

    Returns:
        float32 [B, K, K], the point spread function; its sum is 1 or less.

    Raises:
        ConfigError: the size is even, or too small for the longest kernel.
    """
    n = length.long().clamp(min=1)[:, None, None]
    if n.numel() and int(n.max()) // 2 > size // 2:
        raise ConfigError(f"motion kernel of {size} px: too small for {int(n.max())} px")
    # The filter it was made for correlates with weight (i, j) at offset (i, j) - n // 2; a point
    # spreads to the mirrored offsets.
    x_1K, y_K1 = (-axis for axis in offsets(size, length.device))
    x, y = x_1K + n // 2, y_K1 + n // 2
    in_box = (x >= 0) & (x < n) & (y >= 0) & (y < n)
    # Where each place of the turned box comes from; it turns about (n / 2, n / 2).
    radians = torch.deg2rad(angle.float())[:, None, None]
    cosine, sine = radians.cos(), radians.sin()
    x, y = x - n / 2, y - n / 2
    x, y = cosine * x - sine * y + n / 2, sine * x + cosine * y + n / 2
    kernel = torch.zeros_like(x)
    left, top = x.floor(), y.floor()
    for column in (left, left + 1):
        for row in (top, top + 1):
            lit = (column == row) & (column >= 0) & (column < n)
            kernel += lit * (1 - (x - column).abs()) * (1 - (y - row).abs())
    kernel = kernel * in_box / n
    identity = (x_1K == 0) & (y_K1 == 0)
    return torch.where((length >= 1)[:, None, None], kernel, identity.float())


def stretch(image: Tensor) -> Tensor:
    """Maps each image's lowest and highest value, over all channels, to -1 and 1.

    Args:
        image: float32 [B, C, H, W].

    Returns:
        float32 [B, C, H, W] in [-1, 1]; a constant image becomes -1.
    """
    low = image.amin(dim=(1, 2, 3), keepdim=True)
    high = image.amax(dim=(1, 2, 3), keepdim=True)
    return (image - low) / (high - low).clamp(min=1e-6) * 2 - 1


def taps_as_published(width: int) -> int:
    """Side of the Gaussian kernel, odd: 41 at 512 px, so that it cuts alike at every frame size."""
    return 2 * round(TAPS // 2 * width / PUBLISHED_WIDTH) + 1


def degrade_as_published(
    image: Tensor, parameters: DegradationParameters, *, taps: int | None = None
) -> Tensor:
    """Gaussian, bilinear downsampling, noise, JPEG, then motion and stretch, then a JPEG file.

    Args:
        image: float32 [B, 3, H, W] RGB in [-1, 1].
        parameters: of B samples; jpeg_quality may exceed 100 and acts as 100 then. The disk and
            the order are not of that code: disk_radius must be 0, motion comes last in any case.
        taps: side of the Gaussian kernel, odd; by the frame's width when not given.

    Returns:
        float32 [B, 3, H, W] in [-1, 1].

    Raises:
        ImageError: the image is no float [B, 3, H, W].
        ConfigError: the parameters do not fit, ask for a disk or a quality below 0, or `taps` is
            even.
    """
    check(image, parameters)
    p = parameters
    if bool((p.disk_radius > 0).any()):
        raise ConfigError("disk_radius: the published degradation has no disk; use 0")
    frame = tuple(image.shape[-2:])
    taps = taps_as_published(frame[1]) if taps is None else taps
    with torch.autocast(image.device.type, enabled=False):
        image = image.float().contiguous()
        gaussian = gaussian_kernel(p.sigma_major, p.sigma_minor, p.sigma_angle, taps, cut=taps)
        image = blur(image, [gaussian]).clamp(-1, 1)
        grids = torch.stack([p.small_height, p.small_width], 1)
        for grid in grids.unique(dim=0).tolist():
            index = (grids == grids.new_tensor(grid)).all(dim=1).nonzero()[:, 0]
            q = p.select(index)
            small = enlarge(image[index], tuple(grid), "bilinear")  # not antialiased: D12
            small = add_noise(small, q.noise_sigma, q.signal_gain, q.noise_key)
            small = jpeg_exact(small, q.jpeg_quality.clamp(max=100))
            image = image.index_copy(0, index, enlarge(small, frame, "bilinear"))
        steps = reach_steps(p.motion_length.long() // 2).where(p.motion_length >= 1, -1)
        for step in steps.unique().tolist():
            if step < 0:
                continue
            index = (steps == step).nonzero()[:, 0]
            size = 2 * (SMALLEST_REACH << step) + 1
            kernel = motion_kernel_as_published(p.motion_length[index], p.motion_angle[index], size)
            image = image.index_copy(0, index, stretch(blur(image[index], [kernel])))
        return jpeg_exact(image, torch.full_like(p.jpeg_quality, STORAGE_QUALITY))
