"""The figures that the pages print are those of the committed run, or of a new one beside it."""

import io
import json
import re
import subprocess

import pandas as pd
import pytest

from .pages import ROOT

README = (ROOT / "README.md").read_text("utf-8")
LIMITS = (ROOT / "docs" / "limits-and-ethics.md").read_text("utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text("utf-8")
ROWS = {
    "the original": ("original", "judge"),
    "the degraded image": ("degraded", "judge"),
    "the same, enlarged bicubically": ("bicubic", "judge"),
    "the same, deconvolved": ("richardson-lucy fixed kernel", "judge"),
    "the restoration by a plain U-Net": ("plain_unet", "judge"),
    "the restoration by an RRDB network": ("rrdb", "judge"),
    "the restoration by `face_recipe`": ("face_recipe", "judge"),
    "the restoration by `full`": ("full", "judge"),
    "the degraded image, by the reader trained": ("degraded", "direct"),
}
"""How each line of the README's table begins, and whose figure it shows."""
DIFFERENCES = {
    "degraded": "degraded",
    "Richardson-Lucy": "richardson-lucy fixed kernel",
    "the plain U-Net": "plain_unet",
    "RRDB": "rrdb",
    "`face_recipe`": "face_recipe",
}
PHOTOGRAPHS = (
    *("degraded", "richardson-lucy fixed kernel", "full", "face_recipe", "plain_unet", "rrdb"),
)


def committed(path):
    """A file as git has it; as it is where there is no git."""
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True)
    return done.stdout.decode() if done.returncode == 0 else (ROOT / path).read_text("utf-8")


def either(path, parse=json.loads):
    """What the committed file says, and what the file says now: after a run on another machine."""
    path = f"reports/quick/{path}"
    return [parse(text) for text in (committed(path), (ROOT / path).read_text("utf-8"))]


def shown(figure, sign="", scale=100, digits=1):
    """Estimate and interval as the pages write them."""
    estimate, low, high = (
        f"{scale * figure[key]:{sign}.{digits}f}" for key in ("estimate", "low", "high")
    )
    return estimate, f"[{low}, {high}]"


def table_of(page, head):
    """The cells of the lines of a table whose head begins so."""
    table = re.search(rf"^\| {head} \|.*?\n\n", page, re.DOTALL | re.MULTILINE).group()
    return [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]


def test_the_table_of_results():
    lines = table_of(README, "read from")
    assert len(lines) == len(ROWS)
    for (label, printed), (begins, (method, reader)) in zip(lines, ROWS.items(), strict=True):
        assert label.startswith(begins)
        wanted = [
            " % ".join(shown(run["pooled"][method][reader]["character_accuracy"]))
            for run in either("metrics/evaluation.json")
        ]
        assert printed in wanted, (label, wanted)


def test_the_differences():
    said = re.search(r"^`full` less degraded.*?n = (\d+)", README, re.DOTALL | re.MULTILINE)
    words = " ".join(said.group().replace(" points", "").split())
    for name, method in DIFFERENCES.items():
        figures = [
            run["differences"][f"full - {method}"]["character_accuracy"]
            for run in either("metrics/evaluation.json")
        ]
        wanted = [f"less {name}: {' '.join(shown(figure, '+'))}" for figure in figures]
        assert any(text in words for text in wanted), wanted
        assert int(said.group(1)) in [figure["n"] for figure in figures]


@pytest.mark.parametrize(
    ("name", "measure", "scale", "digits"),
    [
        ("prior", "kid", 1, 2),
        ("degraded, medium", "kid", 1, 2),
        ("prior", "whole_text", 100, 1),
        ("untouched test plates", "whole_text", 100, 1),
    ],
)
def test_the_prior_is_described_by_its_figures(name, measure, scale, digits):
    words = " ".join(README.replace(" % [", " [").split())
    wanted = [
        " ".join(shown(run[name][measure], scale=scale, digits=digits))
        for run in either("metrics/prior.json")
    ]
    assert any(text in words for text in wanted), wanted


def test_the_table_of_photographs():
    lines = table_of(RESULTS, "whole plates")
    assert len(lines) == len(PHOTOGRAPHS)
    for (_, *cells), method in zip(lines, PHOTOGRAPHS, strict=True):
        for condition, cell in zip(("light", "medium"), cells, strict=True):
            wanted = [
                " ".join(
                    shown(run["accuracy"]["all"][condition][method]["hyperlpr"]["plate_accuracy"])
                )
                for run in either("real.json")
            ]
            assert cell.replace(" %", "") in wanted, (method, condition, wanted)


def test_the_false_reads():
    measures = ("accepted", "false_reads", "right_of_accepted")
    lines = table_of(LIMITS, "blur")
    assert ["all", "full"] in [line[:2] for line in lines]
    assert ["medium", "full"] in [line[:2] for line in lines]
    tables = either("tables/false_reads.csv", lambda text: pd.read_csv(io.StringIO(text)))
    for condition, method, *cells in lines:
        wanted = []
        for table in tables:
            own = table[
                (table[["condition", "method", "reader"]] == [condition, method, "judge"]).all(
                    axis=1
                )
            ].set_index("measure")
            wanted.append([" % ".join(shown(own.loc[name])) for name in measures])
        assert cells in wanted, (condition, method, wanted)
