"""Compares the figures of this machine's run with the committed ones.

Other processors give other digits: training sums numbers in another order, and small differences
grow. So figures agree when each lies within the other's interval, while what was tested, the plates
and their drawn degradations, must be the same to the letter. The intervals are over plates: what
another training of the same networks would give they do not cover, and on another processor the
paired differences between two networks in particular may disagree.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import Study
from ..errors import DataError
from .measures import MEASURES
from .rows import read_rows
from .run import rows_path

PIXEL_TOLERANCE = 0.02  # dB between two renderings of one degraded set
AGREES, DIFFERS = "agrees", "differs"
NOT_COMMITTED, COMMITTED_ONLY = "not in the commit", "in the commit only"
ROUNDING = 1e-4  # between a figure and its rows: both are written with five or six digits


def compare_figures(new: dict[str, Any], committed: dict[str, Any]) -> pd.DataFrame:
    """Compares two contents of metrics/evaluation.json.

    A figure agrees if its n is the same and each estimate lies within the other's interval. A
    degraded set agrees if its SHA-256 is the same. Its pixels agree if their SHA-256 is the same or
    if the PSNR of the two plain enlargements, in which no network has a part, differs by at most
    0.02 dB; of a set without such figures, that of the validation plates, they agree if its drawn
    parameters do.

    Returns:
        One line per comparison: figure, new, committed, agrees, equal (to the last digit written)
        and outcome: AGREES, DIFFERS, NOT_COMMITTED or COMMITTED_ONLY. What only one side has
        disagrees.
    """
    lines = []
    sets = _keys(new.get("sets", {}), committed.get("sets", {}))
    for name in sets:
        a, b = (side.get("sets", {}).get(name, {}) for side in (new, committed))
        for key in ("set_sha256", "pixels_sha256"):
            x, y = a.get(key), b.get(key)
            agrees = x is not None and x == y
            if key == "pixels_sha256" and x and y and not agrees:
                agrees = _same_but_for_rounding(new, committed, name)
            shown = ("absent" if digits is None else str(digits)[:12] for digits in (x, y))
            lines.append((f"{name} {key}", *shown, agrees, x == y, _outcome(x, y, agrees)))
    mine, theirs = dict(_figures(new)), dict(_figures(committed))
    for name in _keys(mine, theirs):
        a, b = mine.get(name), theirs.get(name)
        agrees = bool(
            a
            and b
            and a.get("n") == b.get("n")
            and b["low"] <= a["estimate"] <= b["high"]
            and a["low"] <= b["estimate"] <= a["high"]
        )
        lines.append((name, _text(a), _text(b), agrees, a == b, _outcome(a, b, agrees)))
    columns = ["figure", "new", "committed", "agrees", "equal", "outcome"]
    return pd.DataFrame(lines, columns=columns)


def report_of(table: pd.DataFrame) -> str:
    """What does not agree, line by line, and one line that sums up.

    Args:
        table: of `compare_figures`.
    """
    wrong = table[~table["agrees"]]
    lines = []
    if len(wrong):
        lines.append(wrong[["outcome", "figure", "new", "committed"]].to_string(index=False))
    total = (
        f"{int(table['agrees'].sum())} of {len(table)} figures agree with the committed ones, "
        f"{int(table['equal'].sum())} of them to the last digit"
    )
    counts = wrong["outcome"].value_counts()
    parts = [
        f"{counts[outcome]} {words}"
        for outcome, words in (
            (DIFFERS, "outside the intervals or of another test"),
            (NOT_COMMITTED, NOT_COMMITTED),
            (COMMITTED_ONLY, COMMITTED_ONLY),
        )
        if outcome in counts
    ]
    return "\n".join([*lines, "; ".join([total, *parts])])


def committed_figures(path: Path) -> dict[str, Any]:
    """The figures of the last commit (`git show HEAD:...`).

    Args:
        path: the file in the working tree.

    Raises:
        DataError: git or its repository is missing, or the last commit has no such file.
    """
    command = ["git", "-C", str(path.parent), "show", f"HEAD:./{path.name}"]
    if not path.parent.is_dir():
        raise DataError(f"no folder {path.parent}; run `make reproduce` first")
    try:
        shown = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise DataError("git is not installed; `make check` needs it to find the figures") from None
    if shown.returncode:
        raise DataError(f"the last commit has no {path}; nothing to compare with: commit it first")
    return _parse(shown.stdout.decode("utf-8", "replace"), f"the committed {path}")


def new_figures(path: Path) -> dict[str, Any]:
    """The figures of the working tree, whoever made them.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"no figures in {path}; run `make reproduce` first") from None
    return _parse(text, str(path))


