"""The restorer's objective: named terms, each with its weight; a weight of 0 leaves it out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import Study
from ..losses import (
    DiscriminatorFeatures,
    Vgg19Features,
    ctc_loss,
    feature_distance,
    generator_nonsaturating,
    gram_distance,
    l1,
    on_characters,
    pyramid_l1,
    slot_cross_entropy,
)
from ..networks import (
    Discriminator,
    PlateReader,
    Restoration,
    crop_region,
    load_weights,
    slot_logits,
)
from ..plates import PlateBatch
from ..readers import slot_centres
from ..settings import AblationSettings, LossWeights, PhotographsSettings, RestorerSettings
from .regions import RegionDiscriminators, Regions
from .stage import to_device

WARMUP_TERMS = ("l1", "pyramid")


def weights_of(settings: RestorerSettings, ablation: AblationSettings) -> LossWeights:
    """The weights of one variant: what the ablation switches off weighs 0."""
    weights = settings.weights
    if not ablation.recognition_loss:
        weights = replace(weights, recognition=0.0)
    if ablation.region == "none":
        weights = replace(weights, region=0.0, region_style=0.0)
    return weights


def perceptual_features(
    study: Study, weights: LossWeights, device: torch.device
) -> nn.Module | None:
    """The frozen features that perceptual and style terms compare; None where both weigh 0.

    VGG19's where `restorer.perceptual_weights` names its file, else those of the prior's
    discriminator.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    if not (weights.perceptual or weights.style):
        return None
    if (path := study.settings.restorer.perceptual_weights) is not None:
        return to_device(Vgg19Features(path), device)
    network, _ = load_weights(study.paths.prior_discriminator, expect_kind="discriminator")
    return to_device(DiscriminatorFeatures(network), device)


def warmup_weights(settings: RestorerSettings) -> LossWeights:
    """The weights of the shared warm-up: reconstruction, and recognition where it is asked for."""
    weights = settings.weights
    terms = WARMUP_TERMS + (("recognition",) if settings.warmup.recognition_loss else ())
    return replace(weights, **{name: 0.0 for name in vars(weights) if name not in terms})


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Everything the restorer is told, GFP-GAN's eq. 7 with the plate's terms.

    Attributes:
        weights: of the terms.
        recognition: "slots" or "ctc".
        recognition_on: "characters" or "plate", the pixels that the recognition loss asks for.
        discriminator: the one being trained against; None while there is none.
        perceptual: frozen features, see `losses.perceptual`; None where their terms weigh 0.
        reader: the frozen loss reader; None where its term weighs 0.
        region: the region discriminators; None where their terms weigh 0.
        photographs: the settings of the photographs that train; None where none does.
    """

    weights: LossWeights
    recognition: str
    recognition_on: str
    discriminator: Discriminator | None = None
    perceptual: nn.Module | None = None
    reader: PlateReader | None = None
    region: RegionDiscriminators | None = None
    photographs: PhotographsSettings | None = None

    def __call__(
        self,
        restoration: Restoration,
        batch: PlateBatch,
        regions: Regions | None,
        *,
        pyramid: bool = True,
    ) -> dict[str, Tensor]:
        """Computes every term whose weight is not 0.

        Args:
            restoration: the restorer's output for the degraded batch.
            batch: the true scenes.
            regions: where the region discriminators look; None without them.
            pyramid: whether the pyramid term still counts.

        Returns:
            Unweighted terms by name, differentiable with respect to the restoration.
        """
        weights = vars(self.weights)
        restored, target = restoration.image, batch.image
        terms: dict[str, Callable[[], Tensor]] = {
            "l1": lambda: l1(restored, target),
            "adversarial": lambda: generator_nonsaturating(self.discriminator(restored)),
            "recognition": lambda: self._recognition(restored, batch),
        }
        if pyramid:
            terms["pyramid"] = lambda: pyramid_l1(restoration.pyramid, target)
        computed = {name: term() for name, term in terms.items() if weights[name]}
        if weights["perceptual"] or weights["style"]:
            computed |= self._features(restored, target)
        wanted = [name for name in ("region", "region_style") if weights[name]]
        if wanted:
            computed |= self.region.generator_terms(restored, target, regions, wanted=wanted)
        return computed

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum of what `__call__` and `of_photographs` returned."""
        weights = vars(self.weights)
        if self.photographs is not None:
            weights = weights | {
                "photographs": self.weights.recognition,
                "photographs_l1": self.photographs.l1,
            }
        values = [weights[name] * term.float() for name, term in terms.items()]
        return sum(values[1:], start=values[0])

    def _features(self, restored: Tensor, target: Tensor) -> dict[str, Tensor]:
        features = self.perceptual(restored)
        with torch.no_grad():
            reference = self.perceptual(target)
        found = {}
        if self.weights.perceptual:
            found["perceptual"] = feature_distance(features, reference)
        if self.weights.style:
            found["style"] = gram_distance(features, reference)
        return found

    def of_photographs(self, restored: Tensor, batch: PlateBatch) -> dict[str, Tensor]:
        """What restored photographs teach, by their text and by their pixels where those are sharp.

        The text by CTC always, since their characters' places are not known well enough for slots;
        it weighs as `recognition`. With `recognition_on` "characters" the boxes are those of a
        plate that fills the crop: what of a character lies outside them asks for nothing. The
        pixels at a width at which the crop is sharp: as at its own width it is blurred already, it
        says nothing about finer detail.

        Args:
            restored: [P, 3, H, W] in [-1, 1].
            batch: the crops before they were degraded.
        """
        terms = {}
        if self.weights.recognition:
            logits = self._logits(restored, batch)
            terms["photographs"] = ctc_loss(logits, batch.labels, batch.lengths)
        if self.photographs.l1:
            height, width = restored.shape[-2:]
            coarse = max(1, round(height * self.photographs.l1_width / width))
            size = (coarse, self.photographs.l1_width)
            small = [F.interpolate(i, size, mode="area") for i in (restored, batch.image)]
            terms["photographs_l1"] = l1(*small)
        return terms

    def _recognition(self, restored: Tensor, batch: PlateBatch) -> Tensor:
        logits = self._logits(restored, batch)
        if self.recognition == "ctc":
            return ctc_loss(logits, batch.labels, batch.lengths)
        slots = slot_logits(logits, slot_centres(batch.lengths))
        return slot_cross_entropy(slots, batch.labels)

    def _logits(self, restored: Tensor, batch: PlateBatch) -> Tensor:
        if self.recognition_on == "characters":
            restored = on_characters(restored, batch.character_boxes)
        return self.reader(crop_region(restored, batch.quad, self.reader.input_size)).float()
