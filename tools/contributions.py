"""Writes what the contributions bring on photographs into docs/results.md, between its two marks.

Usage: python tools/contributions.py [--check]
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from card_photographs import WITHOUT_PROVINCE, starred
from marked import MarkedPage, head, row, share

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "reports" / "recipes" / "recipes.json"
PAGE = MarkedPage(ROOT / "docs" / "results.md", "tools/contributions.py")
METHODS = ("degraded", "bicubic", "face_recipe", "full")
READERS = {"hyperlpr": "HyperLPR", "judge": "`judge`"}


def figures() -> str:
    """The table, as Markdown."""
    return "\n".join(table(json.loads(FIGURES.read_text("utf-8")))) + "\n"


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """Plates read without the province by both recipes, all sources, and the differences.

    Args:
        found: what reports/recipes/recipes.json holds, see `evaluation.recipes_report`.
    """
    yield from head(
        f"reader | condition | {' | '.join(METHODS)} | full less face_recipe | p (Holm)"
    )
    for reader, name in READERS.items():
        label = starred(name, found, "all", reader)
        for condition, methods in found["accuracy"]["all"].items():
            gain = found["gain"]["face_recipe"]["all"][condition][reader][WITHOUT_PROVINCE]
            yield row(
                label,
                condition,
                *(share(methods[method][reader][WITHOUT_PROVINCE]) for method in METHODS),
                share(gain, "+"),
                f"{gain['holm_p']:.2g}",
            )
        mean = found["overall"]["face_recipe"]["all"][reader][WITHOUT_PROVINCE]
        yield row(
            label,
            "**mean of the five**",
            *("" for _ in METHODS),
            f"**{share(mean, '+')}**",
            "",
        )


if __name__ == "__main__":
    sys.exit(PAGE.main(figures, __doc__))
