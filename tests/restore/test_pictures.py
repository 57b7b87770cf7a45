"""Pictures of any kind as arrays."""

import functools

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.files import refuse_huge, write_png
from lpr_gfpgan.restore import pictures, to_array


def test_array_pil_and_path_agree(crop, tmp_path):
    write_png(tmp_path / "plate.png", crop)
    for picture in (crop, Image.fromarray(crop), tmp_path / "plate.png"):
        np.testing.assert_array_equal(to_array(picture)[0], crop)
    pixels, name = to_array(str(tmp_path / "plate.png"))
    np.testing.assert_array_equal(pixels, crop)
    assert "plate.png" in name


# What EXIF says of a camera's position, and what undoes it, as Exif 2.3 defines the values.
TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: p.swapaxes(0, 1)[:, ::-1],
    7: lambda p: p.swapaxes(0, 1)[::-1, ::-1],
    8: lambda p: p.swapaxes(0, 1)[::-1],
}


def both(image, path):
    """A PIL image's pixels: of the image, and of a file of it at this path."""
    image.save(path, exif=image.getexif())
    return to_array(image)[0], to_array(path)[0]


@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_turned_as_its_camera_noted(crop, tmp_path, orientation):
    image = Image.fromarray(crop)
    image.getexif()[0x0112] = orientation
    for pixels in both(image, tmp_path / "plate.png"):
        np.testing.assert_array_equal(pixels, TURNS[orientation](crop))


def test_grey_has_three_equal_channels(crop, tmp_path):
    grey = crop[..., 0]
    for pixels in both(Image.fromarray(grey), tmp_path / "plate.png"):
        np.testing.assert_array_equal(pixels, np.repeat(grey[..., None], 3, axis=2))


def test_a_palette_becomes_its_colours(tmp_path):
    index = np.arange(60, dtype=np.uint8).reshape(6, 10) % 4
    colours = np.array([[255, 0, 0], [0, 250, 10], [7, 8, 200], [90, 91, 92]], np.uint8)
    image = Image.fromarray(index)
    image.putpalette(colours.tobytes())
    assert image.mode == "P"
    for pixels in both(image, tmp_path / "plate.png"):
        np.testing.assert_array_equal(pixels, colours[index])


def test_transparency_leaves_the_colours_beneath_it(crop, tmp_path):
    alpha = np.linspace(0, 255, crop[..., :1].size).astype(np.uint8).reshape(crop[..., :1].shape)
    image = Image.fromarray(np.concatenate([crop, alpha], axis=2))
    assert image.mode == "RGBA"
    for pixels in both(image, tmp_path / "plate.png"):
        np.testing.assert_array_equal(pixels, crop)


def test_of_sixteen_bits_the_upper_eight_are_kept(tmp_path):
    deep = np.arange(0, 65536, 128, dtype=np.uint16).reshape(16, 32)
    image = Image.fromarray(deep)
    assert image.mode == "I;16"
    for pixels in both(image, tmp_path / "plate.png"):
        np.testing.assert_array_equal(pixels, np.repeat(deep[..., None] >> 8, 3, axis=2))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_a_pil_image_without_a_fixed_white_is_refused(mode):
    with pytest.raises(ImageError, match=f"mode {mode}.*convert"):
        to_array(Image.new(mode, (60, 20)))


@pytest.mark.parametrize("size", [(32_767, 20), (20, 40_000)])
def test_a_side_that_cannot_be_resampled_is_refused(size, tmp_path):
    image = Image.new("RGB", size)
    image.save(tmp_path / "strip.png")
    for picture in (image, np.asarray(image), tmp_path / "strip.png"):
        with pytest.raises(ImageError, match="32766 pixels on its longest side; scale"):
            to_array(picture)


def test_the_longest_side_is_resampled(make):
    picture = np.full((20, pictures.LONGEST, 3), 90, np.uint8)
    for plate in ("tight", [[100, 0], [163, 0], [163, 20], [100, 20]]):
        assert (make().place(picture, plate).frame == 90).all()


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
        ("plate\0.png", r"plate\\x00\.png.*NUL"),
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
    small = functools.partial(refuse_huge, max_pixels=1000)
    monkeypatch.setattr(pictures, "refuse_huge", small)
    with pytest.raises(ImageError, match="million"):
        to_array(Image.new("RGB", (100, 30)))
