"""How the page shows tables and pictures: plain HTML, and links to the pictures beside it."""

import os
from pathlib import Path

import pandas as pd

from ..config import Study
from ..errors import DataError
from .views import CAPTION, FOLDED


def as_html(table: pd.DataFrame) -> str:
    """A table as HTML without styles of its own, in a box that scrolls, with its caption.

    A notebook shows every table so if it is registered for its kind:
    `get_ipython().display_formatter.formatters["text/html"].for_type(pd.DataFrame, as_html)`.

    Args:
        table: a view; `attrs["caption"]`, where set, becomes the caption. A table with
            `attrs["folded"]` is shown folded, under these words.
    """
    body = table.to_html(border=0, classes=[], na_rep="")
    caption = table.attrs.get(CAPTION)
    head, rest = body.split(">", 1)
    named = f"<caption>{caption}</caption>" if caption else ""
    shown = f'<div class="table">{head}>{named}{rest}</div>'
    title = table.attrs.get(FOLDED)
    return f"<details><summary>{title}</summary>{shown}</details>" if title else shown


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
