"""The program as a whole: bad input, help, and started by itself."""

import json
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

from lpr_gfpgan.files import write_png

CORNERS = ["--corners", "4,2", "124,2", "124,39", "4,39"]


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
        (["restore", "{pictures}", "-o", "{tmp}/a.bmp/x/y"], "a.bmp is a file; give a folder"),
        (["export", "-o", "{tmp}/a.bmp/x"], "a.bmp is a file; give a folder"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/a.bmp/x.png"], "a.bmp is a file"),
        (["export", "-o", "{tmp}/a.bmp"], "a.bmp"),
        (["train", "--profile", "smoke", "--variant", "nope"], "plain_unet, rrdb, warmup"),
        (["export", "-o", "{tmp}/out", "--weights", "{tmp}/none"], "none"),
        (["degrade", "{tmp}/none.png", "-o", "{tmp}/out.png"], "none.png"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.jpg"], ".png"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--jpeg", "101"], "--jpeg"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--jpeg", "0"], "--jpeg"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--width", "999"], "--width"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--noise", "nan"], "--noise"),
        (["degrade", "{pictures}/a.png", "-o", "{tmp}/out.png", "--defocus", "-1"], "--defocus"),
        (["read", "{pictures}", *CORNERS], "--corners are those of one picture, got 2"),
    ],
)
def test_bad_input_gets_one_line(run, one_line, at_untrained, pictures, tmp_path, arguments, word):
    (tmp_path / "empty").mkdir()
    write_png(tmp_path / "a.bmp", np.zeros((20, 60, 3), np.uint8))
    before = sorted(tmp_path.rglob("*")), sorted(pictures.rglob("*"))
    assert run(*(a.format(tmp=tmp_path, pictures=pictures) for a in arguments)) == 2
    assert word in one_line()
    assert (sorted(tmp_path.rglob("*")), sorted(pictures.rglob("*"))) == before


@pytest.mark.parametrize(
    ("arguments", "word", "help_of"),
    [
        (["restore", "a.png"], "-o", "lpr-gfpgan restore"),
        (["restore", "a.png", "-o", "out", "--sharper"], "--sharper", "lpr-gfpgan restore"),
        (["restore", "a.png", "-o", "out", "--samples", "2.5"], "2.5", "lpr-gfpgan restore"),
        (
            ["restore", "a.png", "-o", "out", "--samples", "-1"],
            "--samples: '-1'",
            "lpr-gfpgan restore",
        ),
        (["restore", "", "-o", "out"], "the path is empty", "lpr-gfpgan restore"),
        (["restore", "a.png", "-o", ""], "the path is empty", "lpr-gfpgan restore"),
        (["export", "-o", "out", "--weights", ""], "the path is empty", "lpr-gfpgan export"),
        (["degrade", "a.png", "-o", ""], "the path is empty", "lpr-gfpgan degrade"),
        (["read", "a.png", "--samples", "2"], "--samples", "lpr-gfpgan read"),
        (["sharpen", "a.png"], "sharpen", "lpr-gfpgan"),
        ([], "command", "lpr-gfpgan"),
    ],
)
def test_wrong_options_get_one_line(run, one_line, arguments, word, help_of):
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)
    line = one_line()
    assert word in line and line.endswith(f"; see {help_of} --help")


def test_as_a_program(pictures, tmp_path):
    command = [sys.executable, "-m", "lpr_gfpgan.cli", "degrade", pictures / "none.png"]
    done = subprocess.run(
        [*command, "-o", tmp_path / "x.png"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("lpr-gfpgan: ") and "Traceback" not in done.stderr


def test_the_version_is_the_packages(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("--version")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"lpr-gfpgan {version('lpr-gfpgan')}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["restore", "--help"], ["export", "--help"]])
def test_help_needs_no_heavy_import(arguments):
    code = (
        "import sys\nfrom lpr_gfpgan.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: sys.exit(sorted({'torch', 'cv2', 'numpy', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "[]" and "usage: lpr-gfpgan" in done.stdout


def test_export_says_what_it_wrote(run, at_untrained, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    assert run("export", "-o", tmp_path / "out") == 0
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"restorer.onnx", "reader-direct.onnx", "manifest.json"}
    shown = capsys.readouterr().out
    assert all(name in shown for name in made)


def test_corners_may_lie_outside_by_a_little(run, at_untrained, pictures, capsys):
    given = ["-3,-2.5", "124,-1e0", "124,39", "-3,39"]
    assert run("read", pictures / "a.png", "--corners", *given) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["corners"] == [[-3, -2.5], [124, -1], [124, 39], [-3, 39]]
