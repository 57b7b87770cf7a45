"""What a run that was killed left of the file it was writing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path


def remove_leftovers(folder: Path, targets: Iterable[str]) -> None:
    """Removes unfinished files of this program beside the readings and the pictures of this run.

    Args:
        folder: where restored pictures are put; no other run may be writing into it.
        targets: those that this run will write.
    """
    from ..files import TEMPORARY

    name = re.compile(rf"{re.escape(TEMPORARY)}[0-9a-f]{{16}}(\.\w+)?")
    for parent in {str(folder), *map(os.path.dirname, targets)}:
        for path in Path(parent).glob(f"{TEMPORARY}*"):
            if name.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)
