"""The released weights as a user meets them: opened without a name, on drawn plates."""

import numpy as np
import pytest

from lpr_gfpgan.plates import STANDARD_TYPEFACE, scene_of
from lpr_gfpgan.plates.scenes import draw_scene
from lpr_gfpgan.restore import Restorer, find_weights
from lpr_gfpgan.restore.weights import RELEASED

PLATES = 12


@pytest.fixture(scope="module")
def released():
    return Restorer.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def scenes():
    """Tight scenes of plates that no training saw, in open fonts."""
    return [
        scene_of("test", 2 * n + 1, seed=5, height=64, width=128, styles={"blue": 1})
        for n in range(PLATES)
    ]


@pytest.fixture(scope="module")
def crops(scenes):
    """Sharp tight crops, 41 x 128, of those."""
    return [(scene.image[12:53], scene.text) for scene in scenes]


@pytest.fixture(scope="module")
def own_face(scenes):
    """The same texts in the plates' own face."""
    drawn = [
        draw_scene(
            np.random.default_rng([5, number]),
            64,
            128,
            style="blue",
            typeface=STANDARD_TYPEFACE,
            surroundings=scene.surroundings,
            text=scene.text,
            tight=True,
        )
        for number, scene in enumerate(scenes)
    ]
    return [(scene.image[12:53], scene.text) for scene in drawn]


def test_they_are_found_first_and_come_with_reader_and_calibration(released):
    assert find_weights() == RELEASED
    assert released.reader is not None
    assert released.calibration is not None


@pytest.mark.parametrize(("face", "least"), [("own_face", 0.7), ("crops", 0.5)])
def test_most_sharp_plates_are_accepted_and_most_characters_read(released, face, least, request):
    """`direct` is taught both, and reads the own face better; one open font is new to it."""
    crops = request.getfixturevalue(face)
    plates = [released.restore(crop, plate="tight") for crop, _ in crops]
    assert sum(plate.is_plate for plate in plates) >= PLATES - 2
    right = [
        read == true
        for plate, (_, text) in zip(plates, crops, strict=True)
        for read, true in zip(plate.text or "", text, strict=False)
    ]
    assert sum(right) >= least * sum(len(text) for _, text in crops)


def test_a_restoration_is_a_plate_of_the_frame_and_repeats(released, crops):
    first, again = (released.restore(crops[0][0], plate="tight") for _ in range(2))
    assert first.image.dtype == np.uint8 and first.image.shape[1] == 128
    assert np.array_equal(first.image, again.image)


def test_noise_is_refused(released):
    noise = np.random.default_rng(0).integers(0, 256, (41, 128, 3), np.uint8)
    plate = released.restore(noise, plate="tight")
    assert not plate.is_plate and plate.text is None
