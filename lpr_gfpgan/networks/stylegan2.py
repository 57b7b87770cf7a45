"""The generator of StyleGAN2 on frames that need not be square.

Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020: a mapping
network, one code per layer, modulated convolutions, noise in every layer, and an image summed over
resolutions. The discriminator is in `discriminator.py`.

Shape legend: B batch, D code size, L number of codes, C channels, H x W pixels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .. import randomness
from ..errors import LprError
from .checks import expect_shape, full_size, height_and_width, whole_numbers
from .filters import double
from .layers import GAIN, EqualisedLinear, ModulatedConv2d, initialise, leaky

Condition = tuple[Tensor, Tensor]  # scale and shift of a spatial feature transform


class Mapping(nn.Module):
    """From a normal vector z to the code w that the layers' styles are read from.

    Args:
        code_size: D.
        layers: number of fully connected layers; 0 only normalises.
    """

    def __init__(self, code_size: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EqualisedLinear(code_size, code_size, multiplier=0.01, gain=GAIN) for _ in range(layers)
        )

    def forward(self, z: Tensor) -> Tensor:
        """[B, D] -> [B, D]; z is first scaled to mean square 1."""
        w = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        for layer in self.layers:
            w = leaky(layer(w))
        return w


class StyledConv(nn.Module):
    """Modulated 3 x 3 convolution, noise, bias, leaky rectifier.

    Args:
        inputs: channels before.
        outputs: channels after.
        code_size: D.
        double: whether the resolution is doubled.
    """

    def __init__(self, inputs: int, outputs: int, code_size: int, *, double: bool = False) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(inputs, outputs, 3, code_size, double=double)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, code: Tensor, noise: Tensor) -> Tensor:
        """[B, I, H, W], [B, D] and noise [1 or B, 1, H', W'] -> [B, O, H', W']."""
        # A leaky rectifier commutes with positive factors: its gain is applied where it is cheap.
        offset = (self.bias * GAIN)[:, None, None]
        y = self.convolution(x, code, offset, gain=GAIN)
        return leaky(y.add_((noise * (self.noise_strength * GAIN)).to(y.dtype)))


class ToRGB(nn.Module):
    """One resolution's share of the image: a modulated 1 x 1 convolution without demodulation."""

    def __init__(self, inputs: int, code_size: int) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(inputs, 3, 1, code_size, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, code: Tensor, image: Tensor | None) -> Tensor:
        """Add to the image so far: [B, C, H, W], [B, D], [B, 3, H/2, W/2] -> [B, 3, H, W]."""
        offset = self.bias[:, None, None]
        return self.convolution(x, code, offset if image is None else double(image) + offset)


class Level(nn.Module):
    """The layers of one resolution; the coarsest has no layer that doubles."""

    def __init__(self, inputs: int | None, outputs: int, code_size: int) -> None:
        super().__init__()
        self.enter = None
        if inputs is not None:
            self.enter = StyledConv(inputs, outputs, code_size, double=True)
        self.refine = StyledConv(outputs, outputs, code_size)
        self.to_rgb = ToRGB(outputs, code_size)


def transform_half(x: Tensor, condition: Condition) -> Tensor:
    """Scale and shift the second half of the channels, pixel by pixel; keep the first half.

    Channel-split spatial feature transform (Wang et al., "Towards real-world blind face
    restoration with generative facial prior", CVPR 2021, equation 4).

    Args:
        x: [B, C, H, W].
        condition: scale and shift, each [B, C // 2, H, W].

    Returns:
        [B, C, H, W].
    """
    scale, shift = condition
    kept, transformed = x.split([x.shape[1] - scale.shape[1], scale.shape[1]], 1)
    return torch.cat([kept, torch.addcmul(shift, transformed, scale)], 1)


