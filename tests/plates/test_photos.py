"""Photographs: CCPD names, labelled folders, files named by their text, and bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from lpr_gfpgan import plates
from lpr_gfpgan.errors import DataError, ImageError, LabelError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import alphabet, geometry, photos

from ..needs import PHOTOGRAPHS, needs_photographs

NAME = "025-95_113-154&383_386&473-386&473_177&454_154&383_363&402-0_0_22_27_27_33_16-37-15.jpg"


def test_ccpd_name():
    label = photos.parse_ccpd_name(f"some/folder/{NAME}")
    assert label.text == "皖AY339S"
    assert label.area == 25 and label.tilt == (95, 113)
    assert label.brightness == 37 and label.blurriness == 15
    np.testing.assert_array_equal(label.box, [154, 383, 386, 473])
    # The name gives lower right, lower left, upper left, upper right.
    np.testing.assert_array_equal(label.corners, [[154, 383], [363, 402], [386, 473], [177, 454]])


def test_ccpd_name_of_a_green_plate_and_without_suffix():
    name = NAME.removesuffix(".jpg").replace("0_0_22_27_27_33_16", "0_0_3_24_25_29_33_30")
    assert photos.parse_ccpd_name(name).text == "皖AD01596"


def test_ccpd_tables_agree_with_the_alphabet():
    assert set(photos._CCPD_PROVINCES) == set(alphabet.PROVINCES + "警学O")
    assert photos._CCPD_LETTERS == alphabet.LETTERS + "O"
    assert photos._CCPD_REST == alphabet.LETTERS + alphabet.DIGITS + "O"


@pytest.mark.parametrize("missing", range(7))
def test_ccpd_name_with_a_field_missing(missing):
    parts = NAME.removesuffix(".jpg").split("-")
    name = "-".join(parts[:missing] + parts[missing + 1 :])
    with pytest.raises(LabelError, match=r"field \d \(\w+\) is") as caught:
        photos.parse_ccpd_name(f"{name}.jpg")
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "number"),
    [
        ("025", "big", 1),
        ("95_113", "95", 2),
        ("154&383_386&473", "154&383_386", 3),
        ("386&473_177&454_154&383_363&402", "386&473_177&454_154&383", 4),
        ("0_0_22_27_27_33_16", "0_0_22", 5),
        ("0_0_22_27_27_33_16", "99_0_22_27_27_33_16", 5),
        ("0_0_22_27_27_33_16", "0_25_22_27_27_33_16", 5),
        ("37", "dark", 6),
        ("15", "", 7),
    ],
)
def test_ccpd_name_with_a_malformed_field(field, value, number):
    parts = [value if part == field else part for part in NAME.removesuffix(".jpg").split("-")]
    with pytest.raises(LabelError, match=rf"field {number} \("):
        photos.parse_ccpd_name("-".join(parts) + ".jpg")


def test_ccpd_name_with_too_many_fields():
    with pytest.raises(LabelError, match="8 fields; expected 7"):
        photos.parse_ccpd_name(NAME.replace(".jpg", "-4.jpg"))


@pytest.fixture
def photo(tmp_path):
    """A photograph of a known plate: a frame, projected into a larger picture."""
    scene = plates.scene_of("train", 0, seed=1, height=64, width=128, styles={"blue": 1})
    corners = np.array([[154, 83], [363, 102], [386, 173], [177, 154]], np.float64)
    matrix = geometry.homography(scene.quad, corners)
    image = geometry.warp(scene.image, matrix, (220, 480))
    return image, corners, scene


def test_folder_of_ccpd_names(tmp_path, photo):
    image, corners, _ = photo
    points = "_".join(f"{x:.0f}&{y:.0f}" for x, y in corners[[2, 3, 0, 1]])
    name = f"025-95_113-154&83_386&173-{points}-0_0_22_27_27_33_16-37-15.png"
    write_png(tmp_path / "base" / name, image)
    (found,) = photos.read_folder(tmp_path)
    assert found.text == "皖AY339S" and found.source == "base"
    frame = photos.read_frame(found, 64, 128)
    assert not frame.tight and frame.image.shape == (64, 128, 3)
    np.testing.assert_allclose(frame.quad, geometry.canonical_quad(64, 128), atol=1e-4)
    assert (frame.character_boxes[:7, 2] > frame.character_boxes[:7, 0]).all()


def test_frame_of_a_photograph_shows_the_rectified_plate(tmp_path, photo):
    image, corners, scene = photo
    write_png(tmp_path / "a.png", image)
    found = photos.Photo(tmp_path / "a.png", scene.text, corners.astype(np.float32), "here")
    frame = photos.read_frame(found, 64, 128)
    expected = geometry.rectify(scene.image, scene.quad, (64, 128))
    error = np.abs(frame.image[16:48].astype(float) - expected[16:48])
    assert error.mean() < 8
    assert found.split == plates.split_of(scene.text)


def test_folder_with_a_table(tmp_path, photo):
    image, corners, _ = photo
    write_png(tmp_path / "photos" / "car.png", image)
    write_png(tmp_path / "crops" / "b.png", image[:40, :120])
    pd.DataFrame(
        [
            {"crop": "crops/a.png", "text": "皖A12345", "source": "one", "photo": "photos/car.png",
             "corners": json.dumps(corners.tolist())},
            {"crop": "crops/b.png", "text": "沪AD12345", "source": "two", "photo": "",
             "corners": ""},
            {"crop": "crops/b.png", "text": "沪B12345", "source": "two", "photo": "",
             "corners": json.dumps(corners.tolist())},
        ]
    ).to_csv(tmp_path / "labels.csv", index=False)  # fmt: skip
    one, two, three = photos.read_folder(tmp_path)
    assert one.path.name == "car.png" and one.source == "one"
    np.testing.assert_allclose(one.corners, corners)
    assert two.path.name == "b.png" and two.corners is None
    assert three.corners is None  # corners refer to a photograph that is not there
    frames = [photos.read_frame(p, 32, 64) for p in (one, two, three)]
    assert [f.tight for f in frames] == [False, True, True]
    batch = photos.frame_batch(frames)
    assert batch.image.shape == (3, 3, 32, 64) and batch.tight.tolist() == [False, True, True]
    assert batch.lengths.tolist() == [7, 8, 7]
    assert alphabet.decode(batch.labels[1].tolist()) == "沪AD12345"
    torch.testing.assert_close(
        batch.image[2].permute(1, 2, 0),
        torch.from_numpy(frames[2].image.astype(np.float32) / 127.5 - 1),
    )


@pytest.mark.parametrize("name", ["00001_皖A88888.png", "皖A88888.jpg", "皖A88888_2.png"])
def test_files_named_by_their_text(tmp_path, name):
    write_png(tmp_path / "a.png", np.zeros((10, 30, 3), np.uint8))
    (tmp_path / "a.png").rename(tmp_path / name)
    (found,) = photos.read_folder(tmp_path)
    assert found.text == "皖A88888" and found.corners is None
    assert photos.read_frame(found, 32, 64).tight


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(DataError, match=r"no folder .*nowhere; check the path"):
        photos.read_folder(tmp_path / "nowhere")
    (tmp_path / "note.txt").write_text("no image")
    with pytest.raises(DataError, match="no images"):
        photos.read_folder(tmp_path)
    (tmp_path / "labels.csv").write_text("crop,text\n")
    with pytest.raises(DataError, match="no rows"):
        photos.read_folder(tmp_path)


@pytest.mark.parametrize("name", ["holiday.jpg", "皖A1234O.png", "a_b_c.png", "1234567.png"])
def test_file_name_without_a_text(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LabelError, match="holds no plate text") as caught:
        photos.read_folder(tmp_path)
    assert name in str(caught.value)


def test_malformed_ccpd_name_in_a_folder(tmp_path):
    (tmp_path / "025-95_113-154&383_386&473-0_0_22_27_27_33_16-37-15.jpg").write_bytes(b"")
    with pytest.raises(LabelError, match=r"field 4 \(corners\) is '0_0_22"):
        photos.read_folder(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("image,text\na.png,皖A12345\n", "no column 'crop'"),
        ("crop\na.png\n", "no column 'text'"),
        ("", "no column 'crop'"),
        ('crop,text\na.png,"皖A12345\n', "no readable table"),
        ("crop,text\na.png,皖A1234O\n", r"line 2: .*'O'"),
        ("crop,text\na.png,皖A12345\n,皖A12345\n", "line 3: no crop"),
        ("crop,text,photo,corners\na.png,皖A12345,b.png,[[1, 2]]\n", "line 2: more fields"),
        ("crop,text,photo,corners\na.png,皖A12345,b.png,[[1]]\n", "line 2: .*expected"),
        ('crop,text,photo,corners\na.png,皖A12345,b.png,"[[1, 2], [3"\n', "line 2: corners"),
    ],
)
def test_malformed_tables(tmp_path, table, message):
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8")
    with pytest.raises(LabelError, match=message) as caught:
        photos.read_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_bad_images_and_corners(tmp_path):
    missing = photos.Photo(tmp_path / "gone.png", "皖A12345", None, "here")
    with pytest.raises(ImageError, match=r"gone\.png: no such file"):
        photos.read_frame(missing, 32, 64)
    write_png(tmp_path / "a.png", np.zeros((10, 30, 3), np.uint8))
    flat = np.array([[0, 0], [1, 1], [2, 2], [3, 3]], np.float32)
    with pytest.raises(LabelError, match=r"a\.png: the corners .* span no quadrilateral"):
        photos.read_frame(photos.Photo(tmp_path / "a.png", "皖A12345", flat, "here"), 32, 64)
    with pytest.raises(DataError, match="no photographs"):
        photos.frame_batch([])


@needs_photographs
def test_real_plates_are_read():
    found = photos.read_folder(PHOTOGRAPHS)
    table = pd.read_csv(Path(PHOTOGRAPHS) / "labels.csv")
    assert len(found) == len(table) and {p.source for p in found} == set(table.source)
    # Fun plates such as 新000001 follow no grammar, but are read like any other.
    assert sum(not alphabet.is_grammatical(p.text) for p in found) <= 2
    for source in sorted(set(table.source)):
        some = [p for p in found if p.source == source][:6]
        batch = photos.frame_batch([photos.read_frame(p, 64, 128) for p in some])
        assert torch.isfinite(batch.image).all() and batch.image.std() > 0.05
