"""The command line, called as a function and once as a program."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lpr_gfpgan import cli, plates
from lpr_gfpgan.files import read_image, write_png
from lpr_gfpgan.plates.alphabet import is_grammatical
from lpr_gfpgan.restore import Restorer


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with two plates, one of them in a folder of its own."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, place in enumerate(("a.png", "deep/b.jpg.png")):
        scene = plates.scene_of("test", number, seed=3, height=64, width=128, styles={"blue": 1})
        write_png(folder / place, scene.image[12:53])
    (folder / "notes.txt").write_text("no picture")
    return folder


CORNERS = ["--corners", "4,2", "124,2", "124,39", "4,39"]


def run(*arguments):
    return cli.main([str(a) for a in arguments])


def one_line(capsys):
    """The single line on stderr, which must start with the program's name."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("lpr-gfpgan: "), lines
    return lines[0]


def test_restore_a_folder(at_smoke_study, pictures, tmp_path, capsys):
    assert run("restore", pictures, "-o", tmp_path / "out") == 0
    assert capsys.readouterr().err == ""
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
    assert line["output"] == str(tmp_path / "out" / "a.png")
    assert line["text"] == expected.text and line["text_restored"] == expected.text_restored
    assert line["confidences"] == pytest.approx(expected.reading.confidences, abs=1e-3)


def test_unreadable_files_are_named_and_skipped(at_smoke_study, pictures, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    flat = tmp_path / "square.png"
    write_png(flat, np.zeros((30, 30, 3), np.uint8))
    code = run(
        "restore", tmp_path / "none.png", bad, flat, pictures / "a.png", "-o", tmp_path / "out"
    )
    assert code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 3 and all(line.startswith("lpr-gfpgan: skipped: ") for line in lines)
    for name, line in zip(("none.png", "bad.png", "square.png"), lines, strict=True):
        assert name in line
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "readings.jsonl"]


def test_tight_accepts_any_shape(at_smoke_study, tmp_path):
    write_png(tmp_path / "square.png", np.zeros((30, 30, 3), np.uint8))
    assert run("restore", tmp_path / "square.png", "--tight", "-o", tmp_path / "out") == 0
    assert (tmp_path / "out" / "square.png").exists()


def test_nothing_is_overwritten_unasked(at_smoke_study, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"precious")
    assert run("restore", pictures, "-o", out) == 2
    assert "--overwrite" in one_line(capsys)
    assert (out / "a.png").read_bytes() == b"precious"
    assert [p.name for p in out.iterdir()] == ["a.png"]
    assert run("restore", pictures, "-o", out, "--overwrite") == 0
    assert read_image(out / "a.png").shape[1] == 64


def test_nothing_is_half_written(at_smoke_study, pictures, tmp_path, monkeypatch):
    def interrupt(self, frames):
        raise KeyboardInterrupt

    monkeypatch.setattr(Restorer, "restore_placed", interrupt)
    assert run("restore", pictures, "-o", tmp_path / "out") == 130
    assert not list(tmp_path.rglob("*.png")) and not list(tmp_path.rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["restore", "{tmp}/empty", "-o", "{tmp}/out"], "no pictures"),
        (["restore", "{pictures}/a.png", "-o", "{pictures}/notes.txt"], "is a file"),
        (["restore", "{pictures}", "-o", "{pictures}"], "another folder"),
        (["restore", "{pictures}/a.png", "{tmp}/a.bmp", "-o", "{tmp}/out"], "rename"),
        (["restore", "{pictures}", "-o", "{tmp}/out", "--device", "toaster"], "toaster"),
        (["restore", "{pictures}", "-o", "{tmp}/out", "--weights", "{tmp}/none"], "none"),
        (["read", "{pictures}", "--weights", "{pictures}/a.png"], "a.png"),
        (["degrade", "{tmp}/none.png", "-o", "{tmp}/out.png"], "none.png"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.jpg"], ".png"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--jpeg", "101"], "--jpeg"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--jpeg", "0"], "--jpeg"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--width", "999"], "--width"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--noise", "nan"], "--noise"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--defocus", "-1"], "--defocus"),
        (["read", "{pictures}", *CORNERS], "--corners are those of one picture, got 2"),
        (["train", "--profile", "enormous"], "enormous"),
        (["train", "--variant", "nothing"], "nothing"),
        (["evaluate", "--profile", "quick"], "reader-judge"),
        (["evaluate", "--device", "toaster"], "device 'toaster': not on this machine"),
    ],
)
def test_bad_input_gets_one_line(at_smoke_study, pictures, tmp_path, capsys, arguments, word):
    (tmp_path / "empty").mkdir()
    write_png(tmp_path / "a.bmp", np.zeros((20, 60, 3), np.uint8))
    before = sorted(tmp_path.rglob("*")), sorted(pictures.rglob("*"))
    assert run(*(a.format(tmp=tmp_path, pictures=pictures) for a in arguments)) == 2
    assert word in one_line(capsys)
    assert (sorted(tmp_path.rglob("*")), sorted(pictures.rglob("*"))) == before


