"""The residual-in-residual dense network of ESRGAN, as Real-ESRGAN uses it at equal size.

Wang et al., "ESRGAN: Enhanced super-resolution generative adversarial networks", ECCVW 2018,
section 3.1; Wang et al., "Real-ESRGAN: Training real-world blind super-resolution with pure
synthetic data", ICCVW 2021, section 3.3: the pixels are folded into channels, so that the network
works on a grid `shuffle` times coarser than the image.

Shape legend: B batch, C channels, G growth, s shuffle, h x w the folded grid, H x W pixels.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ConfigError, LprError
from .checks import whole_numbers
from .layers import GAIN, initialise

DEPTH = 5  # convolutions in a dense block, blocks in a residual one: as published
DENSE_BLOCKS = 3
RESIDUAL = 0.2
SLOPE = 0.2
SHRINK = 0.1  # of the first weights in the dense blocks (ESRGAN, section 3.1)
# Each residual block passes 1.2 times its input on. The layers around the trunk start as small as
# PyTorch's own convolutions, variance 1 / (3 inputs); else the first images would be too bright.
OUTER = math.sqrt(1 / 3) / GAIN


def _activate(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all before it; its result is a small correction.

    Args:
        channels: C.
        growth: G, channels that each but the last convolution adds.
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels + number * growth, outputs, 3, padding=1)
            for number, outputs in enumerate([growth] * (DEPTH - 1) + [channels])
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C, h, w]."""
        seen = [x]
        for convolution in self.convolutions[:-1]:
            seen.append(_activate(convolution(torch.cat(seen, 1))))
        return x + RESIDUAL * self.convolutions[-1](torch.cat(seen, 1))


class ResidualDenseBlock(nn.Module):
    """Three dense blocks and a path around them."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DenseBlock(channels, growth) for _ in range(DENSE_BLOCKS)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C, h, w]."""
        return x + RESIDUAL * self.blocks(x)


class RRDBNet(nn.Module):
    """A degraded image to a restored one of the same size.

    At the published size (64 channels, growth 32, 23 blocks, 4 to 1) it has 16.7 M parameters.

    Args:
        channels: C.
        growth: G.
        blocks: residual-in-residual dense blocks.
        shuffle: s, a power of two: an s x s square of pixels is folded into channels at the start,
            and the grid is doubled log2(s) times at the end.
        seed: of the first weights.

    Raises:
        ConfigError: a size is no positive whole number, or `shuffle` is no power of two.
    """

    def __init__(
        self, *, channels: int, growth: int, blocks: int, shuffle: int, seed: int = 0
    ) -> None:
        super().__init__()
        sizes = {"channels": channels, "growth": growth, "blocks": blocks, "shuffle": shuffle}
        for name, value in sizes.items():
            whole_numbers(name, [value])
        if shuffle & (shuffle - 1):
            raise ConfigError(f"shuffle {shuffle}: give a power of two")
        self.config = sizes
        self.shuffle = shuffle
        self.first = nn.Conv2d(3 * shuffle**2, channels, 3, padding=1)
        self.trunk = nn.Sequential(*(ResidualDenseBlock(channels, growth) for _ in range(blocks)))
        self.after_trunk = nn.Conv2d(channels, channels, 3, padding=1)
        self.doublings = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=1) for _ in range(int(math.log2(shuffle)))
        )
        self.fine = nn.Conv2d(channels, channels, 3, padding=1)
        self.last = nn.Conv2d(channels, 3, 3, padding=1)
        initialise(self, seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.mul_(SHRINK if name.startswith("trunk.") else OUTER)

    def forward(self, image: Tensor) -> Tensor:
        """Restore.

        Args:
            image: [B, 3, H, W] in [-1, 1]; H and W are multiples of s.

        Returns:
            The restored image, [B, 3, H, W], about [-1, 1], not clamped.

        Raises:
            LprError: the image has another shape.
        """
        if image.ndim != 4 or image.shape[1] != 3 or any(n % self.shuffle for n in image.shape[2:]):
            raise LprError(
                f"image of shape {tuple(image.shape)}: give [B, 3, H, W] with H and W multiples of "
                f"{self.shuffle}"
            )
        x = self.first(F.pixel_unshuffle(image, self.shuffle))
        x = x + self.after_trunk(self.trunk(x))
        for convolution in self.doublings:
            x = _activate(convolution(F.interpolate(x, scale_factor=2, mode="nearest")))
        return self.last(_activate(self.fine(x)))
