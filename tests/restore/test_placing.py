"""Where the plate is in a picture, and the plate brought into the canonical frame."""

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan import plates
from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.restore import PlacedPlate, placing, to_frame

SIZE = (32, 64)
CCPD = "025-95_113-80&60_208&101-208&101_80&101_80&60_208&60-0_0_22_27_27_33_16-37-15.png"


def test_tight_accepts_any_aspect_and_stretches(crop):
    square = np.array(Image.fromarray(crop).resize((128, 128)))
    np.testing.assert_array_equal(
        to_frame(square, "tight", SIZE), plates.tight_to_frame(square, *SIZE)
    )


def test_surroundings_repeat_the_edge(crop):
    frame = to_frame(crop, "tight", SIZE)
    assert (frame[0] == frame[1]).all() and (frame[-1] == frame[-2]).all()


@pytest.mark.parametrize("aspect", [2.2, 3.14, 5.0])
def test_without_a_word_a_plates_shape_is_tight(aspect):
    picture = np.full((40, round(40 * aspect), 3), 90, np.uint8)
    np.testing.assert_array_equal(to_frame(picture, None, SIZE), to_frame(picture, "tight", SIZE))


def test_corners_are_rectified(photo, crop):
    picture, (quad, _) = photo
    frame = to_frame(picture, quad, SIZE)
    np.testing.assert_array_equal(frame, plates.rectify(picture, np.array(quad, float), SIZE))
    box = slice(8, 24), slice(2, 62)
    difference = frame[box].astype(int) - to_frame(crop, "tight", SIZE)[box]
    assert np.abs(difference).mean() < 1


@pytest.mark.parametrize("height", [12, 13, 500])
def test_any_size_from_twelve_rows(height):
    picture = np.full((height, round(height * 3.14), 3), 120, np.uint8)
    assert to_frame(picture, None, SIZE).shape == (32, 64, 3)


def test_width_is_the_mean_of_both_edges():
    quad = np.array([[0, 0], [100, 0], [80, 30], [0, 30]], float)
    assert PlacedPlate(frame=np.zeros((32, 64, 3), np.uint8), quad=quad).width == 90
    assert placing.place(np.zeros((20, 60, 3), np.uint8), "it", "tight", SIZE).width == 60


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
def test_bad_places_get_one_line(picture, plate, message):
    with pytest.raises(ImageError, match=message) as caught:
        to_frame(picture, plate, SIZE)
    assert "\n" not in str(caught.value)


def test_corners_may_reach_a_little_out_of_the_picture():
    quad = [[-5, -2], [50, -2], [50, 20], [-5, 20]]
    assert to_frame(np.zeros((40, 60, 3), np.uint8), quad, SIZE).shape == (32, 64, 3)


def test_a_ccpd_name_holds_the_corners(photo):
    picture, (quad, _) = photo
    np.testing.assert_array_equal(placing.corners_in_name(f"there/{CCPD}", picture), quad)


def test_a_ccpd_name_on_a_part_of_its_photograph_says_nothing(photo):
    picture, _ = photo
    assert placing.corners_in_name(CCPD, picture[:, :200]) is None
    assert placing.corners_in_name(CCPD, picture[:90]) is None


@pytest.mark.parametrize("image", ["plate.png", CCPD.replace("208&101_80", "208_80"), "array"])
def test_other_names_hold_none(photo, image):
    picture, _ = photo
    assert placing.corners_in_name(picture if image == "array" else image, picture) is None
