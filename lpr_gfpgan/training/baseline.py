"""Training of the restoring networks that have no generative prior: what `full` must beat."""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor, nn

from ..config import Study
from ..networks import Discriminator, PlainUNet, Restoration, RRDBNet
from ..plates import PlateBatch
from ..settings import AblationSettings, LossWeights
from . import distributed
from .adversary import Adversary
from .data import SceneStream
from .objective import Objective, perceptual_features
from .optimise import Ema, adam, falling_rate, update
from .restorer import warmup_ablation
from .restoring import Validation, restoring_pairs, train_to_the_end
from .stage import (
    begin,
    degradation_ranges,
    identity_of,
    mixed_precision,
    open_plates,
    to_device,
)

PLAIN_UNET, RRDB, FULL = "plain_unet", "rrdb", "full"
L1_ALONE = LossWeights(**{f.name: float(f.name == "l1") for f in dataclasses.fields(LossWeights)})


class ScenesOfFull:
    """The scenes and degradations that `full` sees in all: first its warm-up's, then its own.

    Args:
        study: the study; the warm-up, which all seeds share, has the first of its seeds.
        seed: of `full`.
        device: where the batches go.
    """

    def __init__(self, study: Study, seed: int, device: torch.device) -> None:
        self.turn = study.settings.restorer.warmup_steps
        self._warmup = self._stream(
            study, study.seeds[0], warmup_ablation(study.settings.restorer), device
        )
        self._own = self._stream(study, seed, study.ablation(FULL), device)

    def __call__(self, step: int) -> tuple[PlateBatch, Tensor]:
        """The scenes and their degraded frames [B, 3, H, W] at a step of the whole training."""
        return self._warmup(step) if step < self.turn else self._own(step - self.turn)

    def close(self) -> None:
        """Ends the fetching threads."""
        self._warmup.close()
        self._own.close()

    @property
    def waited(self) -> float:
        """Seconds spent waiting for data."""
        return self._warmup.waited + self._own.waited

    @staticmethod
    def _stream(
        study: Study, seed: int, ablation: AblationSettings, device: torch.device
    ) -> SceneStream:
        ranges = degradation_ranges(study, ablation.degradation, motion_blur=ablation.motion_blur)
        settings = study.settings.restorer
        return SceneStream(
            open_plates(study, "train"),
            batch=settings.batch,
            seed=seed,
            device=device,
            prepare=restoring_pairs(ranges, low_contrast=settings.low_contrast, seed=seed),
        )


class BaselineTask:
    """One step updates the network and, in the second part of Real-ESRGAN's recipe, its adversary.

    Steps, batch, scenes and degradations are those of `full`, its warm-up included.

    Args:
        study: the study; with a trained prior where the recipe has perceptual features.
        name: "plain_unet" or "rrdb".
        seed: of draws and initial weights.
        device: where to train.
    """

    def __init__(self, study: Study, name: str, seed: int, device: torch.device) -> None:
        restorer = study.settings.restorer
        own = getattr(study.settings.baselines, name)
        self.study, self.seed, self.device = study, seed, device
        self.batch, self.steps = restorer.batch, restorer.warmup_steps + restorer.steps
        self.network = to_device(_build(study, name, seed).train(), device)
        self.ema = Ema(self.network, half_life=restorer.ema_images)
        self.optimiser = adam(self.network, learning_rate=own.learning_rate, betas=(0.9, 0.99))
        self.parts = {"network": self.network, "ema": self.ema, "optimiser": self.optimiser}
        self.first = Objective(
            weights=L1_ALONE,
            recognition=restorer.recognition,
            recognition_on=restorer.recognition_on,
        )
        self.then, self.adversary, self.turn = self.first, None, self.steps
        if name == RRDB:
            self.turn = round(own.l1_share * self.steps)
            weights = dataclasses.replace(
                L1_ALONE, perceptual=own.perceptual, adversarial=own.adversarial
            )
            self.adversary = self._add_adversary() if own.adversarial else None
            self.then = dataclasses.replace(
                self.first,
                weights=weights,
                discriminator=self.adversary and self.adversary.network,
                perceptual=perceptual_features(study, weights, device),
            )
        self.stream = ScenesOfFull(study, seed, device)
        self.validation = Validation(study, self.ema.module, seed, device)

    def step(self, step: int) -> dict[str, Tensor]:
        """The network, then its adversary once the second part has begun."""
        batch, image = self.stream(step)
        objective = self.first if step < self.turn else self.then
        falling_rate(self.optimiser, step=step, steps=self.steps)
        with mixed_precision(self.device):
            restored = self.network(image)
            losses = objective(Restoration(restored, []), batch, None, pyramid=False)
            update(self.network, self.optimiser, objective.total(losses))
        if self.adversary is not None and step >= self.turn:
            losses |= self.adversary.step(step, restored.detach(), batch.image)
        self.ema.update(self.network, batch=self.batch, seen=(step + 1) * self.batch)
        return losses

    def _add_adversary(self) -> Adversary:
        settings = self.study.settings.baselines.rrdb.discriminator
        network = Discriminator(
            base=self.study.settings.frame.base, channels=settings.channels, seed=self.seed
        )
        distributed.refuse_split_groups(self.batch, network.group)
        adversary = Adversary(to_device(network, self.device), settings)
        self.parts |= adversary.parts
        return adversary

    def grid(self) -> Tensor:
        """Degraded, restored (average weights), true: the same validation plates each time."""
        return self.validation.grid()

    def waited(self) -> float:
        """Seconds spent waiting for data."""
        return self.stream.waited

    def close(self) -> None:
        """Ends the fetching of scenes."""
        self.stream.close()


