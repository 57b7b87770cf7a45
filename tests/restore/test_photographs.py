"""Whole photographs: plates found, restored and put back."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lpr_gfpgan import plates
from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.files import read_image, write_png
from lpr_gfpgan.restore import PlateFinder
from lpr_gfpgan.restore.photographs import _overlap, paste_plates

from ..needs import HYPERLPR_INSTALLED, PHOTOGRAPHS

CCPD = "025-95_113-80&60_208&101-208&101_80&101_80&60_208&60-0_0_22_27_27_33_16-37-15.png"


def inside(shape, *quads):
    """Whether each pixel lies in one of some upright quads."""
    mask = np.zeros(shape[:2], bool)
    for (x0, y0), _, (x1, y1), _ in quads:
        mask[y0:y1, x0:x1] = True
    return mask


def test_all_plates_are_put_back_and_nothing_else_changes(make, photo):
    picture, quads = photo
    before = picture.copy()
    result = make(found=[(quads[0], 0.9), (quads[1], 0.7)]).restore_photograph(picture)
    assert result.scores == [0.9, 0.7]
    assert [each.quad.tolist() for each in result.plates] == quads
    np.testing.assert_array_equal(picture, before)
    changed = (result.image != picture).any(axis=2)
    assert not changed[~inside(picture.shape, *quads)].any()
    for (x0, y0), _, (x1, y1), _ in quads:
        middle = slice(y0 + 5, y1 - 5), slice(x0 + 5, x1 - 5)
        error = result.image[middle].astype(int) - (255 - picture[middle].astype(int))
        assert np.abs(error).mean() < 8  # a negative, at half the size


def test_edges_are_feathered(make, photo):
    picture, (quad, _) = photo
    picture[60:101, 80:208] = 200  # its negative is 55
    column = make().restore_photograph(picture, [quad]).image[60:101, 140, 0].astype(int)
    assert (column[3:-3] == 55).all()
    assert 55 < column[0] < 200 and 55 < column[-1] < 200


def test_a_part_of_the_photograph_is_enough(make, photo):
    """The paste works on the plate's surroundings, and gives what the whole photograph would."""
    picture, (quad, _) = photo
    tilted = np.add(quad, [[0, 3], [4, -2], [2, 0], [-3, 5]])
    result = make().restore_photograph(picture, [tilted])
    whole = plates.paste_back(picture, result.plates[0].frame, tilted)
    changed = (result.image != picture).any(axis=2)
    assert changed.sum() > 5000
    np.testing.assert_array_equal(result.image[changed], whole[changed])
    difference = np.abs(result.image[~changed].astype(int) - whole[~changed])
    assert (difference > 0).any(axis=1).sum() < 0.05 * changed.sum()  # pixels along the outline


def test_a_plate_cut_by_the_edge(make, crop):
    picture = np.full((60, 200, 3), 90, np.uint8)
    picture[30:, :100] = crop[:30, 28:]
    quad = [[-28, 30], [100, 30], [100, 71], [-28, 71]]
    result = make().restore_photograph(picture, [quad])
    assert result.image.shape == picture.shape
    assert (result.image[:30] == picture[:30]).all() and (result.image[45, 20:80] < 120).any()


def test_given_corners_have_no_score_and_nothing_is_searched(make, photo):
    picture, quads = photo
    restorer = make(found=[(quads[0], 0.9)])
    result = restorer.restore_photograph(picture, np.array(quads))
    assert result.scores == [None, None] and len(result.plates) == 2
    assert restorer.locator.finder._detector.asked == 0


def test_corners_in_a_ccpd_name(make, photo, tmp_path):
    picture, quads = photo
    write_png(tmp_path / CCPD, picture)
    result = make(found=[(quads[1], 0.9)]).restore_photograph(tmp_path / CCPD)
    assert [each.quad.tolist() for each in result.plates] == quads[:1]


def test_what_is_refused_stays_as_it_was(make, photo, calibration):
    picture, quads = photo
    picture[60:101, 80:208] = 200
    result = make(calibration=calibration).restore_photograph(picture, quads)
    assert [each.is_plate for each in result.plates] == [False, True]
    np.testing.assert_array_equal(result.image[60:101, 80:208], 200)
    assert (result.image[210:230, 240:340] != picture[210:230, 240:340]).any()


