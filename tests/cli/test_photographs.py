"""`restore` on whole photographs."""

import errno
import json

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan import files
from lpr_gfpgan.files import read_image, write_png

FIRST = [[80, 60], [208, 60], [208, 101], [80, 101]]
SECOND = [[230, 200], [358, 200], [358, 241], [230, 241]]


@pytest.fixture
def photo(pictures, tmp_path):
    """A photograph of noise with a plate at FIRST and a grey one, which is refused, at SECOND."""
    picture = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    picture[60:101, 80:208] = read_image(pictures / "a.png")
    picture[180:260, 200:390] = 90
    write_png(tmp_path / "photo.png", picture)
    return tmp_path / "photo.png"


def lines_of(folder):
    return [
        json.loads(text) for text in (folder / "readings.jsonl").read_text("utf-8").splitlines()
    ]


def test_plates_are_found_put_back_and_listed(run, known_answers, photo, tmp_path, capsys):
    known_answers([(FIRST, 0.9), (SECOND, 0.7)])
    out = tmp_path / "out"
    assert run("restore", photo, "-o", out) == 0
    made = sorted(path.name for path in out.iterdir())
    assert made == ["photo-plate1.png", "photo.png", "readings.jsonl"]
    good, refused = lines_of(out)
    assert good["photograph"] == refused["photograph"] == "photo.png"
    assert good["output"] == "photo-plate1.png" and good["text"] == "皖A12345"
    assert (good["plate"], good["score"], good["corners"]) == (1, 0.9, FIRST)
    assert good["plates"] == refused["plates"] == 2
    assert (refused["plate"], refused["accepted"], refused["output"]) == (2, False, None)
    assert "photo.png, plate 2: This does not look like a plate" in capsys.readouterr().err
    before, after = (read_image(path).astype(int) for path in (photo, out / "photo.png"))
    assert np.abs(after - before)[75:90, 100:190].mean() > 30
    outside = np.ones(before.shape[:2], bool)
    outside[58:104, 78:211] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    for name in ("photo.png", "photo-plate1.png"):
        with Image.open(out / name) as picture:
            assert picture.text["Disclaimer"] == "restored by a model: not evidence"
            assert picture.text["input_sha256"] == good["input_sha256"]


def test_fewer_plates_replace_more(run, known_answers, photo, pictures, tmp_path):
    far = [[10, 10], [60, 10], [60, 30], [10, 30]]
    known_answers([(FIRST, 0.9), (far, 0.8)])
    out = tmp_path / "out"
    assert run("restore", photo, pictures / "a.png", "-o", out) == 0
    assert [line["plate"] for line in lines_of(out)] == [1, 2, None]
    known_answers([(far, 0.9)])
    assert run("restore", photo, "-o", out, "--overwrite") == 0
    assert [line["plate"] for line in lines_of(out)] == [None, 1]
    assert lines_of(out)[1]["corners"] == far


def test_a_plate_takes_no_other_pictures_place(
    run, known_answers, photo, pictures, tmp_path, capsys
):
    known_answers([(FIRST, 0.9)])
    out = tmp_path / "out"
    write_png(tmp_path / "photo-plate1.png", read_image(pictures / "a.png"))
    given = ("restore", photo, tmp_path / "photo-plate1.png", "-o", out)
    assert run(*given) == 1
    assert "photo-plate1.png" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == ["photo-plate1.png", "readings.jsonl"]
    assert [line["photograph"] for line in lines_of(out)] == [None]
    # Nor the place of what is there, though only the search shows that there is a plate.
    (out / "photo-plate1.png").write_bytes(b"precious")
    assert run("restore", photo, "-o", out) == 1
    assert (out / "photo-plate1.png").read_bytes() == b"precious"
    assert not (out / "photo.png").exists()


def test_a_photograph_without_plates_is_skipped(
    run, known_answers, photo, pictures, tmp_path, capsys
):
    known_answers()
    assert run("restore", photo, pictures / "a.png", "-o", tmp_path / "out") == 1
    assert "skipped: no plate found in" in capsys.readouterr().err
    assert [line["photograph"] for line in lines_of(tmp_path / "out")] == [None]


def test_a_photograph_is_refused_only_with_all_its_plates(
    run, known_answers, photo, tmp_path, capsys
):
    picture = read_image(photo)
    picture[200:241, 230:358] = 60  # the second is now of one colour
    write_png(photo, picture)
    known_answers([(FIRST, 0.9), (SECOND, 0.7)])
    assert run("restore", photo, "-o", tmp_path / "out") == 0
    assert "1 picture restored, 0 refused" in capsys.readouterr().err
    assert [line["accepted"] for line in lines_of(tmp_path / "out")] == [True, False]


def test_a_name_too_long_for_its_plates_leaves_that_picture_out(
    run, known_answers, photo, pictures, tmp_path, capsys
):
    long = photo.with_name("x" * 245 + ".png")  # with "-plate1" longer than a name may be
    long.write_bytes(photo.read_bytes())
    known_answers([(FIRST, 0.9)])
    assert run("restore", long, pictures / "a.png", "-o", tmp_path / "out") == 1
    shown = capsys.readouterr().err
    assert "skipped: cannot use" in shown and "name too long); shorten the name" in shown
    assert "1 picture restored, 0 refused as no plate, 1 failed" in shown
    assert [line["output"] for line in lines_of(tmp_path / "out")] == ["a.png"]
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["a.png"]


@pytest.mark.parametrize("refused", ["photo.png", "photo-plate1.png"])
def test_a_picture_whose_files_cannot_all_be_written_leaves_none(
    run, known_answers, photo, pictures, tmp_path, monkeypatch, refused
):
    """Where the system tells only at writing that a name is too long for it."""
    write, out = files.write_png, tmp_path / "out"
    known_answers([(FIRST, 0.9)])

    def refuse(path, image, facts=None):
        if path.name == refused:
            raise OSError(errno.ENAMETOOLONG, "File name too long", str(path))
        write(path, image, facts)

    monkeypatch.setattr(files, "write_png", refuse)
    given = ("restore", photo, pictures / "a.png", "-o", out)
    assert run(*given) == 1
    assert [line["output"] for line in lines_of(out)] == ["a.png"]
    assert [path.name for path in out.glob("*.png")] == ["a.png"]
    # Nor is what was there before replaced by what has no line.
    (out / "photo.png").write_bytes(b"precious")
    assert run(*given, "--overwrite") == 1
    assert (out / "photo.png").read_bytes() == b"precious"
    assert sorted(path.name for path in out.glob("*.png")) == ["a.png", "photo.png"]
