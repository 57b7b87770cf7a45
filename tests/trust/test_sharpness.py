import cv2
import numpy as np
import pytest

from lpr_gfpgan.plates import scene_of
from lpr_gfpgan.trust import sharpness
from lpr_gfpgan.trust.placing import to_canonical


def frame(number, height=64):
    size = height, 2 * height
    scene = scene_of("train", number, seed=7, height=64, width=128, styles={"blue": 1.0})
    return to_canonical(scene.image, size, scene.quad)


@pytest.mark.parametrize("number", range(4))
def test_blur_lowers_it_step_by_step(number):
    sharp = frame(number)
    values = [sharpness(sharp)]
    values += [sharpness(cv2.GaussianBlur(sharp, (0, 0), sigma)) for sigma in (1, 2, 4)]
    assert (np.diff(values) < 0).all() and values[0] - values[3] > 0.4


def test_contrast_and_brightness_matter_little():
    sharp = frame(0)
    assert sharpness(60 + sharp // 2) == pytest.approx(sharpness(sharp), abs=0.05)


def test_the_size_of_the_frame_matters_little():
    assert sharpness(frame(0, 128)) == pytest.approx(sharpness(frame(0, 64)), abs=0.1)


def test_what_surrounds_the_plate_does_not_matter():
    plate, other = frame(0), frame(0)
    other[:8] = other[-8:] = np.random.default_rng(0).integers(0, 256, (8, 128, 3))
    assert sharpness(plate) == sharpness(other)


def test_one_colour_has_a_value():
    assert sharpness(np.full((32, 64, 3), 90, np.uint8)) == 0
