"""Training of the restorer: a warm-up that all variants share, then each variant's own game."""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor

from ..config import TRAINING, Study
from ..errors import ConfigError
from ..networks import Discriminator, Restorer, load_weights
from ..randomness import keys
from ..settings import AblationSettings, LossWeights, PhotographsSettings, RestorerSettings
from . import distributed
from .adversary import Adversary
from .data import SceneStream
from .objective import Objective, perceptual_features, warmup_weights, weights_of
from .optimise import Ema, adam, adversary_adam, due_r1, falling_rate, update
from .photographs import APART, photograph_inputs, photograph_stream
from .regions import RegionDiscriminators, RegionFinder, Regions
from .restoring import Validation, restoring_pairs, train_to_the_end
from .stage import (
    begin,
    degradation_ranges,
    identity_of,
    mixed_precision,
    open_plates,
    precision_on,
    to_device,
)
from .start import STARTED_FROM, draws_after, load_start, origin

WARMUP = "warmup"


def warmup_ablation(settings: RestorerSettings) -> AblationSettings:
    """The switches of the warm-up: no region discriminator, the rest as `warmup` says."""
    return AblationSettings(
        degradation=TRAINING,
        region="none",
        motion_blur=settings.warmup.motion_blur,
        recognition_loss=settings.warmup.recognition_loss,
    )


