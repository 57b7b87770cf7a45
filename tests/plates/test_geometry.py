"""Frames, homographies, resampling."""

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError, ImageError
from lpr_gfpgan.plates import geometry
from lpr_gfpgan.plates.alphabet import BLUE, GREEN


def smooth_image(height, width):
    """A picture without detail finer than a few pixels."""
    y, x = np.mgrid[:height, :width] + 0.5
    waves = [np.sin(x / 9 + k) * np.cos(y / 7 - k) for k in range(3)]
    return np.round(127 + 110 * np.stack(waves, -1)).astype(np.uint8)


QUAD = np.array([[61.0, 40.0], [230.0, 52.0], [226.0, 112.0], [58.0, 95.0]])


def test_plate_box_is_the_published_one():
    np.testing.assert_allclose(geometry.plate_box(512, 512), (0, 174.5, 512, 337.5), atol=0.1)
    x0, y0, x1, y1 = geometry.plate_box(64, 128)
    assert (x1 - x0) / (y1 - y0) == pytest.approx(440 / 140)
    assert y0 + y1 == 64


def test_margin_shrinks_about_the_centre():
    quad = geometry.canonical_quad(64, 128, 0.05)
    np.testing.assert_allclose(quad.mean(0), [64, 32])
    assert np.ptp(quad[:, 0]) == pytest.approx(128 * 0.9)


def test_homography_maps_corners_and_is_projective():
    target = geometry.canonical_quad(64, 128)
    matrix = geometry.homography(QUAD, target)
    np.testing.assert_allclose(geometry.apply(matrix, QUAD), target, atol=1e-9)
    back = geometry.homography(target, QUAD)
    points = np.random.default_rng(0).uniform(0, 100, (7, 2))
    np.testing.assert_allclose(geometry.apply(back, geometry.apply(matrix, points)), points)


@pytest.mark.parametrize(
    "quad",
    [
        [[0, 0], [1, 1], [2, 2], [0, 2]],
        [[0, 0], [0, 0], [2, 2], [0, 2]],
        [[0, 0], [np.nan, 0], [2, 2], [0, 2]],
    ],
)
def test_homography_refuses_degenerate_corners(quad):
    with pytest.raises(DataError, match="quadrilateral"):
        geometry.homography(np.array(quad, float), QUAD)


def test_warp_by_identity_and_by_whole_pixels_is_exact():
    image = smooth_image(30, 40)
    np.testing.assert_array_equal(geometry.warp(image, np.eye(3), (30, 40)), image)
    shift = np.array([[1.0, 0, -3], [0, 1, -5], [0, 0, 1]])
    np.testing.assert_array_equal(geometry.warp(image, shift, (20, 30)), image[5:25, 3:33])


def test_warp_counts_pixel_centres_at_a_half():
    # Halving averages exact pairs only if pixel i spans [i, i + 1].
    image = smooth_image(32, 48).astype(np.float32)
    half = geometry.warp(image, np.diag([0.5, 0.5, 1.0]), (16, 24))
    expected = image.reshape(16, 2, 24, 2, 3).mean((1, 3))
    np.testing.assert_allclose(half, expected, atol=1e-3)


def test_warp_does_not_alias():
    checks = (np.indices((128, 256)).sum(0) % 2 * 255).astype(np.float32)
    small = geometry.warp(checks, np.diag([0.25, 0.25, 1.0]), (32, 64))
    np.testing.assert_allclose(small, 127.5, atol=1)
    stripes = np.repeat((np.arange(128) % 2 * 255.0)[:, None], 64, 1).astype(np.float32)
    only_rows = geometry.warp(stripes, np.diag([1.0, 0.25, 1.0]), (32, 64))
    np.testing.assert_allclose(only_rows, 127.5, atol=1)


def test_rectify_inverts_a_projection():
    frame = smooth_image(64, 128)
    target = geometry.canonical_quad(64, 128)
    photo = geometry.warp(frame, geometry.homography(target, QUAD), (150, 300))
    again = geometry.rectify(photo, QUAD, (64, 128))
    rows = slice(16, 48)  # well inside the plate
    error = np.abs(again[rows, 4:-4].astype(float) - frame[rows, 4:-4])
    assert error.mean() < 2 and error.max() < 12
    # An affine map from three corners would miss the fourth by far: the four are used.
    assert not np.allclose(QUAD[0] + QUAD[2], QUAD[1] + QUAD[3], atol=1)


