"""`restore`."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.cli import restoring
from lpr_gfpgan.files import read_image, sha256_of, write_png
from lpr_gfpgan.restore import Restorer

CCPD = "025-95_113-80&60_208&101-208&101_80&101_80&60_208&60-0_0_22_27_27_33_16-37-15.png"
NOTICE = "restored by a model: not evidence"


def test_restore_a_folder(run, at_untrained, pictures, tmp_path, capsys):
    assert run("restore", pictures, "-o", tmp_path / "out") == 0
    captured = capsys.readouterr()
    readings = tmp_path / "out" / "readings.jsonl"
    assert captured.err == (
        f"lpr-gfpgan: 2 pictures restored, 0 refused as no plate, 0 failed; readings: {readings}\n"
    )
    printed = [json.loads(line) for line in captured.out.splitlines()]
    assert [line["output"] for line in printed] == [
        str(tmp_path / "out" / name) for name in ("a.png", "deep/b.jpg.png")
    ]
    made = sorted(p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.*"))
    assert [str(p) for p in made] == ["a.png", "deep/b.jpg.png", "readings.jsonl"]
    lines = (tmp_path / "out" / "readings.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 2
    expected = Restorer.from_pretrained().restore(pictures / "a.png")
    np.testing.assert_allclose(
        read_image(tmp_path / "out" / "a.png"), expected.image.astype(int), atol=1
    )
    line = json.loads(lines[0])
    assert line["input"] == str(pictures / "a.png")
    assert line["output"] == "a.png"
    assert line["text"] == expected.text and line["text_restored"] == expected.text_restored
    assert line["confidences"] == pytest.approx(expected.reading.confidences, abs=1e-3)
    assert line["confidence"] == pytest.approx(expected.reading.confidence, abs=1e-3)
    assert line["photograph"] is None and line["samples"] == [] and line["agreement"] is None
    assert line["plate_width"] == 128 and line["corners"][2] == [128, 41]
    assert line["accepted"] is None and line["calibrated"] is False


def test_readings_of_many_pictures_are_not_printed(
    run, at_untrained, pictures, tmp_path, capsys, monkeypatch
):
    for most, printed in ((2, 2), (1, 0)):
        monkeypatch.setattr(restoring, "READ_ALOUD", most)
        assert run("restore", pictures, "-o", tmp_path / f"out-{most}") == 0
        captured = capsys.readouterr()
        assert len(captured.out.splitlines()) == printed and "2 pictures restored" in captured.err


def test_unreadable_files_are_named_and_skipped(run, at_untrained, pictures, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    flat = tmp_path / "square.png"
    write_png(flat, np.zeros((30, 30, 3), np.uint8))
    code = run(
        "restore", tmp_path / "none.png", bad, flat, pictures / "a.png", "-o", tmp_path / "out"
    )
    assert code == 1
    *lines, summary = capsys.readouterr().err.strip().splitlines()
    assert "1 picture restored, 0 refused as no plate, 3 failed" in summary
    assert len(lines) == 3 and all(line.startswith("lpr-gfpgan: skipped: ") for line in lines)
    for name, line in zip(("none.png", "bad.png", "square.png"), lines, strict=True):
        assert name in line
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "readings.jsonl"]


def test_tight_accepts_any_shape(run, at_untrained, tmp_path):
    write_png(tmp_path / "square.png", np.zeros((30, 30, 3), np.uint8))
    assert run("restore", tmp_path / "square.png", "--tight", "-o", tmp_path / "out") == 0
    assert (tmp_path / "out" / "square.png").exists()


def test_nothing_is_overwritten_unasked(run, at_untrained, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"precious")
    assert run("restore", pictures, "-o", out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "a.png").read_bytes() == b"precious"
    assert [p.name for p in out.iterdir()] == ["a.png"]
    assert run("restore", pictures, "-o", out, "--overwrite") == 0
    assert read_image(out / "a.png").shape[1] == 64


def test_nothing_is_half_written(run, at_untrained, pictures, tmp_path, monkeypatch):
    def interrupt(self, placed, *, samples):
        raise KeyboardInterrupt

    monkeypatch.setattr(Restorer, "restore_placed", interrupt)
    assert run("restore", pictures, "-o", tmp_path / "out") == 130
    assert not list(tmp_path.rglob("*.png")) and not list(tmp_path.rglob("*.jsonl"))


def test_results_say_where_they_come_from(run, at_untrained, pictures, tmp_path):
    out = tmp_path / "out"
    assert run("restore", pictures / "a.png", "-o", out) == 0
    weights = sha256_of(at_untrained / "restorer-full-0.safetensors")
    with Image.open(out / "a.png") as picture:
        kept = picture.text
    line = json.loads((out / "readings.jsonl").read_text("utf-8"))
    for facts in (kept, line):
        assert facts["model_sha256"] == weights
        assert facts["input_sha256"] == sha256_of(pictures / "a.png")
    assert kept["Disclaimer"] == line["notice"] == NOTICE
    assert kept["Software"] == line["software"] and line["software"].startswith("lpr-gfpgan ")
    assert line["model"] == f"{at_untrained.name}/restorer-full-0.safetensors"
    assert line["reader"] == "direct" and line["reader_profile"] == "smoke"


def test_lines_hold_what_the_calibration_says(run, known_answers, pictures, tmp_path):
    known_answers()
    assert run("restore", pictures / "a.png", "-o", tmp_path / "out") == 0
    line = json.loads((tmp_path / "out" / "readings.jsonl").read_text("utf-8"))
    assert line["text"] == "皖A12345" and line["complete"] and line["accepted"] is True
    confidences = [0.8] * 5 + [0.4, 0.8]  # of what is read otherwise after restoring, half
    assert line["confidences"] == pytest.approx(confidences) and line["calibrated"] is True
    assert line["confidence"] == pytest.approx((0.8**6 * 0.4) ** 0.5, abs=1e-4)
    assert line["text_restored"] == "皖A12395"
    assert line["confidences_restored"] == pytest.approx([0.8] * 7)
    assert [len(each) for each in line["alternatives"]] == [1] * 7
    assert line["alternatives"][3][0] == ["3", pytest.approx(1 / 9, abs=1e-4)]
    assert line["likeness"] > 1 and line["note"] is None


def test_the_only_picture_is_read_aloud(run, known_answers, pictures, tmp_path, capsys):
    known_answers()
    assert run("read", pictures / "a.png") == 0
    read = json.loads(capsys.readouterr().out)
    assert run("restore", pictures / "a.png", "-o", tmp_path / "out") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("output") == str(tmp_path / "out" / "a.png")
    assert shown.pop("notice") == "restored by a model: not evidence"
    words = ("text", "complete", "confidence", "confidences", "accepted", "note")
    assert shown == {word: read[word] for word in words}
    assert shown["text"] == "皖A12345"
    assert shown["confidence"] == pytest.approx((0.8**6 * 0.4) ** 0.5, abs=1e-4)
    line = json.loads((tmp_path / "out" / "readings.jsonl").read_text("utf-8"))
    for word in ("confidences", "alternatives", "likeness", "model", "model_sha256"):
        assert read[word] == line[word], word


def test_what_is_no_plate_is_named(run, known_answers, tmp_path, capsys):
    known_answers()
    write_png(tmp_path / "plain.png", np.full((41, 128, 3), 90, np.uint8))
    assert run("restore", tmp_path / "plain.png", "--tight", "-o", tmp_path / "out") == 0
    captured = capsys.readouterr()
    assert "plain.png: This does not look like a plate" in captured.err
    assert "0 pictures restored, 1 refused as no plate, 0 failed" in captured.err
    shown = json.loads(captured.out)
    assert shown["text"] is None and "withheld" in shown["note"]
    line = json.loads((tmp_path / "out" / "readings.jsonl").read_text("utf-8"))
    assert line["accepted"] is False and line["text"] is None and line["text_restored"] is None
    assert (tmp_path / "out" / "plain.png").exists()
    assert "leave --tight out" in line["note"] and "--corners" in line["note"]


def test_a_plates_shape_in_which_nothing_is_found_is_kept_and_refused(
    run, known_answers, tmp_path, capsys
):
    known_answers()
    path, out = tmp_path / "plain.png", tmp_path / "out"
    write_png(path, np.full((41, 128, 3), 90, np.uint8))
    assert run("restore", path, "-o", out, "--samples", 0) == 0
    captured = capsys.readouterr()
    assert "0 pictures restored, 1 refused as no plate, 0 failed" in captured.err
    line = json.loads((out / "readings.jsonl").read_text("utf-8"))
    assert line["accepted"] is False and line["text"] is None and line["photograph"] is None
    assert line["output"] == "plain.png" and read_image(out / "plain.png").shape == (22, 64, 3)
    assert "none was found in it" in line["note"] and "--corners" in line["note"]
    assert "tight" not in line["note"]
    # A short line, which names the picture once, and the summary, which names the folder.
    said, _ = captured.err.splitlines()
    assert said == f"lpr-gfpgan: {path}: {line['note']}" and len(line["note"]) < 150
    assert said.count(path.name) == 1
    # `read` says the same of it.
    assert run("read", path) == 0
    assert json.loads(capsys.readouterr().out)["note"] == line["note"]


def test_a_picture_of_another_shape_in_which_nothing_is_found_is_skipped(
    run, known_answers, tmp_path, capsys
):
    known_answers()
    write_png(tmp_path / "square.png", np.full((60, 60, 3), 90, np.uint8))
    assert run("restore", tmp_path / "square.png", "-o", tmp_path / "out") == 1
    captured = capsys.readouterr()
    assert "skipped: no plate found" in captured.err and captured.out == ""
    assert "--corners, or --tight if" in captured.err and "'tight'" not in captured.err
    assert not (tmp_path / "out").exists()


def test_corners_in_a_name_come_before_the_shape(run, known_answers, pictures, tmp_path):
    known_answers()
    wide = np.random.default_rng(0).integers(0, 255, (130, 400, 3), np.uint8)
    wide[60:101, 80:208] = read_image(pictures / "a.png")
    write_png(tmp_path / CCPD, wide)
    assert run("restore", tmp_path / CCPD, "-o", tmp_path / "out") == 0
    line = json.loads((tmp_path / "out" / "readings.jsonl").read_text("utf-8"))
    assert line["corners"] == [[80, 60], [208, 60], [208, 101], [80, 101]]
    assert line["photograph"] == CCPD and line["text"] == "皖A12345"


def test_samples_are_written(run, at_untrained, pictures, tmp_path):
    out = tmp_path / "out"
    assert run("restore", pictures / "a.png", "-o", out, "--samples", 2) == 0
    expected = Restorer.from_pretrained().restore(pictures / "a.png", samples=2)
    line = json.loads((out / "readings.jsonl").read_text("utf-8"))
    assert line["samples"] == ["a-sample1.png", "a-sample2.png"]
    for name, frame in zip(line["samples"], expected.samples, strict=True):
        written = read_image(out / name).astype(int)
        assert written.shape == expected.image.shape
        rows = (frame.shape[0] - written.shape[0]) // 2
        columns = (frame.shape[1] - written.shape[1]) // 2
        cut = frame[rows : rows + written.shape[0], columns : columns + written.shape[1]]
        np.testing.assert_allclose(written, cut, atol=1)
    with Image.open(out / line["samples"][0]) as picture:
        assert picture.text["Disclaimer"] == NOTICE
    (out / "a.png").unlink()
    (out / "readings.jsonl").unlink()
    assert run("restore", pictures / "a.png", "-o", out, "--samples", 1) == 1
    assert not (out / "a.png").exists()


@pytest.mark.parametrize("command", ["restore", "read"])
@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("none.png", None, "no such file"),
        ("empty.png", b"", "no image"),
        ("a.png", b"a", "no image"),
    ],
)
def test_the_only_picture_is_looked_at_before_weights_are_opened(
    run, at_untrained, tmp_path, monkeypatch, capsys, command, name, content, word
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(Restorer, "from_pretrained", None)
    output = ["-o", tmp_path / "out"] if command == "restore" else []
    assert run(command, tmp_path / name, *output) == 1
    said, *summary = capsys.readouterr().err.splitlines()
    assert said.startswith("lpr-gfpgan: skipped: ") and name in said and word in said
    assert summary == [
        "lpr-gfpgan: 0 pictures restored, 0 refused as no plate, 1 failed" for _ in output[:1]
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["restore", "read"])
def test_a_mistyped_name_needs_no_heavy_import(tmp_path, command):
    code = (
        "import sys\nfrom lpr_gfpgan.cli import main\n"
        "code = main(sys.argv[1:])\nsys.exit('torch' if 'torch' in sys.modules else code)"
    )
    output = ["-o", tmp_path / "out"] if command == "restore" else []
    done = subprocess.run(
        [sys.executable, "-c", code, command, tmp_path / "none.png", *output],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "no such file" in done.stderr
    assert not done.stderr.endswith("torch\n")


def test_a_picture_that_is_a_restoration_is_named(run, known_answers, pictures, tmp_path, capsys):
    known_answers()
    assert run("restore", pictures / "a.png", "-o", tmp_path / "out") == 0
    assert "itself restored" not in capsys.readouterr().err
    again = tmp_path / "out" / "a.png"
    for command in (["read", again], ["restore", again, "-o", tmp_path / "again"]):
        assert run(*command) == 0
        warning = (
            f"lpr-gfpgan: {again} was itself restored by a model: what it shows may be invented"
        )
        assert capsys.readouterr().err.count(warning) == 1


def test_a_sample_named_as_another_picture_is_no_file_of_before(
    run, at_untrained, pictures, tmp_path, capsys
):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "a-sample1.png"):
        shutil.copy(pictures / "a.png", folder / name)
    assert run("restore", folder, "-o", tmp_path / "out", "--samples", "1") == 1
    error = capsys.readouterr().err
    assert "would also be another picture's; rename one" in error
    assert "is there already" not in error
