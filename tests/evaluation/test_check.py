"""The check: agreement within both intervals, equal sets, and one clear line where it cannot be."""

import copy
import dataclasses
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import headline, read_rows, rows_path, write
from lpr_gfpgan.evaluation.check import (
    AGREES,
    COMMITTED_ONLY,
    DIFFERS,
    NOT_COMMITTED,
    committed_figures,
    compare_figures,
    new_figures,
    report_of,
)
from lpr_gfpgan.evaluation.rows import write_table

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


def test_pixels_without_figures_follow_their_parameters(figures):
    figures["sets"]["validation/light"] = {"set_sha256": "a" * 64, "pixels_sha256": "b" * 64}
    other = copy.deepcopy(figures)
    other["sets"]["validation/light"]["pixels_sha256"] = "c" * 64
    assert disagreeing(other, figures) == []
    other["sets"]["validation/light"]["set_sha256"] = "c" * 64
    assert disagreeing(other, figures) == [
        "validation/light set_sha256",
        "validation/light pixels_sha256",
    ]


def test_what_one_side_lacks_disagrees(figures):
    other = copy.deepcopy(figures)
    del other["pooled"]["full"]
    name = ["pooled.full.judge.character_accuracy"]
    assert disagreeing(figures, other) == name == disagreeing(other, figures)
    del other["sets"]["light"]
    assert disagreeing(figures, other) == ["light set_sha256", "light pixels_sha256", *name]


def test_the_report_names_only_what_does_not_agree(figures):
    assert report_of(compare_figures(figures, copy.deepcopy(figures))) == (
        "5 of 5 figures agree with the committed ones, 5 of them to the last digit"
    )
    other = copy.deepcopy(figures)
    other["pooled"]["full"]["judge"]["character_accuracy"] = make(0.51)
    other["conditions"]["light"]["degraded"]["psnr_plate"] = make(30.0, 29, 31)
    del other["conditions"]["light"]["bicubic"], other["sets"]["light"]["pixels_sha256"]
    other["pooled"]["lanczos"] = {"judge": {"character_accuracy": make()}}
    table = compare_figures(other, figures).set_index("figure")
    assert table["outcome"].to_dict() == {
        "light set_sha256": AGREES,
        "light pixels_sha256": COMMITTED_ONLY,
        "pooled.full.judge.character_accuracy": AGREES,
        "pooled.lanczos.judge.character_accuracy": NOT_COMMITTED,
        "conditions.light.degraded.psnr_plate": DIFFERS,
        "conditions.light.bicubic.psnr_plate": COMMITTED_ONLY,
    }
    *wrong, total = report_of(table.reset_index()).splitlines()
    assert len(wrong) == 1 + 4 and not any("pooled.full" in line for line in wrong)
    assert total == (
        "2 of 6 figures agree with the committed ones, 1 of them to the last digit; 1 outside the "
        "intervals or of another test; 1 not in the commit; 2 in the commit only"
    )


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


@pytest.fixture
def run(evaluation, plates, tmp_path):
    """What a run of profile smoke leaves below tmp_path; returns the figures and their path."""
    study = load_study("smoke")
    study = dataclasses.replace(study, paths=Paths(tmp_path, "smoke"))
    kept = plates.batch.index[: study.settings.evaluation.plates].tolist()
    rows = evaluation.rows[evaluation.rows["plate"].isin(kept)]
    figures = write(dataclasses.replace(evaluation, rows=rows), study)
    return study, figures, study.paths.metrics("evaluation")


def test_the_tool_says_whether_figures_agree(run, tmp_path, monkeypatch, capsys):
    _, figures, path = run
    git(tmp_path, "init")
    committed = copy.deepcopy(figures)
    path.write_text(json.dumps(committed))
    git(tmp_path, "add", str(path))
    git(tmp_path, "commit", "-m", "figures")
    assert tool("check", monkeypatch, tmp_path) == 0
    shown = capsys.readouterr().out
    (count,) = re.findall(r"^(\d+) of \1 figures agree .*, \1 of them", shown)
    assert shown.count("\n") == 1
    committed["conditions"]["light"]["full"]["character_accuracy"] = make(0.01, 0.0, 0.02)
    path.write_text(json.dumps(committed))
    git(tmp_path, "commit", "-am", "others' figures")
    path.write_text(json.dumps(figures))
    assert tool("check", monkeypatch, tmp_path) == 1
    shown = capsys.readouterr().out
    assert f"\n{int(count) - 1} of {count} figures agree" in shown
    assert "conditions.light.full.character_accuracy" in shown and shown.count("\n") == 3


def stale(run, how):
    """Makes the figures below tmp_path those of another run; returns the words of the refusal."""
    study, figures, path = run
    if how == "clone":
        rows_path(study).unlink()
        return "no run of this machine"
    if how == "plates":
        figures["n"]["plates"] += 1
        words = "does not belong to this machine's rows"
    elif how == "pulled":
        figures["pooled"]["full"]["judge"]["character_accuracy"]["estimate"] += 0.001
        words = "another character accuracy of full read by judge"
    elif how == "methods":
        del figures["pooled"]["face_recipe"]
        words = "another character accuracy of face_recipe"
    else:
        rows = read_rows(rows_path(study))
        rows = rows[rows["condition"] == "light"] if how == "condition" else rows.query("plate > 0")
        figures |= headline(rows, draws=20, seed=0)
        write_table(rows_path(study), rows)
        words = "another test"
    path.write_text(json.dumps(figures))
    return words


@pytest.mark.parametrize("how", ["clone", "plates", "pulled", "methods", "condition", "fewer"])
@pytest.mark.parametrize("name", ["check", "summary"])
def test_figures_of_another_run_are_not_taken_for_this_machines(
    run, how, name, tmp_path, monkeypatch, capsys
):
    words = stale(run, how)
    git(tmp_path, "init")
    git(tmp_path, "add", str(run[2]))
    git(tmp_path, "commit", "-m", "figures")
    assert tool(name, monkeypatch, tmp_path) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert words in shown.err and "run `make reproduce` first" in shown.err


def test_the_tools_refuse_without_figures(tmp_path, monkeypatch, capsys):
    for name in ("check", "summary"):
        assert tool(name, monkeypatch, tmp_path) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"{name}: ") and error.count("\n") == 1
        assert "run `make reproduce` first" in error


def test_the_summary_tool(run, tmp_path, monkeypatch, capsys):
    _, figures, path = run
    figures["differences"]["full - degraded"] = {"character_accuracy": make(0.125, 0.1, 0.15)}
    path.write_text(json.dumps(figures))
    assert tool("summary", monkeypatch, tmp_path) == 0
    shown = capsys.readouterr().out
    assert "+12.5 %  [+10.0, +15.0]  n = 20" in shown
    assert "study.html" in shown and "claim" in shown