def test_where_plates_overlap_the_surest_is_on_top(make, photo):
    picture, (quad, _) = photo
    shifted = np.add(quad, [100, 0]).tolist()
    restorer = make(found=[(quad, 0.9), (shifted, 0.6)])
    first, second = restorer.restore_photograph(picture).plates
    light, dark = (np.full((32, 64, 3), level, np.uint8) for level in (255, 0))
    pasted = paste_plates(picture, [replace(first, frame=light), replace(second, frame=dark)])
    assert (pasted[64:97, 100:204] == 255).all() and (pasted[64:97, 215:300] == 0).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "four corners"),
        (["tight"], "four corners"),
        ([None], "four corners"),
        ([[0, 0], [90, 0], [90, 30], [0, 30]], "four points"),
        ([[[500, 0], [590, 0], [590, 30], [500, 30]]], "outside"),
    ],
)
def test_bad_corners_get_one_line(make, photo, given, message):
    with pytest.raises(ImageError, match=message) as caught:
        make().restore_photograph(photo[0], given)
    assert "\n" not in str(caught.value)


def test_a_photograph_without_a_plate(make, photo):
    with pytest.raises(ImageError, match="none was found in it; give the four of each") as caught:
        make().restore_photograph(photo[0])
    assert "tight" not in str(caught.value)  # which it does not take


def test_finds_of_one_plate_count_once(make, photo):
    picture, quads = photo
    nearly = np.add(quads[0], 4).tolist()
    found = [(quads[0], 0.9), (nearly, 0.8), (quads[1], 0.7)]
    assert make(found=found).restore_photograph(picture).scores == [0.9, 0.7]


def test_finds_too_small_or_beyond_the_photograph_are_left_out(make, photo):
    picture, quads = photo
    small = [[0, 0], [34, 0], [34, 11], [0, 11]]
    beyond = np.add(quads[0], [400, 0]).tolist()
    found = [(small, 0.9), (beyond, 0.8), (quads[1], 0.7)]
    assert make(found=found).restore_photograph(picture).scores == [0.7]


def test_overlap():
    first = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)
    assert _overlap(first, first) == pytest.approx(1)
    assert _overlap(first, np.add(first, [5, 0])) == pytest.approx(1 / 3)
    assert _overlap(first, np.add(first, [20, 0])) == 0


@pytest.fixture(scope="module")
def real_photographs():
    """Every twentieth photograph with its corners: [(path, [4, 2])]."""
    if not PHOTOGRAPHS:
        pytest.skip("LPR_GFPGAN_REAL_PLATES names no folder of real plates")
    if not HYPERLPR_INSTALLED:
        pytest.skip("package hyperlpr is not installed")
    folder = Path(PHOTOGRAPHS)
    with open(folder / "labels.csv", encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["photo"] and row["corners"]]
    return [(folder / row["photo"], np.array(json.loads(row["corners"]))) for row in rows[::20]]


def test_plates_of_real_photographs_are_found(real_photographs):
    finder, met = PlateFinder(), []
    for path, corners in real_photographs:
        try:
            found = finder.find(read_image(path), path.name)
        except ImageError:
            found = []
        met.append(any(_overlap(each.quad, corners) > 0.5 for each in found))
    assert len(met) > 15 and np.mean(met) > 0.85


def test_a_real_photograph_keeps_all_but_its_plate(make, real_photographs):
    path, corners = real_photographs[0]
    restorer = make()
    restorer.locator.finder = PlateFinder()
    picture = read_image(path)
    result = restorer.restore_photograph(path)
    changed = np.argwhere((result.image != picture).any(axis=2))
    (y0, x0), (y1, x1) = changed.min(axis=0), changed.max(axis=0)
    expected = plates.quad_box(corners)
    np.testing.assert_allclose([x0, y0, x1, y1], expected, atol=0.1 * np.ptp(corners[:, 0]))


@pytest.mark.usefixtures("own_limit")
@pytest.mark.parametrize(("width", "said"), [(92, False), (100, True)])
def test_a_plate_more_than_half_as_wide_again_is_said_to_lose_detail(make, photo, width, said):
    picture, (quad, _) = photo  # the network's frame is 64 wide
    corners = np.add(quad[0], [[0, 0], [width, 0], [width, 30], [0, 30]])
    note = make().restore_photograph(picture, [corners]).plates[0].note
    lost = f"{width} pixels wide in the picture and comes out 64 wide: finer detail is lost."
    assert (lost in note) == said


@pytest.mark.usefixtures("own_limit")
def test_what_is_no_plate_is_not_said_to_lose_detail(make, photo, calibration, monkeypatch):
    picture, (quad, _) = photo
    monkeypatch.setattr(calibration, "accepts", lambda likeness, way: False)
    plate = make(calibration=calibration).restore_photograph(picture, [quad]).plates[0]
    assert plate.is_plate is False and "comes out" not in plate.note
