"""The figures that README.md prints are those of the committed run."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
METRICS = ROOT / "reports" / "quick" / "metrics"
README = (ROOT / "README.md").read_text("utf-8")
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
"""How each line of the table begins, and whose figure it shows."""
DIFFERENCES = {
    "degraded": "degraded",
    "Richardson-Lucy": "richardson-lucy fixed kernel",
    "the plain U-Net": "plain_unet",
    "RRDB": "rrdb",
    "`face_recipe`": "face_recipe",
}


@pytest.fixture(scope="module")
def figures():
    return json.loads((METRICS / "evaluation.json").read_text("utf-8"))


def shown(figure, sign=""):
    estimate, low, high = (f"{100 * figure[key]:{sign}.1f}" for key in ("estimate", "low", "high"))
    return estimate, f"[{low}, {high}]"


def test_the_table_of_results_is_the_committed_one(figures):
    table = re.search(r"^\| read from \|.*?\n\n", README, re.DOTALL | re.MULTILINE).group()
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    assert len(lines) == len(ROWS)
    for (label, printed), (begins, (method, reader)) in zip(lines, ROWS.items(), strict=True):
        assert label.startswith(begins)
        estimate, ends = shown(figures["pooled"][method][reader]["character_accuracy"])
        assert printed == f"{estimate} % {ends}", label


def test_the_differences_are_the_committed_ones(figures):
    said = re.search(r"^`full` less degraded.*?n = (\d+)", README, re.DOTALL | re.MULTILINE)
    words = " ".join(said.group().split())
    for name, method in DIFFERENCES.items():
        figure = figures["differences"][f"full - {method}"]["character_accuracy"]
        estimate, ends = shown(figure, "+")
        assert re.search(rf"less {re.escape(name)}: {re.escape(estimate)}( points)? ", words), name
        assert ends in words and figure["n"] == int(said.group(1))


def test_the_prior_is_described_by_its_figures():
    prior = json.loads((METRICS / "prior.json").read_text("utf-8"))
    words = " ".join(README.split())
    for name, measure, scale, digits in (
        ("prior", "kid", 1, 2),
        ("degraded, medium", "kid", 1, 2),
        ("prior", "whole_text", 100, 1),
        ("untouched test plates", "whole_text", 100, 1),
    ):
        line = prior[name][measure]
        estimate, low, high = (
            f"{scale * line[key]:.{digits}f}" for key in ("estimate", "low", "high")
        )
        assert re.search(rf"{estimate}( %)? \[{low}, {high}\]", words), (name, measure)


def test_the_table_of_photographs_is_the_committed_one():
    read = json.loads((ROOT / "reports" / "quick" / "real.json").read_text("utf-8"))
    accuracy = read["accuracy"]["all"]
    page = (ROOT / "docs" / "results.md").read_text("utf-8")
    table = re.search(r"^\| whole plates \|.*?\n\n", page, re.DOTALL | re.MULTILINE).group()
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    methods = (
        "degraded",
        "richardson-lucy fixed kernel",
        "full",
        "face_recipe",
        "plain_unet",
        "rrdb",
    )
    assert len(lines) == len(methods)
    for (_, *cells), method in zip(lines, methods, strict=True):
        for condition, cell in zip(("light", "medium"), cells, strict=True):
            figure = accuracy[condition][method]["hyperlpr"]["plate_accuracy"]
            assert cell.replace(" %", "") == " ".join(shown(figure)), (method, condition)
