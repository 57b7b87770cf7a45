"""Writes the figures of the released weights' card from the reports, between its two marks.

Usage: python tools/card.py [--check]
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import card_photographs
import pandas as pd
from marked import MarkedPage, head, line_of, row, share, titled

from lpr_gfpgan.networks import load_weights

ROOT = Path(__file__).parents[1]
CARD = ROOT / "lpr_gfpgan" / "weights" / "README.md"
REPORTS = ROOT / "reports" / "released"
TRAINING = ROOT / "reports" / "release"
PAGE = MarkedPage(CARD, "tools/card.py")

FILES = ("restorer", "reader-direct", "reader-loss", "reader-judge")


def figures() -> str:
    """All tables, as Markdown."""
    real = json.loads((REPORTS / "real.json").read_text("utf-8"))
    drawn = json.loads((REPORTS / "metrics" / "headline.json").read_text("utf-8"))
    read_false = pd.read_csv(REPORTS / "tables" / "false_reads.csv")
    calibration = json.loads((TRAINING / "metrics" / "calibration.json").read_text("utf-8"))
    parts = [
        files(),
        card_photographs.photographs(real),
        card_photographs.whole(real),
        card_photographs.harm(real),
        card_photographs.direct(real),
        plates(drawn),
        false_reads(read_false),
        card_photographs.false_reads(real),
        trust(calibration),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def summary() -> str:
    """The table of README.md."""
    real = json.loads((REPORTS / "real.json").read_text("utf-8"))
    return "\n".join(card_photographs.summary(real)) + "\n"


def files() -> Iterator[str]:
    """What each file holds."""
    columns = "parameters | steps | images | began with | split | processes | trained on"
    yield from head(f"file | bytes | {columns}")
    for name in FILES:
        path = CARD.with_name(f"{name}.safetensors")
        facts = load_weights(path)[1]["provenance"]
        cells = [facts.get(key, "") for key in ("parameters", "steps", "images")]
        cells += [began_with(facts), *(facts.get(key, "") for key in ("split", "processes"))]
        yield row(f"`{path.name}`", path.stat().st_size, *cells, facts["hardware"])


def began_with(facts: Mapping[str, Any]) -> str:
    """The trainings whose weights this one began with, the last first."""
    found = []
    while facts := facts.get("started_from"):
        found.append(f"{facts.get('variant', 'reader')}, {facts['steps']} steps")
    return "; ".join(found)


def plates(drawn: Mapping[str, Any]) -> Iterator[str]:
    """Drawn plates under the study's blurs."""
    yield from titled(
        f"Drawn plates that no training saw (n = {drawn['plates']}), characters read by `judge`:",
        "blur | degraded | bicubic | restored",
    )
    for condition, methods in drawn["headline"].items():
        found = (methods[m]["judge"]["character_accuracy"] for m in ("degraded", "bicubic", "full"))
        yield row(condition, *map(share, found))


def false_reads(table: pd.DataFrame) -> Iterator[str]:
    """Readings of drawn plates that were accepted, and how many of them are wrong."""
    yield from titled(
        "False reads of drawn plates by `judge`: accepted readings, and those that are wrong:",
        "blur | read from | accepted | false reads | right of the accepted",
    )
    own = table[table["reader"] == "judge"]
    for condition in dict.fromkeys(table["condition"]):
        for method in ("degraded", "full"):
            *cells, right = (
                line_of(own, condition=condition, method=method, measure=measure)
                for measure in ("accepted", "false_reads", "right_of_accepted")
            )
            yield row(
                condition,
                "the restoration" if method == "full" else "the degraded plate",
                *map(share, cells),
                f"{share(right)}, n = {right['n']:.0f}" if right["n"] else "",
            )


def trust(calibration: Mapping[str, Any]) -> Iterator[str]:
    """What passes for a plate, and how many complete texts are right; degraded as in training."""
    columns = "clean plates accepted | degraded ones accepted | non-plates refused"
    yield from titled(
        "Drawn plates, by how they were placed: what passes for one, and what `direct` reads:",
        f"placed by | {columns} | complete texts of degraded plates read rightly",
    )
    accepted, refused = (calibration["likeness"][name] for name in ("accepted", "refused"))
    for way, found in accepted.items():
        cells = found["clean"], found["training"], refused[way]["clean"]["all"]
        texts = calibration["confidence"][way]["training"]["texts"]
        read = f"{100 * texts['right']:.0f} % of {texts['n']}"
        yield row(way, *map(share, cells), read)


if __name__ == "__main__":
    sys.exit(PAGE.main(figures, __doc__))
