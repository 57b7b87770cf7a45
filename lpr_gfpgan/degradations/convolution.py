"""Convolution of each image of a batch with its own kernels, in one Fourier transform.

Shape legend: B samples, H x W image, K kernel side (odd).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from lpr_gfpgan.errors import ConfigError


def fast_length(n: int) -> int:
    """The smallest even number >= n with no prime factor above 5, which transforms quickly."""
    n += n % 2
    while True:
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n += 2


def _mirrored(image: Tensor, before: int, canvas: tuple[int, int]) -> Tensor:
    """Extends [B, C, H, W] to a canvas by mirroring about the outermost pixels, any distance.

    The image starts `before` px from the canvas's upper and left edge.
    """
    height, width = image.shape[-2:]
    needs = [before, canvas[1] - before - width, before, canvas[0] - before - height]
    if 1 in (height, width):  # a single row or column is its own mirror image
        flat = [width == 1] * 2 + [height == 1] * 2
        image = pad(image, [need * one for need, one in zip(needs, flat, strict=True)], "replicate")
        needs = [need * (not one) for need, one in zip(needs, flat, strict=True)]
    while any(needs):
        # One pass goes as far as the other border, where the mirrored image is symmetric again.
        most = [image.shape[-1] - 1] * 2 + [image.shape[-2] - 1] * 2
        step = [min(need, length) for need, length in zip(needs, most, strict=True)]
        image = pad(image, step, "reflect")
        needs = [need - done for need, done in zip(needs, step, strict=True)]
    return image


def transfer_function(kernel: Tensor, canvas: tuple[int, int]) -> Tensor:
    """Transfer functions of kernels whose centres lie at the canvas's origin.

    Args:
        kernel: float32 [B, K, K], K odd.
        canvas: (H', W'), at least K each.

    Returns:
        complex64 [B, H', W' // 2 + 1], as `torch.fft.rfft2` lays them out.
    """
    radius = kernel.shape[-1] // 2
    room = (0, canvas[1] - kernel.shape[-1], 0, canvas[0] - kernel.shape[-2])
    padded = pad(kernel, room)
    return torch.fft.rfft2(torch.roll(padded, (-radius, -radius), dims=(1, 2)))


def blur(image: Tensor, kernels: Sequence[Tensor], *, reach: int | None = None) -> Tensor:
    """Convolves each image with all of its kernels: their transfer functions are multiplied.

    The border mirrors about the outermost pixel (OpenCV's BORDER_REFLECT_101).

    Args:
        image: float32 [B, C, H, W], any range.
        kernels: float32 [B, K, K] each, K odd and possibly different; none leaves the image alone.
        reach: radius in px of all of a sample's kernels convolved, when the caller knows it to be
            less than the sum of (K - 1) / 2; it decides how far the image is extended.

    Returns:
        float32 [B, C, H, W].

    Raises:
        ConfigError: a kernel is no [B, K, K] with K odd.
    """
    if not kernels:
        return image
    for kernel in kernels:
        expected = (len(image), kernel.shape[-1], kernel.shape[-1])
        if kernel.shape != expected or kernel.shape[-1] % 2 == 0:
            raise ConfigError(
                f"kernel of shape {tuple(kernel.shape)}: use [{len(image)}, K, K] with K odd"
            )
    if reach is None:
        reach = sum(kernel.shape[-1] // 2 for kernel in kernels)
    height, width = image.shape[-2:]
    canvas = (fast_length(height + 2 * reach), fast_length(width + 2 * reach))
    canvas = tuple(max(n, *(k.shape[-1] for k in kernels)) for n in canvas)
    transfer = transfer_function(kernels[0], canvas)
    for kernel in kernels[1:]:
        transfer *= transfer_function(kernel, canvas)
    spectrum = torch.fft.rfft2(_mirrored(image.contiguous(), reach, canvas)).mul_(transfer[:, None])
    # Back along the columns first, then only the rows that are wanted.
    rows = torch.fft.ifft(spectrum, dim=-2)[..., reach : reach + height, :]
    return torch.fft.irfft(rows, n=canvas[1])[..., reach : reach + width].contiguous()
