"""The restorer: a U-Net, an encoder to codes, and a generator whose features the U-Net bends.

Wang et al., "Towards real-world blind face restoration with generative facial prior" (GFP-GAN),
CVPR 2021, section 3. The decoder is a pre-trained StyleGAN2 generator: the codes say what kind of
image to make, and the spatial feature transforms say what is where.

In the published shape (512 x 512 from 4 x 4, code size 512, an 8-layer mapping network, decoder
channels 512 four times, then 256, 128, 64, 32, half as many in the U-Net, codes from the flattened
bottleneck) the restorer has 76 207 244 parameters, of which 24 860 935 lie in the decoder: the
76.2 M and 24.9 M of GFP-GAN's clean architecture with channel multiplier 1. The counts are equal
part by part; what differs holds no parameters: learning rates are equalised in U-Net, encoder and
transforms too, the U-Net has one more skip, added at the full resolution, the decoder doubles by a
transposed convolution and [1, 3, 3, 1] instead of bilinear interpolation, and the fixed noise is a
buffer, which is not counted.

Shape legend: B batch, D code size, L number of codes, C channels, H x W pixels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..errors import ConfigError
from .checks import expect_shape, whole_numbers
from .layers import GAIN, EqualisedConv2d, EqualisedLinear, initialise, leaky
from .stylegan2 import Condition, Generator
from .unet import UNet

SMALL = 0.1  # spread of the layers whose effect should start slight but not at nothing


class Restoration(NamedTuple):
    """What the restorer made of an image.

    Attributes:
        image: [B, 3, H, W], the restored image, about [-1, 1], not clamped.
        pyramid: images made from the U-Net's features alone, one per level but the coarsest,
            coarsest first: [B, 3, H_l, W_l]; the last has the full size.
    """

    image: Tensor
    pyramid: list[Tensor]

    def first(self, count: int) -> "Restoration":
        """The restorations of the first `count` images."""
        return Restoration(self.image[:count], [level[:count] for level in self.pyramid])


class Transform(nn.Module):
    """Scale and shift for half of a decoder level's channels, from the U-Net's features there.

    Starts near scale 1 and shift 0. The last convolutions do not start at zero: their gradient
    would reach nothing before them.

    Args:
        inputs: channels of the U-Net's features.
        outputs: channels to transform.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.scale_features = EqualisedConv2d(inputs, inputs, 3, gain=GAIN)
        self.scale = EqualisedConv2d(inputs, outputs, 3, bias=1.0, spread=SMALL)
        self.shift_features = EqualisedConv2d(inputs, inputs, 3, gain=GAIN)
        self.shift = EqualisedConv2d(inputs, outputs, 3, spread=SMALL)

    def forward(self, features: Tensor) -> Condition:
        """[B, I, H, W] -> scale and shift, each [B, O, H, W]."""
        scale = self.scale(leaky(self.scale_features(features)))
        return scale, self.shift(leaky(self.shift_features(features)))


class Encoder(nn.Module):
    """One code per decoder layer from the bottleneck, around a mean code it can be given.

    Args:
        channels: of the bottleneck.
        base: (h0, w0) of the bottleneck.
        codes: L.
        code_size: D.
        pool: whether the bottleneck is first averaged over its pixels, which keeps the layer
            small; else it is flattened.
    """

    def __init__(
        self, channels: int, base: tuple[int, int], codes: int, code_size: int, *, pool: bool
    ) -> None:
        super().__init__()
        self.pool, self.shape = pool, (codes, code_size)
        inputs = channels if pool else channels * base[0] * base[1]
        self.codes = EqualisedLinear(inputs, codes * code_size, spread=SMALL)

    def forward(self, bottleneck: Tensor) -> Tensor:
        """[B, C_0, h0, w0] -> [B, L, D]."""
        x = bottleneck.mean((2, 3)) if self.pool else bottleneck.flatten(1)
        return self.codes(x).unflatten(1, self.shape)

    @torch.no_grad()
    def centre_on(self, code: Tensor) -> None:
        """Make every code start near `code`, [D]."""
        self.codes.bias.copy_(code.repeat(self.shape[0]) / self.codes.bias_scale)


