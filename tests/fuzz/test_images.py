"""Whatever bytes a picture's file holds: an array, or our own error that names the file."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.files import read_image
from lpr_gfpgan.restore import to_array

from .mutations import mutated

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")


def picture(kind, mode):
    """A small picture in a format, 7 x 9 px."""
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


@st.composite
def damaged(draw):
    kind = draw(st.sampled_from(FORMATS))
    mode = draw(st.sampled_from(("RGB", "L")))
    return kind, mutated(draw, picture(kind, mode))


def read(data, suffix, folder):
    path = folder / f"picture{suffix}"
    path.write_bytes(data)
    try:
        pixels = read_image(path)
    except ImageError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        return None
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size
    return pixels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_pictures_are_read(kind, folder):
    pixels = read(picture(kind, "RGB"), f".{kind.lower()}", folder)
    assert pixels is not None and pixels.shape == (7, 9, 3)


@given(case=damaged())
def test_damaged_pictures_are_read_or_named(case, folder):
    kind, data = case
    read(data, f".{kind.lower()}", folder)


@given(data=st.binary(max_size=400), kind=st.sampled_from(FORMATS), headed=st.booleans())
def test_any_bytes_are_read_or_named(data, kind, headed, folder):
    head = picture(kind, "RGB")[:24] if headed else b""
    read(head + data, f".{kind.lower()}", folder)


@given(
    shape=st.lists(st.integers(0, 5), min_size=0, max_size=4),
    kind=st.sampled_from(("uint8", "int16", "float32", "bool", "complex64", "object")),
)
def test_any_array_is_a_picture_or_refused(shape, kind):
    array = np.zeros(shape, kind)
    try:
        pixels, _ = to_array(array)
    except ImageError as error:
        assert "uint8 RGB" in str(error)
    else:
        assert pixels.shape == tuple(shape) and pixels.dtype == np.uint8
