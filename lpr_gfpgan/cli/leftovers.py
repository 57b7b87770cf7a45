"""What a run that was killed left of the file it was writing."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from .readings import READINGS

# As `files.atomic_path` names them, of the files that `OutputFolder` writes.
_TEMPORARY = re.compile(r"\.(?P<stem>.+?)(-plate\d+)?(-sample\d+)?\.[0-9a-f]{8}(?P<suffix>\.\w+)")


def remove_leftovers(folder: Path, targets: Collection[Path]) -> None:
    """Removes the temporary files of restored pictures, and of the readings beside them.

    Args:
        folder: where restored pictures are put.
        targets: those that this run will write; what other names stand for is left alone.
    """
    ours = {folder / READINGS, *targets}
    for parent in {path.parent for path in ours}:
        for path in parent.glob(".*"):
            match = _TEMPORARY.fullmatch(path.name)
            if match and parent / (match["stem"] + match["suffix"]) in ours:
                path.unlink(missing_ok=True)
