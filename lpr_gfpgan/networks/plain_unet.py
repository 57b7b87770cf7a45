"""A U-Net that restores by itself: the baseline without prior, codes and adversary.

Shape legend: B batch, C channels, H x W pixels.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from ..errors import ConfigError
from .checks import expect_shape, full_size, height_and_width, whole_numbers
from .layers import EqualisedConv2d, initialise
from .unet import UNet

SMALL = 0.1  # spread of the last layer: the first restorations are near the input


class PlainUNet(nn.Module):
    """A degraded image plus what a U-Net adds to it.

    The features are those of the restorer's own U-Net (`UNet`), so that what a comparison shows is
    the generative prior and its training, not another extractor.

    Args:
        base: (h0, w0), height and width of the coarsest level.
        channels: of each level, coarsest first.
        seed: of the first weights.

    Raises:
        ConfigError: a size is no positive whole number, or there is one level only.
    """

    def __init__(self, *, base: Sequence[int], channels: Sequence[int], seed: int = 0) -> None:
        super().__init__()
        base = height_and_width("base", base)
        levels = whole_numbers("channels", channels)
        if len(levels) < 2:
            raise ConfigError(f"channels {list(levels)}: a U-Net needs at least two levels")
        self.size = full_size(base, len(levels))
        self.config = {"base": list(base), "channels": list(levels)}
        self.unet = UNet(levels)
        self.rgb = EqualisedConv2d(levels[-1], 3, 1, spread=SMALL)
        initialise(self, seed)

    def forward(self, image: Tensor) -> Tensor:
        """Restore.

        Args:
            image: [B, 3, H, W] in [-1, 1].

        Returns:
            The restored image, [B, 3, H, W], about [-1, 1], not clamped.

        Raises:
            LprError: the image has another shape.
        """
        expect_shape("image", image, None, 3, *self.size)
        _, features = self.unet(image)
        return image + self.rgb(features[-1])