class RestorerTask:
    """One step updates the restorer, then its discriminator, then the region discriminators.

    Args:
        study: the study, with trained prior and readers (and warm-up, unless this is it).
        variant: a key of `ablations` in params.yaml, or "warmup".
        seed: of draws, and of the region discriminators' initial weights.
        device: where to train.
        start: a restorer's weights that the warm-up begins with in place of the prior's. The draws
            are then those of its checksum: the same seed would show what trained it once more.

    Raises:
        ConfigError: `start` is built otherwise than the profile's restorer.
        WeightsError: a weights file is missing or damaged.
    """

    def __init__(
        self,
        study: Study,
        variant: str,
        seed: int,
        device: torch.device,
        start: Path | None = None,
    ) -> None:
        settings = study.settings.restorer
        self.settings, self.seed, self.device = settings, seed, device
        self.study, self.variant, self.start = study, variant, start
        if start is not None and variant != WARMUP:
            raise ConfigError(
                f"start {start}: a warm-up alone can begin with it, {variant!r} cannot; "
                "leave it out"
            )
        self.batch = settings.batch
        self.warming = variant == WARMUP
        self.bfloat16_on_cpu = self.warming and settings.warmup.bfloat16
        self.ablation = warmup_ablation(settings) if self.warming else study.ablation(variant)
        self.weights = (
            warmup_weights(settings) if self.warming else weights_of(settings, self.ablation)
        )
        self.ranges = degradation_ranges(
            study, self.ablation.degradation, motion_blur=self.ablation.motion_blur
        )
        self.restorer = self._build_restorer()
        if start is not None:
            self.seed = draws_after(start)
        self.ema = Ema(self.restorer, half_life=settings.ema_images)
        self.steps = settings.warmup_steps if self.warming else settings.steps
        rate = settings.warmup_learning_rate if self.warming else settings.learning_rate
        betas = (0.9, 0.99) if self.warming else (settings.beta1, settings.beta2)
        self.optimiser = adam(self.restorer, learning_rate=rate, betas=betas)
        self.parts = {"restorer": self.restorer, "ema": self.ema, "optimiser": self.optimiser}
        self.adversary = self._add_adversary() if self.weights.adversarial else None
        has_region = self.weights.region or self.weights.region_style
        self.region = self._add_region() if has_region else None
        self.find_regions = RegionFinder(self.ablation.region, study.settings.frame.size)
        photographs = photographs_of(study, self.weights)
        self.objective = Objective(
            weights=self.weights,
            recognition=settings.recognition,
            recognition_on=settings.recognition_on,
            discriminator=self.adversary and self.adversary.network,
            perceptual=perceptual_features(study, self.weights, device),
            reader=self._loss_reader(),
            region=self.region,
            photographs=photographs,
        )
        prepare = restoring_pairs(self.ranges, low_contrast=settings.low_contrast, seed=self.seed)
        self.stream = SceneStream(
            open_plates(study, "train"),
            batch=settings.batch,
            seed=self.seed,
            device=device,
            prepare=prepare,
        )
        self.photographs = photograph_stream(
            study,
            photographs.restorer if photographs else 0,
            seed=self.seed,
            device=device,
            prepare=prepare,
        )
        average = self.ema.module
        self.validation = Validation(study, lambda image: average(image).image, seed, device)

    def step(self, step: int) -> dict[str, Tensor]:
        """Restorer, discriminator, region discriminators, and R1 for each where it is due."""
        (batch, image), samples = self.stream(step), self.stream.samples(step)
        if self.photographs is not None:
            photographs, seen = self.photographs(step)
            others = self.photographs.samples(step) + APART
            image, samples = torch.cat([image, seen]), torch.cat([samples, others])
        noise = keys(self.seed, step, samples, "restorer-noise").to(self.device)
        falling_rate(self.optimiser, step=step, steps=self.steps)
        regions = self.find_regions(batch) if self.region is not None else None
        with mixed_precision(self.device, on_cpu=self.bfloat16_on_cpu):
            whole = self.restorer(image, noise=noise)
            restoration = whole.first(len(batch))
            pyramid = self.warming or step < self.settings.pyramid_steps
            losses = self.objective(restoration, batch, regions, pyramid=pyramid)
            if self.photographs is not None:
                losses |= self.objective.of_photographs(whole.image[len(batch) :], photographs)
            update(self.restorer, self.optimiser, self.objective.total(losses))
        restored = restoration.image.detach()
        if self.adversary is not None:
            losses |= self.adversary.step(step, restored, batch.image)
        if self.region is not None:
            losses |= self._region_step(step, restored, batch.image, regions)
        self.ema.update(self.restorer, batch=self.batch, seen=(step + 1) * self.batch)
        return losses

    def _region_step(
        self, step: int, fake: Tensor, real: Tensor, regions: Regions
    ) -> dict[str, Tensor]:
        with mixed_precision(self.device):
            losses = {"region_discriminator": self.region.discriminator_term(fake, real, regions)}
            update(self.region, self.region_optimiser, losses["region_discriminator"])
        if weight := due_r1(self.settings.region.discriminator, step):
            losses["region_r1"] = self.region.r1(real, regions)
            update(self.region, self.region_optimiser, weight * losses["region_r1"])
        return losses

    def _build_restorer(self) -> Restorer:
        """The warm-up starts from the prior or `start`, every variant from the warm-up."""
        if not self.warming:
            restorer, _ = load_weights(self.study.paths.warmup, expect_kind="restorer")
        elif self.start is not None:
            restorer = restorer_start(self.study, self.start)
        else:
            prior, _ = load_weights(self.study.paths.prior, expect_kind="generator")
            restorer = Restorer(
                base=prior.config["base"],
                channels_unet=self.settings.channels,
                channels_decoder=prior.config["channels"],
                code_size=prior.config["code_size"],
                mapping_layers=prior.config["mapping_layers"],
                pool_codes=self.settings.pool_codes,
                seed=self.seed,
            )
            restorer.initialise_from(prior)
        restorer.train().requires_grad_(False)
        for parameter in restorer.trainable(self.settings.decoder):
            parameter.requires_grad_(True)
        return to_device(restorer, self.device)

    def _add_adversary(self) -> Adversary:
        """Starts from the prior's discriminator where the shapes agree: the game goes on."""
        adversary = self.settings.discriminator
        network, _ = load_weights(self.study.paths.prior_discriminator, expect_kind="discriminator")
        if network.config["channels"] != adversary.channels:
            base = network.config["base"]
            network = Discriminator(base=base, channels=adversary.channels, seed=self.seed)
        distributed.refuse_split_groups(self.batch, network.group)
        network = to_device(network.train().requires_grad_(True), self.device)
        opponent = Adversary(network, adversary)
        self.parts |= opponent.parts
        return opponent

    def _add_region(self) -> RegionDiscriminators:
        settings = self.settings.region
        network = to_device(RegionDiscriminators(settings, seed=self.seed), self.device)
        adversary = settings.discriminator
        self.region_optimiser = adversary_adam(network, adversary)
        self.parts["region"] = network
        self.parts["region_optimiser"] = self.region_optimiser
        return network

    def _loss_reader(self) -> torch.nn.Module | None:
        if not self.weights.recognition:
            return None
        network, _ = load_weights(self.study.paths.reader("loss"), expect_kind="reader")
        return to_device(network.eval().requires_grad_(False), self.device)

    def grid(self) -> Tensor:
        """Degraded, restored (average weights, fixed noise), true: the same plates each time."""
        return self.validation.grid()

    def waited(self) -> float:
        """Seconds spent waiting for data."""
        return self.stream.waited + (self.photographs.waited if self.photographs else 0.0)

    def close(self) -> None:
        """Ends the fetching of scenes and crops."""
        for stream in (self.stream, self.photographs):
            if stream is not None:
                stream.close()


