"""A trained reading network with its crop, its alphabet and its confidences."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..networks import PlateReader, crop_region, decode_greedy, load_weights
from ..plates import decode


@dataclass(frozen=True)
class Reading:
    """What a reader saw.

    Attributes:
        text: the characters, left to right; empty where nothing was seen.
        confidences: the reader's own probability of each character, in [0, 1].
        confidence: of the whole text: the product of `confidences`; 0 for an empty text.
    """

    text: str
    confidences: tuple[float, ...]
    confidence: float


class Reader:
    """Reads plates whose corners are known.

    Args:
        network: the trained network.
        name: how results refer to this reader.
    """

    def __init__(self, network: PlateReader, *, name: str) -> None:
        self.network = network.eval()
        self.name = name

    def __repr__(self) -> str:
        height, width = self.network.input_size
        return f"Reader({self.name!r}, crop={height}x{width})"

    def to(self, device: torch.device | str) -> "Reader":
        """Moves the network; returns self."""
        self.network.to(device)
        return self

    def crop(self, image: Tensor, quad: Tensor) -> Tensor:
        """Rectifies the plates: [B, 3, H, W] and corners [B, 4, 2] to [B, 3, h, w], same range."""
        return crop_region(image, quad, self.network.input_size)

    def logits(self, image: Tensor, quad: Tensor) -> Tensor:
        """Class scores [B, T, C] along each plate, differentiable with respect to `image`."""
        return self.network(self.crop(image, quad))

    @torch.no_grad()
    def read(self, image: Tensor, quad: Tensor) -> list[Reading]:
        """Greedy CTC reading (Graves et al. 2006) of each plate.

        Args:
            image: float32 [B, 3, H, W] in [-1, 1].
            quad: float32 [B, 4, 2], the plates' corners (tl, tr, br, bl) in pixels.
        """
        readings = []
        indices, lengths, confidences = decode_greedy(self.logits(image, quad))
        for row, length, each in zip(
            indices.tolist(), lengths.tolist(), confidences.tolist(), strict=True
        ):
            found = tuple(each[:length])
            readings.append(
                Reading(decode(row[:length]), found, math.prod(found) if found else 0.0)
            )
        return readings

    @torch.no_grad()
    def features(self, image: Tensor, quad: Tensor) -> Tensor:
        """Pooled features [B, F] of the network's trunk, for the kernel inception distance.

        Each row is scaled to mean square 1: the distance's cubic kernel would otherwise measure
        little but the largest features.
        """
        features = self.network.trunk(self.crop(image, quad))
        return features * features.square().mean(1, keepdim=True).add(1e-8).rsqrt()


def load_reader(path: Path | str, name: str) -> Reader:
    """Opens a trained reader.

    Raises:
        WeightsError: the file is missing, damaged or holds something else.
    """
    network, _ = load_weights(path, expect_kind="reader")
    return Reader(network, name=name)
