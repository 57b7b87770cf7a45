"""The tables of profile quick's drawn plates, as lines of Markdown."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
from marked import head, row, share
from quick_reports import Read

from lpr_gfpgan.trust.placing import WAYS

Make = Callable[[Read], Iterator[str]]
RICHARDSON_LUCY = "richardson-lucy fixed kernel"
TEST = {
    "the original": ("original", "judge"),
    "the degraded image": ("degraded", "judge"),
    "the same, enlarged bicubically": ("bicubic", "judge"),
    "the same, deconvolved with one fixed Gaussian (Richardson-Lucy)": (RICHARDSON_LUCY, "judge"),
    "the restoration by a plain U-Net (L1 alone, same steps and scenes)": ("plain_unet", "judge"),
    "the restoration by an RRDB network of 99 thousand parameters, the U-Net has 109 "
    "(Real-ESRGAN's recipe)": ("rrdb", "judge"),
    "the restoration by `face_recipe`, without the three contributions": ("face_recipe", "judge"),
    "the restoration by `full`": ("full", "judge"),
    "the degraded image, by the reader trained on such images": ("degraded", "direct"),
    "the restoration by `full`, by that reader": ("full", "direct"),
}
"""The lines of the first page's table: method and reader."""
CLAIMS = {
    "full less no_motion_blur, the grid, with motion blur": "the paper's grid, cells with motion",
    "full less no_motion_blur, the test": "the test",
    "full less no_recognition_loss, the grid, everywhere": "the paper's grid",
    "full less no_recognition_loss, the test": "the test",
    "full less fixed_region, the grid, shifted frames": "the paper's grid, shifted frames",
    "full less fixed_region, the test": "the test",
    "full less no_region_discriminator, the grid, everywhere": "the paper's grid",
    "full less no_region_discriminator, the test": "the test",
}
"""The evidence for each contribution, and where it was measured."""
FALSE_READS = (
    ("all", "original"),
    ("all", "degraded"),
    ("all", RICHARDSON_LUCY),
    ("all", "full"),
    ("light", "full"),
    ("medium", "full"),
    ("strong", "full"),
)
CHARACTERS = ("raw", "calibrated", "if_calibrated")
TEXTS = ("product", "calibrated", "if_calibrated")
"""Expected errors as calibration.json names them."""


def line_of(table: pd.DataFrame, **wanted: str) -> dict[str, Any]:
    """The one line of a table with these values.

    Raises:
        ValueError: there is none, or more than one.
    """
    for column, value in wanted.items():
        table = table[table[column] == value]
    (line,) = table.to_dict("records")
    return line


def test(read: Read) -> Iterator[str]:
    """Characters read on the test, by method, and what `full` gains over each."""
    found = read("metrics/evaluation.json")
    yield from head("read from | character accuracy, % | `full` less it, points")
    for label, (method, reader) in TEST.items():
        gain = found["differences"].get(f"full - {method}", {}) if reader == "judge" else {}
        gain = gain.get("character_accuracy") if method != "original" else None
        figure = found["pooled"][method][reader]["character_accuracy"]
        yield row(label, share(figure), share(gain, "+") if gain else "")


def single(read: Read) -> Iterator[str]:
    """Figures that stand in no other table: the judge, whole plates, the prior, noise and JPEG."""
    yield from head("what | per cent, or as said")
    readers = read("tables/readers.csv")
    judged = {"reader": "judge", "measure": "plate_accuracy"}
    for where, label in (("", ""), (", typeface held out", ", in the held-out typeface")):
        line = line_of(readers, set=f"test originals{where}", **judged)
        yield row(f"clean test plates that `judge` reads whole{label}", share(line))
    pooled = read("metrics/evaluation.json")["pooled"]
    for label, method, reader in (
        ("degraded, by `direct`", "degraded", "direct"),
        ("after `full`, by `judge`", "full", "judge"),
        ("after Richardson-Lucy, by `judge`", RICHARDSON_LUCY, "judge"),
    ):
        yield row(f"whole plates read: {label}", share(pooled[method][reader]["plate_accuracy"]))
    prior = read("metrics/prior.json")
    for label, name in (
        ("the prior's scenes", "prior"),
        ("drawn plates under medium blur", "degraded, medium"),
        ("drawn plates under strong blur", "degraded, strong"),
    ):
        estimate, low, high = (f"{prior[name]['kid'][k]:.2f}" for k in ("estimate", "low", "high"))
        yield row(f"KID of {label}", f"{estimate} [{low}, {high}]")
    for label, name in (
        ("the prior's", "prior"),
        ("untouched test plates, cut out likewise", "untouched test plates"),
    ):
        yield row(f"scenes that `judge` reads whole: {label}", share(prior[name]["whole_text"]))
    gains = read("tables/grid-gains.csv.gz")
    rival = {"second": RICHARDSON_LUCY, "measure": "character_accuracy"}
    for where in ("alone", "with others"):
        for factor in ("gaussian", "motion", "noise", "jpeg"):
            line = line_of(gains, where=where, factor=factor, **rival)
            label = f"`full` less Richardson-Lucy, characters, cells with {factor} {where}"
            yield row(label, f"{share(line, '+')}, p {line['holm_p']:.2g} (Holm)")


