"""The low-pass filter [1, 3, 3, 1] of StyleGAN2, and resampling by two.

The filter is separable, normalised to sum 1 and applied to each channel by itself. It is a fixed
linear map, so its derivative is its adjoint: writing that down here, instead of leaving it to the
derivative of a general convolution, makes the second derivatives that R1 and path length need
several times cheaper on a CPU.

Shape legend: B batch, C channels, H x W pixels.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = (1.0, 3.0, 3.0, 1.0)
_REACH = len(TAPS) - 1


class _Filter(torch.autograd.Function):
    """Correlation of each channel with `gain` times the filter, or the adjoint of that map."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gain: float, stride: int, padding: int, adjoint: bool
    ) -> Tensor:
        ctx.arguments = gain, stride, padding, adjoint
        taps = x.new_tensor(TAPS) / sum(TAPS)
        kernel = (taps[:, None] * taps * gain).expand(x.shape[1], 1, -1, -1)
        if adjoint and stride > 1:
            return F.conv_transpose2d(x, kernel, None, stride, padding, groups=x.shape[1])
        # The filter is symmetric: without a stride the adjoint differs in its padding alone.
        return F.conv2d(
            x, kernel, None, stride, _REACH - padding if adjoint else padding, groups=x.shape[1]
        )

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gain, stride, padding, adjoint = ctx.arguments
        return _Filter.apply(gradient, gain, stride, padding, not adjoint), None, None, None, None


def blur(x: Tensor, padding: int, *, gain: float = 1.0) -> Tensor:
    """Filter without resampling; the surroundings count as zero.

    Args:
        x: [B, C, H, W].
        padding: zeros on each side, 0 to 3.
        gain: factor on the result; 4 after inserting zeros keeps the mean.

    Returns:
        [B, C, H + 2 * padding - 3, W + 2 * padding - 3].
    """
    return _Filter.apply(x, gain, 1, padding, False)


def halve(x: Tensor) -> Tensor:
    """Filter with [1, 3, 3, 1] and keep every second pixel: [B, C, H, W] -> [B, C, H/2, W/2]."""
    return _Filter.apply(x, 1.0, 2, 1, False)


def double(x: Tensor) -> Tensor:
    """Enlarge bilinearly: [B, C, H, W] -> [B, C, 2H, 2W].

    Away from the border this is zero insertion followed by [1, 3, 3, 1]: each new pixel lies a
    quarter pixel from the nearest old one and takes 3/4 of it and 1/4 of the next. At the border
    the edge pixel is repeated, where StyleGAN2 fades to zero.
    """
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
