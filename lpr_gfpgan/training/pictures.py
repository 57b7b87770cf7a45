"""Pictures of tensors, for sample grids and pixel metrics."""

import numpy as np
import torch
from torch import Tensor

from ..errors import ImageError


def to_pixels(images: Tensor) -> np.ndarray:
    """[B, 3, H, W] in [-1, 1] (clamped) to uint8 RGB [B, H, W, 3].

    Raises:
        ImageError: a value is no number, which as a pixel would pass for black.
    """
    if not bool(torch.isfinite(images).all()):
        raise ImageError("the image holds values that are not finite; train the network again")
    pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


def side_by_side(columns: list[Tensor]) -> Tensor:
    """A picture of samples: each column is [B, 3, H, W]; returns [3, B * H, columns * W]."""
    rows = torch.cat([c.float() for c in columns], dim=3)
    return torch.cat(list(rows), dim=1)
