"""Which plate: of the set, drawn, or photographed and uploaded."""

import io

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.errors import ConfigError, ImageError, LabelError, WeightsError
from lpr_gfpgan.explore.subject import (
    AUTOMATIC,
    FIND,
    drawn_plate,
    numbered_plate,
    photographed_plate,
)
from lpr_gfpgan.plates import (
    HELD_OUT_TYPEFACE,
    TRAIN_SURROUNDINGS,
    PlateSet,
    canonical_quad,
    draw_scene,
    rectify,
)
from lpr_gfpgan.readers import load_hyperlpr
from lpr_gfpgan.readers.hyperlpr import FoundPlate
from lpr_gfpgan.restore import TIGHT, PlateFinder, Restorer, photographs
from lpr_gfpgan.restore.examiner import Examination

SIZE = (32, 64)


class Detector:
    """Finds what it was told to."""

    def __init__(self, *found):
        self.found = list(found)

    def find_plates(self, photograph):
        return self.found


@pytest.fixture
def restorer(save_untrained, tmp_path):
    return Restorer.from_pretrained(save_untrained(tmp_path) / "restorer-full-0.safetensors")


@pytest.fixture
def place(restorer):
    """Places a photograph's plate; the detector finds the plates that are given."""

    def place(photograph, *found, **rest):
        restorer.locator.finder = PlateFinder(Detector(*found))
        return photographed_plate(photograph, restorer, **rest)

    return place


@pytest.fixture
def photograph():
    scene = draw_scene(
        np.random.default_rng(3),
        120,
        240,
        style="blue",
        typeface=HELD_OUT_TYPEFACE,
        surroundings=TRAIN_SURROUNDINGS[0],
        text="皖A12345",
        tight=False,
    )
    canvas = np.full((300, 400, 3), 60, np.uint8)
    canvas[100:220, 90:330] = scene.image
    return canvas, scene.quad + np.array([90, 100])


def encoded(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_a_plate_of_the_set(smoke_study):
    plates = PlateSet(smoke_study.paths.plates, "test")
    found = numbered_plate(plates, 2)
    np.testing.assert_array_equal(found.image, plates.images[2])
    np.testing.assert_array_equal(found.quad, plates.quads[2])
    assert found.truth == plates.table["text"][2] and not found.photographed
    for number in (-1, len(plates)):
        with pytest.raises(ConfigError, match=f"choose 0 to {len(plates) - 1}"):
            numbered_plate(plates, number)


def test_a_typed_text_is_drawn():
    drawn = drawn_plate(" 皖a12345 ", SIZE)
    assert drawn.truth == "皖A12345" and drawn.image.shape == (32, 64, 3)
    np.testing.assert_array_equal(drawn.image, drawn_plate("皖A12345", SIZE).image)
    for other in (drawn_plate("皖AD12345", SIZE), drawn_plate("皖A12345", SIZE, seed=1)):
        assert (other.image != drawn.image).any()


@pytest.mark.parametrize("text", ["", "XX", "皖A1234?"])
def test_a_text_that_is_on_no_plate(text):
    with pytest.raises(LabelError):
        drawn_plate(text, SIZE)


def test_a_crop_fills_the_canonical_box(photograph, place):
    canvas, _ = photograph
    crop = canvas[140:180, 140:280]
    found = place(crop)
    np.testing.assert_allclose(found.quad, canonical_quad(*SIZE), rtol=1e-6)
    assert found.photographed and found.truth is None
    assert found.note == "taken as a crop that a plate fills, 140 pixels wide"
    np.testing.assert_array_equal(found.image, place(crop, place=TIGHT).image)


def test_a_photograph_of_another_shape_is_searched(photograph, place):
    canvas, quad = photograph
    plates = FoundPlate(quad, 0.9), FoundPlate(quad + np.array([0, 120]), 0.6)
    found = place(canvas, *plates, text=" 皖a12345")
    np.testing.assert_array_equal(found.image, rectify(canvas, quad, SIZE))
    assert found.truth == "皖A12345" and found.note.startswith("plate found in the photograph, ")
    searched = place(canvas, *plates, place=FIND)
    np.testing.assert_array_equal(searched.image, found.image)
    assert searched.note.startswith("plate found by HyperLPR, score 0.90, the best of 2, ")
    tight = place(canvas, *plates, place=TIGHT)
    assert (tight.image != found.image).any()


def test_a_plate_is_placed_as_restore_places_it(photograph, restorer, place, tmp_path):
    canvas, quad = photograph
    corners = np.round(quad).astype(int)
    order = "_".join(f"{x}&{y}" for x, y in corners[[2, 3, 0, 1]])
    path = tmp_path / f"025-95_113-1&1_9&9-{order}-0_0_22_27_27_33_16-37-15.png"
    path.write_bytes(encoded(canvas))
    found = place(path)  # nothing is found in it, but its name has the corners
    np.testing.assert_array_equal(found.image, restorer.place(path).frame)
    np.testing.assert_array_equal(found.image, rectify(canvas, corners.astype(float), SIZE))


def test_what_does_not_look_like_a_plate_is_called_so(photograph, restorer, place, monkeypatch):
    seen = [Examination(None, 0.1, False, "")]
    monkeypatch.setattr(restorer, "examine_placed", lambda placed: seen)
    assert "does not look like a plate" in place(photograph[0], place=TIGHT).note
    seen[0] = Examination(None, 0.9, True, "")
    assert "look like" not in place(photograph[0], place=TIGHT).note


def test_where_nothing_is_found(photograph, place):
    for where in (AUTOMATIC, FIND):
        with pytest.raises(ImageError, match=r"no plate found in the picture; .* 'tight'"):
            place(photograph[0], place=where)


def test_without_the_detector(photograph, restorer, monkeypatch):
    def absent():
        raise WeightsError("package hyperlpr is not installed; pip install it")

    monkeypatch.setattr(photographs, "load_hyperlpr", absent)
    with pytest.raises(ImageError, match="not installed"):
        photographed_plate(photograph[0], restorer, place=FIND)
    tight = photographed_plate(photograph[0], restorer, place=TIGHT)
    assert tight.image.shape == (32, 64, 3)


def test_hyperlpr_finds_a_drawn_plate(photograph, restorer):
    canvas, quad = photograph
    try:
        load_hyperlpr()
    except WeightsError as reason:
        pytest.skip(str(reason))
    found = photographed_plate(canvas, restorer, place=FIND)
    whole = photographed_plate(canvas, restorer, place=TIGHT)
    expected = rectify(canvas, quad, SIZE)

    def likeness(subject):
        return np.corrcoef(subject.image[8:24].ravel(), expected[8:24].ravel())[0, 1]

    assert found.note.startswith("plate found by HyperLPR, score 0.")
    assert likeness(found) > 0.4 > likeness(whole)


def test_mistakes_of_the_user(photograph, place):
    crop = photograph[0][140:180, 140:280]
    with pytest.raises(LabelError, match="no plate has"):
        place(crop, text="皖A?")
    with pytest.raises(ConfigError, match="automatic, tight, find"):
        place(crop, place="left")
    with pytest.raises(ImageError, match="at least 12"):
        place(crop[:5], place=TIGHT)
