"""The same work done by our networks and by the published ones, side by side.

Every case is a function of (side, size, batch, device) that gives what one side does, a callable
without arguments; sides are "ours" and "reference". Both have the channel table of GFP-GAN with
channel multiplier 1, the same optimiser, the same losses and inputs of the same shape; each
resamples as in its design.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lpr_gfpgan.config import load_study
from lpr_gfpgan.degradations import DegradationRanges, degrade, draw
from lpr_gfpgan.losses import (
    discriminator_logistic,
    generator_nonsaturating,
    l1,
    path_lengths,
    path_penalty,
    pyramid_l1,
    r1_penalty,
)
from lpr_gfpgan.networks import (
    Discriminator,
    Generator,
    RegionDiscriminator,
    Restorer,
    crop_region,
)
from lpr_gfpgan.plates import plate_box
from lpr_gfpgan.training.optimise import adam, due_r1, update

from . import reference

Work = Callable[[], Any]
OURS, REFERENCE = "ours", "reference"
PAPER = load_study("paper", params=Path(__file__).parents[2] / "params.yaml").settings
"""The profile of the published shape and schedule."""
UNET, DECODER = PAPER.restorer.channels, PAPER.prior.channels


PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}
"""Number formats of the convolutions and matrix products; weights are float32 in both."""
IN_BFLOAT16 = ("forward", "forward_backward", "gan_step", "prior_step")
"""Cases that training runs in either format."""


def in_precision(work: Work, precision: str, device: str) -> Work:
    """The same work in one of `PRECISIONS`."""
    dtype = PRECISIONS[precision]
    if dtype is None:
        return work

    def run() -> Any:
        with torch.autocast(torch.device(device).type, dtype):
            return work()

    return run


def levels(size: int) -> int:
    """How many levels lead from 4 x 4 to size x size."""
    return size.bit_length() - 2


def restorer(side: str, size: int) -> nn.Module:
    """Our restorer or the published one; their channel tables are equal."""
    if side == REFERENCE:
        return reference.restorer(size)
    count = levels(size)
    network = Restorer(
        base=(4, 4),
        channels_unet=UNET[:count],
        channels_decoder=DECODER[:count],
        code_size=PAPER.prior.code_size,
        mapping_layers=PAPER.prior.mapping_layers,
        pool_codes=PAPER.restorer.pool_codes,
    )
    return network.to(memory_format=torch.channels_last)  # as training and `Restorer` have it


def adversaries(side: str, size: int) -> tuple[nn.Module, nn.Module]:
    """The discriminators of the whole image and of the plate's region."""
    if side == REFERENCE:
        return reference.discriminator(size), reference.region_discriminator()
    whole = Discriminator(base=(4, 4), channels=DECODER[: levels(size)])
    channels = PAPER.restorer.region.discriminator.channels
    region = RegionDiscriminator(size=region_size(size), channels=channels)
    for network in (whole, region):
        network.to(memory_format=torch.channels_last)
    return whole, region


def region_size(size: int) -> tuple[int, int]:
    """Height and width, px, of the plate's region in a square image."""
    box = plate_box(size, size)
    return round(box[3] - box[1]) // 4 * 4, size


