"""A folder's readings.jsonl: one line for each restored plate, those of earlier runs kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError
from .lines import json_line

READINGS = "readings.jsonl"


class Readings:
    """The lines in the folder, and those to come.

    Args:
        folder: where restored pictures are put; it may not be there yet.

    Raises:
        DataError: the file in it is damaged, or a line is not of this program.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / READINGS
        # As text, by the picture they belong to: what an earlier run wrote is kept as it is.
        self._lines: dict[Path, list[str]] = {}
        self._changed = False
        for number, text in enumerate(_lines_of(self.path), start=1):
            try:
                self._lines.setdefault(_target_of(json.loads(text)), []).append(text)
            except (ValueError, TypeError, KeyError, AttributeError):
                raise DataError(
                    f"{self.path}: line {number} is no reading of this program; move the file away"
                ) from None

    def refuse_known(self, targets: Iterable[Path]) -> None:
        """Refuses pictures that have lines already, as one that is there is refused.

        Args:
            targets: what the pictures of this run become.

        Raises:
            DataError: names the first.
        """
        for target in targets:
            if target.resolve() in self._lines:
                raise DataError(
                    f"{self.path} has a line for {target} already; give --overwrite or another "
                    "place"
                )

    def put(self, target: Path, lines: Sequence[dict[str, Any]]) -> None:
        """Takes the lines of one picture, in the place of those it had.

        Args:
            target: the restored picture.
            lines: one for each plate in it, with `output` and `photograph`, see `OutputFolder`.
        """
        self._lines[target.resolve()] = [json_line(line) for line in lines]
        self._changed = True

    def write(self) -> None:
        """Writes the file anew, whole or not at all, if there is anything new."""
        from ..files import write_text

        if self._changed:
            texts = [text for each in self._lines.values() for text in each]
            write_text(self.path, "".join(f"{text}\n" for text in texts))
            self._changed = False


def _target_of(line: dict[str, Any]) -> Path:
    """The restored picture of a line: the photograph, where the plate is in one."""
    return Path(line.get("photograph") or line["output"]).resolve()


def _lines_of(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        # Not `splitlines`: it also breaks at characters that may stand in a file's name.
        return [text for text in path.read_text("utf-8").split("\n") if text]
    except UnicodeDecodeError:
        raise DataError(f"{path} is no text in UTF-8; move the file away") from None
