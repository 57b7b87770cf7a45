"""The U-Net that takes features out of the degraded image at every resolution.

Wang et al., "Towards real-world blind face restoration with generative facial prior", CVPR 2021,
section 3.2, in the shape of its published clean architecture: residual blocks that halve or double,
and skips added, not appended. One skip is added to the published ones, at the full resolution,
where it costs no parameters: small frames are read at the scale of single pixels.

Shape legend: B batch, C channels, H x W pixels, l level, 0 the coarsest.
"""

import itertools
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .filters import double
from .layers import GAIN, EqualisedConv2d, leaky


def _average_pairs(x: Tensor) -> Tensor:
    """Bilinear halving, which is the mean of each 2 x 2 block."""
    return F.avg_pool2d(x, 2)


class ResampleBlock(nn.Module):
    """Two convolutions with a change of resolution between them, beside a linear path.

    The division of the sum by sqrt(2) sits in the weights of both paths.

    Args:
        inputs: channels before.
        outputs: channels after.
        up: doubles the resolution if true, else halves it.
    """

    def __init__(self, inputs: int, outputs: int, *, up: bool) -> None:
        super().__init__()
        self.first = EqualisedConv2d(inputs, inputs, 3, gain=GAIN)
        self.second = EqualisedConv2d(inputs, outputs, 3, gain=1.0)
        self.skip = EqualisedConv2d(inputs, outputs, 1, bias=None, gain=math.sqrt(0.5))
        self.up = up

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, 2H, 2W] or [B, O, H/2, W/2]."""
        y = leaky(self.first(x))
        if self.up:
            # A 1 x 1 convolution and bilinear doubling commute: the cheaper one goes first.
            return double(self.skip(x)).add_(leaky(self.second(double(y))))
        return self.skip(_average_pairs(x)).add_(leaky(self.second(_average_pairs(y))))


class UNet(nn.Module):
    """Features of an image at every resolution but the coarsest, and the bottleneck.

    Args:
        channels: of each level, coarsest first.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        finest_first = tuple(channels)[::-1]
        pairs = list(itertools.pairwise(finest_first))
        self.enter = EqualisedConv2d(3, finest_first[0], 1, gain=GAIN)
        self.down = nn.ModuleList(ResampleBlock(i, o, up=False) for i, o in pairs)
        self.bottleneck = EqualisedConv2d(channels[0], channels[0], 3, gain=GAIN)
        self.up = nn.ModuleList(ResampleBlock(o, i, up=True) for i, o in reversed(pairs))

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Extract.

        Args:
            image: [B, 3, H, W].

        Returns:
            The bottleneck [B, C_0, h0, w0], and the features of levels 1, 2, ...: [B, C_l, H_l,
            W_l].
        """
        skips = [leaky(self.enter(image.contiguous(memory_format=torch.channels_last)))]
        for block in self.down:
            skips.append(block(skips[-1]))
        bottleneck = x = leaky(self.bottleneck(skips[-1]))
        features = []
        for block in self.up:
            x = block(x + skips.pop())
            features.append(x)
        # The finest skip stands last: without it no path keeps the image's own resolution.
        features[-1] = x + skips.pop()
        return bottleneck, features
