"""readings.jsonl over several runs, and runs that were stopped."""

import json
import os

import pytest

from lpr_gfpgan.cli import pictures as batching
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
    assert lines_of(out)[1]["output"] == str(out / "b.jpg.png")
    assert (out / "a.png").read_bytes() == before


def test_overwriting_replaces_the_lines_of_the_same_outputs(
    run, at_untrained, pictures, out, monkeypatch
):
    assert run("restore", pictures, "-o", out) == 0
    _, other = lines_of(out)
    monkeypatch.chdir(out.parent)
    again = ("restore", pictures / "a.png", "-o", "out", "--tight", "--overwrite")
    assert run(*again) == 0
    new, kept = lines_of(out)
    assert new["output"] == os.path.join("out", "a.png") and kept == other


def test_a_line_without_its_picture_is_kept(run, one_line, at_untrained, pictures, out):
    assert run("restore", pictures, "-o", out) == 0
    (out / "a.png").unlink()
    before = lines_of(out)
    assert run("restore", pictures / "a.png", "-o", out) == 2
    assert "a.png already; give --overwrite" in one_line()
    assert lines_of(out) == before and not (out / "a.png").exists()


@pytest.mark.parametrize("bad", [b"{", b"3", b"{}", b'{"output": 3}', b"\xff"])
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
    assert line["output"] == str(out / "a.png") and (out / "a.png").exists()


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
    assert line["output"] == str(written[0]) == str(out / "a.png")