def photographs_of(study: Study, weights: LossWeights) -> PhotographsSettings | None:
    """The photographs of a training; None where no term of its objective looks at them."""
    photographs = study.settings.photographs
    if photographs is None or not photographs.restorer:
        return None
    return photographs if weights.recognition or photographs.l1 else None


def _name(variant: str, seed: int) -> str:
    return WARMUP if variant == WARMUP else f"restorer-{variant}-{seed}"


def restorer_start(study: Study, path: Path) -> Restorer:
    """The restorer in a weights file that a warm-up may begin with; see `load_start`."""
    settings = study.settings
    expected = {
        "base": [settings.frame.base_height, settings.frame.base_width],
        "channels_unet": settings.restorer.channels,
        "channels_decoder": settings.prior.channels,
        "code_size": settings.prior.code_size,
        "mapping_layers": settings.prior.mapping_layers,
        "pool_codes": settings.restorer.pool_codes,
    }
    return load_start(path, "restorer", expected)


def restorer_identity(study: Study, variant: str, seed: int, start: Path | None = None) -> str:
    """What decides the weights of a variant or the warm-up, see `stage.identity_of`."""
    settings, paths = study.settings.restorer, study.paths
    if variant == WARMUP:
        ablation, inputs = warmup_ablation(settings), [paths.prior if start is None else start]
        weights = warmup_weights(settings)
    else:
        ablation, inputs = study.ablation(variant), [paths.warmup, paths.prior_discriminator]
        weights = weights_of(settings, ablation)
    if weights.recognition:
        inputs.append(paths.reader("loss"))
    photographs = photographs_of(study, weights)
    if photographs is not None:
        inputs += photograph_inputs(study)
    if settings.perceptual_weights is not None:
        inputs.append(Path(settings.perceptual_weights))
    parts = [settings, ablation, study.ranges(ablation.degradation), _name(variant, seed), seed]
    if photographs is not None:
        parts += [photographs.sources, photographs.restorer, photographs.l1, photographs.l1_width]
    return identity_of(study, *parts, inputs=tuple(inputs))


def train_restorer(
    study: Study,
    variant: str = "full",
    *,
    seed: int = 0,
    max_seconds: float | None = None,
    start: Path | None = None,
) -> dict[str, float]:
    """Trains one variant of the restorer, or the warm-up; writes weights (average), curve, grid.

    Every variant starts from the same warm-up and sees the same steps, scenes and draws; they
    differ in what `ablations` names, nothing else.

    Args:
        study: the study; readers and prior must be trained, and the warm-up for any other variant.
        variant: a key of `ablations` in params.yaml, or "warmup".
        seed: of draws and initial weights.
        max_seconds: pause after so many seconds.
        start: a restorer's weights that the warm-up begins with in place of the prior's: an earlier
            training goes on with fresh optimisers. The weights' provenance says so.

    Returns:
        n, psnr_degraded and psnr_restored on validation plates, see `Validation.metrics`.

    Raises:
        Paused: the time limit was reached; call again to go on.
        LprError: bad settings, data or checkpoint.
    """
    device = begin(study)
    warming = variant == WARMUP
    task = RestorerTask(study, variant, seed, device, start)
    began = start if warming else study.paths.warmup
    return train_to_the_end(
        study,
        task,
        name=_name(variant, seed),
        path=study.paths.warmup if warming else study.paths.restorer(variant, seed),
        kind="restorer",
        identity=restorer_identity(study, variant, seed, start),
        max_seconds=max_seconds,
        variant=variant,
        seed=seed,
        draws_seed=task.seed,
        precision=precision_on(device, on_cpu=task.bfloat16_on_cpu),
        ablation=dataclasses.asdict(task.ablation),
        **({} if began is None else {STARTED_FROM: origin(began)}),
    )
