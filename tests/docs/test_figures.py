"""The figures of profile quick on the pages are those of the committed run, or of a new one."""

import subprocess

import pandas as pd
import pytest

from ..scripts import load_script
from .pages import ROOT

quick = load_script("quick")
PARTS = [pytest.param(*part, id=part[0].first) for part in quick.PARTS]
TABLES, PHOTOGRAPHS = quick.quick_tables, quick.quick_photographs


def committed(name):
    """What the last commit's reports say; what they say now where git cannot tell."""
    path = (quick_reports().FOLDER / name).as_posix()
    try:
        done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True)
    except OSError:
        return quick.present(name)
    if done.returncode:
        return quick.present(name)
    return quick_reports().parsed(name, done.stdout)


def quick_reports():
    return load_script("quick_reports")


@pytest.mark.parametrize(("page", "make"), PARTS)
def test_a_page_says_what_the_reports_say(page, make):
    text = page.path.read_text("utf-8")
    wanted = [page.written(text, quick.part(make, read)) for read in (committed, quick.present)]
    assert text in wanted


class Reports:
    """Made-up reports in which every figure is another number, and what each stands for.

    A figure asked for by its way through a JSON file, or a line by its values, is a share of
    so many tenths of a per cent as were asked for before it.
    """

    def __init__(self):
        self.given = {}

    def figure(self, *way):
        number = self.given.setdefault(way, len(self.given) + 1)
        return {
            "estimate": number / 1000,
            "low": (number - 5) / 1000,
            "high": (number + 7) / 1000,
            "n": 1000 + number,
            "holm_p": number / 10000,
        }

    def said(self, *way, sign=""):
        """How a page shows the figure at the end of this way."""
        found = self.figure(*way)
        return "{:{s}.1f} [{:{s}.1f}, {:{s}.1f}]".format(
            *(100 * found[key] for key in ("estimate", "low", "high")), s=sign
        )


class Tree:
    """A JSON file whose every branch exists and ends in a figure."""

    def __init__(self, reports, *way):
        self.reports, self.way = reports, way

    def __getitem__(self, key):
        if key in ("estimate", "low", "high", "n", "holm_p"):
            return self.reports.figure(*self.way)[key]
        return Tree(self.reports, *self.way, key)

    def __contains__(self, key):
        return key in ("estimate", "low", "high", "n", "holm_p")

    def get(self, key, default=None):
        return self[key]


def cells(lines):
    """The cells of the lines of all tables, by the first cell."""
    split = (line[2:-2].split(" | ") for line in lines if line.startswith("| "))
    return {first: rest for first, *rest in split}


def test_the_first_pages_table_shows_each_methods_own_figure():
    reports = Reports()
    table = cells(TABLES.test(lambda name: Tree(reports, name)))
    file = "metrics/evaluation.json"

    def read(method, reader):
        return reports.said(file, "pooled", method, reader, "character_accuracy")

    def gain(method):
        return reports.said(file, "differences", f"full - {method}", "character_accuracy", sign="+")

    fixed = "richardson-lucy fixed kernel"
    assert table["the original"] == [read("original", "judge"), ""]
    assert table["the degraded image"] == [read("degraded", "judge"), gain("degraded")]
    assert table["the same, enlarged bicubically"] == [read("bicubic", "judge"), gain("bicubic")]
    for begins, method in (
        ("the same, deconvolved", fixed),
        ("the restoration by a plain U-Net", "plain_unet"),
        ("the restoration by an RRDB network", "rrdb"),
        ("the restoration by `face_recipe`", "face_recipe"),
    ):
        (line,) = (rest for first, rest in table.items() if first.startswith(begins))
        assert line == [read(method, "judge"), gain(method)]
    assert table["the restoration by `full`"][0] == read("full", "judge")
    by_direct = table["the degraded image, by the reader trained on such images"]
    assert by_direct == [read("degraded", "direct"), ""]
    assert table["the restoration by `full`, by that reader"] == [read("full", "direct"), ""]


