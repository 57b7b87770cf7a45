"""Pictures of any kind as arrays."""

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.restore import pictures, to_array


def test_array_pil_and_path_agree(crop, tmp_path):
    write_png(tmp_path / "plate.png", crop)
    for picture in (crop, Image.fromarray(crop), tmp_path / "plate.png"):
        np.testing.assert_array_equal(to_array(picture)[0], crop)
    pixels, name = to_array(str(tmp_path / "plate.png"))
    np.testing.assert_array_equal(pixels, crop)
    assert "plate.png" in name


def test_a_pil_image_is_turned_as_its_camera_noted(crop):
    image = Image.fromarray(crop)
    image.getexif()[0x0112] = 6  # a quarter turn
    assert to_array(image)[0].shape == (128, 41, 3)


def test_a_pil_image_of_another_mode_becomes_rgb(crop):
    assert to_array(Image.fromarray(crop).convert("L"))[0].shape == crop.shape


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((20, 60, 3), np.float32), "uint8"),
        (np.zeros((20, 60), np.uint8), "uint8"),
        (np.zeros((20, 60, 4), np.uint8), "uint8"),
        (np.zeros((0, 60, 3), np.uint8), "uint8"),
        (np.broadcast_to(np.uint8(0), (20_000, 60_000, 3)), "million"),
        (3, "PIL"),
        ("no-such-file.png", r"no-such-file\.png"),
    ],
)
def test_what_is_no_picture_gets_one_line(picture, message):
    with pytest.raises(ImageError, match=message) as caught:
        to_array(picture)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"text, no image", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_is_no_image(tmp_path, content):
    path = tmp_path / "plate.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"plate\.png"):
        to_array(path)


def test_a_huge_pil_image_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    with pytest.raises(ImageError, match="million"):
        to_array(Image.new("RGB", (100, 30)))
