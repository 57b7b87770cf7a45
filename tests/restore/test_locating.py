"""Which plates a picture holds: what the user says, its name, its shape, and what is found."""

import numpy as np
import pytest

from lpr_gfpgan.errors import ImageError, WeightsError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.readers.hyperlpr_models import MEND
from lpr_gfpgan.restore import PlateFinder, Restorer, photographs
from lpr_gfpgan.restore.locating import corners_in_name

CCPD = "025-95_113-80&60_208&101-208&101_80&101_80&60_208&60-0_0_22_27_27_33_16-37-15.png"
QUAD = [[230, 200], [358, 200], [358, 241], [230, 241]]


@pytest.mark.parametrize(("aspect", "tight"), [(2.15, 0), (2.2, 1), (3.14, 1), (5, 1), (5.05, 0)])
def test_a_plates_shape_is_tight_and_nothing_is_searched(make, aspect, tight):
    restorer = make(found=[([[0, 0], [60, 0], [60, 20], [0, 20]], 0.9)])
    picture = np.full((40, round(40 * aspect), 3), 90, np.uint8)
    assert (restorer.place(picture).way == "tight") == tight
    assert restorer.locator.finder._detector.asked == 1 - tight


def test_a_plates_shape_without_a_plate_is_searched(make, calibration, photo):
    """A wide picture of one colour but for a plate in its corner."""
    wide = np.full((150, 400, 3), 200, np.uint8)
    wide[100:141, 230:358] = photo[0][200:241, 230:358]
    quad = [[230, 100], [358, 100], [358, 141], [230, 141]]
    calibration.accepts = lambda likeness, way: likeness > 20
    found = make(calibration=calibration, found=[(quad, 0.9)]).place(wide)
    assert found.quad.tolist() == quad
    uncalibrated = make(found=[(quad, 0.9)]).place(wide)
    assert uncalibrated.width == 400


@pytest.mark.parametrize("detector", ["finds nothing", "is missing"])
def test_a_plates_shape_in_which_nothing_is_found_stays_refused(
    make, calibration, monkeypatch, detector
):
    restorer = make(calibration=calibration)
    if detector == "is missing":

        def missing():
            raise WeightsError(f"hyperlpr 0.0.2 is not installed; {MEND}")

        monkeypatch.setattr(photographs, "load_hyperlpr", missing)
        restorer.locator.finder._detector = None
    result = restorer.restore(np.full((40, 120, 3), 200, np.uint8))
    assert result.is_plate is False and result.text is None and result.plate_width == 120
    assert "not look like a plate" in result.note and "four corners" in result.note
    reason = {"finds nothing": "none was found in it", "is missing": MEND}[detector]
    assert reason in result.note
    assert result.image.shape == (22, 64, 3)


def test_the_surest_plate_of_a_photograph(make, photo):
    picture, (first, second) = photo
    restorer = make(found=[(second, 0.9), (first, 0.6)])
    result = restorer.restore(picture)
    assert result.quad.tolist() == second
    np.testing.assert_array_equal(result.frame, restorer.restore(picture, second).frame)


def test_every_plate_of_a_photograph(make, photo):
    picture, (first, second) = photo
    locator = make(found=[(second, 0.9), (first, 0.6)]).locator
    there = locator.locate(picture, every=True)
    assert there.photograph and there.scores == [0.9, 0.6]
    assert [each.quad.tolist() for each in there.plates] == [second, first]
    given = locator.locate(picture, first, every=True)
    assert not given.photograph and given.scores == [None] and len(given.plates) == 1


def test_corners_in_a_name_come_before_a_search(make, photo, tmp_path):
    picture, (first, second) = photo
    write_png(tmp_path / CCPD, picture)
    restorer = make(found=[(second, 0.9)])
    assert restorer.restore(tmp_path / CCPD).quad.tolist() == first
    assert restorer.restore(tmp_path / CCPD, second).quad.tolist() == second


def test_corners_in_a_name_come_before_the_shape(make, photo, tmp_path):
    picture, (first, _) = photo
    write_png(tmp_path / CCPD, picture[:130])  # 400 x 130, which a plate might fill
    assert make().restore(tmp_path / CCPD).quad.tolist() == first


def test_no_plate_found(make, photo):
    with pytest.raises(ImageError, match="no plate found in the picture") as caught:
        make().restore(photo[0])
    assert "\n" not in str(caught.value)


def test_a_missing_detector_names_its_mend(make, photo, monkeypatch):
    def missing():
        raise WeightsError(f"hyperlpr 0.0.2 is not installed; {MEND}")

    monkeypatch.setattr(photographs, "load_hyperlpr", missing)
    restorer = Restorer(make().network, finder=PlateFinder())
    with pytest.raises(ImageError, match=r"pip install hyperlpr==0\.0\.2") as caught:
        restorer.restore(photo[0])
    assert "corners" in str(caught.value) and "\n" not in str(caught.value)


def test_a_picture_too_small_is_not_searched(make):
    restorer = make(found=[(QUAD, 0.9)])
    with pytest.raises(ImageError, match="at least 12"):
        restorer.restore(np.zeros((11, 11, 3), np.uint8))
    assert restorer.locator.finder._detector.asked == 0


def test_a_ccpd_name_holds_the_corners(photo):
    picture, (quad, _) = photo
    np.testing.assert_array_equal(corners_in_name(f"there/{CCPD}", picture), quad)


def test_a_ccpd_name_on_a_part_of_its_photograph_says_nothing(photo):
    picture, _ = photo
    assert corners_in_name(CCPD, picture[:, :200]) is None
    assert corners_in_name(CCPD, picture[:90]) is None


@pytest.mark.parametrize("image", ["plate.png", CCPD.replace("208&101_80", "208_80"), "array"])
def test_other_names_hold_none(photo, image):
    picture, _ = photo
    assert corners_in_name(picture if image == "array" else image, picture) is None


def test_as_many_scores_as_plates(make, photo):
    picture, (first, second) = photo
    locator = make(found=[(first, 0.9), (second, 0.7)]).locator
    assert list(locator.locate(picture).scores) == [0.9]
    assert list(locator.locate(picture, every=True).scores) == [0.9, 0.7]
    assert len(locator.locate(picture).plates) == 1