class Generator(nn.Module):
    """StyleGAN2's generator: a normal vector or one code per layer to an image.

    Code 0 feeds the coarsest convolution and code 1 its RGB layer; level l > 0 takes code 2l - 1
    for the convolution that doubles, 2l for the next and 2l + 1 for RGB. Two neighbouring layers
    share a code where a level ends, as in the published decoder.

    Args:
        base: (h0, w0), height and width of the coarsest level.
        channels: channels of each level, coarsest first; the image is base * 2^(len - 1).
        code_size: D, of z and of every code.
        mapping_layers: depth of the mapping network.
        seed: of the first weights and of the fixed noise.

    Raises:
        ConfigError: a size is no positive whole number.
    """

    def __init__(
        self,
        *,
        base: Sequence[int],
        channels: Sequence[int],
        code_size: int,
        mapping_layers: int,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.base = height_and_width("base", base)
        self.channels = whole_numbers("channels", channels, least=2)
        (self.code_size,) = whole_numbers("code_size", (code_size,))
        (mapping_layers,) = whole_numbers("mapping_layers", (mapping_layers,), least=0)
        self.config = {
            "base": list(self.base),
            "channels": list(self.channels),
            "code_size": code_size,
            "mapping_layers": mapping_layers,
        }
        self.size = full_size(self.base, len(self.channels))
        self.num_codes = 2 * len(self.channels)

        self.mapping = Mapping(code_size, mapping_layers)
        self.constant = nn.Parameter(torch.zeros(1, self.channels[0], *self.base))
        inputs = (None, *self.channels[:-1])
        self.levels = nn.ModuleList(
            Level(i, o, code_size) for i, o in zip(inputs, self.channels, strict=True)
        )
        shapes = [full_size(self.base, n + 1) for n in range(len(self.channels))]
        # One noise field per styled convolution: one at the coarsest level, two at the others.
        self._noise_shapes = [shapes[0], *(s for s in shapes[1:] for _ in range(2))]
        self._noise_sizes = [height * width for height, width in self._noise_shapes]
        self.register_buffer("fixed_noise", torch.zeros(1, sum(self._noise_sizes)))
        initialise(self, seed)

    def fill(self, generator: torch.Generator) -> None:
        """Draw the constant and the fixed noise."""
        self.constant.normal_(generator=generator)
        self.fixed_noise.normal_(generator=generator)

    def map(self, z: Tensor) -> Tensor:
        """Codes of normal vectors: [B, D] -> [B, D].

        Raises:
            LprError: z has another shape.
        """
        expect_shape("z", z, None, self.code_size)
        return self.mapping(z)

    @torch.no_grad()
    def mean_code(self, samples: int | Tensor = 4096) -> Tensor:
        """The mean of the codes of many normal vectors.

        Args:
            samples: how many, or their keys, int64 [N].

        Returns:
            [D].
        """
        device = self.constant.device
        if isinstance(samples, int):
            samples = randomness.keys(0, 0, torch.arange(samples), "mean code")
        z = randomness.normal(samples, (self.code_size,), device)
        return self.mapping(z.to(self.constant.dtype)).mean(0)

    def forward(self, z: Tensor, *, noise: str | Tensor = "fixed") -> Tensor:
        """Images of normal vectors: [B, D] -> [B, 3, H, W], near [-1, 1] once trained."""
        return self.synthesise(self.map(z), noise=noise)

    def synthesise(
        self,
        codes: Tensor,
        *,
        noise: str | Tensor = "fixed",
        conditions: Sequence[Condition] | None = None,
    ) -> Tensor:
        """Images of codes.

        Args:
            codes: [B, L, D], one per layer, or [B, D], one for all layers.
            noise: "fixed" for the noise kept with the weights, or keys int64 [B], one per image,
                from which each image's noise is drawn, whatever the batch around it.
            conditions: scale and shift for each level but the coarsest, coarsest first, each
                [B, C // 2, H_l, W_l]; applied between the level's two convolutions.

        Returns:
            [B, 3, H, W].

        Raises:
            LprError: a shape differs, or the noise is neither "fixed" nor one key per image.
        """
        if codes.dim() == 2:
            codes = codes[:, None].expand(-1, self.num_codes, -1)
        expect_shape("codes", codes, None, self.num_codes, self.code_size)
        if conditions is not None and len(conditions) != len(self.levels) - 1:
            raise LprError(
                f"conditions has {len(conditions)} levels; give {len(self.levels) - 1}, "
                "all but the coarsest"
            )
        fields = iter(self._noise_fields(noise, len(codes)))
        code = codes.unbind(1)
        x = self.constant.expand(len(codes), -1, -1, -1)
        x = x.contiguous(memory_format=torch.channels_last)
        image = None
        for n, level in enumerate(self.levels):
            if level.enter is not None:
                x = level.enter(x, code[2 * n - 1], next(fields))
                if conditions is not None:
                    x = transform_half(x, conditions[n - 1])
            x = level.refine(x, code[2 * n], next(fields))
            image = level.to_rgb(x, code[2 * n + 1], image)
        return image

    def _noise_fields(self, noise: str | Tensor, batch: int) -> list[Tensor]:
        """The noise of each styled convolution in turn, each [1 or B, 1, H_l, W_l]."""
        if isinstance(noise, Tensor):
            expect_shape("noise", noise, batch)
            flat = randomness.normal(noise, (sum(self._noise_sizes),), self.constant.device)
            flat = flat.to(self.constant.dtype)
        elif noise == "fixed":
            flat = self.fixed_noise
        else:
            raise LprError(f'noise is {noise!r}; give "fixed" or one key per image')
        parts = flat.split(self._noise_sizes, 1)
        return [
            part.unflatten(1, (1, *shape))
            for part, shape in zip(parts, self._noise_shapes, strict=True)
        ]
