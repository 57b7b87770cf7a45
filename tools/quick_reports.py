"""The files of reports/quick: as they lie here, or as the last commit has them."""

import gzip
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[1]
FOLDER = Path("reports") / "quick"
Read = Callable[[str], Any]
"""Gives the content of a file in reports/quick by its name there: JSON parsed, CSV as a table."""


def present(name: str) -> Any:
    """What the file holds now."""
    return _parsed(name, (ROOT / FOLDER / name).read_bytes())


def committed(name: str) -> Any:
    """What it held at the last commit; what it holds where there is no git."""
    path = (FOLDER / name).as_posix()
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True)
    return _parsed(name, done.stdout) if done.returncode == 0 else present(name)


def _parsed(name: str, data: bytes) -> Any:
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    return json.loads(data) if name.endswith(".json") else pd.read_csv(io.BytesIO(data))
