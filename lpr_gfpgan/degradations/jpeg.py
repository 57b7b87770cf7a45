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
from torch.nn.functional import avg_pool2d, interpolate, pad

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


@lru_cache(maxsize=8)
def _colours(device: torch.device) -> tuple[Tensor, Tensor]:
    """From RGB to Y, Cb, Cr and back, without offsets: float32 [3, 3] each (JFIF 1.02)."""
    with torch.inference_mode(False):
        there = [
            [0.299, 0.587, 0.114],
            [-0.168735892, -0.331264108, 0.5],
            [0.5, -0.418687589, -0.081312411],
        ]
        back = [[1, 0, 1.402], [1, -0.344136286, -0.714136286], [1, 1.772, 0]]
        return torch.tensor(there, device=device), torch.tensor(back, device=device)


@lru_cache(maxsize=64)
def _pooling_bias(width: int, device: torch.device) -> Tensor:
    """float32 [width]: the codec rounds halves of its 2 x 2 mean down in even columns, else up."""
    with torch.inference_mode(False):
        return (1 + torch.arange(width, device=device) % 2) / 4


def _round(x: Tensor) -> Tensor:
    return (x + (0.5 + TIE)).floor_()


def _round_(x: Tensor) -> Tensor:
    return x.add_(0.5 + TIE).floor_()


def _round_away(x: Tensor) -> Tensor:
    """Rounds to the nearest integer, halves away from zero, as the codec's quantiser does."""
    return x.abs().add_(0.5 + TIE).floor_().copysign_(x)


def _blocks(plane: Tensor) -> Tensor:
    """[B, C, H, W], sides multiples of 8, as blocks [B, C, H / 8, W / 8, 8, 8]: a view."""
    return plane.unflatten(3, (-1, 8)).unflatten(2, (-1, 8)).transpose(3, 4)


def _requantise(planes: tuple[Tensor, Tensor], tables: Tensor) -> tuple[Tensor, Tensor]:
    """Codes and decodes luma [B, 1, H, W] and chroma [B, 2, h, w] with steps [B, 2, 64].

    Levels are -128..127, sides multiples of 8.
    """
    views = [_blocks(plane) for plane in planes]
    blocks = torch.cat([view.flatten(4).flatten(1, 3) for view in views], 1)  # [B, n, 64]
    count = views[0][0].numel() // 64
    cosines = _cosines(blocks.device)
    coefficients = blocks @ cosines.T
    for part, steps in zip(
        coefficients.tensor_split([count], 1), tables.split(1, dim=1), strict=True
    ):
        part.copy_(_round_away(part.div_(steps)).mul_(steps))
    blocks = _round_(torch.matmul(coefficients, cosines, out=blocks)).clamp_(-128, 127)
    luma, chroma = (
        part.view(view.shape).transpose(3, 4).reshape(plane.shape)
        for part, view, plane in zip(blocks.tensor_split([count], 1), views, planes, strict=True)
    )
    return luma, chroma


def _fast(image: Tensor, quality: Tensor) -> Tensor:
    """The stand-in on levels 0..255 (integers in float32), qualities 1..100."""
    batch, _, height, width = image.shape
    there, back = _colours(image.device)
    if height % MCU or width % MCU:
        image = pad(image, (0, -width % MCU, 0, -height % MCU), mode="replicate")
    rows, columns = image.shape[2:]
    # Offset by -128 throughout, the level shift that the transform wants.
    planes = (there @ image.flatten(2)).view(batch, 3, rows, columns)
    planes[:, 0].sub_(128)
    planes = _round_(planes)
    # Blue or red alone gives 127.5, which rounds to a level too many.
    chroma = avg_pool2d(planes[:, 1:].clamp_(max=127), 2)
    chroma = chroma.add_(_pooling_bias(columns // 2, image.device)).floor_()
    luma, chroma = _requantise((planes[:, :1], chroma), quantisation_tables(quality))
    luma = luma[..., :height, :width]
    chroma = chroma[..., : (height + 1) // 2, : (width + 1) // 2]
    # Bilinear by two has the weights 3/4, 1/4 of the codec's smooth chroma upsampling.
    chroma = interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False)
    chroma = _round_(chroma)[..., :height, :width]
    planes = torch.cat([luma.add_(128), chroma], 1)
    return _round_((back @ planes.flatten(2)).view(planes.shape)).clamp_(0, 255)


def to_levels(image: Tensor) -> Tensor:
    """[-1, 1] to whole levels 0..255, float32; halves go up."""
    return _round((image + 1).mul_(127.5)).clamp_(0, 255)


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
    if len(chosen) == len(image):
        return _fast(to_levels(image).contiguous(), quality).div_(127.5).sub_(1)
    coded = _fast(to_levels(image[chosen]).contiguous(), quality[chosen]).div_(127.5).sub_(1)
    return image.index_copy(0, chosen, coded)


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
