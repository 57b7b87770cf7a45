"""The figures of profile quick on the pages are those of the committed run, or of a new one."""

import pytest

from ..scripts import load_script

quick = load_script("quick")
PARTS = [pytest.param(*part, id=part[0].first) for part in quick.PARTS]


def said(page):
    """What stands between the marks of a part."""
    text = page.path.read_text("utf-8")
    inside = text.partition(page.first)[2].partition(page.last)[0]
    assert inside, f"{page.path.name} has no {page.first}"
    return inside.strip()


@pytest.mark.parametrize(("page", "make"), PARTS)
def test_a_page_says_what_the_reports_say(page, make):
    wanted = [quick.part(make, read).strip() for read in quick.SOURCES.values()]
    assert said(page) in wanted


@pytest.mark.parametrize(("page", "make"), PARTS)
def test_a_part_is_made_of_the_reports_own_figures(page, make):
    asked = []

    def halved(name):
        """The report with every share halved: each line of the page must then differ."""
        asked.append(name)
        return of_half(quick.present(name))

    lines = [line for line in said(page).splitlines() if "[" in line]
    changed = quick.part(make, halved).strip().splitlines()
    assert asked and lines
    unchanged = [line for line in lines if line in changed]
    # A share of nothing stays what it is.
    assert all("0.0 [" in line for line in unchanged), unchanged


def of_half(found):
    """A report, JSON or table, with estimates and ends of intervals at half their value."""
    if isinstance(found, dict):
        ends = ("estimate", "low", "high")
        return {k: v / 2 if k in ends and v else of_half(v) for k, v in found.items()}
    if hasattr(found, "columns"):
        return found.assign(**{k: found[k] / 2 for k in ("estimate", "low", "high")})
    return found
