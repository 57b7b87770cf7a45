"""The table of the contributions on photographs says what the report says."""

import json

from ..scripts import load_script
from .pages import ROOT


def test_the_page_holds_the_reports_figures():
    tool = load_script("contributions")
    page = tool.PAGE.path.read_text("utf-8")
    assert tool.PAGE.written(page, tool.figures()) == page


def test_a_line_has_both_recipes_their_difference_and_a_star_for_who_may_not_judge():
    tool = load_script("contributions")

    def share(estimate):
        figure = {"estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1}
        return {tool.WITHOUT_PROVINCE: {**figure, "holm_p": 0.012}}

    read = {
        method: dict.fromkeys(tool.READERS, share(0.2 + 0.1 * place))
        for place, method in enumerate(tool.METHODS)
    }
    found = {
        "may_judge": {"here": ["hyperlpr"], "there": ["hyperlpr", "judge"]},
        "accuracy": {"all": {"motion": read}},
        "gain": {"face_recipe": {"all": {"motion": dict.fromkeys(tool.READERS, share(0.1))}}},
        "overall": {"face_recipe": {"all": dict.fromkeys(tool.READERS, share(0.05))}},
    }
    _, _, first, mean, second, _ = tool.table(found)
    cells = first.strip("| ").split(" | ")
    assert cells[:2] == ["HyperLPR", "motion"] and cells[5] == "50.0 [40.0, 60.0]"
    assert cells[6:] == ["+10.0 [+0.0, +20.0]", "0.012"]
    assert "mean of the five" in mean and "**+5.0 [-5.0, +15.0]**" in mean
    assert second.startswith("| `judge` * | motion")


def test_what_the_pages_say_of_both_recipes_is_in_the_report():
    tool = load_script("contributions")
    found = json.loads(tool.FIGURES.read_text("utf-8"))
    made = json.loads(tool.FIGURES.with_name("provenance.json").read_text("utf-8"))
    pages = [
        " ".join(ROOT.joinpath(*path).read_text("utf-8").split())
        for path in (("README.md",), ("docs", "results.md"))
    ]
    mean = found["overall"]["face_recipe"]["all"]
    hyperlpr, judge = (mean[reader][tool.WITHOUT_PROVINCE] for reader in ("hyperlpr", "judge"))
    estimate, ends = tool.share(hyperlpr, "+").split(" ", 1)
    assert all(f"{estimate} points {ends}" in page for page in pages)
    assert f"`judge`, not fixed before, {tool.share(judge, '+')}" in pages[1]
    characters = mean["hyperlpr"]["character_accuracy_without_province"]
    less, ends_of_it = tool.share(characters, "+").split(" ", 1)
    assert characters["high"] < 0 and "of single characters it reads fewer" in pages[0]
    assert f"By characters HyperLPR reads fewer**: {less} points {ends_of_it}" in pages[1]
    assert f"[{estimate.strip('+')} points of plates read]" in pages[0]
    for recipe in made["recipes"].values():
        steps = recipe["steps"] + recipe["started_from"]["steps"]
        said = f"{steps:,}".replace(",", " ") + " steps"
        assert all(said in page for page in pages)
