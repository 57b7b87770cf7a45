"""What restoring networks learn from: a true frame, and that very frame degraded."""

import dataclasses

import torch

from lpr_gfpgan.training.restoring import restoring_pairs
from lpr_gfpgan.training.stage import degradation_ranges, open_plates

SAMPLES = torch.arange(16)


def nothing_degraded(study):
    """The training's ranges with every factor off."""
    ranges = degradation_ranges(study, "training")
    off = {f.name: 0.0 for f in dataclasses.fields(ranges) if f.name.endswith("_probability")}
    return dataclasses.replace(ranges, **off)


def test_contrast_is_lost_before_the_degradation_by_both_alike(trained):
    batch = open_plates(trained, "train").batch(SAMPLES.numpy())
    prepare = restoring_pairs(nothing_degraded(trained), low_contrast=0.5, seed=3)
    target, given = prepare(batch, 4, SAMPLES)
    assert torch.allclose(given, target.image, atol=1e-6)
    changed = (target.image != batch.image).flatten(1).any(1)
    assert 0 < changed.sum() < len(batch)
    later, _ = prepare(batch, 5, SAMPLES)
    assert not torch.equal(later.image, target.image)
    assert torch.equal(target.quad, batch.quad) and torch.equal(target.labels, batch.labels)


def test_without_it_the_true_frame_is_the_scene(trained):
    batch = open_plates(trained, "train").batch(SAMPLES.numpy())
    ranges = degradation_ranges(trained, "training")
    target, given = restoring_pairs(ranges, low_contrast=0.0, seed=3)(batch, 4, SAMPLES)
    assert target is batch and not torch.allclose(given, batch.image, atol=0.05)
