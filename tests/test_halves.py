"""`make test` runs the tests in two processes: each test in one, and a failure of either counts."""

import subprocess
import sys
from pathlib import Path

import pytest

from .scripts import load_script

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def halves():
    return load_script("test")


def test_what_one_part_runs_the_other_leaves_out(halves):
    first, second = halves.commands(["-q"])
    assert [each for each in first if each.startswith("tests/")] == list(halves.FIRST)
    left_out = [each.removeprefix("--ignore=") for each in second if each.startswith("--ignore=")]
    assert left_out == list(halves.FIRST)
    assert all((ROOT / folder).is_dir() for folder in halves.FIRST)
    assert "-q" in first and "-q" in second


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 0), (0, 4), (3, 4)])
def test_a_failure_of_either_part_fails(halves, monkeypatch, capfdbinary, first, second):
    parts = [
        [sys.executable, "-c", f"print('part'); raise SystemExit({n})"] for n in (first, second)
    ]
    monkeypatch.setattr(halves, "commands", lambda arguments: parts)
    assert halves.main() == (first or second)
    assert capfdbinary.readouterr().out.count(b"part") == 2


def test_a_stopped_run_leaves_no_part_behind(halves, monkeypatch):
    started = []
    popen = subprocess.Popen

    def remember(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(halves, "commands", lambda arguments: [sleep, sleep])
    monkeypatch.setattr(halves.subprocess, "Popen", remember)

    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(halves.subprocess, "run", stop)
    with pytest.raises(KeyboardInterrupt):
        halves.main()
    assert started[0].wait(10) != 0
