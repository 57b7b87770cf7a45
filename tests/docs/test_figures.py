"""The figures that the pages print are those of the committed run, or of a new one beside it."""

import io
import json
import re
import subprocess

import pandas as pd
import pytest

from lpr_gfpgan.trust.placing import WAYS

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
    "degraded",
    "richardson-lucy fixed kernel",
    "full",
    "face_recipe",
    "plain_unet",
    "rrdb",
)
"""The lines of the table of photographs."""

CHARACTERS = ("raw", "calibrated", "if_calibrated")
TEXTS = ("product", "calibrated", "if_calibrated")
"""Expected errors as calibration.json names them."""


def committed(path):
    """The bytes of a file as git has it; as it is where there is no git."""
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True)
    return done.stdout if done.returncode == 0 else (ROOT / path).read_bytes()


def either(path, parse=json.loads):
    """What the committed file says, and what the file says now: after a run on another machine."""
    path = f"reports/quick/{path}"
    return [parse(data) for data in (committed(path), (ROOT / path).read_bytes())]


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


def line_of(table, **wanted):
    """The one line of a table with these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    (line,) = table.to_dict("records")
    return line


def share(line, sign=""):
    """An estimate with its unit, then its interval: "7.1 % [6.0, 8.2]"."""
    return " % ".join(shown(line, sign))


def plain(line):
    return " ".join(shown(line))


def points(line, sign=""):
    return " points ".join(shown(line, sign))


def of_prior(run):
    near, medium, strong = (
        " ".join(shown(run[name]["kid"], scale=1, digits=2))
        for name in ("prior", "degraded, medium", "degraded, strong")
    )
    own, plates = (run[n]["whole_text"] for n in ("prior", "untouched test plates"))
    return (
        f"in KID its scenes ({near}) lie between drawn plates under medium blur ({medium}) and "
        f"under strong ({strong}), and the judge reads a whole text in {share(own)} of them, in "
        f"{share(plates)} of untouched test plates"
    )


def of_direct_reading(run):
    after = shown(run["pooled"]["full"]["direct"]["character_accuracy"])[0]
    return f"does not help that reader: {after} % after"


def of_whole_plates(run):
    direct, full, filtered = (
        run["pooled"][method][reader]["plate_accuracy"]
        for method, reader in (
            ("degraded", "direct"),
            ("full", "judge"),
            ("richardson-lucy fixed kernel", "judge"),
        )
    )
    return (
        f"n = 300, read directly {share(direct)}; by `judge` after `full` {plain(full)}, after "
        f"Richardson-Lucy {plain(filtered)}"
    )


def of_motion_blur(claims):
    grid, test = (
        line_of(claims, evidence=f"full less no_motion_blur, the {place}")
        for place in ("grid, with motion blur", "test")
    )
    turned = {"estimate": -test["estimate"], "low": -test["high"], "high": -test["low"]}
    return (
        f"(motion blur in training, cells with motion: {points(grid, '+')}, n = 24); on this test "
        f"`no_motion_blur` is even read {points(turned)} better"
    )


def of_noise_and_jpeg(gains):
    rival = {"second": "richardson-lucy fixed kernel", "measure": "character_accuracy"}
    found = [
        shown(line_of(gains, where=where, factor=factor, **rival))[0]
        for where in ("alone", "with others")
        for factor in ("noise", "jpeg")
    ]
    return "by {} and {} points alone, {} and {} with others".format(*found)


def of_the_judge(readers):
    judged = {"reader": "judge", "measure": "plate_accuracy"}
    whole, held_out = (
        line_of(readers, set=f"test originals{part}", **judged)
        for part in ("", ", typeface held out")
    )
    return f"It reads {share(whole)} of the test's clean plates whole, {share(held_out)} in the"


def csv(data):
    return pd.read_csv(io.BytesIO(data), compression="infer" if data[:2] != b"\x1f\x8b" else "gzip")


@pytest.mark.parametrize(
    ("page", "file", "say"),
    [
        (README, "metrics/prior.json", of_prior),
        (README, "metrics/evaluation.json", of_direct_reading),
        (RESULTS, "metrics/evaluation.json", of_whole_plates),
        (README, "tables/claims.csv", of_motion_blur),
        (README, "tables/grid-gains.csv.gz", of_noise_and_jpeg),
        (RESULTS, "tables/readers.csv", of_the_judge),
    ],
)
def test_what_the_pages_say_in_sentences(page, file, say):
    wanted = [say(run) for run in either(file, json.loads if file.endswith(".json") else csv)]
    words = " ".join(page.split())
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
    tables = either("tables/false_reads.csv", csv)
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


def of_trust(run):
    """The lines of the table of what a reading may be trusted with, without their heads."""
    error = "{:.3f}, {:.3f} ({:.3f})".format

    def column(way):
        passed, refused = (run["likeness"][side][way] for side in ("accepted", "refused"))
        read, strong = (run["confidence"][way][blur] for blur in ("training", "strong"))
        texts, agreement = read["texts"], run["agreement"][way]
        return (
            share(passed["clean"]),
            share(passed["strong"]),
            share(refused["clean"]["all"]),
            f"{100 * read['right']:.0f} %",
            *(error(*(each["ece"][k] for k in CHARACTERS)) for each in (read, strong)),
            f"{100 * texts['right']:.0f} % of {texts['n']}",
            error(*(texts["ece"][k] for k in TEXTS)),
            " ".join(shown(agreement["auroc"], scale=1, digits=2))
            + ("" if agreement["shown"] else ", withheld"),
        )

    return [list(line) for line in zip(*map(column, WAYS), strict=True)]


def test_what_a_reading_may_be_trusted_with():
    lines = [cells for _, *cells in table_of(RESULTS, "of drawn plates")]
    wanted = [of_trust(run) for run in either("metrics/calibration.json")]
    assert lines in wanted, "\n".join(" | ".join(line) for line in wanted[-1])
