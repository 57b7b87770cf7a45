"""Where a plate's characters stand, as fractions of its width."""

import torch
from torch import Tensor

from ..plates.alphabet import BLUE, GREEN, MAX_CHARACTERS, Layout


def slot_centres(lengths: Tensor) -> Tensor:
    """Centres of the character slots of rectified plates.

    The layout follows from the number of characters: 8 on a new-energy plate, 7 on every other.

    Args:
        lengths: int64 [B], characters on each plate.

    Returns:
        float32 [B, 8], in [0, 1] of the plate's width from its left edge; 0 where there is no
        character.
    """
    table = torch.tensor([_centres(BLUE), _centres(GREEN)], device=lengths.device)
    return table[(lengths == MAX_CHARACTERS).long()]


def _centres(layout: Layout) -> list[float]:
    centres = [(x0 + x1) / 2 / layout.width for x0, _, x1, _ in layout.glyphs]
    return centres + [0.0] * (MAX_CHARACTERS - len(centres))
