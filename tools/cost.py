"""python tools/cost.py: the table of docs/scale.md, time and cost of profile `paper` on GPUs.

The floating-point operations of a step are counted with torch.utils.flop_counter on tensors without
storage (device "meta"), for one image, so that no GPU and little memory is needed. Everything else
is arithmetic on these counts, on params.yaml, and on the assumptions below, which nobody measured.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from marked import head
from torch.utils.flop_counter import FlopCounterMode

from lpr_gfpgan.config import Study, load_study
from lpr_gfpgan.losses import (
    discriminator_logistic,
    generator_nonsaturating,
    path_lengths,
    r1_penalty,
)
from lpr_gfpgan.networks import Discriminator, Restorer
from lpr_gfpgan.settings import AdversarySettings
from lpr_gfpgan.training.prior import untrained_prior

ASSUMED_PEAK = 989e12
"""FLOP/s of an H100 SXM in dense bfloat16, by its maker's data sheet."""
ASSUMED_SHARE = 0.05
"""Of the peak that a step reaches. ASSUMED: no GPU step was measured. Layers of few channels at
512 x 512 wait for memory, not for arithmetic."""
ASSUMED_BANDWIDTH = {8: 150e9, 64: 25e9}
"""Bytes a second of one card's all-reduce, within a node of 8 and between nodes. ASSUMED."""
ASSUMED_PRICE = 3.0
"""Dollars for an hour of one card. ASSUMED."""
CARDS = (1, 8, 64)


@dataclass(frozen=True)
class Stage:
    """One training of the profile.

    Attributes:
        name: of the stage.
        steps: how many.
        batch: images in a step, over all cards.
        flop: floating-point operations of a step for one image, lazy terms by their share.
        gradients: how many numbers the cards average in a step, lazy terms by their share.
    """

    name: str
    steps: int
    batch: int
    flop: float
    gradients: float

    def seconds(self, cards: int) -> tuple[float, float]:
        """Seconds of all steps: of computing, and of averaging gradients.

        A card holds whole images: more cards than images leave the others idle.
        """
        images = -(-self.batch // min(cards, self.batch))
        computing = self.steps * images * self.flop / (ASSUMED_PEAK * ASSUMED_SHARE)
        if cards == 1:
            return computing, 0.0
        sent = 2 * (1 - 1 / cards) * 4 * self.gradients  # a ring's all-reduce of float32
        return computing, self.steps * sent / ASSUMED_BANDWIDTH[cards]


def stages(study: Study) -> list[Stage]:
    """Prior, warm-up and restorer `full`; readers, region, recognition and perceptual left out."""
    prior, restorer = study.settings.prior, study.settings.restorer
    base, (height, width) = study.settings.frame.base, study.settings.frame.size
    image = torch.zeros(1, 3, height, width, device="meta")
    generator = untrained_prior(study).to("meta")
    codes = torch.zeros(1, generator.num_codes, prior.code_size, device="meta")
    network = Restorer(
        base=base,
        channels_unet=restorer.channels,
        channels_decoder=prior.channels,
        code_size=prior.code_size,
        mapping_layers=prior.mapping_layers,
        pool_codes=restorer.pool_codes,
    ).to("meta")
    network.requires_grad_(False)
    for parameter in network.trainable(restorer.decoder):
        parameter.requires_grad_(True)

    def of(settings: AdversarySettings) -> tuple[Discriminator, float, float]:
        opponent = Discriminator(base=base, channels=settings.channels).to("meta")
        leaf = image.clone().requires_grad_(True)
        plain = flop_of(lambda: discriminator_logistic(opponent(image), opponent(image)).backward())
        inner = leaf.clone()  # the counter takes no gradient of a leaf
        lazy = flop_of(lambda: r1_penalty(opponent(inner), inner).backward())
        size = count(opponent) * (1 + 1 / settings.r1_every)
        return opponent, plain + lazy / settings.r1_every, size

    def noise() -> torch.Tensor:
        return torch.zeros(1, dtype=torch.int64, device="meta")

    opponent, learns, sent = of(prior.discriminator)
    game = flop_of(
        lambda: generator_nonsaturating(
            opponent(generator.synthesise(codes, noise=noise()))
        ).backward()
    )

    def path() -> None:
        leaf = codes.clone().requires_grad_(True).clone()  # as above
        drawn = generator.synthesise(leaf, noise=noise())
        path_lengths(drawn, leaf, torch.zeros(3, height, width, device="meta")).sum().backward()

    every = prior.path_every
    lengths = flop_of(path) / every / prior.path_shrink
    found = [
        Stage(
            "prior",
            prior.steps,
            prior.batch,
            game + lengths + learns,
            count(generator) * (1 + 1 / every) + sent,
        )
    ]
    warm = flop_of(lambda: network(image, noise=noise()).image.sum().backward())
    found.append(Stage("warm-up", restorer.warmup_steps, restorer.batch, warm, count(network)))
    opponent, learns, sent = of(restorer.discriminator)
    full = flop_of(
        lambda: generator_nonsaturating(opponent(network(image, noise=noise()).image)).backward()
    )
    found.append(
        Stage("restorer", restorer.steps, restorer.batch, full + learns, count(network) + sent)
    )
    return found


def flop_of(work: Callable[[], object]) -> int:
    """Floating-point operations of matrix products and convolutions, a multiply-add being two."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def count(module: torch.nn.Module) -> int:
    """How many parameters are trained."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def table(study: Study) -> str:
    """The two tables as Markdown: what a step costs, and what the whole costs."""
    every = stages(study)
    lines = [
        *head("stage | steps | batch | TFLOP an image and step | MB of gradients a step"),
    ]
    for stage in every:
        lines.append(
            f"| {stage.name} | {stage.steps:,} | {stage.batch} | {stage.flop / 1e12:.2f} | "
            f"{4 * stage.gradients / 1e6:.0f} |"
        )
    lines += [
        "",
        *head("cards | computing, hours | averaging, hours | days | card hours | dollars"),
    ]
    for cards in CARDS:
        parts = [stage.seconds(cards) for stage in every]
        computing, averaging = (sum(part) / 3600 for part in zip(*parts, strict=True))
        whole = computing + averaging
        lines.append(
            f"| {cards} | {computing:.0f} | {averaging:.0f} | {whole / 24:.1f} | "
            f"{whole * cards:,.0f} | {whole * cards * ASSUMED_PRICE:,.0f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Prints the tables of profile `paper`."""
    print(table(load_study("paper")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
