"""Which plate: of the set, drawn, or photographed and uploaded."""

import io

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.errors import ConfigError, ImageError, LabelError, WeightsError
from lpr_gfpgan.explore import subject
from lpr_gfpgan.explore.subject import (
    FIND,
    drawn_plate,
    numbered_plate,
    photographed_plate,
    read_upload,
)
from lpr_gfpgan.plates import (
    HELD_OUT_TYPEFACE,
    TRAIN_SURROUNDINGS,
    PlateSet,
    canonical_quad,
    draw_scene,
    rectify,
)
from lpr_gfpgan.readers.hyperlpr import FoundPlate
from lpr_gfpgan.restore import TIGHT

SIZE = (32, 64)


class Finder:
    """A detector that finds what it was told to."""

    def __init__(self, *found):
        self.found = list(found)

    def find_plates(self, photograph):
        return self.found


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


def test_a_crop_fills_the_canonical_box(photograph):
    canvas, _ = photograph
    crop = canvas[140:180, 140:280]
    found = photographed_plate(crop, SIZE)
    np.testing.assert_allclose(found.quad, canonical_quad(*SIZE), rtol=1e-6)
    assert found.photographed and found.truth is None and "crop" in found.note
    np.testing.assert_array_equal(found.image, photographed_plate(crop, SIZE, place=TIGHT).image)


def test_a_photograph_of_another_shape_is_searched(photograph, monkeypatch):
    canvas, quad = photograph
    other = FoundPlate(quad + 5, 0.6)
    monkeypatch.setattr(subject, "load_hyperlpr", lambda: Finder(FoundPlate(quad, 0.9), other))
    found = photographed_plate(canvas, SIZE, text=" 皖a12345")
    np.testing.assert_array_equal(found.image, rectify(canvas, quad, SIZE))
    assert found.truth == "皖A12345"
    assert found.note == "plate found by HyperLPR, score 0.90, the best of 2"
    tight = photographed_plate(canvas, SIZE, place=TIGHT)
    assert (tight.image != found.image).any()


def test_where_nothing_is_found(photograph, monkeypatch):
    monkeypatch.setattr(subject, "load_hyperlpr", Finder)
    with pytest.raises(ImageError, match=r"400 x 300 pixels; crop it"):
        photographed_plate(photograph[0], SIZE)


def test_without_the_detector(photograph, monkeypatch):
    def absent():
        raise WeightsError("package hyperlpr is not installed; pip install it")

    monkeypatch.setattr(subject, "load_hyperlpr", absent)
    with pytest.raises(WeightsError, match="not installed"):
        photographed_plate(photograph[0], SIZE, place=FIND)
    assert photographed_plate(photograph[0], SIZE, place=TIGHT).image.shape == (32, 64, 3)


def test_hyperlpr_finds_a_drawn_plate(photograph):
    canvas, quad = photograph
    try:
        found = photographed_plate(canvas, SIZE, place=FIND)
    except WeightsError as reason:
        pytest.skip(str(reason))
    whole = photographed_plate(canvas, SIZE, place=TIGHT)
    expected = rectify(canvas, quad, SIZE)

    def likeness(subject):
        return np.corrcoef(subject.image[8:24].ravel(), expected[8:24].ravel())[0, 1]

    assert found.note.startswith("plate found by HyperLPR, score 0.")
    assert likeness(found) > 0.4 > likeness(whole)


def test_mistakes_of_the_user(photograph):
    crop = photograph[0][140:180, 140:280]
    with pytest.raises(LabelError, match="no plate has"):
        photographed_plate(crop, SIZE, text="皖A?")
    with pytest.raises(ConfigError, match="automatic, tight, find"):
        photographed_plate(crop, SIZE, place="left")
    with pytest.raises(ImageError, match="at least 12"):
        photographed_plate(crop[:5], SIZE, place=TIGHT)


def test_an_upload_is_read_as_a_file_is(photograph):
    canvas, _ = photograph
    data = encoded(canvas)
    np.testing.assert_array_equal(read_upload("a plate.png", data), canvas)
    with pytest.raises(ImageError, match=r"^image broken\.png is damaged"):
        read_upload("../broken.png", data[:-20])
    with pytest.raises(ImageError, match=r"^upload is no image"):
        read_upload("", b"text")
