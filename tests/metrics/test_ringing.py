"""Ringing against overshoots that are known, and against what must not count."""

import timeit
from itertools import pairwise

import cv2
import numpy as np
import pytest

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.metrics import ringing

DARK, BRIGHT = 80, 160


def grey(values):
    return np.repeat(np.asarray(values)[..., None], 3, axis=2).astype(np.uint8)


@pytest.fixture
def step():
    """A vertical edge between columns 31 and 32 of a 32 x 64 image."""
    values = np.full((32, 64), DARK)
    values[:, 32:] = BRIGHT
    return grey(values)


@pytest.fixture
def strokes():
    rng = np.random.default_rng(0)
    image = np.full((32, 64, 3), (40, 60, 150), np.uint8)
    for left in range(4, 60, 8):
        top, bottom = rng.integers(6, 12), rng.integers(20, 27)
        image[top:bottom, left : left + 3] = 210
    return image


def unsharp(image, amount, sigma=1.0):
    blurred = cv2.GaussianBlur(image.astype(np.float32), (0, 0), sigma)
    return np.clip(np.round(image + amount * (image - blurred)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("height", [1, 7, 40])
def test_a_known_overshoot_at_a_step(step, height):
    """Edge pixels are columns 31 and 32, so `near` is 29 to 34: two of six columns stick out."""
    halo = step.copy()
    halo[:, 32] += height
    halo[:, 31] -= height
    assert ringing(step, halo) == pytest.approx(2 * height / 6, abs=1e-4)
    halo[:, 31] = DARK
    assert ringing(step, halo) == pytest.approx(height / 6, abs=1e-4)
    assert ringing(step, halo, radius=4) == pytest.approx(height / 10, abs=1e-4)


def test_luma_weighs_the_colours(step):
    halo = step.copy()
    halo[:, 32] += np.array([10, 20, 30], np.uint8)
    rise = 0.299 * 10 + 0.587 * 20 + 0.114 * 30
    assert ringing(step, halo) == pytest.approx(rise / 6, abs=1e-4)


def test_the_original_and_flat_images(step, strokes):
    assert ringing(step, step) == 0 and ringing(strokes, strokes) == 0
    flat = np.full_like(step, 90)
    assert ringing(flat, flat + 60) == 0  # no edge, so nothing beside one


@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_box_blur_stays_within_the_local_range(strokes, size):
    assert ringing(strokes, cv2.blur(strokes, (size, size))) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("sigma", [0.5, 1.5, 5.0])
def test_a_blurred_step_does_not_ring_however_blurred(step, sigma):
    blurred = cv2.GaussianBlur(step, (0, 0), sigma)
    assert not np.array_equal(blurred, step)
    assert ringing(step, blurred) == 0


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_a_gaussian_blur_hardly_rings(strokes, sigma):
    assert ringing(strokes, cv2.GaussianBlur(strokes, (0, 0), sigma)) < 0.02


def test_a_moved_step_does_not_ring(step):
    moved = step.copy()
    moved[:, 28:32] = BRIGHT
    assert ringing(step, moved) == 0


def test_an_unsharp_mask_rings_the_more_the_stronger(strokes):
    rings = [ringing(strokes, unsharp(strokes, amount)) for amount in (0, 0.25, 0.5, 1.0)]
    assert rings[0] == 0 and all(a + 0.5 < b for a, b in pairwise(rings))


def test_noise_far_from_edges_does_not_count(step):
    rng = np.random.default_rng(1)
    noisy = step.copy()
    far = np.r_[0:27, 37:64]
    noisy[:, far] = np.clip(noisy[:, far] + rng.normal(0, 20, (32, len(far), 3)), 0, 255)
    assert ringing(step, noisy) == 0
    everywhere = np.clip(step + rng.normal(0, 20, step.shape), 0, 255).astype(np.uint8)
    assert ringing(step, everywhere) > 1


def test_only_the_box_counts_but_ranges_look_beyond_it(step):
    halo = step.copy()
    halo[:16, 32] += 12
    assert ringing(step, halo, box=(0, 0, 64, 16)) == pytest.approx(12 / 6, abs=1e-4)
    assert ringing(step, halo, box=(0, 16, 64, 32)) == 0
    # Columns 32 to 34 alone: cut out first, they would hold no edge.
    assert ringing(step, halo, box=(32, 0, 64, 16)) == pytest.approx(12 / 3, abs=1e-4)
    assert ringing(step, halo, box=(40, 0, 64, 16)) == 0


def test_its_reach_follows_the_width(step):
    """The same picture twice as large, with a halo twice as wide, rings the same."""
    halo = step.copy()
    halo[:, 32:34] += 9
    large, large_halo = (image.repeat(2, axis=0).repeat(2, axis=1) for image in (step, halo))
    assert ringing(step, halo) == pytest.approx(3, abs=1e-4)
    assert ringing(large, large_halo) == pytest.approx(9 * 4 / 10, abs=1e-4)


def test_refuses_other_kinds(step):
    with pytest.raises(ImageError, match="uint8 of one shape"):
        ringing(step, step.astype(np.float32))
    with pytest.raises(ImageError, match="RGB"):
        ringing(step[..., 0], step[..., 0])
    with pytest.raises(ImageError, match="at least 1 pixel"):
        ringing(step, step, radius=0)
    with pytest.raises(ImageError, match="does not meet"):
        ringing(step, step, box=(64, 0, 70, 4))


def test_is_fast_enough_for_every_row(strokes):
    image = unsharp(strokes, 1)
    seconds = min(timeit.repeat(lambda: ringing(strokes, image), number=50, repeat=5)) / 50
    assert seconds < 2e-3  # about 0.08 ms on a quiet core