class Restorer(nn.Module):
    """A degraded image to a restored one of the same size.

    Args:
        base: (h0, w0), height and width of the coarsest level.
        channels_unet: of each level, coarsest first.
        channels_decoder: of each level, coarsest first; as many levels.
        code_size: D.
        mapping_layers: depth of the decoder's mapping network, which restoring does not use but
            the prior's weights hold.
        pool_codes: whether codes come from the averaged bottleneck instead of the flattened one.
        seed: of the first weights.

    Raises:
        ConfigError: a size is no positive whole number, or the two tables differ in length.
    """

    def __init__(
        self,
        *,
        base: Sequence[int],
        channels_unet: Sequence[int],
        channels_decoder: Sequence[int],
        code_size: int,
        mapping_layers: int,
        pool_codes: bool,
        seed: int = 0,
    ) -> None:
        super().__init__()
        unet = whole_numbers("channels_unet", channels_unet)
        decoder = whole_numbers("channels_decoder", channels_decoder, least=2)
        if len(unet) != len(decoder):
            raise ConfigError(
                f"channels_unet has {len(unet)} levels and channels_decoder {len(decoder)}; "
                "give as many of each"
            )
        self.decoder = Generator(
            base=base,
            channels=decoder,
            code_size=code_size,
            mapping_layers=mapping_layers,
            seed=seed,
        )
        self.size = self.decoder.size
        self.config = {
            "base": list(self.decoder.base),
            "channels_unet": list(unet),
            "channels_decoder": list(decoder),
            "code_size": code_size,
            "mapping_layers": mapping_layers,
            "pool_codes": bool(pool_codes),
        }
        self.unet = UNet(unet)
        self.encoder = Encoder(
            unet[0], self.decoder.base, self.decoder.num_codes, code_size, pool=pool_codes
        )
        self.transforms = nn.ModuleList(
            Transform(u, d // 2) for u, d in zip(unet[1:], decoder[1:], strict=True)
        )
        self.rgb = nn.ModuleList(EqualisedConv2d(u, 3, 1) for u in unet[1:])
        initialise(self, seed)

    def forward(self, image: Tensor, *, noise: str | Tensor = "fixed") -> Restoration:
        """Restore.

        Args:
            image: [B, 3, H, W] in [-1, 1].
            noise: "fixed", or keys int64 [B]; see `Generator.synthesise`.

        Returns:
            The restored image and the U-Net's own images.

        Raises:
            LprError: the image has another shape, or the noise is of neither kind.
        """
        expect_shape("image", image, None, 3, *self.size)
        bottleneck, features = self.unet(image)
        conditions = [make(x) for make, x in zip(self.transforms, features, strict=True)]
        codes = self.encoder(bottleneck)
        restored = self.decoder.synthesise(codes, noise=noise, conditions=conditions)
        return Restoration(restored, [rgb(x) for rgb, x in zip(self.rgb, features, strict=True)])

    @torch.no_grad()
    def initialise_from(self, prior: Generator) -> None:
        """Take over a trained prior: its weights as decoder, its mean code as every code's start.

        The first restorations then are near the prior's mean image, whatever the input.

        Args:
            prior: a generator of the decoder's configuration.

        Raises:
            ConfigError: the configurations differ.
        """
        if prior.config != self.decoder.config:
            raise ConfigError(
                f"prior is built as {prior.config}, the decoder as {self.decoder.config}; "
                "train the prior with the decoder's sizes"
            )
        self.decoder.load_state_dict(prior.state_dict())
        self.encoder.centre_on(self.decoder.mean_code())

    def trainable(self, decoder: str) -> list[nn.Parameter]:
        """The parameters that training moves.

        Args:
            decoder: "frozen" for everything but the decoder; "tuned" for the decoder too, except
                its mapping network, which restoring does not pass through.

        Raises:
            ConfigError: neither of the two.
        """
        if decoder not in ("frozen", "tuned"):
            raise ConfigError(f'decoder is {decoder!r}; give "frozen" or "tuned"')
        fixed = "decoder." if decoder == "frozen" else "decoder.mapping."
        return [p for name, p in self.named_parameters() if not name.startswith(fixed)]


def parameter_report(restorer: Restorer) -> dict[str, int]:
    """Number of parameters by part, and in all; buffers such as the fixed noise are not counted."""
    parts = {
        "unet": restorer.unet,
        "encoder": restorer.encoder,
        "transforms": restorer.transforms,
        "rgb": restorer.rgb,
        "decoder": restorer.decoder,
    }
    report = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
    return {**report, "total": sum(report.values())}