def test_read_prints_json_lines(at_smoke_study, pictures, tmp_path, capsys):
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
    assert "none.png" in captured.err


def test_corners_and_what_is_a_whole_text(at_smoke_study, pictures, tmp_path, capsys):
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
def test_corners_that_are_none(pictures, capsys, wrong):
    with pytest.raises(SystemExit, match="2"):
        run("read", pictures / "a.png", "--corners", *wrong)
    assert "--corners" in capsys.readouterr().err


def test_degrade_records_what_it_did(pictures, tmp_path):
    given = ["--motion-length", "9", "--motion-angle", "30", "--defocus", "1.5"]
    given += ["--width", "64", "--noise", "5", "--jpeg", "60", "--seed", "4"]
    assert run("degrade", pictures / "a.png", "-o", tmp_path / "out.png", *given) == 0
    sharp, blurred = read_image(pictures / "a.png"), read_image(tmp_path / "out.png")
    assert blurred.shape == sharp.shape
    record = json.loads((tmp_path / "out.json").read_text())
    expected = {
        "seed": 4,
        "motion_length": 9.0,
        "motion_angle": 30.0,
        "sigma_major": 1.5,
        "sigma_minor": 1.5,
        "small_width": 64,
        "small_height": 20,
        "noise_sigma": 5.0,
        "jpeg_quality": 60,
    }
    assert expected.items() <= record.items()
    # The record alone makes the same picture again.
    from lpr_gfpgan.degradations import DegradationParameters, degrade

    parameters = DegradationParameters.from_rows([record])
    again = degrade(plates.image_tensor(sharp[None]), parameters, codec="exact")
    levels = (again[0].permute(1, 2, 0).numpy() + 1) * 127.5
    np.testing.assert_allclose(blurred, levels, atol=0.51)


def test_degrade_by_nothing_changes_nothing_and_overwrites_nothing(pictures, tmp_path, capsys):
    target = tmp_path / "out.png"
    assert run("degrade", pictures / "a.png", "-o", target) == 0
    assert "not degraded" in one_line(capsys)
    np.testing.assert_array_equal(read_image(target), read_image(pictures / "a.png"))
    before = target.read_bytes()
    assert run("degrade", pictures / "a.png", "-o", target, "--noise", "9") == 2
    assert "--overwrite" in one_line(capsys)
    assert target.read_bytes() == before
    assert run("degrade", pictures / "a.png", "-o", target, "--noise", "9", "--overwrite") == 0
    assert target.read_bytes() != before


def test_the_seed_decides_the_noise(pictures, tmp_path):
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{name}.png"
        run("degrade", pictures / "a.png", "-o", path, "--noise", "9", "--seed", seed)
        made.append(path.read_bytes())
    assert made[0] == made[1] != made[2]


def test_train_pauses_and_goes_on(smoke_study, tmp_path, monkeypatch, capsys):
    import shutil

    monkeypatch.setenv("LPR_GFPGAN_PROFILE", "smoke")
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    for part in ("data", "models"):
        shutil.copytree(smoke_study.paths.output / part, tmp_path / part)
    made = tmp_path / "models" / "smoke" / "restorer-full-3.safetensors"
    assert run("train", "--seed", 3, "--max-seconds", 0) == 75
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("lpr-gfpgan: ") and "paused" in last
    assert not made.exists()
    assert run("train", "--seed", 3) == 0
    assert made.exists()


def test_evaluate_prints_a_table(smoke_study, monkeypatch, tmp_path, capsys):
    import dataclasses
    import shutil

    from lpr_gfpgan import config

    for part in ("data", "models"):
        shutil.copytree(smoke_study.paths.output / part, tmp_path / part)
    study = dataclasses.replace(smoke_study, paths=config.Paths(tmp_path, "smoke"))
    monkeypatch.setattr(config, "load_study", lambda profile: study)
    assert run("evaluate", "--profile", "smoke", "--device", "cpu") == 0
    shown = capsys.readouterr().out
    assert "full" in shown and "face_recipe" in shown and "direct" in shown
    assert study.paths.metrics("evaluation").exists()


def test_as_a_program(pictures, tmp_path):
    command = [sys.executable, "-m", "lpr_gfpgan.cli", "degrade", pictures / "none.png"]
    done = subprocess.run(
        [*command, "-o", tmp_path / "x.png"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("lpr-gfpgan: ") and "Traceback" not in done.stderr


def test_help_needs_no_heavy_import():
    code = "import lpr_gfpgan.cli, sys; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
