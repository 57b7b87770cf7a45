"""Where the region discriminators look, and how much each region weighs."""

import pytest
import torch
from torch import nn

from lpr_gfpgan.plates import BLUE, GREEN, canonical_quad, character_boxes
from lpr_gfpgan.training.regions import RegionDiscriminators, RegionFinder, Regions
from lpr_gfpgan.training.stage import open_plates


@pytest.fixture(scope="module")
def batch(trained):
    plates = open_plates(trained, "train")
    batch = plates.batch(range(len(plates)))
    assert 3 < int(batch.tight.sum()) < len(batch) - 3  # both kinds are there
    return batch


def test_aligned_looks_at_each_samples_own_plate_and_characters(trained, batch):
    regions = RegionFinder("aligned", trained.settings.frame.size)(batch)
    assert torch.equal(regions.loose, (~batch.tight).nonzero()[:, 0])
    assert torch.equal(regions.tight, batch.tight.nonzero()[:, 0])
    assert torch.equal(regions.quads, batch.quad[~batch.tight])
    assert torch.equal(regions.boxes, batch.character_boxes[batch.tight])
    assert torch.equal(regions.present.sum(1), batch.lengths[batch.tight])
    assert len(regions.quads.unique(dim=0)) > len(regions.quads) / 2


def test_fixed_looks_at_the_canonical_place_in_every_sample(trained, batch):
    size = trained.settings.frame.size
    fixed = RegionFinder("fixed", size)(batch)
    aligned = RegionFinder("aligned", size)(batch)
    quad = canonical_quad(*size)
    canonical = torch.as_tensor(quad, dtype=torch.float32)
    assert torch.equal(fixed.quads, canonical.expand(len(fixed.loose), -1, -1))
    layouts = {7: BLUE, 8: GREEN}
    for length, boxes in zip(batch.lengths[batch.tight].tolist(), fixed.boxes, strict=True):
        expected = torch.as_tensor(character_boxes(layouts[length], quad), dtype=torch.float32)
        assert torch.equal(boxes, expected)
    for name in ("loose", "tight", "present", "count"):
        a, b = getattr(fixed, name), getattr(aligned, name)
        assert torch.equal(torch.as_tensor(a), torch.as_tensor(b))
    moved = (fixed.quads - aligned.quads).abs().flatten(1).amax(1)
    assert (moved > 1).float().mean() > 0.5  # most loose plates are not where the frame's is


class Slope(nn.Module):
    """Logits with the same derivative by every pixel."""

    def __init__(self, slope):
        super().__init__()
        self.slope = slope

    def forward(self, crops):
        return self.slope * crops.flatten(1).sum(1), []


def test_every_sample_weighs_alike_in_r1_however_many_regions_it_has(trained):
    settings = trained.settings.restorer.region
    discriminators = RegionDiscriminators(settings, seed=0)
    discriminators.networks = nn.ModuleDict({"plate": Slope(2.0), "character": Slope(3.0)})
    present = torch.zeros(2, 8, dtype=torch.bool)
    present[0, :7], present[1, :2] = True, True
    regions = Regions(
        loose=torch.tensor([0]),
        quads=torch.as_tensor(canonical_quad(32, 64), dtype=torch.float32)[None],
        tight=torch.tensor([1, 3]),
        boxes=torch.tensor([2.0, 4, 8, 20]).expand(2, 8, 4),
        present=present,
        count=4,
    )
    weights = regions.weights()
    assert weights["plate"].tolist() == [0.25]
    expected = [0.25 / 7] * 7 + [0.25 / 2] * 2
    assert weights["character"].tolist() == pytest.approx(expected)
    plate = settings.plate_height * settings.plate_width * 3
    character = settings.character_height * settings.character_width * 3
    penalty = discriminators.r1(torch.zeros(4, 3, 32, 64), regions)
    assert penalty.item() == pytest.approx(0.25 * 4 * plate + 0.5 * 9 * character)
