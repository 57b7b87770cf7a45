"""Pages whose figures are written by a tool, between two marks; all else in them is prose."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lpr_gfpgan.errors import LprError
from lpr_gfpgan.files import write_text

KEYS = ("estimate", "low", "high")
ANY_FIRST = "<!-- figures: "


class MarkedPage:
    """A Markdown page with figures between two marks.

    Args:
        path: the page.
        tool: the script that writes it, as a user would call it, and where it writes several parts
            of a page, the part's name; part of the first mark.
    """

    def __init__(self, path: Path, tool: str) -> None:
        self.path = path
        self.first, self.last = f"{ANY_FIRST}{tool} -->", "<!-- end of figures -->"

    def written(self, page: str, figures: str) -> str:
        """The page's text with these figures between its marks.

        Raises:
            ValueError: a mark is missing.
        """
        before, _, rest = page.partition(self.first)
        inside, found, after = rest.partition(self.last)
        if not found or ANY_FIRST in inside:  # else all up to another part's end would go
            raise ValueError(f"{self.path}: no {self.first} ... {self.last}; put them back")
        return f"{before}{self.first}\n\n{figures}\n{self.last}{after}"

    def main(self, figures: Callable[[], str], description: str) -> int:
        """The tool of one page, see `write_pages`."""
        return write_pages([(self, figures)], description)


def write_pages(parts: Sequence[tuple[MarkedPage, Callable[[], str]]], description: str) -> int:
    """The tool: writes each part, or with --check fails if a page differs from the figures.

    Args:
        parts: of one page or several, and what makes their figures.
        description: of the tool; its first line is shown as its help.

    Returns:
        The exit status. Nothing is written where one part cannot be made.
    """
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it differs")
    options = parser.parse_args()
    before: dict[Path, str] = {}
    pages: dict[Path, str] = {}
    for page, figures in parts:
        try:
            if page.path not in before:
                before[page.path] = pages[page.path] = page.path.read_text("utf-8")
            pages[page.path] = page.written(pages[page.path], figures())
        except (OSError, ValueError, KeyError, LprError) as error:
            print(f"{page.path.name}: {error}", file=sys.stderr)
            return 1
    changed = {path: new for path, new in pages.items() if new != before[path]}
    for path, new in changed.items():
        if options.check:
            print(f"{path.name}: differs from the reports; run without --check", file=sys.stderr)
        else:
            write_text(path, new)
    return int(options.check and bool(changed))


def head(columns: str) -> tuple[str, str]:
    """The first two lines of a table.

    Args:
        columns: their names, with " | " between them.
    """
    return f"| {columns} |", "|---" * len(columns.split(" | ")) + "|"


def titled(title: str, columns: str) -> tuple[str, ...]:
    """What stands over a table, and its first two lines.

    Args:
        title: a sentence.
        columns: as in `head`.
    """
    return title, "", *head(columns)


def row(*cells: object) -> str:
    """A line of a table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def share(figure: Mapping[str, Any], sign: str = "", unit: str = "") -> str:
    """A share, or with the sign "+" a difference, in per cent, with its interval if it has one."""
    estimate, *ends = (f"{100 * figure[k]:{sign}.1f}" for k in KEYS if k in figure)
    return f"{estimate}{unit} [{', '.join(ends)}]" if ends else f"{estimate}{unit}"


def gain(figure: Mapping[str, Any]) -> str:
    """A difference of shares in points, with its interval and its p adjusted by Holm's method."""
    return f"{share(figure, '+')}, p {figure['holm_p']:.2g}"


def line_of(table: pd.DataFrame, **wanted: str) -> dict[str, Any]:
    """The one line of a table with these values.

    Raises:
        ValueError: there is none, or more than one; names what was looked for.
    """
    for column, value in wanted.items():
        table = table[table[column] == value]
    if len(table) != 1:
        raise ValueError(f"{len(table)} lines with {wanted}, one was expected; run the study again")
    return table.iloc[0].to_dict()
