import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.plates import canonical_quad, scene_of
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
    corners = as_given(scene.image, scene.quad, "corners", SIZE)
    np.testing.assert_array_equal(corners, restorer.place(scene.image, scene.quad).frame)
    tight = as_given(scene.image, scene.quad, "tight", SIZE)
    cut = cut_tight(scene.image, scene.quad)
    np.testing.assert_array_equal(tight, restorer.place(cut, "tight").frame)
    assert (corners != tight).any()


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
    with pytest.raises(DataError, match="'loose' to give a plate; choose one of corners, tight"):
        as_given(scene.image, scene.quad, "loose", SIZE)
