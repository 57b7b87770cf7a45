"""Writes the figures of profile quick into the pages that show them, between their marks.

Usage: python tools/quick.py [--check]
"""

import sys
from functools import partial
from pathlib import Path

import quick_photographs
import quick_tables
from marked import MarkedPage, write_pages
from quick_reports import Read, present

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results.md"
TOOL = "tools/quick.py"
PARTS = [
    (MarkedPage(ROOT / "README.md", f"{TOOL} test"), quick_tables.first_page),
    (MarkedPage(RESULTS, f"{TOOL} judge"), quick_tables.judge),
    (MarkedPage(RESULTS, f"{TOOL} by blur"), quick_tables.by_blur),
    (MarkedPage(RESULTS, f"{TOOL} grid"), quick_tables.grid),
    (MarkedPage(RESULTS, f"{TOOL} prior"), quick_tables.prior),
    (MarkedPage(RESULTS, f"{TOOL} contributions"), quick_tables.contributions),
    (MarkedPage(RESULTS, f"{TOOL} photographs"), quick_photographs.photographs),
    (MarkedPage(RESULTS, f"{TOOL} trust"), quick_tables.trust),
    (
        MarkedPage(ROOT / "docs" / "limits-and-ethics.md", f"{TOOL} false reads"),
        quick_tables.false_reads,
    ),
]
"""Each part of a page, and what makes it of the reports."""


def part(make: quick_tables.Make, read: Read) -> str:
    """The figures of one part, as Markdown."""
    return "\n".join(make(read)) + "\n"


if __name__ == "__main__":
    made = [(page, partial(part, make, present)) for page, make in PARTS]
    sys.exit(write_pages(made, __doc__))
