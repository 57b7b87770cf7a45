"""The check: agreement within both intervals, equal sets, and one clear line where it cannot be."""

import copy
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation.check import committed_figures, compare_figures, new_figures

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def make(estimate=0.5, low=0.4, high=0.6, n=20):
    return {"estimate": estimate, "low": low, "high": high, "n": n}


@pytest.fixture
def figures():
    quality = {"degraded": {"psnr_plate": make(20.0, 19, 21)}}
    quality["bicubic"] = {"psnr_plate": make(20.5, 19, 21)}
    return {
        "sets": {"light": {"set_sha256": "a" * 64, "pixels_sha256": "b" * 64}},
        "n": {"plates": 20, "rows": 400},
        "pooled": {"full": {"judge": {"character_accuracy": make()}}},
        "conditions": {"light": quality},
        "differences": {},
    }


def disagreeing(new, old):
    table = compare_figures(new, old)
    return list(table.loc[~table["agrees"], "figure"])


def test_a_run_agrees_with_itself(figures):
    table = compare_figures(figures, copy.deepcopy(figures))
    assert table["agrees"].all() and len(table) == 2 + 3


@pytest.mark.parametrize(
    ("change", "agrees"),
    [
        (make(0.55, 0.45, 0.65), True),
        (make(0.62, 0.48, 0.7), False),
        (make(0.59, 0.52, 0.7), False),
        (make(n=19), False),
    ],
)
def test_each_estimate_must_lie_in_the_other_interval(figures, change, agrees):
    other = copy.deepcopy(figures)
    other["pooled"]["full"]["judge"]["character_accuracy"] = change
    for pair in ((figures, other), (other, figures)):
        assert (disagreeing(*pair) == []) is agrees


def test_another_set_disagrees(figures):
    other = copy.deepcopy(figures)
    other["sets"]["light"]["set_sha256"] = "c" * 64
    assert disagreeing(other, figures) == ["light set_sha256"]


def test_pixels_may_differ_by_rounding_only(figures):
    other = copy.deepcopy(figures)
    other["sets"]["light"]["pixels_sha256"] = "c" * 64
    assert disagreeing(other, figures) == []
    other["conditions"]["light"]["degraded"]["psnr_plate"]["estimate"] += 0.1
    assert disagreeing(other, figures) == ["light pixels_sha256"]


def test_what_one_side_lacks_disagrees(figures):
    other = copy.deepcopy(figures)
    del other["pooled"]["full"]
    name = ["pooled.full.judge.character_accuracy"]
    assert disagreeing(figures, other) == name == disagreeing(other, figures)
    del other["sets"]["light"]
    assert disagreeing(figures, other) == ["light set_sha256", "light pixels_sha256", *name]


def git(folder, *arguments):
    names = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True)


def test_committed_figures(figures, tmp_path):
    path = tmp_path / "reports" / "metrics" / "evaluation.json"
    with pytest.raises(DataError, match="no folder"):
        committed_figures(path)
    path.parent.mkdir(parents=True)
    with pytest.raises(DataError, match="the last commit has no"):
        committed_figures(path)
    git(tmp_path, "init")
    path.write_text(json.dumps(figures))
    with pytest.raises(DataError, match="the last commit has no"):
        committed_figures(path)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "figures")
    path.write_text("{}")
    assert committed_figures(path) == figures


def test_new_figures(tmp_path):
    with pytest.raises(DataError, match="run `make reproduce` first"):
        new_figures(tmp_path / "evaluation.json")
    (tmp_path / "evaluation.json").write_text('{"sets": ')
    with pytest.raises(DataError, match="holds no figures"):
        new_figures(tmp_path / "evaluation.json")


def tool(name, monkeypatch, tmp_path):
    """Runs tools/<name>.py at profile smoke with its results below tmp_path; returns its code."""
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "smoke"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(TOOLS / f"{name}.py"), run_name="__main__")
    return stopped.value.code


def test_the_tool_says_whether_figures_agree(figures, tmp_path, monkeypatch, capsys):
    path = tmp_path / "reports" / "smoke" / "metrics" / "evaluation.json"
    assert tool("check", monkeypatch, tmp_path) == 1
    assert "run `make reproduce` first" in capsys.readouterr().err
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(figures))
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "figures")
    assert tool("check", monkeypatch, tmp_path) == 0
    assert "5 of 5 agree" in capsys.readouterr().out
    figures["pooled"]["full"]["judge"]["character_accuracy"] = make(0.9, 0.8, 0.95)
    path.write_text(json.dumps(figures))
    assert tool("check", monkeypatch, tmp_path) == 1
    shown = capsys.readouterr().out
    assert "4 of 5 agree" in shown and "NO" in shown


def test_the_summary_tool(figures, tmp_path, monkeypatch, capsys):
    assert tool("summary", monkeypatch, tmp_path) == 1
    error = capsys.readouterr().err
    assert error.startswith("summary: ") and error.count("\n") == 1
    path = tmp_path / "reports" / "smoke" / "metrics" / "evaluation.json"
    path.parent.mkdir(parents=True)
    figures["differences"]["full - degraded"] = {"character_accuracy": make(0.125, 0.1, 0.15)}
    path.write_text(json.dumps(figures))
    assert tool("summary", monkeypatch, tmp_path) == 0
    shown = capsys.readouterr().out
    assert "+12.5 %  [+10.0, +15.0]  n = 20" in shown
    assert "study.html" in shown and "claim" in shown
