"""Training of the prior: a StyleGAN2 that draws plates (Karras et al. 2020)."""

import torch
from torch import Tensor

from ..config import Study
from ..losses import (
    generator_nonsaturating,
    path_lengths,
    path_penalty,
)
from ..networks import Discriminator, Generator
from ..randomness import keys, normal, uniform
from ..settings import PriorSettings
from . import distributed
from .adversary import Adversary
from .data import SceneStream
from .loop import run
from .optimise import Ema, adam, falling_rate, update
from .pictures import side_by_side
from .place import run_folder
from .stage import (
    begin,
    identity_of,
    mixed_precision,
    open_plates,
    store,
    to_device,
)

PATH_DECAY = 0.01
CHUNK = 64


class PriorTask:
    """Generator against discriminator, with lazy R1 and lazy path length."""

    def __init__(self, study: Study, seed: int, device: torch.device) -> None:
        settings = study.settings.prior
        adversary = settings.discriminator
        self.settings, self.seed, self.device = settings, seed, device
        self.batch = settings.batch
        self.generator = to_device(untrained_prior(study, seed=seed), device)
        discriminator = Discriminator(
            base=study.settings.frame.base, channels=adversary.channels, seed=seed
        )
        distributed.refuse_split_groups(self.batch, discriminator.group)
        if settings.path_length:
            distributed.refuse_split_path(self.batch, settings.path_shrink)
        self.adversary = Adversary(to_device(discriminator, device), adversary)
        self.ema = Ema(self.generator, half_life=settings.ema_images)
        self.generator_optimiser = adam(
            self.generator,
            learning_rate=settings.learning_rate,
            betas=(0.0, 0.99),
            lazy_every=settings.path_every if settings.path_length else 0,
        )
        self.mean_length = _Scalar()
        self.stream = SceneStream(
            open_plates(study, "train"), batch=settings.batch, seed=seed, device=device
        )
        self.parts = {
            "generator": self.generator,
            "ema": self.ema,
            "generator_optimiser": self.generator_optimiser,
            **self.adversary.parts,
            "mean_length": self.mean_length,
        }

    def step(self, step: int) -> dict[str, Tensor]:
        """Generator, discriminator, then whichever regulariser is due.

        Both rates fall (`falling_rate`): under a constant one the kernel distance of a short
        training wanders, under a falling one it goes down steadily.
        """
        for optimiser in (self.generator_optimiser, self.adversary.optimiser):
            falling_rate(optimiser, step=step, steps=self.settings.steps)
        (_, real), samples = self.stream(step), self.stream.samples(step)
        with mixed_precision(self.device):
            fake = self.generator.synthesise(
                self.codes(step, samples), noise=self._keys(step, samples, "noise")
            )
            losses = {"generator": generator_nonsaturating(self.adversary.network(fake).float())}
            update(self.generator, self.generator_optimiser, losses["generator"])
        losses |= self.adversary.step(step, fake, real)
        if self.settings.path_length and step % self.settings.path_every == 0:
            losses["path"] = self._path_step(step, samples)
        self.ema.update(self.generator, batch=self.batch, seen=(step + 1) * self.batch)
        return losses

    def codes(self, step: int, samples: Tensor, stream: str = "latent") -> Tensor:
        """One code per layer [B, L, D]; with probability `mixing` two latents share the layers."""
        size, count = self.settings.code_size, self.generator.num_codes
        drawn = normal(self._keys(step, samples, stream), (2, size), device=self.device)
        first = self.generator.map(drawn[:, 0])[:, None].expand(-1, count, -1)
        if not self.settings.mixing:
            return first
        second = self.generator.map(drawn[:, 1])[:, None]
        chance = uniform(self._keys(step, samples, stream + "-mixing"), 2).to(self.device)
        cut = torch.where(
            chance[:, 0] < self.settings.mixing, 1 + (chance[:, 1] * (count - 1)).floor(), count
        )
        layers = torch.arange(count, device=self.device)
        return torch.where((layers < cut[:, None])[..., None], first, second)

    def _path_step(self, step: int, samples: Tensor) -> Tensor:
        # By place in the whole batch, so that N processes together choose what one would.
        own = samples[samples % self.batch % self.settings.path_shrink == 0]
        codes = self.codes(step, own, "path")
        image = self.generator.synthesise(codes, noise=self._keys(step, own, "path-noise"))
        direction = normal(
            self._keys(step, own, "path-direction"), tuple(image.shape[1:]), device=self.device
        )
        lengths = path_lengths(image, codes, direction)
        mean = self.mean_length.value.to(self.device)
        mean = mean + PATH_DECAY * (distributed.mean(lengths.mean()) - mean)
        self.mean_length.value = mean
        penalty = path_penalty(lengths, mean)
        weight = self.settings.path_length * self.settings.path_every
        update(self.generator, self.generator_optimiser, weight * penalty)
        return penalty

    def _keys(self, step: int, samples: Tensor, stream: str) -> Tensor:
        return keys(self.seed, step, samples, "prior-" + stream).to(self.device)

    @torch.no_grad()
    def grid(self) -> Tensor:
        """Thirty-two plates the average generator draws from fixed latents, in four columns."""
        return side_by_side(list(sample_prior(self.ema.module, 32, seed=self.seed).split(8)))

    def waited(self) -> float:
        """Seconds spent waiting for data."""
        return self.stream.waited

    def close(self) -> None:
        """Ends the fetching of scenes."""
        self.stream.close()


