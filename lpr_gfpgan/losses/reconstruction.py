"""Distances to the true image, pixel by pixel."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def l1(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference: E|G(y) - x|, in the images' units.

    Args:
        restored: [B, 3, H, W] in [-1, 1].
        target: the same shape.
    """
    return F.l1_loss(restored, target)


def pyramid_l1(pyramid: Sequence[Tensor], target: Tensor) -> Tensor:
    """L1 at every scale of the U-Net's own pictures, summed (GFP-GAN, section 3.2).

    sum_s E|P_s(y) - area_s(x)|, where area_s averages the target down to the size of P_s.

    Args:
        pyramid: pictures [B, 3, h_s, w_s], each an integer fraction of the target's size.
        target: [B, 3, H, W] in [-1, 1].
    """
    terms = [F.l1_loss(p, F.interpolate(target, p.shape[-2:], mode="area")) for p in pyramid]
    return sum(terms[1:], start=terms[0])
