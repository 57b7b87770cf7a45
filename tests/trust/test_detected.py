"""How far a plate finder's corners lie from the true ones."""

import numpy as np
import pytest

from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.files import read_image
from lpr_gfpgan.plates.photos import read_folder
from lpr_gfpgan.readers import load_hyperlpr
from lpr_gfpgan.trust.detected import MEAN, MOVEMENTS, SPREAD, corner_errors, found_corners

from ..needs import PHOTOGRAPHS, needs_photographs

QUAD = np.array([[100.0, 50], [300, 70], [295, 140], [96, 118]])


def movements(errors):
    """Mean and deviation [4, 2] of each movement in errors [4, 2] of many plates."""
    amounts = (np.stack(errors)[:, None] * MOVEMENTS).mean(2)
    return amounts.mean(0), amounts.std(0)


def test_errors_are_told_in_parts_of_the_plate():
    assert np.abs(corner_errors(QUAD, QUAD)).max() < 1e-12
    box = np.array([[10.0, 10], [110, 10], [110, 40], [10, 40]])
    moved = box + np.array([[5, 3], [0, 0], [-10, 0], [0, 6]])
    errors = corner_errors(moved, box)
    np.testing.assert_allclose(errors, [[0.05, 0.1], [0, 0], [-0.1, 0], [0, 0.2]], atol=1e-12)


def test_drawn_errors_have_the_stated_mean_and_spread():
    rng = np.random.default_rng(0)
    found = [corner_errors(found_corners(QUAD, rng), QUAD) for _ in range(4000)]
    mean, spread = movements(found)
    np.testing.assert_allclose(mean, MEAN, atol=0.002)
    np.testing.assert_allclose(spread, SPREAD, rtol=0.05)


def test_the_same_generator_finds_the_same_corners():
    one, two, other = (found_corners(QUAD, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).all()


@pytest.mark.slow
@needs_photographs
def test_the_detector_is_off_as_stated():
    try:
        detector = load_hyperlpr()
    except WeightsError as reason:
        pytest.skip(str(reason))
    photos = [each for each in read_folder(PHOTOGRAPHS) if each.corners is not None]
    errors = []
    for photo in photos:
        found = (each.quad for each in detector.find_plates(read_image(photo.path)))
        off = (corner_errors(quad, photo.corners) for quad in found)
        errors += [each for each in off if np.abs(each.mean(0)).max() < 0.3][:1]
    assert (len(errors), len(photos)) == (409, 434)
    mean, spread = movements(errors)
    np.testing.assert_allclose(mean, MEAN, atol=0.002)
    np.testing.assert_allclose(spread, SPREAD, atol=0.002)
