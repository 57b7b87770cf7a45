"""Pages whose figures are written by a tool, between two marks; all else in them is prose."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lpr_gfpgan.errors import LprError
from lpr_gfpgan.files import write_text

KEYS = ("estimate", "low", "high")


class MarkedPage:
    """A Markdown page with figures between two marks.

    Args:
        path: the page.
        tool: the script that writes it, as a user would call it; part of the first mark.
    """

    def __init__(self, path: Path, tool: str) -> None:
        self.path = path
        self.first, self.last = f"<!-- figures: {tool} -->", "<!-- end of figures -->"

    def written(self, page: str, figures: str) -> str:
        """The page's text with these figures between its marks.

        Raises:
            ValueError: a mark is missing.
        """
        before, _, rest = page.partition(self.first)
        _, found, after = rest.partition(self.last)
        if not found:
            raise ValueError(f"{self.path}: no {self.first} ... {self.last}; put them back")
        return f"{before}{self.first}\n\n{figures}\n{self.last}{after}"

    def main(self, figures: Callable[[], str], description: str) -> int:
        """The tool: writes the page, or with --check fails if it differs from the figures."""
        parser = argparse.ArgumentParser(description=description.partition("\n")[0])
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if it differs"
        )
        options = parser.parse_args()
        try:
            page = self.path.read_text("utf-8")
            new = self.written(page, figures())
        except (OSError, ValueError, KeyError, LprError) as error:
            print(f"{self.path.name}: {error}", file=sys.stderr)
            return 1
        if options.check:
            if new != page:
                print(
                    f"{self.path.name}: differs from the reports; run without --check",
                    file=sys.stderr,
                )
            return int(new != page)
        write_text(self.path, new)
        return 0


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


def share(figure: Mapping[str, Any], sign: str = "") -> str:
    """A share, or with the sign "+" a difference, in per cent, with its interval if it has one."""
    estimate, *ends = (f"{100 * figure[k]:{sign}.1f}" for k in KEYS if k in figure)
    return f"{estimate} [{', '.join(ends)}]" if ends else estimate
