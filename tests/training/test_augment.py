import torch

from lpr_gfpgan.plates import PlateBatch, canonical_quad
from lpr_gfpgan.randomness import keys
from lpr_gfpgan.training.augment import (
    CORNER,
    LEAST_CONTRAST,
    SLANT,
    lower_contrast,
    vary_colours,
    vary_corners,
)

KEYS = keys(0, 0, torch.arange(400), "test")
IMAGE = torch.rand(400, 3, 4, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
QUAD = torch.as_tensor(canonical_quad(32, 64)).float().expand(400, -1, -1)


def test_variety_is_the_share_of_images_that_change():
    assert torch.equal(vary_colours(IMAGE, KEYS, 0.0), IMAGE)
    changed = (vary_colours(IMAGE, KEYS, 0.3) != IMAGE).flatten(1).any(1)
    assert 0.2 < changed.float().mean() < 0.4
    assert (vary_colours(IMAGE, KEYS, 1.0) != IMAGE).flatten(1).any(1).float().mean() > 0.98


def test_half_of_the_changed_images_are_inverted_and_strokes_stay_where_they_are():
    varied = vary_colours(IMAGE * 0.5, KEYS, 1.0)
    grey, source = varied.mean(1).flatten(1), IMAGE.mean(1).flatten(1)
    correlation = torch.stack(
        [torch.corrcoef(torch.stack(p))[0, 1] for p in zip(grey, source, strict=True)]
    )
    assert (correlation.abs() > 0.9).all()
    assert 0.4 < (correlation < 0).float().mean() < 0.6


def test_a_sample_varies_alike_in_any_batch():
    whole = vary_colours(IMAGE, KEYS, 1.0), vary_corners(QUAD, KEYS, 1.0)
    part = vary_colours(IMAGE[7:9], KEYS[7:9], 1.0), vary_corners(QUAD[7:9], KEYS[7:9], 1.0)
    for a, b in zip(whole, part, strict=True):
        assert torch.equal(a[7:9], b)


def test_corners_move_by_at_most_what_is_stated():
    assert torch.equal(vary_corners(QUAD, KEYS, 0.0), QUAD)
    moved = vary_corners(QUAD, KEYS, 1.0) - QUAD
    width, height = 64, 64 * 140 / 440
    assert moved[..., 0].abs().max() <= (CORNER + SLANT) * width + 1e-4
    assert moved[..., 1].abs().max() <= CORNER * height + 1e-4
    assert moved.abs().amax((0, 1)).min() > 0.5 * CORNER * height


def scenes(image):
    """A batch of which `lower_contrast` looks at the images alone."""
    rest = (torch.zeros(len(image)),) * 7
    return PlateBatch(image, *rest)


def test_some_frames_lose_contrast_and_keep_what_they_show():
    whole = scenes(IMAGE)
    assert lower_contrast(whole, KEYS, 0.0) is whole
    flatter = lower_contrast(whole, KEYS, 0.3).image
    chosen = (flatter != IMAGE).flatten(1).any(1)
    assert 0.2 < chosen.float().mean() < 0.4
    kept = flatter[chosen].flatten(1).std(1) / IMAGE[chosen].flatten(1).std(1)
    assert (kept > LEAST_CONTRAST - 1e-3).all() and (kept < 1 + 1e-3).all()
    assert kept.min() < 0.15 and kept.max() > 0.7
    assert flatter.abs().max() <= 1
    for seen, shown in zip(flatter[chosen], IMAGE[chosen], strict=True):
        assert torch.corrcoef(torch.stack([seen.flatten(), shown.flatten()]))[0, 1] > 0.999
    assert torch.equal(lower_contrast(scenes(IMAGE[7:9]), KEYS[7:9], 0.3).image, flatter[7:9])
