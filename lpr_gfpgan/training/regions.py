"""What the region discriminator looks at: each sample's own plate, or its characters."""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..losses import (
    discriminator_logistic,
    generator_nonsaturating,
    gram_distance,
    r1_penalty,
)
from ..networks import RegionDiscriminator, crop_region
from ..plates import BLUE, GREEN, MAX_CHARACTERS, PlateBatch, canonical_quad, character_boxes
from ..settings import RegionSettings


@dataclass(frozen=True)
class Regions:
    """Where to look in a batch of B images.

    A frame's plate is one region. In a tight crop the plate fills the same box every time, so
    there the characters are the regions. A sample weighs 1 / B however many regions it has.

    Attributes:
        loose: int64 [P], samples whose plate is the region.
        quads: float32 [P, 4, 2], its corners.
        tight: int64 [T], samples whose characters are the regions.
        boxes: float32 [T, 8, 4], the characters' boxes.
        present: bool [T, 8], which of them exist.
        count: B.
    """

    loose: Tensor
    quads: Tensor
    tight: Tensor
    boxes: Tensor
    present: Tensor
    count: int

    def crops(self, image: Tensor, settings: RegionSettings) -> dict[str, Tensor]:
        """Cuts the regions out of [B, 3, H, W]: "plate" [P, 3, h, w], "character" [Q, 3, h, w]."""
        found = {}
        if len(self.loose):
            size = (settings.plate_height, settings.plate_width)
            found["plate"] = crop_region(image[self.loose], self.quads, size)
        if len(self.tight):
            size = (settings.character_height, settings.character_width)
            crops = crop_region(image[self.tight], self.boxes, size)
            found["character"] = crops[self.present.flatten()]
        return found

    def weights(self) -> dict[str, Tensor]:
        """Weight of every region, in the order of `crops`."""
        characters = self.present.sum(1, keepdim=True).clamp(min=1).expand_as(self.present)
        return {
            "plate": torch.full_like(self.loose, 1 / self.count, dtype=torch.float32),
            "character": (1.0 / (characters * self.count))[self.present],
        }


class RegionFinder:
    """Finds the regions of a batch.

    Args:
        alignment: "aligned": each sample's own plate and characters. "fixed": the canonical rows
            and columns for every sample, as in the published code.
        size: (height, width) of the frame in pixels.
    """

    def __init__(self, alignment: str, size: tuple[int, int]) -> None:
        self.alignment = alignment
        quad = canonical_quad(*size)
        self.quad = torch.as_tensor(quad, dtype=torch.float32)
        boxes = [character_boxes(layout, quad) for layout in (BLUE, GREEN)]
        self.boxes = torch.stack([torch.as_tensor(b, dtype=torch.float32) for b in boxes])

    def __call__(self, batch: PlateBatch) -> Regions:
        """The regions of `batch`, on its device."""
        loose, tight = (~batch.tight).nonzero()[:, 0], batch.tight.nonzero()[:, 0]
        quads, boxes = batch.quad[loose], batch.character_boxes[tight]
        if self.alignment == "fixed":
            quads = self.quad.to(quads.device).expand(len(loose), -1, -1)
            is_long = (batch.lengths[tight] == MAX_CHARACTERS).long()
            boxes = self.boxes.to(boxes.device)[is_long]
        return Regions(loose, quads, tight, boxes, batch.labels[tight] > 0, len(batch.image))


class RegionDiscriminators(nn.Module):
    """One discriminator for plates and one for characters, too unlike in size to share one."""

    def __init__(self, settings: RegionSettings, *, seed: int) -> None:
        super().__init__()
        self.settings = settings
        channels = settings.discriminator.channels
        plate = (settings.plate_height, settings.plate_width)
        character = (settings.character_height, settings.character_width)
        self.networks = nn.ModuleDict(
            {
                "plate": RegionDiscriminator(size=plate, channels=channels, seed=seed),
                "character": RegionDiscriminator(size=character, channels=channels, seed=seed),
            }
        )

    def generator_terms(
        self, restored: Tensor, target: Tensor, regions: Regions, *, wanted: Collection[str]
    ) -> dict[str, Tensor]:
        """What the restorer hears about its regions; only the wanted terms are computed.

        Args:
            restored: [B, 3, H, W].
            target: the same shape.
            regions: where to look.
            wanted: of "region", the adversarial loss, and "region_style", the distance between the
                Gram matrices of the regions' features and those of the true regions.
        """
        terms = {name: restored.new_zeros(()) for name in wanted}
        weights = regions.weights()
        true = regions.crops(target, self.settings) if "region_style" in wanted else {}
        for name, crops in regions.crops(restored, self.settings).items():
            logits, features = self.networks[name](crops)
            if "region" in wanted:
                terms["region"] = terms["region"] + generator_nonsaturating(logits, weights[name])
            if "region_style" in wanted:
                with torch.no_grad():
                    _, reference = self.networks[name](true[name])
                terms["region_style"] = terms["region_style"] + gram_distance(
                    _equal(features), _equal(reference), weights[name]
                )
        return terms

    def discriminator_term(self, restored: Tensor, target: Tensor, regions: Regions) -> Tensor:
        """The discriminators' own loss; `restored` is detached by the caller."""
        total = restored.new_zeros(())
        weights = regions.weights()
        fakes = regions.crops(restored, self.settings)
        for name, real in regions.crops(target, self.settings).items():
            real_logits, fake_logits = (
                self.networks[name](real)[0],
                self.networks[name](fakes[name])[0],
            )
            total = total + discriminator_logistic(real_logits, fake_logits, weights[name])
        return total

    def r1(self, target: Tensor, regions: Regions) -> Tensor:
        """R1 on the crops as leaves: RoIAlign has no second derivative."""
        total = target.new_zeros(())
        weights = regions.weights()
        for name, crops in regions.crops(target, self.settings).items():
            leaf = crops.detach().requires_grad_(True)
            total = total + r1_penalty(self.networks[name](leaf)[0], leaf, weights[name])
        return total


def _equal(features: list[Tensor]) -> list[tuple[float, Tensor]]:
    return [(1.0 / len(features), feature) for feature in features]
