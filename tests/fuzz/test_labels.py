"""Whatever a folder's labels and names say: photographs, or our own error that names the place."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpr_gfpgan.errors import LabelError, LprError
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import parse_ccpd_name, read_folder, read_frame

from .mutations import mutated

TEXTS = ("皖A12345", "京AD12345", "川B0T65I", "", "A", "皖" * 9)
CORNERS = (
    "[[1, 1], [30, 2], [30, 12], [1, 11]]",
    "[[1, 1], [1, 1], [1, 1], [1, 1]]",
    "[[1e300, 0], [0, 1], [1, 1], [2, 2]]",
    "[[NaN, 0], [0, 1], [1, 1], [2, 2]]",
    "[" * 20_000,
    "{}",
    '"0123"',
    "[[1, 2], [3]]",
)
CCPD = "025-95_113-154&383_386&473-386&473_177&454_154&383_363&402-0_0_22_27_27_33_16-37-15.jpg"
PATHS = st.sampled_from(("picture.png", "missing.png", "../x", "/", ".", "", "a\0b", "x" * 300))
fields = st.one_of(st.sampled_from(TEXTS), st.text(max_size=12))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    write_png(folder / "picture.png", np.full((16, 40, 3), 90, np.uint8))
    return folder


def read(folder):
    """Every photograph in its frame; what cannot be must be our own error of one line."""
    try:
        for photo in read_folder(folder):
            frame = read_frame(photo, 32, 64)
            assert frame.image.shape == (32, 64, 3) and np.isfinite(frame.quad).all()
    except LprError as error:
        assert "\n" not in str(error).strip()
        return False
    return True


@st.composite
def tables(draw):
    """A table of labels with fields of any kind, as CSV."""
    columns = draw(
        st.sampled_from(
            (
                ("crop", "text"),
                ("crop", "text", "photo", "corners"),
                ("text", "crop", "source", "corners", "photo"),
                ("crop",),
                ("crop", "crop", "text"),
            )
        )
    )
    kinds = {"crop": PATHS, "photo": PATHS, "corners": st.sampled_from(CORNERS) | st.text()}
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for _ in range(draw(st.integers(0, 3))):
        writer.writerow([draw(kinds.get(name, fields)) for name in columns])
    return buffer.getvalue().encode("utf-8", "surrogatepass")


def test_a_sound_table_is_read(folder):
    write(
        folder,
        f'crop,text,photo,corners\npicture.png,皖A12345,picture.png,"{CORNERS[0]}"\n'.encode(),
    )
    assert read(folder)


def write(folder, data):
    (folder / "labels.csv").write_bytes(data)


@given(data=tables())
def test_any_table_is_read_or_named(data, folder):
    write(folder, data)
    read(folder)


@given(at=st.data(), data=tables())
def test_damaged_tables_are_read_or_named(at, data, folder):
    write(folder, mutated(at.draw, data))
    read(folder)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_named(data, folder):
    write(folder, b"crop,text\n" + data)
    read(folder)


@given(at=st.data())
def test_any_ccpd_name_is_parsed_or_named(at):
    name = mutated(at.draw, CCPD.encode()).decode("utf-8", "replace")
    name = name.replace("/", "-").replace("\n", "-").replace("\r", "-")
    try:
        label = parse_ccpd_name(name)
    except LabelError as error:
        assert "\n" not in str(error)
    else:
        assert label.corners.shape == (4, 2) and np.isfinite(label.corners).all()
