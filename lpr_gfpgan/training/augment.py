"""Variety that costs nothing to draw: colours and corners for readers, contrast for restorers.

All are keyed draws: the same sample at the same step varies alike in any batch and process.
"""

import dataclasses
import itertools

import torch
from torch import Tensor

from ..plates import PlateBatch
from ..randomness import uniform

CONTRAST = (0.6, 1.1)
BRIGHTNESS = 0.2
CORNER = 0.03
SLANT = 0.06
LEAST_CONTRAST = 0.1
_ORDERS = list(itertools.permutations(range(3)))


def vary_colours(image: Tensor, keys: Tensor, variety: float) -> Tensor:
    """Shuffles the channels of some images, inverts half of those, changes contrast and brightness.

    A character is its strokes, light on dark or dark on light, whatever the colours.

    Args:
        image: [B, 3, H, W] in [-1, 1].
        keys: int64 [B], see `randomness.keys`.
        variety: the share of images that are changed, 0 to 1.

    Returns:
        [B, 3, H, W] in [-1, 1].
    """
    drawn = uniform(keys, 5).to(image.device, torch.float32)
    orders = torch.tensor(_ORDERS, device=image.device)
    order = orders[(drawn[:, 0] * len(_ORDERS)).long()]
    low, high = CONTRAST
    scale = torch.where(drawn[:, 1] < 0.5, 1.0, -1.0) * (low + (high - low) * drawn[:, 2])
    shift = BRIGHTNESS * (2 * drawn[:, 3] - 1)
    shuffled = image.gather(1, order[:, :, None, None].expand_as(image))
    chosen = drawn[:, 4] < variety
    return torch.where(chosen[:, None, None, None], _rescaled(shuffled, scale, shift), image)


def lower_contrast(batch: PlateBatch, keys: Tensor, share: float) -> PlateBatch:
    """Shows some frames with less contrast, darker or lighter, before anything degrades them.

    On a frame without any contrast a decoder that has seen none so flat draws what it likes. The
    contrast kept is log-uniform from 10 % to all of it, the middle grey goes anywhere that keeps
    every pixel in range.

    Args:
        batch: B frames.
        keys: int64 [B], see `randomness.keys`.
        share: of the frames that are changed, 0 to 1.

    Returns:
        The batch with other images, in [-1, 1]; the batch itself where `share` is 0.
    """
    if not share:
        return batch
    drawn = uniform(keys, 3).to(batch.image.device, torch.float32)
    scale = LEAST_CONTRAST ** drawn[:, 0]
    shift = (1 - scale) * (2 * drawn[:, 1] - 1)
    chosen = (drawn[:, 2] < share)[:, None, None, None]
    image = torch.where(chosen, _rescaled(batch.image, scale, shift), batch.image)
    return dataclasses.replace(batch, image=image)


def _rescaled(image: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """`image * scale + shift` within [-1, 1]: [B, 3, H, W] with a scale and a shift [B] each."""
    return (image * scale[:, None, None, None] + shift[:, None, None, None]).clamp(-1, 1)


def vary_corners(quad: Tensor, keys: Tensor, variety: float) -> Tensor:
    """Moves each corner by up to 3 % of the plate's sides and slants the plate by up to 6 %.

    Corners come from a detector, never exactly.

    Args:
        quad: [B, 4, 2], tl, tr, br, bl.
        keys: int64 [B], see `randomness.keys`.
        variety: factor on both, 0 to 1.

    Returns:
        [B, 4, 2].
    """
    drawn = uniform(keys, 9).to(quad.device, torch.float32) * 2 - 1
    drawn = variety * drawn
    across = (quad[:, 1] - quad[:, 0] + quad[:, 2] - quad[:, 3]) / 2
    down = (quad[:, 3] - quad[:, 0] + quad[:, 2] - quad[:, 1]) / 2
    steps = CORNER * drawn[:, :8].unflatten(1, (4, 2))
    sign = torch.tensor([1.0, 1.0, -1.0, -1.0], device=quad.device)
    along = steps[..., 0] + SLANT * drawn[:, 8:] * sign
    return quad + along[..., None] * across[:, None] + steps[..., 1:] * down[:, None]
