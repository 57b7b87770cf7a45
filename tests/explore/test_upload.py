"""An uploaded file is a file for a while, under its own name."""

import pytest

from lpr_gfpgan.errors import ImageError
from lpr_gfpgan.explore.upload import Upload
from lpr_gfpgan.files import read_image


def test_it_is_gone_afterwards():
    with Upload(name="../a plate.png", data=b"bytes").as_file() as path:
        assert path.name == "a plate.png" and path.read_bytes() == b"bytes"
        folder = path.parent
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", ".", "皖" * 100 + ".png"])
def test_a_name_that_no_file_can_have(name):
    with Upload(name=name, data=b"bytes").as_file() as path:
        assert path.name == "upload" and path.read_bytes() == b"bytes"


def test_errors_speak_of_the_name_alone():
    with (
        pytest.raises(ImageError, match=r"^a\.png is no image"),
        Upload(name="a.png", data=b"text").as_file() as path,
    ):
        read_image(path)
