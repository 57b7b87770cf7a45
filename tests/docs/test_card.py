"""The released weights' card says what the reports say, and every file is what it says."""

import pytest

from ..scripts import load_script

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