def own_figures(study: Study) -> dict[str, Any]:
    """The figures of this machine's run.

    git brings the figures of another machine into every clone, but never the rows they were
    computed from. So the figures count as this machine's only if its rows are there and say the
    same: the same numbers of plates and rows, the same conditions, and the same pooled character
    accuracy of every method and reader.

    Raises:
        DataError: the figures or the rows are missing or damaged, do not belong together, or are
            not of the plates and conditions that params.yaml asks for.
    """
    path = study.paths.metrics("evaluation")
    figures = new_figures(path)
    if not rows_path(study).is_file():
        raise DataError(
            f"no run of this machine: {path} came with git, its rows {rows_path(study)} are not "
            "there; run `make reproduce` first"
        )
    rows = read_rows(rows_path(study))
    of_rows = _content(
        {"plates": int(rows["plate"].nunique()), "rows": len(rows)}, rows["condition"].unique()
    )
    of_figures = _content(figures.get("n"), figures.get("conditions", ()))
    if of_rows != of_figures:
        raise DataError(
            f"{path} ({of_figures}) does not belong to this machine's rows ({of_rows}); run "
            "`make reproduce` first"
        )
    rows = rows.assign(value=MEASURES["character_accuracy"](rows))
    means = rows.groupby(["method", "reader"])["value"].mean().to_dict()
    shown = {
        (method, reader): place["character_accuracy"]["estimate"]
        for method, places in figures.get("pooled", {}).items()
        for reader, place in places.items()
        if "character_accuracy" in place
    }
    for who in _keys(means, shown):
        if not abs(means.get(who, np.nan) - shown.get(who, np.nan)) <= ROUNDING:
            raise DataError(
                f"{path} does not belong to this machine's rows: they give another character "
                f"accuracy of {who[0]} read by {who[1]}; run `make reproduce` first"
            )
    settings = study.settings.evaluation
    asked = _content({**figures["n"], "plates": settings.plates}, settings.conditions)
    if of_figures != asked:
        raise DataError(
            f"{path} is of another test ({of_figures}) than params.yaml asks for ({asked}); run "
            "`make reproduce` first"
        )
    return figures


def check(study: Study) -> pd.DataFrame:
    """Compares the figures of this machine's run with the committed ones.

    Raises:
        DataError: this machine has made no run (see `own_figures`), or nothing is committed.
    """
    return compare_figures(own_figures(study), committed_figures(study.paths.metrics("evaluation")))


def _content(n: Any, conditions: Iterable[str]) -> str:
    """What a test is of, in words."""
    counts = n if isinstance(n, dict) else {}
    return (
        f"{counts.get('plates')} plates, {counts.get('rows')} rows, "
        f"conditions {', '.join(sorted(conditions))}"
    )


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or "sets" not in content:
        raise DataError(f"{name} holds no figures of an evaluation; run `make reproduce` again")
    return content


def _figures(content: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping with an estimate, by its dotted place."""
    if not isinstance(content, dict):
        return
    if {"estimate", "low", "high"} <= content.keys():
        yield name, content
        return
    for key, value in content.items():
        yield from _figures(value, f"{name}.{key}" if name else str(key))


def _keys(first: dict, second: dict) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _same_but_for_rounding(new: dict, committed: dict, condition: str) -> bool:
    sides = new, committed
    if not any(condition in side.get("conditions", {}) for side in sides):
        one, other = (side["sets"][condition].get("set_sha256") for side in sides)
        return one == other
    for method in ("degraded", "bicubic"):
        try:
            a, b = (
                side["conditions"][condition][method]["psnr_plate"]["estimate"] for side in sides
            )
        except KeyError:
            return False
        if abs(a - b) > PIXEL_TOLERANCE:
            return False
    return True


def _outcome(new: Any, committed: Any, agrees: bool) -> str:
    if committed is None:
        return NOT_COMMITTED
    if new is None:
        return COMMITTED_ONLY
    return AGREES if agrees else DIFFERS


def _text(value: dict[str, Any] | None) -> str:
    if value is None:
        return "absent"
    return f"{value['estimate']:.4f} [{value['low']:.4f}, {value['high']:.4f}] n={value.get('n')}"
