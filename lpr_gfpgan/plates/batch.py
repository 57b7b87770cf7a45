"""Batches of plates as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from .alphabet import MAX_CHARACTERS, encode

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class PlateBatch:
    """Frames with their labels, B of them; coordinates in pixels of the frame.

    Attributes:
        image: float32 [B, 3, H, W], RGB in [-1, 1], channels last in memory.
        quad: float32 [B, 4, 2], the plate's corners.
        box: float32 [B, 4], bounding box of the visible plate.
        character_boxes: float32 [B, 8, 4], zeros where there is no character.
        labels: int64 [B, 8], class indices, 0 where there is no character.
        lengths: int64 [B], number of characters.
        tight: bool [B], the frame was filled from a tight crop.
        index: int64 [B], the sample's number in its split.
    """

    image: torch.Tensor
    quad: torch.Tensor
    box: torch.Tensor
    character_boxes: torch.Tensor
    labels: torch.Tensor
    lengths: torch.Tensor
    tight: torch.Tensor
    index: torch.Tensor

    def __len__(self) -> int:
        return len(self.image)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> PlateBatch:
        """Return the batch on another device."""
        return PlateBatch(
            **{
                field.name: getattr(self, field.name).to(device, non_blocking=non_blocking)
                for field in fields(self)
            }
        )


def image_tensor(images: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """Return uint8 images [B, H, W, 3] as float32 [B, 3, H, W] in [-1, 1] on a device."""
    import torch

    pixels = torch.from_numpy(np.array(images)).to(device)  # a copy, moved while it is small
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def label_arrays(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return class indices int64 [B, 8], 0 where absent, and lengths int64 [B].

    Raises:
        LabelError: a text has a character no reader knows, or too many.
    """
    labels = np.zeros((len(texts), MAX_CHARACTERS), np.int64)
    lengths = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        indices = encode(text)
        labels[row, : len(indices)] = indices
        lengths[row] = len(indices)
    return labels, lengths