def restore(side: str, network: nn.Module, image: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The restored image and the images of the U-Net's levels."""
    found = network(image) if side == OURS else network(image, return_rgb=True)
    return found[0], found[1]


def images(size: int, batch: int, device: str, seed: int = 0) -> Tensor:
    """Noise between -1 and 1, [batch, 3, size, size]: arithmetic takes as long on any picture."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, size, size, generator=generator).mul_(2).sub_(1).to(device)


def forward(side: str, size: int, batch: int, device: str) -> Work:
    """(a) Restoring, without derivatives; the published network is spared the levels' images."""
    network, image = restorer(side, size).eval().to(device), images(size, batch, device)

    @torch.inference_mode()
    def run() -> Tensor:
        if side == OURS:
            return network(image).image
        return network(image, return_rgb=False, randomize_noise=False)[0]

    return run


def forward_backward(side: str, size: int, batch: int, device: str) -> Work:
    """(b) Restoring, and the derivative of every parameter."""
    network = restorer(side, size).train().to(device)
    image, target = images(size, batch, device), images(size, batch, device, seed=1)

    def run() -> None:
        network.zero_grad(set_to_none=True)
        restored, pyramid = restore(side, network, image)
        (l1(restored, target) + pyramid_l1(pyramid, target)).backward()

    return run


def _adam(network: nn.Module) -> torch.optim.Adam:
    settings = PAPER.restorer
    betas = settings.beta1, settings.beta2
    return adam(network, learning_rate=settings.learning_rate, betas=betas)


def _r1(
    judge: Callable[[Tensor], Tensor],
    optimiser: torch.optim.Optimizer,
    real: Tensor,
    network: nn.Module | None = None,
) -> None:
    leaf = real.detach().clone().requires_grad_(True)
    weight = due_r1(PAPER.restorer.discriminator, 0)
    update(network or judge, optimiser, weight * r1_penalty(judge(leaf), leaf))


class Game:
    """(c) Restoring's game, perceptual terms off: one step, and the penalty that is due lazily."""

    def __init__(self, side: str, size: int, batch: int, device: str) -> None:
        self.side, self.network = side, restorer(side, size).train().to(device)
        self.crop_size = region_size(size)
        self.boxes = torch.tensor([plate_box(size, size)] * batch, device=device)
        self.adversary, self.region = adversaries(side, size)
        self.parts = [(n, _adam(n.to(device))) for n in (self.network, self.adversary, self.region)]
        self.image = images(size, batch, device)
        self.target = images(size, batch, device, seed=1)

    def crop(self, image: Tensor) -> Tensor:
        """The plate's region of each image."""
        if self.side == OURS:
            return crop_region(image, self.boxes[:, None], self.crop_size)
        return reference.region_crop(image, self.boxes, self.crop_size)

    def step(self) -> None:
        """Restorer, discriminator, region discriminator."""
        (network, opt), (adversary, opt_adversary), (region, opt_region) = self.parts
        restored, pyramid = restore(self.side, network, self.image)
        loss = l1(restored, self.target) + pyramid_l1(pyramid, self.target)
        loss = loss + 0.1 * generator_nonsaturating(adversary(restored))
        loss = loss + 0.1 * generator_nonsaturating(region(self.crop(restored))[0])
        update(network, opt, loss)
        fake = restored.detach()
        loss = discriminator_logistic(adversary(self.target), adversary(fake))
        update(adversary, opt_adversary, loss)
        real_crop, fake_crop = self.crop(self.target), self.crop(fake)
        loss = discriminator_logistic(region(real_crop)[0], region(fake_crop)[0])
        update(region, opt_region, loss)

    def penalty(self) -> None:
        """R1 of both discriminators, which is due once in a while."""
        _, (adversary, opt_adversary), (region, opt_region) = self.parts
        _r1(adversary, opt_adversary, self.target)
        _r1(lambda crop: region(crop)[0], opt_region, self.crop(self.target), region)


class PriorGame:
    """(d) The prior's game: one step, and the two regularisers that are due lazily."""

    def __init__(self, side: str, size: int, batch: int, device: str) -> None:
        self.side, self.device = side, device
        count = levels(size)
        if side == OURS:
            self.generator = Generator(
                base=(4, 4),
                channels=DECODER[:count],
                code_size=PAPER.prior.code_size,
                mapping_layers=PAPER.prior.mapping_layers,
            )
            self.adversary = Discriminator(base=(4, 4), channels=DECODER[:count])
        else:
            self.generator = reference.generator(size)
            self.adversary = reference.discriminator(size)
        if side == OURS:
            for network in (self.generator, self.adversary):
                network.to(memory_format=torch.channels_last)
        networks = self.generator.train().to(device), self.adversary.train().to(device)
        self.parts = [(n, _adam(n)) for n in networks]
        self.real = images(size, batch, device)
        self.latents = torch.Generator().manual_seed(0)

    def make(self, batch: int) -> tuple[Tensor, Tensor]:
        """Images of new latents, and the codes they were made from."""
        z = torch.randn(batch, PAPER.prior.code_size, generator=self.latents).to(self.device)
        if self.side == OURS:
            codes = self.generator.map(z)[:, None].expand(-1, self.generator.num_codes, -1)
            return self.generator.synthesise(codes), codes
        return self.generator([z], return_latents=True, randomize_noise=False)

    def step(self) -> None:
        """Generator, discriminator."""
        (generator, opt), (adversary, opt_adversary) = self.parts
        fake, _ = self.make(len(self.real))
        update(generator, opt, generator_nonsaturating(adversary(fake)))
        loss = discriminator_logistic(adversary(self.real), adversary(fake.detach()))
        update(adversary, opt_adversary, loss)

    def penalty(self) -> None:
        """R1, which is due once in a while."""
        _r1(*self.parts[1], self.real)

    def path(self) -> None:
        """Path length of a part of the batch, which is due once in a while."""
        generator, optimiser = self.parts[0]
        image, codes = self.make(max(1, len(self.real) // PAPER.prior.path_shrink))
        lengths = path_lengths(image, codes, torch.randn_like(image))
        penalty = path_penalty(lengths, torch.zeros((), device=self.device))
        weight = PAPER.prior.path_length * PAPER.prior.path_every
        update(generator, optimiser, weight * penalty)


def degradations(side: str, size: int, batch: int, device: str) -> Work:
    """(e) Blur, shrink, noise, compress and enlarge a batch on the CPU, every factor on.

    The ranges of both are those of GFP-GAN: Gaussian sigma to 10 px, scales to 8, no motion.
    """
    # Noise would take JPEG longer than any photograph does.
    coarse = images(max(4, size // 16), batch, "cpu")
    image = F.interpolate(coarse, (size, size), mode="bicubic").clamp(-1, 1)
    if side == REFERENCE:
        rng = np.random.RandomState(0)
        pictures = [
            np.ascontiguousarray(one.permute(1, 2, 0).add(1).div(2).numpy()) for one in image
        ]
        return lambda: [reference.degrade(picture, rng) for picture in pictures]
    ranges = DegradationRanges(
        order="physical",
        motion_probability=0.0,
        motion_length=(0, 0),
        motion_angle=(0, 180),
        defocus_probability=1.0,
        defocus_sigma=(0.1 / size, 10 / size),
        defocus_kinds={"isotropic": 0.5, "anisotropic": 0.5},
        downsample_probability=1.0,
        downsample_width=(max(1, size // 8), size),
        noise_probability=1.0,
        noise_sigma=(0, 20),
        signal_noise=(0, 0),
        jpeg_probability=1.0,
        jpeg_quality=(60, 100),
        jpeg_clamped=False,
    )

    steps = itertools.count()

    def run() -> Tensor:
        parameters = draw(
            ranges,
            seed=0,
            step=next(steps),
            samples=torch.arange(batch),
            plate_width=torch.full((batch,), float(size)),
            size=(size, size),
        )
        return degrade(image, parameters, codec="fast")

    return run


CASES: dict[str, Callable[[str, int, int, str], Work]] = {
    "forward": forward,
    "forward_backward": forward_backward,
    "gan_step": lambda *how: Game(*how).step,
    "gan_r1": lambda *how: Game(*how).penalty,
    "prior_step": lambda *how: PriorGame(*how).step,
    "prior_r1": lambda *how: PriorGame(*how).penalty,
    "prior_path": lambda *how: PriorGame(*how).path,
    "degradations": degradations,
}
MEANS: dict[str, dict[str, float]] = {
    "mean gan_step": {"gan_step": 1, "gan_r1": 1 / PAPER.restorer.discriminator.r1_every},
    "mean prior_step": {
        "prior_step": 1,
        "prior_r1": 1 / PAPER.prior.discriminator.r1_every,
        "prior_path": 1 / PAPER.prior.path_every,
    },
}
"""What a step of training costs on average: each part by the share of steps that have it."""
