"""The released weights' card says what the reports say, and every file is what it says."""

import json

import pandas as pd
import pytest

from ..scripts import load_script
from .pages import ROOT

MOST = 20 * 2**20


@pytest.fixture(scope="module")
def card():
    return load_script("card")


def test_figures_go_between_the_marks_and_nothing_else_changes(card):
    first, last, written = card.PAGE.first, card.PAGE.last, card.PAGE.written
    page = f"before\n{first}\nold\n{last}\nafter\n"
    new = written(page, "new\n")
    assert new == f"before\n{first}\n\nnew\n\n{last}\nafter\n"
    assert written(new, "new\n") == new
    with pytest.raises(ValueError, match="put them back"):
        written("no marks", "new\n")


def test_the_card_holds_the_reports_figures(card):
    page = card.CARD.read_text("utf-8")
    assert "| `restorer.safetensors` |" in page
    assert card.PAGE.written(page, card.figures()) == page


def test_the_first_page_holds_the_same_figures(card):
    assert card.summary() in (card.ROOT / "README.md").read_text("utf-8")


def test_a_figure_that_differs_is_seen(card, monkeypatch):
    page = card.CARD.read_text("utf-8")
    monkeypatch.setattr(card, "share", lambda figure, sign="": "50.0 [49.0, 51.0]")
    assert card.PAGE.written(page, card.figures()) != page


def test_the_weights_are_small_enough_to_ship(card):
    files = list(card.CARD.parent.glob("*"))
    assert {f"{name}.safetensors" for name in card.FILES} <= {path.name for path in files}
    assert sum(path.stat().st_size for path in files) < MOST


def test_a_file_names_the_trainings_it_began_with_the_last_first(card):
    first = {"variant": "full", "steps": 7, "started_from": None}
    facts = {"started_from": {"variant": "warmup", "steps": 9, "started_from": first}}
    assert card.began_with(facts) == "warmup, 9 steps; full, 7 steps"
    assert card.began_with({"steps": 7}) == ""


def percent(figure):
    """As a sentence has it: "58.3 % [49.4, 66.8]"."""
    estimate, low, high = (f"{100 * figure[key]:.1f}" for key in ("estimate", "low", "high"))
    return f"{estimate} % [{low}, {high}]"


def words(*path):
    """A page as one line."""
    return " ".join(ROOT.joinpath(*path).read_text("utf-8").split())


def test_what_the_pages_say_of_false_reads_is_in_the_table():
    table = pd.read_csv(ROOT / "reports" / "released" / "tables" / "false_reads.csv")
    judge = table[table["reader"] == "judge"].set_index(["condition", "method", "measure"])
    right = judge.loc[("medium", "full", "right_of_accepted")]
    before, after = (judge.loc[("all", m, "false_reads")] for m in ("degraded", "full"))
    limits = words("docs", "limits-and-ethics.md")
    assert f"accepts, {percent(right)} are read rightly (n = {right['n']})" in limits
    assert f"from {percent(before)} to {percent(after)}" in limits
    assert after["estimate"] > 2 * before["estimate"]  # "more than doubles"
    assert round(10 * (1 - right["estimate"])) == 4 and "four in ten" in limits
    assert "four in ten are read wrongly" in words("README.md")


def test_how_many_accepted_restorations_of_photographs_are_wrong(card):
    real = json.loads((card.REPORTS / "real.json").read_text("utf-8"))
    wrong = [
        100 * (1 - methods["full"]["judge"]["right_of_accepted"]["estimate"])
        for methods in real["false_reads"]["all"].values()
    ]
    said = f"{min(wrong):.0f} to {max(wrong):.0f} %"
    assert f"of photographs, by condition, {said}" in words("README.md")
    assert f"Of photographs, {said} of accepted restorations" in words(
        "docs", "limits-and-ethics.md"
    )


def test_what_the_first_page_says_of_the_province_is_in_the_report(card):
    photographs = card.card_photographs
    real = json.loads((card.REPORTS / "real.json").read_text("utf-8"))
    page, whole = words("README.md"), photographs.WHOLE
    back = {
        measure: [
            real["recovered"]["all"][condition]["full"]["hyperlpr"][measure]["estimate"]
            for condition in ("motion", "defocus", "mixed")
        ]
        for measure in (photographs.WITHOUT_PROVINCE, whole)
    }
    low, high = min(back[photographs.WITHOUT_PROVINCE]), max(back[photographs.WITHOUT_PROVINCE])
    assert f"Without the province {100 * low:.0f} to {100 * high:.0f} %" in page
    assert "With the province it is a third" in page
    assert all(abs(share - 1 / 3) < 0.05 for share in back[whole])
    accuracy = real["accuracy"]["all"]
    fixed = photographs.RICHARDSON_LUCY_FIXED
    read = accuracy["defocus"][fixed]["hyperlpr"][whole]["estimate"]
    less = real["differences"]["all"]["defocus"]["hyperlpr"]["full"][fixed][whole]
    more = [f"{-100 * less[key]:+.1f}" for key in ("estimate", "high", "low")]
    assert f"({100 * read:.1f} %, {more[0]} points [{more[1]}, {more[2]}] more)" in page
    at_40 = accuracy["width 40"]
    assert all(
        at_40["bicubic"]["hyperlpr"][whole][key] > at_40["full"]["hyperlpr"][whole][key]
        for key in ("estimate", "low")
    )
