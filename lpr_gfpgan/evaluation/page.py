"""How the page shows tables and pictures: plain HTML, and links to the pictures beside it."""

import os
import re
from html import escape
from pathlib import Path

import pandas as pd

from ..config import Study
from ..errors import DataError
from .views import CAPTION, TITLE, UNFOLDED

LONG = 12
"""Rows above which a table is folded."""
_INTERVAL = re.compile(r"\[[^\[\]]*\]")


def as_html(table: pd.DataFrame) -> str:
    """A table as HTML without styles of its own, in a box that scrolls, with its caption.

    Cells may wrap, so that a wide table fits the page, but not within the brackets of an interval.

    A table of more than LONG rows is folded: a line with its title, caption and number of rows
    opens it, without a script. A notebook shows every table so if it is registered for its kind:
    `get_ipython().display_formatter.formatters["text/html"].for_type(pd.DataFrame, as_html)`.

    Args:
        table: a view; `attrs["caption"]`, where set, becomes the caption, `attrs["title"]` stands
            before it where the table is folded, and one with `attrs["unfolded"]` never is.
    """
    body = table.to_html(border=0, classes=[], na_rep="")
    body = _INTERVAL.sub(lambda found: found[0].replace(" ", "&nbsp;"), body)
    title, caption = (escape(table.attrs.get(key, ""), quote=False) for key in (TITLE, CAPTION))
    head, rest = body.split(">", 1)
    if len(table) > LONG and not table.attrs.get(UNFOLDED):
        named = ": ".join(text for text in (title, caption) if text) or "table"
        named = named[0].upper() + named[1:]
        summary = f"<summary>{named} ({len(table)} rows)</summary>"
        return f'<details>{summary}<div class="table">{head}>{rest}</div></details>'
    named = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="table">{head}>{named}{rest}</div>'


def picture(study: Study, path: Path, alt: str) -> str:
    """A picture as Markdown that links to the file, as seen from the executed notebook.

    The executed notebook lies in reports/<profile>/notebooks; the page's template takes the step up
    out of the address, since the page lies in reports/<profile>.

    Args:
        study: the study.
        path: a file below reports/<profile>.
        alt: what it shows, for those who do not see it.

    Raises:
        DataError: there is no such file, or it lies elsewhere.
    """
    reports = study.paths.reports
    if not path.is_file():
        raise DataError(f"no picture {path}; run `make reproduce` first")
    if reports.resolve() not in path.resolve().parents:
        raise DataError(f"{path} is not below {reports}, so the page cannot link to it; move it")
    address = Path(os.path.relpath(path, reports / "notebooks")).as_posix()
    return f"![{alt}]({address})"
