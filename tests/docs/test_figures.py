"""The figures of profile quick on the pages are those of the committed run, or of a new one."""

import subprocess

import pandas as pd
import pytest

from ..scripts import load_script
from .pages import ROOT

quick, reports_of = load_script("quick"), load_script("quick_reports")
PARTS = [pytest.param(*part, id=part[0].first) for part in quick.PARTS]
TABLES, PHOTOGRAPHS = quick.quick_tables, quick.quick_photographs


def committed(name):
    """What the last commit's reports say; what they say now where git cannot tell."""
    path = (reports_of.FOLDER / name).as_posix()
    try:
        done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True)
    except OSError:
        return quick.present(name)
    if done.returncode:
        return quick.present(name)
    return reports_of.parsed(name, done.stdout)


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
    table = cells(TABLES.first_page(lambda name: Tree(reports, name)))
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
    (line,) = (n for n in lines if n.startswith("| `face_recipe` | whole, province left out |"))
    ways = [
        ("real.json", "differences", "all", c, "hyperlpr", "full", "face_recipe", measure)
        for c in ("light", "medium", "strong")
    ]
    assert line[2:-2].split(" | ")[2:] == [
        f"{reports.said(*way, sign='+')}, p {reports.figure(*way)['holm_p']:.2g}" for way in ways
    ]


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
        contribution, less, where, count, points, p = line.strip("| ").split(" | ")
        assert contribution == f"no {n}"
        assert f"full less {less.strip('`')}," in evidence[n]
        assert ("grid" in where) == ("the grid" in evidence[n])
        assert ("motion" in where, "shifted" in where) == (
            evidence[n].endswith("with motion blur"),
            evidence[n].endswith("shifted frames"),
        )
        assert (count, p) == (str(10 + n), f"{n / 10:.2g}")
        assert points == f"{n:+.1f} [{n - 0.1:+.1f}, {n + 0.1:+.1f}]"


FIGURE = {"estimate": 0.111, "low": 0.101, "high": 0.122, "n": 77, "holm_p": 0.0123}
SHOWN = "11.1 [10.1, 12.2]"
LEAVES = [
    ("tight", 1, ("likeness", "accepted", "tight", "strong"), FIGURE, SHOWN),
    ("found", 2, ("likeness", "refused", "found", "clean", "all", "estimate"), 0.111, "11.1 ["),
    ("corners", 3, ("confidence", "corners", "training", "right"), 0.123, "12 %"),
    ("tight", 5, ("confidence", "tight", "strong", "ece", "calibrated"), 0.999, "0.999"),
    ("found", 6, ("confidence", "found", "training", "texts", "n"), 9, "of 9"),
    ("tight", 9, ("agreement", "tight", "auroc"), FIGURE, "0.11 [0.10, 0.12]"),
    ("found", 10, ("agreement", "found", "auroc_of_raw_confidence"), 0.12, "0.12"),
]
"""Column and row, the way to what they say in calibration.json, another value, how that shows."""


@pytest.mark.parametrize(("column", "number", "way", "value", "shown"), LEAVES)
def test_each_leaf_of_the_calibration_shows_in_its_own_cell_alone(
    column, number, way, value, shown
):
    changed = committed("metrics/calibration.json")
    place = changed
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = value
    before, after = (
        [line[2:-2].split(" | ") for line in TABLES.trust(lambda name, r=r: r)]
        for r in (committed("metrics/calibration.json"), changed)
    )
    different = [
        (n, m)
        for n, lines in enumerate(zip(before[2:], after[2:], strict=True))
        for m, cells in enumerate(zip(*lines, strict=True))
        if cells[0] != cells[1]
    ]
    assert different == [(number, before[0].index(column))]
    assert shown in after[2 + number][before[0].index(column)]


def made_up(file, **wanted):
    """The committed table with FIGURE in the one line of these values."""
    table = committed(file)
    chosen = pd.Series(True, table.index)
    for column, value in wanted.items():
        chosen &= table[column] == value
    assert chosen.sum() == 1
    for column in set(FIGURE) & set(table.columns):
        table[column] = table[column].astype(float)
        table.loc[chosen, column] = FIGURE[column]
    return lambda name: table if name == file else committed(name)


