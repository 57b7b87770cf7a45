"""What is withheld and why: no plate, a plate too small to read, no calibration."""

import numpy as np
import pytest

from lpr_gfpgan.trust import sharpness

WALL = np.full((40, 120, 3), 200, np.uint8)


def test_what_is_no_plate_is_refused(make, calibration):
    result = make(calibration=calibration).restore(WALL, "tight")
    assert result.is_plate is False and result.likeness == pytest.approx(0, abs=1e-3)
    assert result.text is None and result.text_restored is None
    assert "not look like a plate" in result.note
    assert "give its four corners, or leave 'tight' out" in result.note
    assert result.image.shape == (22, 64, 3) and (result.image == 55).all()
    assert make(calibration=calibration).read(WALL, "tight") is None


def test_corners_of_no_plate_are_refused_too(make, calibration):
    quad = [[0, 0], [100, 0], [100, 30], [0, 30]]
    result = make(calibration=calibration).restore(WALL, quad)
    assert result.is_plate is False
    assert "not look like a plate" in result.note and "check its four corners" in result.note
    assert "tight" not in result.note


def test_a_plate_is_not_refused(make, calibration, crop):
    result = make(calibration=calibration).restore(crop)
    assert result.is_plate is True and result.likeness > 1
    assert result.text == "皖A12345" and result.note == ""


def test_without_a_calibration_nothing_is_refused(make):
    result = make().restore(WALL)
    assert result.is_plate is None and result.likeness is None
    assert result.text == "皖A12345" and "calibration" in result.note
    assert "make reproduce" in result.note
    assert result.reading.confidences == pytest.approx((0.8,) * 7)


def test_each_of_a_list_is_judged_by_itself(make, calibration, crop):
    results = make(calibration=calibration).restore([crop, WALL, crop], "tight")
    assert [each.is_plate for each in results] == [True, False, True]
    assert [each.text for each in results] == ["皖A12345", None, "皖A12345"]


@pytest.mark.parametrize(("width", "read"), [(20, False), (23, False), (24, True), (25, True)])
def test_a_narrow_plate_has_an_image_and_no_text(make, calibration, crop, width, read):
    narrow = crop[:16, :width]
    result = make(calibration=calibration).restore(narrow, "tight")
    assert result.image.shape == (22, 64, 3) and result.is_plate is True
    assert (result.text is not None) == read == (result.text_restored is not None)
    assert read or f"{width} pixels wide" in result.note


def test_all_that_is_withheld_is_said(make, calibration, crop):
    refused = make(calibration=calibration).restore(WALL[:16, :20], "tight").note
    assert refused.startswith("This does not look like a plate") and "20 pixels wide" in refused
    uncalibrated = make().restore(crop[:16, :20], "tight").note
    assert uncalibrated.startswith("The plate is 20 pixels wide")
    assert "Without a calibration" in uncalibrated


def test_disagreement_lowers_confidence(make, calibration, crop):
    calibrated = make(says=("皖A12345", "皖A12395"), calibration=calibration).restore(crop)
    expected = [0.8] * 7
    expected[5] = 0.4
    assert calibrated.reading.confidences == pytest.approx(expected)
    assert calibrated.reading.confidence == pytest.approx(np.prod(expected) ** 0.5)
    # What a reader sees in a restoration is not calibrated.
    assert calibrated.reading_restored.confidences == pytest.approx((0.8,) * 7)


def test_reading_has_the_confidences_of_restoring(make, calibration, crop):
    restorer = make(says=("皖A12345", "皖A12395"), calibration=calibration)
    pictures = [crop, WALL, 255 - crop]
    readings = restorer.read(pictures, "tight")
    assert readings == [each.reading for each in restorer.restore(pictures, "tight")]
    assert [each and each.confidences[5] for each in readings] == pytest.approx([0.4, None, 0.4])


def test_each_picture_is_read_once_however_it_is_placed(make, calibration, crop, photo):
    picture, (quad, _) = photo
    for given, looks in ((None, 1), (calibration, 2)):  # the picture, and its restoration
        restorer = make(calibration=given)
        for plate in (None, "tight", quad):
            before = restorer.reader.frames_read
            restorer.read(crop if plate is None else picture, plate)
            assert restorer.reader.frames_read == before + looks, plate
    before = restorer.reader.frames_read
    restorer.restore([crop] * 3)
    assert restorer.reader.frames_read == before + 2 * 3


def test_what_another_restorer_saw_is_not_taken_over(make, calibration, crop):
    placed = make(calibration=calibration).place(crop)
    assert placed.look.reading.text == "皖A12345"
    other = make(says=("京B99999", ""), calibration=calibration)
    assert other.read_placed([placed])[0].reading.text == "京B99999"


def test_confidences_hang_on_how_sharp_a_plate_is_and_how_it_was_given(make, calibration, photo):
    picture, (quad, _) = photo
    restorer = make(calibration=calibration, found=[(quad, 0.9)])
    for plate, way in (("tight", "tight"), (quad, "corners"), (None, "found")):
        placed = restorer.place(picture, plate)
        calibration.asked.clear()
        restorer.restore(picture, plate)
        assert set(calibration.asked) == {(sharpness(placed.frame), way)}
    for plates, way in ((None, "found"), ([quad], "corners")):
        calibration.asked.clear()
        restorer.restore_photograph(picture, plates)
        assert {asked for _, asked in calibration.asked} == {way}


def test_nothing_is_restored_for_a_reading_that_does_not_hang_on_it(make, calibration, crop, photo):
    picture, (quad, _) = photo
    restorer = make(says=("皖A12345", "皖A12395"), calibration=calibration)
    calibration.heedless = {"tight"}
    before = restorer.reader.frames_read
    placed = [restorer.place(crop, "tight"), restorer.place(picture, quad)]
    heedless, heeding = restorer.read_placed(placed)
    assert restorer.reader.frames_read == before + 2 + 1
    assert heedless.reading.confidences[5] == pytest.approx(0.8)
    assert heeding.reading.confidences[5] == pytest.approx(0.4)
    assert heedless.reading == restorer.restore(crop, "tight").reading


def test_a_tight_crop_without_a_whole_text_is_told_what_may_help(make, calibration, crop):
    partial = make(says=("A1234", "A1234"), calibration=calibration)
    tight = partial.restore(crop, "tight")
    assert tight.text == "A1234" and tight.is_plate is True
    assert "no whole plate's" in tight.note and "four corners" in tight.note
    assert "no whole plate's" in make(says=("A1234", "A1234")).restore(crop, "tight").note


def test_a_found_plate_without_a_whole_text_is_told_what_may_help(make, calibration, photo):
    picture, (quad, _) = photo
    found = [(quad, 0.9)]
    partial = make(says=("A1234", "A1234"), calibration=calibration, found=found)
    for plate in (partial.restore(picture), *partial.restore_photograph(picture).plates):
        assert "a detector placed its corners" in plate.note and "four corners" in plate.note
    assert make(calibration=calibration, found=found).restore(picture).note == ""


def test_given_corners_without_a_whole_text_are_to_be_checked(make, calibration, photo):
    picture, (quad, _) = photo
    partial = make(says=("A1234", "A1234"), calibration=calibration)
    for plate in (
        partial.restore(picture, quad),
        *partial.restore_photograph(picture, [quad]).plates,
    ):
        assert plate.text == "A1234" and plate.is_plate is True
        assert "no whole plate's: check that its four corners" in plate.note
        assert "give its four corners" not in plate.note
    assert make(calibration=calibration).restore(picture, quad).note == ""
