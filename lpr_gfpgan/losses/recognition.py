"""Losses on what a frozen reader makes of the restored plate.

The published code counts the hits of a reader on a rounded copy of the image, whose gradient is
zero everywhere. These are differentiable: the reader's scores are functions of the restored
pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import LprError

MARGIN = 6 / 90
"""What is left around a character's box, as a share of its height: 6 of 90 mm."""
MIN_STEPS = 16
"""A text of 8 equal characters needs 15 CTC steps: 8 characters and the 7 blanks between them."""


def on_characters(image: Tensor, boxes: Tensor) -> Tensor:
    """The same image, through which a gradient passes in the characters' boxes alone.

    Where a reader is unsure, a restorer can lower its loss by what it draws beside the characters,
    in the free ground that the plate itself leaves: a spot that is no part of any plate. With this
    the reader still sees the whole plate, and asks for no pixel beside the characters.

    Args:
        image: [B, 3, H, W].
        boxes: float [B, K, 4], x0, y0, x1, y1 in pixels; `MARGIN` is added here. One of no height
            or width is no character.

    Returns:
        [B, 3, H, W], the values of `image`.
    """
    height, width = image.shape[-2:]
    x0, y0, x1, y1 = boxes.to(image.device, torch.float32)[..., None].unbind(2)
    margin = MARGIN * (y1 - y0)
    x = torch.arange(width, device=image.device) + 0.5
    y = torch.arange(height, device=image.device) + 0.5
    across = (x >= x0 - margin) & (x <= x1 + margin)
    down = (y >= y0 - margin) & (y <= y1 + margin) & (y1 > y0) & (x1 > x0)
    inside = (down[..., :, None] & across[..., None, :]).any(1, keepdim=True)
    return torch.where(inside, image, image.detach())


def slot_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each character at its own place on the plate.

    Mean over the characters of a plate, then over plates: E_b[ mean_k -log p_b,k(c_b,k) ].

    Args:
        logits: [B, K, C], the reader's scores at the K slots.
        labels: int64 [B, K], class indices; 0 where there is no character (such slots do not
            count).
    """
    present = labels > 0
    entropy = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    per_plate = (entropy * present).sum(1) / present.sum(1).clamp(min=1)
    return per_plate.mean()


def ctc_loss(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """Connectionist temporal classification (Graves et al. 2006), E[-log p(text) / length].

    Args:
        logits: [B, T, C] with T >= 16; class 0 is the blank.
        labels: int64 [B, K], class indices, 0 behind the text's end.
        lengths: int64 [B], characters of each text.

    Raises:
        LprError: T is too small for a text with repeated characters, whose loss would be infinite.
    """
    steps = logits.shape[1]
    if steps < MIN_STEPS:
        raise LprError(
            f"logits: {steps} time steps; CTC needs at least {MIN_STEPS}, widen the reader's crop"
        )
    log_probabilities = F.log_softmax(logits.float(), dim=2).transpose(0, 1)
    input_lengths = torch.full_like(lengths, steps)
    losses = F.ctc_loss(log_probabilities, labels, input_lengths, lengths, reduction="none")
    return (losses / lengths.clamp(min=1)).mean()
