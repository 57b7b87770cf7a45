"""The study's runner: stages after what they need, side by side otherwise, none after a failure."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from .scripts import load_script

ROOT = Path(__file__).parents[1]
GRAPH = {
    "plates": set(),
    "judge": {"plates"},
    "loss": {"plates"},
    "direct": {"plates"},
    "prior": {"judge"},
    "warmup": {"prior", "loss"},
    "evaluation": {"warmup", "direct"},
}
DOT = """strict digraph {
"data.dvc";
"plates@quick";
"readers@quick-loss";
"real/dvc.yaml:real@quick";
"plates@quick" -> "readers@quick-loss";
"readers@quick-loss" -> "real/dvc.yaml:real@quick";
}
"""


@pytest.fixture(scope="module")
def tool():
    return load_script("reproduce")


def test_the_graph_is_the_studys_own(tool):
    assert tool.parse(DOT) == {"plates@quick": set(), "readers@quick-loss": {"plates@quick"}}


def test_what_most_wait_for_goes_first(tool):
    assert tool.reach(GRAPH) == {
        "plates": 6,
        "judge": 3,
        "loss": 2,
        "direct": 1,
        "prior": 2,
        "warmup": 1,
        "evaluation": 0,
    }
    begun = []
    assert tool.run_all(GRAPH, lambda name: begun.append(name) or 0, workers=1) == []
    assert begun == ["plates", "judge", "loss", "prior", "direct", "warmup", "evaluation"]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_nothing_begins_before_what_it_needs_and_no_more_run_than_workers(tool, workers):
    done, running, most, lock = set(), set(), [], threading.Lock()

    def run(name):
        with lock:
            assert GRAPH[name] <= done
            running.add(name)
            most.append(len(running))
        time.sleep(0.02)
        with lock:
            running.discard(name)
            done.add(name)
        return 0

    assert tool.run_all(GRAPH, run, workers) == []
    assert done == set(GRAPH) and max(most) == workers


def test_a_failure_begins_nothing_more_and_is_named(tool):
    begun = []

    def run(name):
        begun.append(name)
        if name == "loss":
            time.sleep(0.05)  # its neighbour is at work, too, and comes to its own end
            return 3
        time.sleep(0.2 if name == "judge" else 0)
        return 0

    assert tool.run_all(GRAPH, run, workers=2) == ["loss"]
    assert begun == ["plates", "judge", "loss"]


def test_an_interruption_ends_what_runs_before_it_waits(tool, monkeypatch):
    ended = threading.Event()

    def interrupted(running, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tool, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        # A run that goes on until it is ended: without that this would not come back.
        tool.run_all(GRAPH, lambda name: 0 if ended.wait(20) else 1, 1, ended.set)
    assert ended.is_set()


def test_a_stage_that_takes_the_machine_runs_alone(tool):
    assert tool.workers_for(None, 64) == 1
    assert [tool.workers_for(1, cores) for cores in (1, 2, 3, 16)] == [2, 3, 4, tool.MOST]
    assert tool.workers_for(8, 2) == 1


def test_a_stages_lines_and_exit_status_are_shown(tool, monkeypatch, capsys):
    script = "import sys; print('hello'); print('wrong', file=sys.stderr); sys.exit(7)"
    monkeypatch.setattr(tool, "DVC", (tool.sys.executable, "-c", script))
    stages = tool.Stages({"prior": 1, "warmup": 0})
    assert stages.run("prior") == 7
    shown = capsys.readouterr().out
    assert "prior: hello\n" in shown and "prior: wrong\n" in shown
    assert "[1/2] prior: failed with 7" in shown
    assert not stages.processes


@pytest.mark.skipif(shutil.which("nice") is None, reason="no `nice` on this machine")
def test_a_stage_gives_way_to_those_that_more_others_wait_for(tool, monkeypatch, capsys):
    script = "import os; print(os.nice(0))"
    monkeypatch.setattr(tool, "DVC", (tool.sys.executable, "-c", script))
    stages = tool.Stages({"judge": 3, "loss": 2, "direct": 2, "prior": 3})
    for name, running, added in (
        ("judge", [], 0),
        ("prior", ["judge", "loss"], 0),
        ("loss", ["direct"], 0),
        ("direct", ["prior", "loss"], 10),
    ):
        stages.processes = {object(): other for other in running}
        assert stages.run(name) == 0
        nice = int(capsys.readouterr().out.split(f"{name}: ")[1].split()[0])
        assert nice == min(19, os.nice(0) + added)
