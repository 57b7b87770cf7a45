"""The headline of a finished study, in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import Study
from .check import own_figures
from .methods import BICUBIC, DEGRADED, DIRECT, JUDGE, ORIGINAL

CLAIMS_NOTHING = (
    "This profile proves the machinery. It is far too small to claim anything about the paper's "
    "contributions."
)


def claims_nothing(profile: str) -> bool:
    """Whether the profile is too small for its figures to mean anything about the method."""
    return profile in ("smoke", "quick")


def page_path(study: Study) -> Path:
    """The study's page."""
    return study.paths.reports / "study.html"


def summary(study: Study) -> str:
    """Where the page and figures of this machine's run are, and its headline, as lines of text.

    Raises:
        DataError: this machine has made no run; figures that came with git are none of its own.
    """
    figures = own_figures(study)
    pooled = figures["pooled"]
    plates = figures["n"]["plates"]
    conditions = len(figures["conditions"])
    lines = [
        f"profile {study.profile}: {plates} test plates under {conditions} conditions; "
        "character accuracy, 95 % interval",
        *(
            _line(name, pooled.get(method, {}).get(reader, {}).get("character_accuracy"))
            for name, method, reader in (
                ("original", ORIGINAL, JUDGE),
                ("degraded", DEGRADED, JUDGE),
                ("bicubic", BICUBIC, JUDGE),
                ("direct reading", DEGRADED, DIRECT),
                ("full", next((m for m in pooled if m.startswith("full")), ""), JUDGE),
            )
        ),
        *(
            _line(name, difference["character_accuracy"], signed=True)
            for name, difference in figures["differences"].items()
            if name.endswith((f"- {DEGRADED}", f"- {BICUBIC}", "- direct reading"))
        ),
    ]
    if claims_nothing(study.profile):
        lines.append(CLAIMS_NOTHING)
    lines += [f"page     {page_path(study)}", f"figures  {study.paths.reports / 'figures'}"]
    return "\n".join(lines)


def _line(name: str, figure: Mapping[str, Any] | None, *, signed: bool = False) -> str:
    if figure is None:
        return f"  {name:<24} absent"
    sign = "+" if signed else ""
    estimate, low, high = (100 * figure[key] for key in ("estimate", "low", "high"))
    ends = f"[{low:{sign}.1f}, {high:{sign}.1f}]"
    return f"  {name:<24} {estimate:{sign}6.1f} %  {ends}  n = {figure['n']}"
