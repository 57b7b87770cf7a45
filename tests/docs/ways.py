"""How each command of the pages is run, or where else it is: a command without a way is refused.

A way takes a command and the folder that its page works in. Where running it here would take too
long or leave the folder, it checks all that can be checked and names the test that runs it.
"""

import ast
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import yaml

from lpr_gfpgan import cli
from lpr_gfpgan.cli.main import _parser

from ..scripts import load_script
from .pages import ROOT

PROFILES = ("quick", "gpu", "paper")  # trained here at the smallest scale instead
EXCEPTED = {
    "git clone '<this' 'repository>'": "the reader fills in where from",
    "cd lpr_gfpgan": "what was cloned",
    "python3 -m venv .venv": "needs the internet; a test compares these steps with the Makefile's",
    "python -m pip install uv": "likewise",
    "uv pip install --requirement requirements.lock": "likewise",
    "uv pip install --no-deps --no-build-isolation --editable .": "likewise",
    ". .venv/bin/activate": "the tests run in the environment",
}
ELSEWHERE = {
    "make test": "tests/test_bootstrap.py::test_wheel_holds_every_file_of_the_package",
    "make reproduce": "tests/test_reproduce.py::test_what_most_wait_for_goes_first",
    "make recipes": "tests/evaluation/released/test_recipes_tool.py::"
    "test_it_trains_each_its_own_way_keeps_rows_and_makes_again_what_is_missing_alone",
    "pip install .": "tests/test_bootstrap.py::test_wheel_holds_every_file_of_the_package",
    "python tools/picture.py": "tests/docs/test_picture.py::"
    "test_the_readmes_picture_is_of_the_weights_that_ship",
    "python -m benchmarks.costs --profile quick": "tests/benchmarks/test_costs.py::"
    "test_a_run_writes_stages_curves_and_a_figure_and_keeps_what_it_does_not_measure",
    "python tools/release.py --dry-run": "tests/test_release.py::"
    "test_it_rehearses_pauses_goes_on_and_ships_what_restores",
    "python tools/release.py --from start.safetensors": "tests/test_release.py::"
    "test_it_rehearses_pauses_goes_on_and_ships_what_restores",
    "torchrun": "tests/training/test_processes.py::"
    "test_torchrun_trains_pauses_and_writes_what_one_process_does",
    "lpr-gfpgan export": "tests/cli/test_program.py::test_export_says_what_it_wrote",
    "lpr-gfpgan evaluate": "tests/cli/test_study.py::test_evaluate_prints_a_table",
}


def run(command, folder):
    """Runs a command in the way that it needs; refuses one that has none."""
    name = command.words[0]
    if command.text in EXCEPTED:
        return
    if command.text in ELSEWHERE:
        assert_test_exists(ELSEWHERE[command.text])
        if name != "make":
            return
    assert name in WAYS, f"{command.place}: no way to run it; add one to tests/docs/ways.py"
    WAYS[name](command, folder)


def assert_test_exists(place):
    """Refuses a test that is not there."""
    path, name = place.split("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, place


def program(command, folder):
    """`lpr-gfpgan`, in this process, on tiny weights."""
    words = ["smoke" if word in PROFILES else word for word in command.words[1:]]
    parse(words, command.place)
    if (whole := f"lpr-gfpgan {words[0]}") in ELSEWHERE:
        return assert_test_exists(ELSEWHERE[whole])
    assert cli.main(words) == 0, command.place
    if "-o" in words:
        written = Path(words[words.index("-o") + 1])
        assert (written if written.suffix else written / "readings.jsonl").exists(), command.place


def parse(words, place):
    """What the program makes of its arguments, if it takes them."""
    try:
        return _parser().parse_args(words)
    except SystemExit:
        raise AssertionError(f"{place}: the program does not take these arguments") from None


def make(command, folder):
    """`make`, without doing what it says; what `make real` asks before it begins is asked."""
    (target,) = command.words[1:]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), command.place
    if shutil.which("make"):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
    if target == "real":
        ask_for_labels({name: str(folder / value) for name, value in command.variables.items()})


def ask_for_labels(variables):
    """The first step of `make real` refuses labels that it has not seen, as the page says."""
    tool = load_script("real")
    said = io.StringIO()
    variables |= {"LPR_GFPGAN_ROOT": str(ROOT)}
    with mock.patch.dict(os.environ, variables), contextlib.redirect_stderr(said):
        assert tool.main() == 1
    assert re.search(r"labels_sha256: [0-9a-f]{64}$", said.getvalue().strip()), said.getvalue()


def dvc(command, folder):
    """`dvc`: its arguments and files; `metrics show` of one file is run, below a folder alone."""
    from dvc.cli import DvcParserError, parse_args

    try:
        parsed = parse_args(command.words[1:])
    except DvcParserError as error:
        raise AssertionError(f"{command.place}: {error}") from None
    targets = getattr(parsed, "targets", None) or []
    for target in targets:
        file, _, stage = target.partition(":")
        assert (ROOT / file).exists(), f"{command.place}: no {file}"
        stages = yaml.safe_load((ROOT / file).read_text("utf-8"))["stages"] if stage else {}
        assert not stage or stage in stages, f"{command.place}: no stage {stage} in {file}"
    if command.words[1:3] != ["metrics", "show"]:
        return
    store = folder / "dvc-alone"
    (store / ".dvc").mkdir(parents=True)
    (store / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    for target in targets:
        (store / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / target, store / target)
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *command.words[1:]],
        cwd=store,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert all(target in done.stdout for target in targets) and "full - degraded" in done.stdout


def torchrun(command, folder):
    """`torchrun`: its arguments, and those of the program or the script it starts."""
    from torch.distributed.run import get_args_parser

    parsed = get_args_parser().parse_args(command.words[1:])
    if parsed.module:
        assert parsed.training_script == "lpr_gfpgan.cli", command.place
        parse(parsed.training_script_args, command.place)
    else:
        assert (folder / parsed.training_script).is_file(), command.place
    assert_test_exists(ELSEWHERE["torchrun"])


WAYS = {"lpr-gfpgan": program, "make": make, "dvc": dvc, "torchrun": torchrun}