class _Scalar:
    """A number that a checkpoint can hold."""

    def __init__(self) -> None:
        self.value = torch.zeros(())

    def state_dict(self) -> dict[str, Tensor]:
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.value = state["value"]


def untrained_prior(study: Study, *, seed: int = 0) -> Generator:
    """The generator as training begins with it."""
    settings = study.settings.prior
    return Generator(
        base=study.settings.frame.base,
        channels=settings.channels,
        code_size=settings.code_size,
        mapping_layers=settings.mapping_layers,
        seed=seed,
    )


@torch.no_grad()
def sample_prior(generator: Generator, count: int, *, seed: int) -> Tensor:
    """Draws plates from the prior.

    Args:
        generator: the prior.
        count: how many.
        seed: of latents and noise.

    Returns:
        float32 [count, 3, H, W], about [-1, 1].
    """
    device = next(generator.parameters()).device
    images = []
    for samples in torch.arange(count).split(CHUNK):
        latent = keys(seed, 0, samples, "sample").to(device)
        noise = keys(seed, 0, samples, "sample-noise").to(device)
        z = normal(latent, (generator.code_size,), device=device)
        images.append(generator(z, noise=noise))
    return torch.cat(images)


def prior_identity(study: Study, seed: int) -> str:
    """What decides the weights of the prior, see `stage.identity_of`."""
    return identity_of(study, study.settings.prior, study.settings.frame, seed)


def train_prior(study: Study, *, seed: int = 0, max_seconds: float | None = None) -> None:
    """Trains the prior; writes generator (average), discriminator, curve and samples.

    Args:
        study: the study.
        seed: of initial weights and draws.
        max_seconds: pause after so many seconds.

    Raises:
        Paused: the time limit was reached; call again to go on.
        LprError: bad settings, data or checkpoint.
    """
    device = begin(study)
    settings: PriorSettings = study.settings.prior
    task = PriorTask(study, seed, device)
    identity = prior_identity(study, seed)
    with run_folder(study, "prior", identity) as (folder, fingerprint):
        run(
            task,
            name="prior",
            steps=settings.steps,
            setting=f"profiles.{study.profile}.prior.batch",
            folder=folder,
            fingerprint=fingerprint,
            curve=study.paths.curve("prior"),
            grid=study.paths.samples("prior"),
            timing=study.paths.timing("prior"),
            max_seconds=max_seconds,
        )
        task.close()
        facts = {
            "identity": identity,
            "seed": seed,
            "steps": settings.steps,
            "images": settings.steps * settings.batch,
        }
        store(study, study.paths.prior, task.ema.module, kind="generator", **facts)
        store(
            study,
            study.paths.prior_discriminator,
            task.adversary.network,
            kind="discriminator",
            **facts,
        )
