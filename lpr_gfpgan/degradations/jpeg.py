"""JPEG with 4:2:0 chroma: the codec itself, and a batched stand-in for training.

The stand-in takes the baseline process of ITU-T T.81 with the JFIF colour transform and leaves out
only what loses nothing (entropy coding). It is not differentiable: it rounds as the codec does.

Shape legend: B samples, H x W image, n blocks of 8 x 8.
"""

import math
from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from lpr_gfpgan.errors import ConfigError

# Quantisation tables K.1 and K.2 of ITU-T T.81, row by row.
LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)
MCU = 16  # px: the unit of 4:2:0 coding, two luma blocks a side
# Integers in, so exact ties are common. This much decides them alike whatever the last bit of a sum
# is, and hence whatever the batch size.
TIE = 1e-3


def check_quality(quality: Tensor) -> None:
    """Accepts 1..100, and 0 for "not compressed".

    Args:
        quality: int64 [B].

    Raises:
        ConfigError: a value is out of range. The codec itself would clamp it silently.
    """
    wrong = quality[(quality < 0) | (quality > 100)]
    if wrong.numel():
        raise ConfigError(f"JPEG quality {int(wrong[0])}: use 1 to 100, or 0 for none")


def quantisation_tables(quality: Tensor) -> Tensor:
    """Tables for a quality, scaled as the Independent JPEG Group's library does.

    Args:
        quality: int64 [B], 1..100.

    Returns:
        float32 [B, 2, 64]: luma and chroma, steps 1..255, row by row.
    """
    scale = torch.where(quality < 50, 5000 // quality.clamp(min=1), 200 - 2 * quality)
    tables = torch.tensor([LUMA, CHROMA], device=quality.device).flatten(1)
    return ((tables * scale[:, None, None] + 50) // 100).clamp(1, 255).float()


@lru_cache(maxsize=8)
def _cosines(device: torch.device) -> Tensor:
    """The orthonormal 8 x 8 DCT-II on flattened blocks: float32 [64, 64], coefficient by pixel."""
    # Kept for later calls, which may want gradients even if this one runs in inference mode.
    with torch.inference_mode(False):
        k = torch.arange(8, dtype=torch.float64)
        basis = torch.cos(math.pi * (2 * k + 1) * k[:, None] / 16) / 2
        basis[0] /= math.sqrt(2)
        return torch.kron(basis, basis).float().to(device)


def _round(x: Tensor) -> Tensor:
    return (x + (0.5 + TIE)).floor_()


def _round_away(x: Tensor) -> Tensor:
    """Rounds to the nearest integer, halves away from zero, as the codec's quantiser does."""
    return x.abs().add_(0.5 + TIE).floor_().copysign_(x)


def _requantise(plane: Tensor, table: Tensor) -> Tensor:
    """Codes and decodes [B, C, H, W] planes of levels (H, W multiples of 8) with [B, 64] steps."""
    batch, channels, height, width = plane.shape
    blocks = plane.reshape(batch, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    cosines = _cosines(plane.device)
    coefficients = (blocks.reshape(batch, -1, 64) - 128) @ cosines.T
    steps = table[:, None, :]
    coefficients = _round_away(coefficients.div_(steps)).mul_(steps)
    blocks = (coefficients @ cosines).add_(128).reshape(blocks.shape).transpose(3, 4)
    return _round(blocks.reshape(plane.shape)).clamp_(0, 255)


def _fast(image: Tensor, quality: Tensor) -> Tensor:
    """The stand-in on levels 0..255 (integers in float32), qualities 1..100."""
    height, width = image.shape[-2:]
    filled = pad(image, (0, -width % MCU, 0, -height % MCU), mode="replicate")
    red, green, blue = filled.unbind(1)
    luma = _round(0.299 * red + 0.587 * green + 0.114 * blue)
    blue_difference = _round(128 - 0.168735892 * red - 0.331264108 * green + 0.5 * blue)
    red_difference = _round(128 + 0.5 * red - 0.418687589 * green - 0.081312411 * blue)
    chroma = torch.stack([blue_difference, red_difference], 1).clamp(0, 255)
    # The codec's 2 x 2 mean rounds halves down in even columns and up in odd ones.
    total = chroma[..., 0::2, :] + chroma[..., 1::2, :]
    total = total[..., 0::2] + total[..., 1::2]
    bias = 1 + torch.arange(total.shape[-1], device=image.device) % 2
    chroma = torch.floor((total + bias) / 4)

    tables = quantisation_tables(quality)
    luma = _requantise(luma[:, None], tables[:, 0])[:, 0, :height, :width]
    chroma = _requantise(chroma, tables[:, 1])[..., : (height + 1) // 2, : (width + 1) // 2]
    # Bilinear by two has the weights 3/4, 1/4 of the codec's smooth chroma upsampling.
    chroma = interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False)
    blue_difference, red_difference = (_round(chroma[..., :height, :width]) - 128).unbind(1)
    red = luma + 1.402 * red_difference
    green = luma - 0.344136286 * blue_difference - 0.714136286 * red_difference
    blue = luma + 1.772 * blue_difference
    return _round(torch.stack([red, green, blue], 1)).clamp_(0, 255)


def to_levels(image: Tensor) -> Tensor:
    """[-1, 1] to whole levels 0..255, float32; halves go up."""
    return _round((image + 1) * 127.5).clamp(0, 255)


def jpeg_fast(image: Tensor, quality: Tensor) -> Tensor:
    """Compresses and decompresses a batch without the codec, each image at its own quality.

    Args:
        image: float32 [B, 3, H, W] RGB in [-1, 1].
        quality: int64 [B], 1..100; 0 leaves that image as it is.

    Returns:
        float32 [B, 3, H, W] in [-1, 1]; compressed images hold multiples of 1/255 of the range.
        Its error against the input is within 1 dB of the codec's.

    Raises:
        ConfigError: a quality is out of range.
    """
    check_quality(quality)
    chosen = quality.nonzero()[:, 0]
    if not len(chosen):
        return image
    coded = _fast(to_levels(image[chosen]).contiguous(), quality[chosen]) / 127.5 - 1
    return coded if len(chosen) == len(image) else image.index_copy(0, chosen, coded)


def jpeg_exact(image: Tensor, quality: Tensor) -> Tensor:
    """Compresses and decompresses each image with OpenCV's codec, 4:2:0, one after the other.

    Args:
        image: float32 [B, 3, H, W] RGB in [-1, 1], any device.
        quality: int64 [B], 1..100; 0 leaves that image as it is.

    Returns:
        float32 [B, 3, H, W] in [-1, 1].

    Raises:
        ConfigError: a quality is out of range.
    """
    check_quality(quality)
    result = image.clone(memory_format=torch.contiguous_format)
    for index, value in enumerate(quality.tolist()):
        if value == 0:
            continue
        levels = to_levels(image[index]).permute(1, 2, 0).byte().cpu().numpy()
        settings = [
            cv2.IMWRITE_JPEG_QUALITY,
            value,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        ]
        _, coded = cv2.imencode(".jpg", cv2.cvtColor(levels, cv2.COLOR_RGB2BGR), settings)
        decoded = cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        decoded = torch.from_numpy(np.ascontiguousarray(decoded)).permute(2, 0, 1)
        result[index] = decoded.to(image.device, torch.float32) / 127.5 - 1
    return result
