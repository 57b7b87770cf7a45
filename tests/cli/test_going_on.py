"""`restore --skip-existing`: runs that were stopped, killed ones too, go on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.files import read_image, write_png
from lpr_gfpgan.restore import Restorer

FIRST = [[80, 60], [208, 60], [208, 101], [80, 101]]
SECOND = [[230, 200], [358, 200], [358, 241], [230, 241]]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def lines_of(folder):
    return [json.loads(text) for text in (folder / "readings.jsonl").read_bytes().splitlines()]


def written(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_killed_run_goes_on(run, named, pictures, tmp_path, out, capsys):
    many = tmp_path / "many"
    names = [f"{number % 3}/{number:03}.png" for number in range(240)]
    for number, name in enumerate(names):
        picture = read_image(pictures / "a.png")
        picture[0, 0] = number
        write_png(many / name, picture)
    command = [sys.executable, "-m", "lpr_gfpgan.cli", "restore", many, "-o", out, *named]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not (out / "readings.jsonl").exists() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    before = written(out)
    done = (out / "readings.jsonl").read_bytes().count(b"\n")
    assert 16 <= done < len(names)
    assert run("restore", many, "-o", out, "--skip-existing") == 0
    assert f"{len(names) - done} pictures restored" in capsys.readouterr().err
    assert sorted(line["output"] for line in lines_of(out)) == sorted(names)
    files = {str(path.relative_to(out)) for path in written(out)}
    assert files == {*names, "readings.jsonl"}
    assert all(read_image(out / name).shape[1] == 64 for name in names)
    for line in lines_of(out)[:done]:
        path = out / line["output"]
        assert path.stat().st_mtime_ns == before[path]


def test_finished_pictures_are_neither_restored_nor_changed(
    run, at_untrained, pictures, out, monkeypatch, capsys
):
    assert run("restore", pictures, "-o", out) == 0
    before = written(out)
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "from_pretrained", None)
        patch.setattr("lpr_gfpgan.files.read_image", None)
        assert run("restore", pictures, "-o", out, "--skip-existing") == 0
    assert "0 pictures restored" in (shown := capsys.readouterr().err) and "2 there al" in shown
    assert written(out) == before
    # By another name it is the same picture.
    monkeypatch.chdir(pictures)
    assert run("restore", "a.png", "deep/b.jpg.png", "-o", out, "--skip-existing") == 0
    assert "1 picture restored" in (shown := capsys.readouterr().err) and "1 there al" in shown


def test_a_picture_that_changed_under_its_name_is_not_finished(
    run, at_untrained, pictures, tmp_path, out, monkeypatch
):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    shutil.copy(pictures / "a.png", tmp_path / "first" / "plate.png")
    write_png(tmp_path / "second" / "plate.png", 255 - read_image(pictures / "a.png"))
    monkeypatch.chdir(tmp_path / "first")
    assert run("restore", "plate.png", "-o", out) == 0
    before = written(out)
    monkeypatch.chdir(tmp_path / "second")
    assert run("restore", "plate.png", "-o", out, "--skip-existing") == 2
    assert written(out) == before


def test_a_file_of_other_weights_than_its_line_is_not_finished(run, at_untrained, pictures, out):
    """A run that replaced a picture was killed after its file, before its line."""
    given = ("restore", pictures / "a.png", "-o", out)
    assert run(*given) == 0
    path = out / "a.png"
    with Image.open(path) as picture:
        facts = {**picture.info, "model_sha256": "0" * 64}
        write_png(path, np.asarray(picture), facts)
    assert run(*given, "--skip-existing") == 0
    with Image.open(path) as picture:
        assert picture.info["model_sha256"] == lines_of(out)[0]["model_sha256"] != "0" * 64


def test_another_picture_of_the_same_name_is_refused(
    run, at_untrained, pictures, tmp_path, out, capsys
):
    assert run("restore", pictures / "a.png", "-o", out) == 0
    before = written(out)
    write_png(tmp_path / "a.png", 255 - read_image(pictures / "a.png"))
    assert run("restore", tmp_path / "a.png", "-o", out, "--skip-existing") == 2
    assert "a.png is there already" in capsys.readouterr().err and written(out) == before


@pytest.mark.parametrize("lost", ["a.png", "a-sample1.png", "readings.jsonl"])
def test_what_is_missing_is_made_again(run, at_untrained, pictures, out, lost):
    given = ("restore", pictures / "a.png", "-o", out, "--samples", 1)
    assert run(*given) == 0
    whole = {path: path.read_bytes() for path in written(out)}
    (out / lost).unlink()
    assert run(*given, "--skip-existing") == 0
    assert {path: path.read_bytes() for path in written(out)} == whole


def test_what_others_made_is_no_unfinished_picture(run, at_untrained, pictures, out, capsys):
    out.mkdir()
    shutil.copy(pictures / "a.png", out / "a.png")
    before = written(out)
    assert run("restore", pictures, "-o", out, "--skip-existing") == 2
    assert "a.png is there already" in capsys.readouterr().err
    assert written(out) == before
    with pytest.raises(SystemExit, match="2"):
        run("restore", pictures, "-o", out, "--skip-existing", "--overwrite")


@pytest.mark.parametrize("kept", [1, 12, 200, -1])
def test_a_line_that_was_cut_off_is_written_again(run, at_untrained, pictures, out, kept):
    assert run("restore", pictures, "-o", out) == 0
    first, second = (out / "readings.jsonl").read_bytes().splitlines(keepends=True)
    (out / "readings.jsonl").write_bytes(first + second[:-1][:kept])
    assert run("restore", pictures, "-o", out, "--skip-existing") == 0
    assert (out / "readings.jsonl").read_bytes() == first + second


def test_temporary_files_of_the_killed_run_are_removed(run, at_untrained, pictures, out):
    (out / "deep").mkdir(parents=True)
    token = "0123456789abcdef"
    gone = [f"deep/.lpr-tmp-{token}.png", f".lpr-tmp-{token}.png", f".lpr-tmp-{token}.jsonl"]
    gone += [f".lpr-tmp-{token}"]
    stay = [".a.20261126.png", ".readings.20261120.jsonl", ".a.png", f"a.lpr-tmp-{token}.png"]
    stay += [f".lpr-tmp-{token}.png.bak", ".lpr-tmp-mine.png", f"else/.lpr-tmp-{token}.png"]
    (out / "else").mkdir()
    for name in gone + stay:
        (out / name).write_bytes(b"part")
    assert run("restore", pictures, "-o", out, "--skip-existing") == 0
    names = {str(path.relative_to(out)) for path in written(out)}
    assert names == {*stay, "a.png", "deep/b.jpg.png", "readings.jsonl"}


def test_a_photograph_needs_the_lines_of_all_its_plates(
    run, known_answers, pictures, tmp_path, out
):
    known_answers([(FIRST, 0.9), (SECOND, 0.7)])
    picture = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    write_png(tmp_path / "photo.png", picture)
    given = ("restore", tmp_path / "photo.png", "-o", out)
    assert run(*given) == 0
    whole = (out / "readings.jsonl").read_bytes()
    before = written(out)
    assert run(*given, "--skip-existing") == 0 and written(out) == before
    (out / "readings.jsonl").write_bytes(whole[: whole.index(b"\n") + 1])
    assert run(*given, "--skip-existing") == 0
    assert (out / "readings.jsonl").read_bytes() == whole
    # A run that was killed before it took the replaced lines away.
    (out / "readings.jsonl").write_bytes(whole + whole)
    os.remove(out / "photo-plate2.png")
    assert run(*given, "--skip-existing") == 0
    assert (out / "readings.jsonl").read_bytes() == whole
