"""The physical order, on a batch whose samples each have parameters of their own.

Samples are grouped twice, by how far their blur reaches and by their small image's grid. The groups
follow fixed ladders, so a sample is computed on the same canvas whatever batch it comes in.

Shape legend: B samples, H x W frame.
"""

import torch
from torch import Tensor

from lpr_gfpgan.degradations.convolution import blur
from lpr_gfpgan.degradations.defocus import (
    disk_kernel,
    disk_reach,
    gaussian_kernel,
    gaussian_reach,
)
from lpr_gfpgan.degradations.downsampling import ENLARGEMENTS, downsample, enlarge
from lpr_gfpgan.degradations.jpeg import check_quality, jpeg_exact, jpeg_fast
from lpr_gfpgan.degradations.motion import motion_kernel
from lpr_gfpgan.degradations.motion import reach as motion_reach
from lpr_gfpgan.degradations.noise import add_noise
from lpr_gfpgan.degradations.parameters import DegradationParameters
from lpr_gfpgan.errors import ConfigError, ImageError

CODECS = {"fast": jpeg_fast, "exact": jpeg_exact}
SMALLEST_REACH = 8  # px; reaches are rounded up to this times a power of two


def _put(image: Tensor, index: Tensor, part: Tensor) -> Tensor:
    return part if len(index) == len(image) else image.index_copy(0, index, part)


def reach_steps(need: Tensor) -> Tensor:
    """The ladder of canvases: k for a reach of up to SMALLEST_REACH * 2^k px; int64, same shape.

    Canvases of fixed sizes, not of a batch's largest need, round a sample alike in every batch.
    """
    return torch.log2(need.clamp(min=1) / SMALLEST_REACH).ceil().clamp(min=0).long()


def apply_blur(
    image: Tensor,
    motion_length: Tensor,
    motion_angle: Tensor,
    sigma_major: Tensor,
    sigma_minor: Tensor,
    sigma_angle: Tensor,
    disk_radius: Tensor,
) -> Tensor:
    """Motion, Gaussian and disk of each sample in one pass through the Fourier domain.

    Args:
        image: float32 [B, C, H, W].
        motion_length: [B] px, 0 = none.
        motion_angle: [B] degrees.
        sigma_major: [B] px, 0 = none.
        sigma_minor: [B] px.
        sigma_angle: [B] degrees.
        disk_radius: [B] px, 0 = none.

    Returns:
        float32 [B, C, H, W]; a sample without blur is returned bit for bit.
    """
    need = motion_reach(motion_length) + gaussian_reach(sigma_major) + disk_reach(disk_radius)
    blurred = (motion_length > 0) | (sigma_major > 0) | (disk_radius > 0)
    steps = torch.where(blurred, reach_steps(need), -1)
    for step in steps.unique().tolist():
        if step < 0:
            continue
        index = (steps == step).nonzero()[:, 0]
        reach = SMALLEST_REACH << step
        size = 2 * reach + 1
        kernels = []
        if bool((motion_length[index] > 0).any()):
            kernels.append(motion_kernel(motion_length[index], motion_angle[index], size))
        if bool((sigma_major[index] > 0).any()):
            major, minor, angle = sigma_major[index], sigma_minor[index], sigma_angle[index]
            kernels.append(gaussian_kernel(major, minor, angle, size))
        if bool((disk_radius[index] > 0).any()):
            kernels.append(disk_kernel(disk_radius[index], size))
        image = _put(image, index, blur(image[index], kernels, reach=reach))
    return image


def _sense(image: Tensor, parameters: DegradationParameters, codec: str, kind: str) -> Tensor:
    """Downsamples, adds noise, compresses and enlarges again, group by group of equal grids."""
    frame = tuple(image.shape[-2:])
    p = parameters
    noisy = (p.noise_sigma > 0) | (p.signal_gain > 0)
    grids, group = torch.stack([p.small_height, p.small_width], 1).unique(
        dim=0, return_inverse=True
    )
    result = image
    for number, grid in enumerate(grids.tolist()):
        index = (group == number).nonzero()[:, 0]
        small = downsample(image[index], tuple(grid))
        chosen = noisy[index].nonzero()[:, 0]
        if len(chosen):
            at = index[chosen]
            part = add_noise(small[chosen], p.noise_sigma[at], p.signal_gain[at], p.noise_key[at])
            small = _put(small, chosen, part)
        small = CODECS[codec](small, p.jpeg_quality[index])
        result = _put(result, index, enlarge(small, frame, kind))
    return result


def check(image: Tensor, parameters: DegradationParameters) -> None:
    """Refuses a batch that does not fit its parameters.

    Raises:
        ImageError: the image is no float [B, 3, H, W].
        ConfigError: there are not B parameters, or a small image exceeds the frame.
    """
    if image.ndim != 4 or image.shape[1] != 3 or not image.is_floating_point():
        raise ImageError(
            f"image of shape {tuple(image.shape)}, {image.dtype}: use float32 [B, 3, H, W]"
        )
    if len(parameters) != len(image):
        raise ConfigError(f"{len(parameters)} parameters for {len(image)} images: give as many")
    height, width = image.shape[-2:]
    if bool((parameters.small_height > height).any() | (parameters.small_width > width).any()):
        raise ConfigError(
            f"small image larger than the frame of {height} x {width} px: draw with its size"
        )


def degrade(
    image: Tensor, parameters: DegradationParameters, *, codec: str, enlarge: str = "bicubic"
) -> Tensor:
    """Degrades each image as a camera does: blur, sensor, noise, compression, enlargement.

    Args:
        image: float32 [B, 3, H, W] RGB in [-1, 1], either memory format, any device.
        parameters: of B samples, on the same device.
        codec: "fast", the batched stand-in for training, or "exact", OpenCV's JPEG.
        enlarge: "bicubic", "bilinear" as a plain reader's own resize does, or "lanczos".

    Returns:
        float32 [B, 3, H, W] in [-1, 1], in the memory format of `image`.

    Raises:
        ImageError: the image is no float [B, 3, H, W].
        ConfigError: the codec or enlargement is unknown, a JPEG quality is out of range, or the
            parameters do not fit the batch.
    """
    if codec not in CODECS:
        raise ConfigError(f"codec {codec!r}: use one of {', '.join(CODECS)}")
    if enlarge not in ENLARGEMENTS:
        raise ConfigError(f"enlarge {enlarge!r}: use one of {', '.join(ENLARGEMENTS)}")
    check(image, parameters)
    check_quality(parameters.jpeg_quality)
    p = parameters
    channels_last = image.is_contiguous(memory_format=torch.channels_last)
    # Under autocast the matrix products would run in bfloat16, coarser than a level of 1/255.
    with torch.autocast(image.device.type, enabled=False):
        result = apply_blur(
            image.float().contiguous(),
            p.motion_length.where(~p.motion_last, 0),
            p.motion_angle,
            p.sigma_major,
            p.sigma_minor,
            p.sigma_angle,
            p.disk_radius,
        )
        result = _sense(result, p, codec, enlarge).clamp(-1, 1)
        zero = torch.zeros_like(p.motion_length)
        late = p.motion_length.where(p.motion_last, 0)
        result = apply_blur(result, late, p.motion_angle, zero, zero, zero, zero).clamp(-1, 1)
    if channels_last and not image.is_contiguous():
        result = result.contiguous(memory_format=torch.channels_last)
    return result