def test_photographs_show_each_methods_own_figure_and_whose_gain_it_is():
    reports = Reports()

    def read(name):
        found = Tree(reports, name)
        plates = {"scored": 7, "sources": {"mine": 7}}
        numbers = {"threshold": 0.5, "accepted": found["accepted"]}
        return Mixed(found, {"plates": plates, "thresholds": {"hyperlpr": numbers}})

    lines = list(PHOTOGRAPHS.photographs(read))
    measures = ("plate_accuracy", "plate_accuracy_without_province")
    starts = [n for n, line in enumerate(lines) if line.startswith("Whole plates")]
    for measure, start in zip(measures, starts, strict=True):
        table = cells(lines[start : start + 10])
        for label, method in (
            ("degraded", "degraded"),
            ("Richardson-Lucy with one fixed Gaussian", "richardson-lucy fixed kernel"),
            ("`full`", "full"),
            ("`face_recipe`", "face_recipe"),
            ("plain U-Net", "plain_unet"),
            ("RRDB", "rrdb"),
        ):
            assert table[label] == [
                reports.said("real.json", "accuracy", "all", c, method, "hyperlpr", measure)
                for c in ("untouched", "light", "medium", "strong")
            ]
    way = ("real.json", "differences", "all", "light", "hyperlpr", "full", "face_recipe", measure)
    gained = f"{reports.said(*way, sign='+')}, p {reports.figure(*way)['holm_p']:.2g}"
    assert any(gained in line and line.startswith("| `face_recipe` |") for line in lines)


class Mixed:
    """A made-up file, some of whose branches are given."""

    def __init__(self, found, given):
        self.found, self.given = found, given

    def __getitem__(self, key):
        return self.given[key] if key in self.given else self.found[key]


def test_lines_of_tables_are_found_by_all_that_names_them():
    table = pd.DataFrame({"a": ["x", "x", "y"], "b": [1, 2, 1], "estimate": [0.1, 0.2, 0.3]})
    assert TABLES.line_of(table, a="x", b=2)["estimate"] == 0.2
    with pytest.raises(ValueError, match=r"2 lines with .*'x'.*one was expected"):
        TABLES.line_of(table, a="x")
    with pytest.raises(ValueError, match=r"0 lines with .*'z'"):
        TABLES.line_of(table, a="z")


def test_contributions_are_held_against_the_network_that_lacks_each():
    evidence = list(TABLES.CLAIMS)
    claims = pd.DataFrame(
        {
            "claim": [f"contribution {n}: no {n}" for n in range(len(evidence))],
            "evidence": evidence,
            "measure": "character_accuracy",
            "n": range(10, 10 + len(evidence)),
            "estimate": [n / 100 for n in range(len(evidence))],
            "low": [n / 100 - 0.001 for n in range(len(evidence))],
            "high": [n / 100 + 0.001 for n in range(len(evidence))],
            "holm_p": [n / 10 for n in range(len(evidence))],
        }
    ).sample(frac=1, random_state=0)
    lines = list(TABLES.contributions(lambda name: claims))[2:]
    for n, line in enumerate(lines):
        _, less, _, count, points, p = line.strip("| ").split(" | ")
        assert f"full less {less.strip('`')}," in evidence[n]
        assert (count, p) == (str(10 + n), f"{n / 10:.2g}")
        assert points == f"{n:+.1f} [{n - 0.1:+.1f}, {n + 0.1:+.1f}]"


def test_a_lost_end_mark_is_refused_before_another_part_is_overwritten(tmp_path):
    marked = load_script("marked")
    page = tmp_path / "page.md"
    first, second = (marked.MarkedPage(page, f"tools/x.py {name}") for name in "ab")
    whole = f"{first.first}\nold\n{first.last}\nprose\n{second.first}\nold\n{second.last}\n"
    assert "prose" in first.written(second.written(whole, "new b\n"), "new a\n")
    with pytest.raises(ValueError, match="put them back"):
        first.written(whole.replace(first.last, "", 1), "new\n")


def test_several_parts_of_a_page_are_written_together_or_not_at_all(tmp_path, monkeypatch, capsys):
    marked = load_script("marked")
    page = tmp_path / "page.md"
    parts = [marked.MarkedPage(page, f"tools/x.py {name}") for name in "ab"]
    text = "\n".join(f"{each.first}\nold\n{each.last}" for each in parts)
    page.write_text(text, encoding="utf-8")
    made = [(each, lambda n=n: f"figure {n}\n") for n, each in enumerate(parts)]

    def fails():
        raise KeyError("lost")

    monkeypatch.setattr("sys.argv", ["x", "--check"])
    assert marked.write_pages(made, "A tool.") == 1
    monkeypatch.setattr("sys.argv", ["x"])
    assert marked.write_pages([made[0], (parts[1], fails)], "A tool.") == 1
    assert page.read_text("utf-8") == text and "lost" in capsys.readouterr().err
    assert marked.write_pages(made, "A tool.") == 0
    assert "figure 0" in page.read_text("utf-8") and "figure 1" in page.read_text("utf-8")
    monkeypatch.setattr("sys.argv", ["x", "--check"])
    assert marked.write_pages(made, "A tool.") == 0