def contributions(read: Read) -> Iterator[str]:
    """What each contribution brings, by characters read, in these checkpoints."""
    claims = read("tables/claims.csv")
    yield from head("contribution | less | measured on | n | points | p (Holm)")
    for evidence, where in CLAIMS.items():
        line = line_of(claims, evidence=evidence, measure="character_accuracy")
        contribution = line["claim"].partition(": ")[2]
        variant = evidence.split(",")[0].removeprefix("full less ")
        yield row(
            contribution,
            f"`{variant}`",
            where,
            line["n"],
            share(line, "+"),
            f"{line['holm_p']:.2g}",
        )


def trust(read: Read) -> Iterator[str]:
    """What passes for a plate, and how sure a reading is, by how the plate was placed."""
    found = read("metrics/calibration.json")
    columns = [_trusted(found, way) for way in WAYS]
    yield from head(f"of drawn plates | {' | '.join(WAYS)}")
    for label in columns[0]:
        yield row(label, *(column[label] for column in columns))


def _trusted(found: Mapping[str, Any], way: str) -> dict[str, str]:
    """The column of one way of placing a plate: figure by label."""
    error = "{:.3f}, {:.3f} ({:.3f})".format
    passed, refused = (found["likeness"][side][way] for side in ("accepted", "refused"))
    mixture, strong = (found["confidence"][way][blur] for blur in ("training", "strong"))
    texts, agreement = mixture["texts"], found["agreement"][way]
    estimate, low, high = (f"{agreement['auroc'][k]:.2f}" for k in ("estimate", "low", "high"))
    none = refused["clean"]["all"]
    others = f"of {none['n']} pictures without a plate (textures, other text, scenes), refused, %"
    return {
        f"pass for a plate, untouched (n = {passed['clean']['n']}), %": share(passed["clean"]),
        "pass under strong blur, %": share(passed["strong"]),
        others: share(none),
        "characters read rightly, under the training's mixture of blurs": (
            f"{100 * mixture['right']:.0f} %"
        ),
        "expected error of a character's confidence: as the reader has it, calibrated (by chance "
        "alone)": error(*(mixture["ece"][k] for k in CHARACTERS)),
        "the same under strong blur": error(*(strong["ece"][k] for k in CHARACTERS)),
        "complete texts read rightly, under the training's mixture": (
            f"{100 * texts['right']:.0f} % of {texts['n']}"
        ),
        "expected error of a text's confidence: as a product, calibrated (by chance alone)": error(
            *(texts["ece"][k] for k in TEXTS)
        ),
        "samples agree more on right characters than on wrong ones (AUROC)": (
            f"{estimate} [{low}, {high}]" + ("" if agreement["shown"] else ", withheld")
        ),
    }


def false(read: Read) -> Iterator[str]:
    """Accepted readings of drawn plates, and how many of them are wrong."""
    table = read("tables/false_reads.csv")
    own = table[table["reader"] == "judge"]
    yield from head("blur | read from | accepted, % | false reads, % | right of the accepted, %")
    for condition, method in FALSE_READS:
        lines = (
            line_of(own, condition=condition, method=method, measure=measure)
            for measure in ("accepted", "false_reads", "right_of_accepted")
        )
        yield row(condition, method, *map(share, lines))
