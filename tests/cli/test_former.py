"""What an earlier run made of a picture and a later one does not: removed, and nothing else."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.files import read_image, write_png

FIRST = [[80, 60], [208, 60], [208, 101], [80, 101]]
SECOND = [[230, 200], [358, 200], [358, 241], [230, 241]]


def pngs(folder):
    return sorted(path.name for path in folder.glob("*.png"))


@pytest.fixture(autouse=True)
def samples(monkeypatch):
    """Samples of a network that draws none: the frames as they were."""
    drawn = "lpr_gfpgan.restore.sampling.sample_restorations"
    monkeypatch.setattr(drawn, lambda network, frames, count, seed: [frames] * count)


@pytest.fixture
def out(run, known_answers, pictures, tmp_path):
    """What `restore` makes of a plate with three samples."""
    known_answers()
    given = ("restore", pictures / "a.png", "-o", tmp_path / "out", "--samples", 3)
    assert run(*given) == 0
    return tmp_path / "out"


@pytest.mark.parametrize("count", [0, 2])
def test_fewer_samples_leave_no_more(run, out, pictures, count):
    again = ("restore", pictures / "a.png", "-o", out, "--overwrite", "--samples", count)
    assert run(*again) == 0
    assert pngs(out) == [*(f"a-sample{number}.png" for number in range(1, count + 1)), "a.png"]


def test_what_the_lines_do_not_name_stays(run, out, pictures):
    """A restoration of the same input, but made elsewhere and named like one of its samples."""
    shutil.copy(out / "a-sample3.png", out / "a-sample4.png")
    assert run("restore", pictures / "a.png", "-o", out, "--overwrite") == 0
    assert pngs(out) == ["a-sample4.png", "a.png"]


def test_what_does_not_itself_name_the_input_stays(run, out, pictures):
    (out / "a-sample1.png").write_bytes(b"precious")
    write_png(out / "a-sample2.png", read_image(out / "a-sample2.png"))
    assert run("restore", pictures / "a.png", "-o", out, "--overwrite") == 0
    assert pngs(out) == ["a-sample1.png", "a-sample2.png", "a.png"]
    assert (out / "a-sample1.png").read_bytes() == b"precious"


def edit(path):
    """Changes a pixel and keeps all else, as programs do that edit pictures."""
    with Image.open(path) as picture:
        pixels = np.array(picture)
        pixels[3, 5] ^= 255
        write_png(path, pixels, picture.text)
    return path.read_bytes()


def test_what_was_edited_stays(run, out, pictures):
    edited = edit(out / "a-sample2.png")
    assert run("restore", pictures / "a.png", "-o", out, "--overwrite") == 0
    assert pngs(out) == ["a-sample2.png", "a.png"]
    assert (out / "a-sample2.png").read_bytes() == edited


def test_what_was_edited_is_no_unfinished_picture(run, out, pictures, capsys):
    edited = edit(out / "a-sample2.png")
    (out / "a.png").unlink()
    given = ("restore", pictures / "a.png", "-o", out, "--samples", 3)
    assert run(*given, "--skip-existing") == 1
    assert "a-sample2.png is there already" in capsys.readouterr().err
    assert (out / "a-sample2.png").read_bytes() == edited and not (out / "a.png").exists()


def test_what_was_made_of_another_picture_of_that_name_stays(run, out, pictures, tmp_path):
    write_png(tmp_path / "a.png", 255 - read_image(pictures / "a.png"))
    assert run("restore", tmp_path / "a.png", "-o", out, "--overwrite", "--tight") == 0
    assert len(pngs(out)) == 4


def test_another_pictures_result_stays(run, out, pictures, tmp_path):
    """A copy of the picture has the name of a sample."""
    shutil.copy(pictures / "a.png", tmp_path / "a-sample1.png")
    assert run("restore", tmp_path / "a-sample1.png", "-o", out, "--overwrite") == 0
    assert run("restore", pictures / "a.png", "-o", out, "--overwrite") == 0
    assert pngs(out) == ["a-sample1.png", "a.png"]


def test_names_beyond_the_pictures_folder_are_not_followed(run, out, pictures, tmp_path):
    shutil.move(out / "a-sample3.png", tmp_path / "mine.png")
    line = json.loads((out / "readings.jsonl").read_text("utf-8"))
    line["samples"][2] = "../mine.png"
    (out / "readings.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    assert run("restore", pictures / "a.png", "-o", out, "--overwrite") == 0
    assert pngs(out) == ["a.png"] and (tmp_path / "mine.png").exists()


def test_a_plate_that_is_now_refused_leaves_no_files(run, known_answers, pictures, tmp_path):
    known_answers([(FIRST, 0.9), (SECOND, 0.7)])
    picture = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    picture[60:101, 80:208] = read_image(pictures / "a.png")
    write_png(tmp_path / "photo.png", picture)
    given = ("restore", tmp_path / "photo.png", "-o", tmp_path / "out", "--samples", 1)
    assert run(*given) == 0
    assert len(pngs(tmp_path / "out")) == 5
    known_answers([(FIRST, 0.9), (SECOND, 0.7)], refused=True)
    assert run(*given, "--overwrite") == 0
    assert pngs(tmp_path / "out") == ["photo.png"]


def test_without_overwrite_nothing_is_removed(run, out, pictures):
    (out / "a.png").unlink()
    assert run("restore", pictures / "a.png", "-o", out, "--skip-existing") == 0
    assert len(pngs(out)) == 4


def test_an_input_of_the_same_run_stays(run, out, pictures):
    options = ("--tight", "-o", out, "--overwrite")
    assert run("restore", pictures, *options, "--samples", 1) == 0
    sample = out / "deep" / "b.jpg-sample1.png"
    assert run("restore", pictures, sample, *options) == 0  # becomes out/b.jpg-sample1.png
    assert sample.exists() and (out / sample.name).exists()


def test_what_another_picture_of_the_run_becomes_stays(run, out, pictures, tmp_path):
    """Its target has the name of a former sample, and its file says that it is of this picture."""
    other = tmp_path / "a-sample2.png"
    shutil.copy(pictures / "a.png", other)
    assert run("restore", other, pictures / "a.png", "-o", out, "--overwrite") == 0
    assert pngs(out) == ["a-sample2.png", "a.png"]
