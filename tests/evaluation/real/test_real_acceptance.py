"""Which photographed plates pass for plates, and how they are given."""

import dataclasses

import numpy as np
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.errors import DataError, ImageError
from lpr_gfpgan.evaluation import real, real_acceptance
from lpr_gfpgan.evaluation.protocol import degraded_set
from lpr_gfpgan.metrics import crop_box, wilson
from lpr_gfpgan.plates import canonical_quad, plate_box
from lpr_gfpgan.restore.examiner import Examination
from lpr_gfpgan.trust import calibrate


class Given:
    """Stands for a restorer: notes what it is given, and accepts every other plate."""

    calibration = object()

    def __init__(self):
        self.given = []

    def place(self, image, plate=None):
        self.given.append((image, plate))
        if self.refuses(image):
            raise ImageError("too small")
        return image

    def refuses(self, image):
        return False

    def examine_placed(self, placed):
        return [Examination(None, 0.25 * n, n % 2 == 0, "") for n in range(len(placed))]


@pytest.fixture
def given(monkeypatch):
    restorer = Given()
    opened = staticmethod(lambda path, device=None: restorer)
    monkeypatch.setattr(real_acceptance.Restorer, "from_pretrained", opened)
    return restorer


@pytest.fixture
def cornered(plates):
    """The plates, every other one with corners in its picture."""
    quad = np.array([[1, 1], [120, 2], [121, 39], [2, 38]], np.float32)
    photos = [
        dataclasses.replace(photo, corners=quad) if number % 2 else photo
        for number, photo in enumerate(plates.photos)
    ]
    return dataclasses.replace(plates, photos=photos)


def test_untouched_plates_are_given_as_they_lie_in_the_folder(given, cornered, study, some_sets):
    sets = some_sets(cornered.plates.image)[:1]
    real_acceptance.acceptance_rows(study, cornered, sets)
    assert [image for image, _ in given.given] == [photo.path for photo in cornered.photos]
    for (_, plate), photo in zip(given.given, cornered.photos, strict=True):
        assert plate == "tight" if photo.corners is None else plate is photo.corners


def test_degraded_plates_are_given_as_the_condition_leaves_them(given, cornered, study, some_sets):
    frames = cornered.plates.image[:, ::-1]
    real_acceptance.acceptance_rows(study, cornered, some_sets(frames)[1:])
    size = frames.shape[1:3]
    for number, (image, plate) in enumerate(given.given):
        if number % 2:
            np.testing.assert_array_equal(image, frames[number])
            np.testing.assert_array_equal(plate, canonical_quad(*size))
        else:
            np.testing.assert_array_equal(image, crop_box(frames[number], plate_box(*size)))
            assert plate == "tight"


def test_rows_and_shares(given, plates, study, some_sets):
    rows = real_acceptance.acceptance_rows(study, plates, some_sets(plates.plates.image))
    assert list(rows["accepted"]) == [1, 0] * 12
    assert rows["likeness"][:3].tolist() == [0, 0.25, 0.5]
    assert list(rows["source"]) == list(plates.plates.table["source"]) * 2
    table = real_acceptance.acceptance_table(rows)
    assert set(table["source"]) == {"near", "far", "all"} and set(table["interval"]) == {"Wilson"}
    line = table[(table["source"] == "all") & (table["condition"] == "strong")].iloc[0]
    assert (line["estimate"], line["n"]) == (0.5, 12)
    assert line["high"] == pytest.approx(wilson(6, 12).high)
    assert set(table.loc[table["source"] == "near", "n"]) == {6}


def test_what_is_too_small_to_be_restored_is_not_accepted(given, plates, study, some_sets):
    first = plates.photos[0].path
    given.refuses = lambda image: image == first
    rows = real_acceptance.acceptance_rows(study, plates, some_sets(plates.plates.image)[:1])
    assert len(rows) == 12 and np.isnan(rows["likeness"][0])
    # The others keep their own answers: the second plate is the first that is examined.
    assert rows["accepted"].tolist() == [0, *[1, 0] * 5, 1]


def test_without_a_calibration_nothing_is_accepted_silently(plates, study, some_sets):
    assert not study.paths.calibration.exists()
    with pytest.raises(DataError, match=r"calibration\.json is missing or of other weights"):
        real_acceptance.acceptance_rows(study, plates, some_sets(plates.plates.image))


@pytest.mark.slow
def test_the_studys_own_calibration_is_asked(plates, study, tmp_path):
    paths = Paths(tmp_path, "smoke")
    for source, target in (
        (study.paths.models, paths.models),
        (study.paths.plates, paths.plates),
    ):
        target.mkdir(parents=True)
        for path in source.iterdir():
            (target / path.name).symlink_to(path)
    own = dataclasses.replace(study, paths=paths)
    calibration = calibrate(own)
    sets = [degraded_set(plates.plates, condition) for condition in real.real_conditions(own)]
    rows = real_acceptance.acceptance_rows(own, plates, sets, device="cpu")
    assert len(rows) == 12 * len(sets) and np.isfinite(rows["likeness"]).all()
    ways = ["tight" if photo.corners is None else "corners" for photo in plates.photos] * len(sets)
    least = [calibration.likeness_threshold[way] for way in ways]
    assert (rows["accepted"] == (rows["likeness"] >= least)).all()
