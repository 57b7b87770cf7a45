import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.plates import canonical_quad, scene_of
from lpr_gfpgan.trust.detected import found_corners
from lpr_gfpgan.trust.placing import WAYS, as_given, cut_tight
from lpr_gfpgan.trust.subject import Frames, placed_frames

from ..restore import conftest as stand_ins

SIZE = (32, 64)
make = stand_ins.make


@pytest.fixture(scope="module")
def scene():
    return scene_of("validation", 0, seed=7, height=64, width=128, styles={"blue": 1.0})


def test_plates_are_placed_as_users_pictures_are(scene, make):
    restorer = make()

    def given(way, seed=0):
        return as_given(scene.image, scene.quad, way, SIZE, np.random.default_rng(seed))

    corners = given("corners")
    np.testing.assert_array_equal(corners, restorer.place(scene.image, scene.quad).frame)
    tight = given("tight")
    cut = cut_tight(scene.image, scene.quad)
    np.testing.assert_array_equal(tight, restorer.place(cut, "tight").frame)
    off = found_corners(scene.quad, np.random.default_rng(5))
    np.testing.assert_array_equal(given("found", 5), restorer.place(scene.image, off).frame)
    assert (
        len({each.tobytes() for each in (corners, tight, given("found"), given("found", 5))}) == 4
    )


def test_a_box_is_cut_at_whole_pixels_and_at_the_pictures_edge():
    picture = np.arange(20 * 60 * 3, dtype=np.uint8).reshape(20, 60, 3)
    quad = np.array([[-2, 3.4], [50.6, 1.6], [49, 15], [1, 16.4]])
    np.testing.assert_array_equal(cut_tight(picture, quad), picture[2:16, 0:51])


def test_placed_frames_have_their_plates_in_the_canonical_box(scene):
    frames = Frames(scene.image[None, ::2, ::2], scene.quad[None] / 2, [scene.text])
    for way in WAYS:
        placed = placed_frames(frames, way)
        assert placed.image.shape == (1, *SIZE, 3) and placed.text == [scene.text]
        np.testing.assert_allclose(placed.quad[0], canonical_quad(*SIZE), atol=1e-5)


def test_an_unknown_way_is_named(scene):
    with pytest.raises(
        DataError, match="'loose' to give a plate; choose one of corners, tight, found"
    ):
        as_given(scene.image, scene.quad, "loose", SIZE, np.random.default_rng(0))


def test_a_detector_is_off_otherwise_for_each_plate_and_draw(scene):
    frames = Frames(np.stack([scene.image] * 3), np.stack([scene.quad] * 3), [scene.text] * 3)
    found = {step: placed_frames(frames, "found", step=step).image for step in (0, 1)}
    assert len({each.tobytes() for images in found.values() for each in images}) == 6
    np.testing.assert_array_equal(found[0], placed_frames(frames, "found").image)
    for way in ("corners", "tight"):
        images = placed_frames(frames, way).image
        np.testing.assert_array_equal(images, placed_frames(frames, way, step=1).image)
