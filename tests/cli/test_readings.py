"""readings.jsonl over several runs, and runs that were stopped."""

import json
import os
import shutil

import pytest

from lpr_gfpgan.cli import pictures as batching
from lpr_gfpgan.cli.readings import Readings
from lpr_gfpgan.restore import Restorer


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def lines_of(folder):
    return [
        json.loads(text) for text in (folder / "readings.jsonl").read_text("utf-8").split("\n")[:-1]
    ]


def test_a_second_run_adds_lines(run, at_untrained, pictures, out):
    assert run("restore", pictures / "a.png", "-o", out) == 0
    (first,) = lines_of(out)
    before = (out / "a.png").read_bytes()
    assert run("restore", pictures / "deep" / "b.jpg.png", "-o", out) == 0
    assert lines_of(out)[0] == first and len(lines_of(out)) == 2
    assert lines_of(out)[1]["output"] == "b.jpg.png"
    assert (out / "a.png").read_bytes() == before


def test_lines_are_replaced_from_any_folder(run, at_untrained, pictures, out, monkeypatch):
    monkeypatch.chdir(out.parent)
    assert run("restore", pictures, "-o", "out") == 0
    old, other = lines_of(out)
    monkeypatch.chdir(pictures)
    again = ("restore", "a.png", "-o", os.path.relpath(out), "--tight", "--overwrite")
    assert run(*again) == 0
    kept, new = lines_of(out)
    assert kept == other and old["output"] == new["output"] == "a.png"
    assert (old["input"], new["input"]) == (str(pictures / "a.png"), "a.png")
    # The folder may be moved with all that is in it.
    moved = out.rename(out.parent / "moved")
    assert run("restore", pictures / "deep", "-o", moved / "deep", "--overwrite") == 0
    assert run("restore", pictures, "-o", moved, "--overwrite") == 0
    assert sorted(line["output"] for line in lines_of(moved)) == ["a.png", "deep/b.jpg.png"]


def test_names_that_are_not_utf8_and_lines_without_their_end(run, at_untrained, pictures, tmp_path):
    name = os.fsdecode(b"\xcb\xd5A.png")
    try:
        shutil.copy(pictures / "a.png", tmp_path / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    out = tmp_path / "out"
    assert run("restore", tmp_path / name, "-o", out) == 0
    assert [line["output"] for line in lines_of(out)] == [name]
    whole = (out / "readings.jsonl").read_text("utf-8")
    (out / "readings.jsonl").write_text(whole.rstrip("\n"), "utf-8")
    assert run("restore", pictures / "a.png", "-o", out) == 0
    assert [line["output"] for line in lines_of(out)] == [name, "a.png"]
    assert (out / "readings.jsonl").read_text("utf-8").startswith(whole)


def test_new_lines_cost_no_old_ones(run, at_untrained, pictures, out, monkeypatch):
    assert run("restore", pictures / "a.png", "-o", out) == 0
    before = (out / "readings.jsonl").read_bytes()
    os.link(out / "readings.jsonl", out.parent / "same.jsonl")
    assert run("restore", pictures, "-o", out / "more") == 0
    assert run("restore", pictures / "deep", "-o", out) == 0
    after = (out.parent / "same.jsonl").read_bytes()  # the same file has grown
    assert after.startswith(before) and after.count(b"\n") == 2
    # What stops the writing of lines leaves none in part.
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    lines = Readings(out)
    lines.put([{**lines_of(out)[0], "output": "c.png"}])
    with pytest.raises(OSError, match="space"):
        lines.write()
    assert (out / "readings.jsonl").read_bytes() == after


def test_a_line_without_its_picture_is_kept(run, at_untrained, pictures, out, capsys):
    assert run("restore", pictures, "-o", out) == 0
    (out / "a.png").unlink()
    before = lines_of(out)
    assert run("restore", pictures / "a.png", "-o", out) == 2
    assert "a.png already; give --overwrite, --skip-existing" in capsys.readouterr().err
    assert lines_of(out) == before and not (out / "a.png").exists()


@pytest.mark.parametrize("bad", [b"{\n", b"3", b"{}", b'{"output": 3}', b"\xff"])
def test_readings_of_others_are_left_alone(run, one_line, at_untrained, pictures, out, bad):
    out.mkdir()
    (out / "readings.jsonl").write_bytes(bad)
    assert run("restore", pictures, "-o", out, "--overwrite") == 2
    assert "readings.jsonl" in one_line()
    assert [path.name for path in out.iterdir()] == ["readings.jsonl"]
    assert (out / "readings.jsonl").read_bytes() == bad


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt(), 130), (OSError("full"), 2)])
def test_finished_batches_stay(run, at_untrained, pictures, out, monkeypatch, stop, code):
    restore, batches = Restorer.restore_placed, []

    def once(self, placed, *, samples):
        batches.append(placed)
        if len(batches) == 2:
            raise stop
        return restore(self, placed, samples=samples)

    monkeypatch.setattr(batching, "BATCH", 1)
    monkeypatch.setattr(Restorer, "restore_placed", once)
    assert run("restore", pictures, "-o", out) == code
    (line,) = lines_of(out)
    assert line["output"] == "a.png" and (out / "a.png").exists()


def test_what_a_stopped_batch_has_written_has_its_lines(
    run, at_untrained, pictures, out, monkeypatch
):
    from lpr_gfpgan import files

    write, written = files.write_png, []

    def stop(path, image, facts=None):
        if written:
            raise OSError("no space left")
        written.append(path)
        write(path, image, facts)

    monkeypatch.setattr(files, "write_png", stop)
    assert run("restore", pictures, "-o", out) == 2
    (line,) = lines_of(out)
    assert line["output"] == "a.png" and written == [out / "a.png"]
