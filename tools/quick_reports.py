"""The files of reports/quick, parsed."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[1]
FOLDER = Path("reports") / "quick"
Read = Callable[[str], Any]
"""Gives the content of a file in reports/quick by its name there."""


def present(name: str) -> Any:
    """What a file in reports/quick holds, see `parsed`.

    Raises:
        OSError: it is missing.
        ValueError: it is damaged.
    """
    return parsed(name, (ROOT / FOLDER / name).read_bytes())


def parsed(name: str, data: bytes) -> Any:
    """JSON as it is, CSV as a table; unpacked where the name ends in .gz.

    Args:
        name: of the file.
        data: its bytes.

    Raises:
        ValueError: it is damaged.
    """
    try:
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        return json.loads(data) if name.endswith(".json") else pd.read_csv(io.BytesIO(data))
    except (OSError, EOFError, ValueError) as error:
        raise ValueError(f"{FOLDER / name} is damaged ({error}); run the study again") from None