def _build(study: Study, name: str, seed: int) -> nn.Module:
    own = getattr(study.settings.baselines, name)
    if name == PLAIN_UNET:
        return PlainUNet(base=study.settings.frame.base, channels=own.channels, seed=seed)
    return RRDBNet(
        channels=own.channels, growth=own.growth, blocks=own.blocks, shuffle=own.shuffle, seed=seed
    )


def baseline_identity(study: Study, name: str, seed: int) -> str:
    """What decides the weights of a baseline, see `stage.identity_of`."""
    restorer, own = study.settings.restorer, getattr(study.settings.baselines, name)
    ablations = warmup_ablation(study.settings.restorer), study.ablation(FULL)
    parts = [name, own, *ablations, *(study.ranges(a.degradation) for a in ablations)]
    parts += [seed, study.seeds[0]]
    parts += [restorer.warmup_steps, restorer.steps, restorer.batch, restorer.ema_images]
    parts.append(restorer.low_contrast)
    inputs = []
    if name == RRDB:
        inputs.append(study.paths.prior_discriminator)
        if restorer.perceptual_weights is not None:
            inputs.append(Path(restorer.perceptual_weights))
    return identity_of(study, *parts, inputs=tuple(inputs))


def train_baseline(
    study: Study, name: str, *, seed: int = 0, max_seconds: float | None = None
) -> dict[str, float]:
    """Trains a restoring network without a prior; writes weights (average), curve, grid, metrics.

    Args:
        study: the study; the prior must be trained for "rrdb", whose perceptual loss compares
            features of the prior's discriminator.
        name: "plain_unet" (L1 alone) or "rrdb" (Real-ESRGAN: L1, then L1, perceptual and
            adversarial; our discriminator with R1 in place of a spectrally normalised U-Net).
        seed: of draws and initial weights.
        max_seconds: pause after so many seconds.

    Returns:
        n, psnr_degraded and psnr_restored on validation plates, see `Validation.metrics`.

    Raises:
        Paused: the time limit was reached; call again to go on.
        LprError: bad settings, data or checkpoint.
    """
    device = begin(study)
    return train_to_the_end(
        study,
        BaselineTask(study, name, seed, device),
        name=f"baseline-{name}-{seed}",
        path=study.paths.baseline(name, seed),
        kind=name,
        identity=baseline_identity(study, name, seed),
        max_seconds=max_seconds,
        baseline=name,
        seed=seed,
        draws_seed_of_warmup=study.seeds[0],
        draws_seed=seed,
    )
