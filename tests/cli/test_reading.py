"""`read`."""

import json

import numpy as np
import pytest

from lpr_gfpgan.files import read_image, sha256_of, write_png
from lpr_gfpgan.plates.alphabet import is_grammatical
from lpr_gfpgan.restore import Restorer

FOUND = [[80, 60], [208, 60], [208, 101], [80, 101]]
CORNERS = ["--corners", "4,2", "124,2", "124,39", "4,39"]


def test_read_prints_json_lines(run, at_untrained, pictures, tmp_path, capsys):
    assert run("read", pictures, tmp_path / "none.png") == 1
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert [line["input"] for line in lines] == [
        str(pictures / "a.png"),
        str(pictures / "deep" / "b.jpg.png"),
    ]
    reading = Restorer.from_pretrained().read(pictures / "a.png")
    assert lines[0]["text"] == reading.text
    assert len(lines[0]["confidences"]) == len(reading.text)
    assert lines[0]["input_sha256"] == sha256_of(pictures / "a.png")
    assert lines[0]["reader"] == "direct" and lines[0]["reader_profile"] == "smoke"
    assert lines[0]["reader_sha256"] == sha256_of(at_untrained / "reader-direct.safetensors")
    assert lines[0]["calibrated"] is False and lines[0]["accepted"] is None
    assert (
        not {"model", "model_sha256"} & lines[0].keys()
        and lines[0]["notice"] == "read by a model: not evidence"
    )
    assert "none.png" in captured.err


def test_corners_and_what_is_a_whole_text(run, at_untrained, pictures, tmp_path, capsys):
    path = pictures / "a.png"
    assert run("read", path, *CORNERS) == 0
    line = json.loads(capsys.readouterr().out)
    restorer = Restorer.from_pretrained()
    corners = [(4, 2), (124, 2), (124, 39), (4, 39)]
    assert line["text"] == restorer.read(path, corners).text
    assert line["complete"] == is_grammatical(line["text"])
    assert run("restore", path, "-o", tmp_path / "out", *CORNERS) == 0
    expected = restorer.restore(path, corners).image
    np.testing.assert_allclose(read_image(tmp_path / "out" / "a.png"), expected.astype(int), atol=1)
    assert not np.array_equal(expected, restorer.restore(path).image)
    line = json.loads((tmp_path / "out" / "readings.jsonl").read_text("utf-8"))
    assert line["complete_restored"] == is_grammatical(line["text_restored"])


@pytest.mark.parametrize("wrong", [["1,2", "3,4"], ["1,2", "3,4", "5;6", "7,8"]])
def test_corners_that_are_none(run, pictures, capsys, wrong):
    with pytest.raises(SystemExit, match="2"):
        run("read", pictures / "a.png", "--corners", *wrong)
    assert "--corners" in capsys.readouterr().err


def test_why_nothing_is_read(run, known_answers, tmp_path, capsys):
    known_answers()
    write_png(tmp_path / "plain.png", np.full((41, 128, 3), 90, np.uint8))
    write_png(
        tmp_path / "tiny.png", np.random.default_rng(0).integers(0, 255, (14, 20, 3), np.uint8)
    )
    assert run("read", tmp_path, "--tight") == 0
    plain, tiny = map(json.loads, capsys.readouterr().out.splitlines())
    assert plain["accepted"] is False and plain["text"] is None and "plate" in plain["note"]
    assert tiny["accepted"] is True and tiny["text"] is None and "20 pixels" in tiny["note"]
    assert tiny["plate_width"] == 20 and tiny["corners"] == [[0, 0], [20, 0], [20, 14], [0, 14]]


def test_what_may_help_is_named_as_an_option(
    run, known_answers, calibration, pictures, tmp_path, monkeypatch, capsys
):
    known_answers([(FOUND, 0.9)], says="A1234")
    assert run("read", pictures / "a.png", "--tight") == 0
    assert "give its four corners with --corners." in json.loads(capsys.readouterr().out)["note"]
    photo = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    write_png(tmp_path / "photo.png", photo)
    assert run("read", tmp_path / "photo.png") == 0
    assert "give its four corners with --corners." in json.loads(capsys.readouterr().out)["note"]
    assert run("read", pictures / "a.png", *CORNERS) == 0
    assert "check that its four corners" in json.loads(capsys.readouterr().out)["note"]
    # So it is with what is said of the samples, which is lost to no other note.
    drawn = "lpr_gfpgan.restore.sampling.sample_restorations"
    monkeypatch.setattr(drawn, lambda network, frames, count, seed: [frames] * count)
    calibration.shown = {"corners"}
    given = ("restore", pictures / "a.png", "--tight", "-o", tmp_path / "out", "--samples", 2)
    assert run(*given) == 0
    note = json.loads(capsys.readouterr().out)["note"]
    assert "no whole plate's" in note and "given by their four corners with --corners." in note
