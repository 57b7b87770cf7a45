"""Writes the figures of the released weights' card from the reports, between its two marks.

Usage: python tools/card.py [--check]
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marked import MarkedPage, row, share

from lpr_gfpgan.networks import load_weights

ROOT = Path(__file__).parents[1]
CARD = ROOT / "lpr_gfpgan" / "weights" / "README.md"
REPORTS = ROOT / "reports" / "released"
TRAINING = ROOT / "reports" / "release"
PAGE = MarkedPage(CARD, "tools/card.py")

WITHOUT_PROVINCE, WHOLE = "plate_accuracy_without_province", "plate_accuracy"
UNTOUCHED = "untouched"
SOURCES = {
    "all": "All sources",
    "ccpd94": "ccpd94: dark, tilted, blurred crops of 94 x 24, nearly all of one province",
    "traffic136": "traffic136: traffic cameras, crops of 136 x 36",
    "photos_web": "photos_web: photographs of cars, a source that no network here was trained on",
}
READERS = {"hyperlpr": "HyperLPR", "judge": "judge"}
FILES = ("restorer", "reader-direct", "reader-loss", "reader-judge")


def figures() -> str:
    """All tables, as Markdown."""
    real = json.loads((REPORTS / "real.json").read_text("utf-8"))
    drawn = json.loads((REPORTS / "metrics" / "headline.json").read_text("utf-8"))
    calibration = json.loads((TRAINING / "metrics" / "calibration.json").read_text("utf-8"))
    parts = [
        files(),
        photographs(real),
        harm(real),
        direct(real),
        plates(drawn),
        trust(calibration),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def summary() -> str:
    """The table of README.md: HyperLPR on all photographs."""
    real = json.loads((REPORTS / "real.json").read_text("utf-8"))
    lines = [
        "| plates read, province left out | degraded | bicubic | restored |",
        "|---|---|---|---|",
    ]
    for condition in real["accuracy"]["all"]:
        lines.append(row(condition, *[*before_and_after(real, "all", condition, "hyperlpr")][:3]))
    return "\n".join(lines) + "\n"


def files() -> Iterator[str]:
    """What each file holds."""
    columns = "parameters | steps | images | began with | split | processes | trained on"
    yield f"| file | bytes | {columns} |"
    yield "|---|---|---|---|---|---|---|---|---|"
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


def photographs(real: Mapping[str, Any]) -> Iterator[str]:
    """Reading before and after, by source and reader."""
    for source, title in SOURCES.items():
        n = real["accuracy"][source][UNTOUCHED]["degraded"]["hyperlpr"][WITHOUT_PROVINCE]["n"]
        yield f"**{title}** (n = {n}). Plates read without a mistake, the province left out:"
        yield ""
        columns = "degraded | bicubic | restored | recovered | whole texts gained, lost"
        yield f"| reader | condition | {columns} |"
        yield "|---|---|---|---|---|---|---|"
        for reader, name in READERS.items():
            for condition in real["accuracy"][source]:
                yield row(
                    name if may_judge(real, source, reader) else f"{name} *",
                    condition,
                    *before_and_after(real, source, condition, reader),
                )
        yield ""


def may_judge(real: Mapping[str, Any], source: str, reader: str) -> bool:
    """Whether a reader is admitted for a source; for all together, where it is for each."""
    admitted = real["may_judge"]
    return all(reader in admitted[name] for name in admitted if source in (name, "all"))


def harm(real: Mapping[str, Any]) -> Iterator[str]:
    """Restored less bicubic at low resolution, where the same pixels need no restoring."""
    yield "Restored less bicubic at low resolution, all sources, points of plates (6/6):"
    yield ""
    yield "| reader | condition | difference | p (McNemar, Holm over these conditions) |"
    yield "|---|---|---|---|"
    for condition, readers in real["harm"]["all"].items():
        for reader, name in READERS.items():
            figure = readers[reader][WITHOUT_PROVINCE]
            star = "" if may_judge(real, "all", reader) else " *"
            yield row(name + star, condition, share(figure, "+"), f"{figure['holm_p']:.2g}")


def before_and_after(
    real: Mapping[str, Any], source: str, condition: str, reader: str
) -> Iterator[str]:
    """The cells of a line of `photographs`."""
    found = real["accuracy"][source][condition]
    for method in ("degraded", "bicubic", "full"):
        yield share(found[method][reader][WITHOUT_PROVINCE])
    recovered = real["recovered"][source].get(condition, {}).get("full", {}).get(reader, {})
    figure = recovered.get(WITHOUT_PROVINCE)
    yield share(figure) if figure and condition != UNTOUCHED else ""
    change = real["changes"][source][condition]["full"][reader]
    counts = f"{change['gained']['count']}, {change['lost']['count']}"
    yield f"{counts} (p {change['gained']['holm_p']:.2g})"


def direct(real: Mapping[str, Any]) -> Iterator[str]:
    """The direct reader, which needs no restoration."""
    yield "The reader `direct` on the degraded plate, and on the restored one, all sources:"
    yield ""
    yield "| condition | degraded, 6/6 | degraded, 7/7 | restored, 6/6 |"
    yield "|---|---|---|---|"
    for condition, methods in real["accuracy_by_direct"]["all"].items():
        before, after = (methods[m]["direct"] for m in ("degraded", "full"))
        cells = share(before[WITHOUT_PROVINCE]), share(before[WHOLE])
        yield row(condition, *cells, share(after[WITHOUT_PROVINCE]))


def plates(drawn: Mapping[str, Any]) -> Iterator[str]:
    """Drawn plates under the study's blurs."""
    yield f"Drawn plates that no training saw (n = {drawn['plates']}), characters read by `judge`:"
    yield ""
    yield "| blur | degraded | bicubic | restored |"
    yield "|---|---|---|---|"
    for condition, methods in drawn["headline"].items():
        found = (methods[m]["judge"]["character_accuracy"] for m in ("degraded", "bicubic", "full"))
        yield row(condition, *map(share, found))


def trust(calibration: Mapping[str, Any]) -> Iterator[str]:
    """Who is refused; degraded plates are as those of the training."""
    yield "What passes for a plate, drawn ones and other pictures, by how the plate was placed:"
    yield ""
    yield "| placed by | clean plates accepted | degraded ones accepted | non-plates refused |"
    yield "|---|---|---|---|"
    accepted, refused = (calibration["likeness"][name] for name in ("accepted", "refused"))
    for way, found in accepted.items():
        cells = found["clean"], found["training"], refused[way]["clean"]["all"]
        yield row(way, *map(share, cells))


if __name__ == "__main__":
    sys.exit(PAGE.main(figures, __doc__))
