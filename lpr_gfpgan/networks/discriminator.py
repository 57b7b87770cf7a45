"""The residual discriminator of StyleGAN2 on frames that need not be square.

Karras et al., CVPR 2020, section 4.1 and figure 7: residual blocks down to the coarsest level, the
minibatch standard deviation, one convolution and two fully connected layers.

Shape legend: B batch, C channels, H x W pixels.
"""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .checks import expect_shape, full_size, height_and_width, whole_numbers
from .filters import halve
from .layers import GAIN, EqualisedConv2d, EqualisedLinear, batch_deviation, initialise, leaky


class DownBlock(nn.Module):
    """Two convolutions beside a linear path, both to half the resolution.

    The sum of two paths of equal power is divided by sqrt(2); the factor sits in the weights of
    both paths, which costs nothing.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualisedConv2d(inputs, inputs, 3, gain=GAIN)
        self.second = EqualisedConv2d(inputs, outputs, 3, gain=1.0, halve=True)
        self.skip = EqualisedConv2d(inputs, outputs, 1, bias=None, gain=math.sqrt(0.5))

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, H/2, W/2]."""
        return self.skip(halve(x)).add_(leaky(self.second(leaky(self.first(x)))))


class Discriminator(nn.Module):
    """How real an image looks, as a logit.

    Args:
        base: (h0, w0), height and width of the coarsest level.
        channels: channels of each level, coarsest first; the image is base * 2^(len - 1).
        group: samples compared by the minibatch standard deviation.
        seed: of the first weights.

    Raises:
        ConfigError: a size is no positive whole number.
    """

    def __init__(
        self, *, base: Sequence[int], channels: Sequence[int], group: int = 4, seed: int = 0
    ) -> None:
        super().__init__()
        self.base = height_and_width("base", base)
        self.channels = whole_numbers("channels", channels, least=2)
        (self.group,) = whole_numbers("group", (group,))
        self.config = {
            "base": list(self.base),
            "channels": list(self.channels),
            "group": group,
        }
        self.size = full_size(self.base, len(self.channels))

        finest_first = self.channels[::-1]
        self.from_rgb = EqualisedConv2d(3, finest_first[0], 1, gain=GAIN)
        self.blocks = nn.ModuleList(DownBlock(i, o) for i, o in itertools.pairwise(finest_first))
        coarsest = self.channels[0]
        self.last = EqualisedConv2d(coarsest + 1, coarsest, 3, gain=GAIN)
        self.hidden = EqualisedLinear(coarsest * math.prod(self.base), coarsest, gain=GAIN)
        self.logit = EqualisedLinear(coarsest, 1)
        initialise(self, seed)

    def features(self, image: Tensor) -> list[Tensor]:
        """Activations at every resolution, finest first; each sample by itself.

        Args:
            image: [B, 3, H, W] in [-1, 1].

        Returns:
            One [B, C_l, H_l, W_l] per level.

        Raises:
            LprError: the image has another shape.
        """
        expect_shape("image", image, None, 3, *self.size)
        x = image.contiguous(memory_format=torch.channels_last)
        features = [leaky(self.from_rgb(x))]
        for block in self.blocks:
            features.append(block(features[-1]))
        return features

    def forward(self, image: Tensor) -> Tensor:
        """Logits: [B, 3, H, W] in [-1, 1] -> [B, 1]; above 0 means real.

        Raises:
            LprError: the image has another shape.
        """
        x = batch_deviation(self.features(image)[-1], self.group)
        x = leaky(self.last(x))
        return self.logit(leaky(self.hidden(x.flatten(1))))