@pytest.mark.parametrize(
    ("make", "file", "wanted", "row", "column", "shown"),
    [
        (
            *("by_blur", "tables/accuracy.csv"),
            {"condition": "medium", "method": "full", "reader": "direct"},
            *("the restoration by `full`, by `direct`", "medium", SHOWN),
        ),
        (
            *("by_blur", "tables/differences.csv"),
            {"condition": "strong", "first": "full", "second": "direct reading"},
            "points: `full` by `judge` less the degraded image by `direct`",
            *("strong", "+11.1 [+10.1, +12.2]"),
        ),
        (
            *("grid", "tables/grid-gains.csv.gz"),
            {"where": "alone", "factor": "jpeg", "second": "rrdb"},
            *("jpeg alone", "less RRDB", "+11.1 [+10.1, +12.2], p 0.012"),
        ),
        (
            *("judge", "tables/readers.csv"),
            {"set": "test originals, typeface held out", "reader": "judge"},
            *("in the held-out typeface", "%", SHOWN),
        ),
    ],
)
def test_each_line_of_a_table_shows_in_its_own_cell(make, file, wanted, row, column, shown):
    measure = "plate_accuracy" if make == "judge" else "character_accuracy"
    read = made_up(file, measure=measure, **wanted)
    head, *lines = [
        line[2:-2].split(" | ") for line in getattr(TABLES, make)(read) if line.startswith("| ")
    ]
    (found,) = [line for line in lines if line[head.index(column)] == shown]
    assert found[0] == row


@pytest.mark.parametrize(
    ("measure", "column"),
    [("accepted", 2), ("false_reads", 3), ("right_of_accepted", 4)],
)
def test_each_share_of_false_reads_shows_in_its_own_cell(measure, column):
    wanted = {"condition": "medium", "method": "full", "reader": "judge", "measure": measure}
    lines = TABLES.false_reads(made_up("tables/false_reads.csv", **wanted))
    (found,) = [line[2:-2].split(" | ") for line in lines if SHOWN in line]
    assert found[:2] == ["medium", "full"] and found[column] == SHOWN


def test_what_the_pages_conclude_holds_for_the_committed_figures():
    """The sentences beside the tables, which no tool writes."""
    evaluation, prior = committed("metrics/evaluation.json"), committed("metrics/prior.json")
    fixed = "richardson-lucy fixed kernel"
    gains = evaluation["differences"]
    assert gains[f"full - {fixed}"]["character_accuracy"]["high"] < 0
    read = {
        name: figures[reader]["character_accuracy"]["estimate"]
        for name, figures in evaluation["pooled"].items()
        for reader in ["direct" if name == "degraded" else "judge"]
        if name != "original"
    }
    assert max(read, key=read.get) == "degraded"
    by_blur = committed("tables/differences.csv")
    own = {"first": "full", "measure": "character_accuracy"}
    for blur, filtered, direct in (("light", -1, 1), ("medium", -1, -1), ("strong", 0, -1)):
        for second, sign in ((fixed, filtered), ("direct reading", direct)):
            line = TABLES.line_of(by_blur, condition=blur, second=second, **own)
            assert (line["low"] > 0) - (line["high"] < 0) == sign, (blur, second)
    claims = committed("tables/claims.csv")
    evidence = claims[claims["evidence"].isin(TABLES.CLAIMS)]
    helps = evidence[(evidence["estimate"] > 0) & (evidence["holm_p"] < 0.05)]
    assert helps.empty
    worse = TABLES.line_of(evidence, evidence="full less no_motion_blur, the test")
    assert worse["high"] < 0 and worse["holm_p"] < 0.05
    own, plates = (
        prior[name]["whole_text"]["estimate"] for name in ("prior", "untouched test plates")
    )
    assert 0.05 < own / plates < 0.2
    false = committed("tables/false_reads.csv")
    of = {"method": "full", "reader": "judge"}
    right = TABLES.line_of(false, condition="medium", measure="right_of_accepted", **of)
    assert 0.6 < right["estimate"] < 0.72  # "one in three is wrong"
    assert TABLES.line_of(false, condition="strong", measure="accepted", **of)["estimate"] == 0


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
