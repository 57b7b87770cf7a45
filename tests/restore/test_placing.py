"""A plate whose place is known, brought into the canonical frame."""

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan import plates
from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.restore import PlacedPlate

SIZE = (32, 64)


def test_tight_accepts_any_aspect_and_stretches(crop, make):
    square = np.array(Image.fromarray(crop).resize((128, 128)))
    frame = make().place(square, "tight").frame
    np.testing.assert_array_equal(frame, plates.tight_to_frame(square, *SIZE))


def test_surroundings_repeat_the_edge(crop, make):
    frame = make().place(crop, "tight").frame
    assert (frame[0] == frame[1]).all() and (frame[-1] == frame[-2]).all()


def test_corners_are_rectified(photo, crop, make):
    picture, (quad, _) = photo
    restorer = make()
    frame = restorer.place(picture, quad).frame
    np.testing.assert_array_equal(frame, plates.rectify(picture, np.array(quad, float), SIZE))
    box = slice(8, 24), slice(2, 62)
    difference = frame[box].astype(int) - restorer.place(crop, "tight").frame[box]
    assert np.abs(difference).mean() < 1


@pytest.mark.parametrize("height", [12, 13, 500])
def test_any_size_from_twelve_rows(height, make):
    picture = np.full((height, round(height * 3.14), 3), 120, np.uint8)
    assert make().place(picture).frame.shape == (32, 64, 3)


def test_width_is_the_mean_of_both_edges(make):
    quad = np.array([[0, 0], [100, 0], [80, 30], [0, 30]], float)
    assert PlacedPlate(frame=np.zeros((32, 64, 3), np.uint8), quad=quad).width == 90
    assert make().place(np.zeros((20, 60, 3), np.uint8), "tight").width == 60


@pytest.mark.parametrize(
    ("picture", "plate", "message"),
    [
        (np.zeros((11, 40, 3), np.uint8), None, "at least 12"),
        (np.zeros((11, 40, 3), np.uint8), "tight", "at least 12"),
        (np.zeros((100, 100, 3), np.uint8), None, "four corners"),
        (np.zeros((20, 101, 3), np.uint8), None, "four corners"),
        (np.zeros((20, 60, 3), np.uint8), "loose", "loose"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [9, 9]], "four points"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [9, 9], "here", 3], "four points"),
        (np.zeros((90, 90, 3), np.uint8), np.full((4, 2), np.nan), "four points"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [0, 30], [80, 30], [80, 0]], "upper left"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [80, 0], [0, 30], [80, 30]], "upper left"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [40, 0], [80, 0], [0, 30]], "upper left"),
        (np.zeros((90, 90, 3), np.uint8), [[0, 0], [30, 0], [30, 9], [0, 9]], "lower than 12"),
        (np.zeros((40, 40, 3), np.uint8), [[50, 0], [90, 0], [90, 20], [50, 20]], "outside"),
        (np.zeros((40, 60, 3), np.uint8), [[-61, 0], [80, 0], [80, 20], [-61, 20]], "too far out"),
        (np.zeros((40, 60, 3), np.uint8), [[5, 0], [50, 0], [50, 81], [5, 20]], "too far out"),
    ],
)
def test_bad_places_get_one_line(picture, plate, message, make):
    with pytest.raises(ImageError, match=message) as caught:
        make().place(picture, plate)
    assert "\n" not in str(caught.value)


def test_corners_may_reach_a_little_out_of_the_picture(make):
    quad = [[-5, -2], [50, -2], [50, 20], [-5, 20]]
    assert make().place(np.zeros((40, 60, 3), np.uint8), quad).frame.shape == (32, 64, 3)