def test_tight_crop_fills_the_box_and_repeats_its_edge():
    crop = smooth_image(24, 94)
    frame = geometry.tight_to_frame(crop, 64, 128)
    assert frame.shape == (64, 128, 3) and frame.dtype == np.uint8
    _, y0, _, y1 = geometry.plate_box(64, 128)
    top, bottom = int(y0) - 4, int(np.ceil(y1)) + 4  # the interpolation reaches a little outside
    for rows, edge in ((frame[:top], crop[0]), (frame[bottom:], crop[-1])):
        assert np.ptp(rows.astype(int), axis=0).max() <= 1
        expected = np.stack(
            [np.interp((np.arange(128) + 0.5) * 94 / 128 - 0.5, np.arange(94), c) for c in edge.T],
            -1,
        )
        assert np.abs(rows - expected).mean() < 2
    middle = frame[32].astype(float)
    expected = np.stack(
        [
            np.interp((np.arange(128) + 0.5) * 94 / 128 - 0.5, np.arange(94), c)
            for c in crop[11:13].mean(0).T
        ],
        -1,
    )
    assert np.abs(middle - expected).mean() < 3


@pytest.mark.parametrize("crop", [np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5), np.uint8)])
def test_tight_crop_refuses(crop):
    with pytest.raises(ImageError, match="crop"):
        geometry.tight_to_frame(crop, 64, 128)


def test_paste_back_changes_the_plate_alone():
    photo = np.full((150, 300, 3), 40, np.uint8)
    frame = np.full((64, 128, 3), 200, np.uint8)
    pasted = geometry.paste_back(photo, frame, QUAD)
    centre = tuple(QUAD.mean(0).round().astype(int)[::-1])
    np.testing.assert_array_equal(pasted[centre], 200)
    x, y = np.meshgrid(np.arange(300) + 0.5, np.arange(150) + 0.5)
    inside = geometry.apply(
        geometry.homography(QUAD, geometry.box_quad((0, 0, 1, 1))), np.stack([x, y], -1)
    )
    outline = ((inside > -1e-4) & (inside < 1 + 1e-4)).all(-1)
    np.testing.assert_array_equal(pasted[~outline], 40)
    assert (pasted[outline] > 100).mean() > 0.85


def test_paste_back_touches_no_pixel_beyond_the_last_it_covers():
    """The quad ends at a pixel's centre less a hair: that pixel's row and column are outside."""
    photo = np.zeros((60, 120, 3), np.uint8)
    quad = geometry.box_quad((10.5, 20.5, 90.4, 45.4))
    changed = geometry.paste_back(photo, np.full((64, 128, 3), 255, np.uint8), quad, feather=0.0)
    rows, columns = np.nonzero(changed.any(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 44, 10, 89)


def test_paste_back_of_a_rectified_plate_changes_little():
    photo = smooth_image(150, 300)
    frame = geometry.rectify(photo, QUAD, (128, 256), margin=0.04)
    pasted = geometry.paste_back(photo, frame, QUAD, margin=0.04)
    assert np.abs(pasted.astype(float) - photo).max() < 8


@pytest.mark.parametrize("layout", [BLUE, GREEN], ids=lambda layout: layout.name)
def test_character_boxes_scale_with_the_plate(layout):
    boxes = geometry.character_boxes(layout, geometry.canonical_quad(512, 512))
    count = len(layout.glyphs)
    assert boxes.shape == (8, 4) and boxes.dtype == np.float32
    assert not boxes[count:].any() and (boxes[:count, 2:] > boxes[:count, :2]).all()
    if layout is BLUE:
        x = [[18, 70], [84, 137], [176, 229], [243, 295], [309, 361], [375, 428], [442, 494]]
        np.testing.assert_allclose(boxes[:7, [0, 2]], x, atol=0.8)
        np.testing.assert_allclose(boxes[:7, [1, 3]], [[204, 308]] * 7, atol=0.8)
