"""A folder's readings.jsonl: one line for each restored plate, those of earlier runs kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .lines import json_line
from .parts import READINGS, append, is_cut, no_reading, part_of
from .processes import Processes
from .provenance import is_restoration


class _Lines(NamedTuple):
    """The lines of one picture, by their numbers from `first` up to `end`, and what they name.

    There may be a million of these: what nearly all share is held once. `files` is None where they
    name the restored picture alone.
    """

    first: int
    end: int
    complete: bool
    files: tuple[str, ...] | None
    input_sha256: bytes
    model_sha256: str


class Readings:
    """The lines in the folder, and those to come.

    Files are named from the folder on, so that it may be moved and named from anywhere. New lines
    are put at the end of the file, which in a folder of many pictures is too long to be written
    anew for each batch; `close` takes away those that they replace. After a run that was killed
    before, the later lines of a picture count, and a line that the kill cut off is dropped.

    Of several processes each knows the lines of its own pictures, and adds new ones to a part of
    its own; see `gather_parts`.

    Args:
        folder: where restored pictures are put; it may not be there yet.
        processes: this one and the others of the run.

    Attributes:
        path: readings.jsonl.

    Raises:
        DataError: the file in it is damaged, or a line is not of this program.
    """

    def __init__(self, folder: Path, processes: Processes | None = None) -> None:
        self.path = self._own = folder / READINGS
        self._processes = processes or Processes()
        self._pictures: dict[str, _Lines] = {}
        self._replaced: set[int] = set()
        self._count = 0
        self._last: str | None = None  # the picture of the last line
        self._size = 0  # in bytes, of the file as this run knows it
        self._cut = 0  # bytes at its end that are no whole line
        self._waiting: list[str] = []
        if self.path.exists():
            self._load()
        if self._processes.count > 1:
            self._own, self._size = part_of(folder, self._processes.rank), 0
            self._cut, self._waiting = 0, []  # whoever gathers the parts sees to that

    @property
    def has_replaced(self) -> bool:
        """Whether there are lines that do not count any more."""
        return bool(self._replaced)

    def is_known(self, target: Path) -> bool:
        """Whether there are lines of a restored picture."""
        return self._lines_of(target) is not None

    def is_finished(self, target: Path, picture: str) -> bool:
        """Whether there are all lines of a restored picture, and all the files that they name.

        Args:
            target: the restored picture.
            picture: what it must have been restored from, whatever its name: its contents count.

        A run that was killed while it replaced a picture may have left files of one model and lines
        of another; these are not finished.
        """
        from ..files import sha256_of

        lines = self._lines_of(target)
        if lines is None or not lines.complete:
            return False
        if (digest := lines.input_sha256.hex()) != sha256_of(picture):
            return False
        made = digest, lines.model_sha256
        return all(is_restoration(path, *made) for path in self._files(target, lines))

    def files_of(self, target: Path, input_sha256: str) -> set[Path]:
        """The files beside a restored picture that its lines name, if they are of that input.

        Args:
            target: the restored picture.
            input_sha256: of what it must have been restored from.
        """
        lines = self._lines_of(target)
        if lines is None or lines.input_sha256.hex() != input_sha256:
            return set()
        paths = set(self._files(target, lines))
        return {path for path in paths if path.parent == target.parent}

    def put(self, lines: Sequence[dict[str, Any]]) -> None:
        """Takes the lines of one picture, in the place of those it had.

        Args:
            lines: one for each plate in it, with `output`, `samples`, `photograph`, `plate` and
                `plates`, see `OutputFolder`.
        """
        self._last = None
        for line in lines:
            self._take(line)
            self._waiting.append(json_line(line) + "\n")

    def write(self) -> None:
        """Writes the lines that were put since the last time, all or none."""
        if not self._waiting:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._cut and self._is_as_known():
            os.truncate(self._own, self._size - self._cut)
            self._size -= self._cut
        self._cut = 0
        self._size += append(self._own, ["".join(self._waiting).encode()])
        self._waiting.clear()

    def close(self) -> None:
        """Takes away the lines that were replaced; nothing is put after that.

        Where another run wrote into the file meanwhile, this is left to the next run. Of several
        processes none does it; one does it alone once the parts are gathered.
        """
        from ..files import atomic_path

        if self._own != self.path or not self._replaced or self._waiting or not self._is_as_known():
            return
        with (
            atomic_path(self.path) as temporary,
            open(self.path, "rb") as old,
            open(temporary, "wb") as new,
        ):
            new.writelines(text for n, text in enumerate(old) if n not in self._replaced)

    def _lines_of(self, target: Path) -> _Lines | None:
        """The lines of a restored picture; None where there are none."""
        return self._pictures.get(os.path.normpath(target.relative_to(self.path.parent)))

    def _files(self, target: Path, lines: _Lines) -> Iterator[Path]:
        """What the lines of a restored picture name."""
        if lines.files is None:
            yield target
        else:
            yield from (self.path.parent / name for name in lines.files)

    def _load(self) -> None:
        with open(self.path, "rb") as file:
            for number, text in enumerate(file, start=1):
                self._size += len(text)
                try:
                    self._take(json.loads(text))
                except (ValueError, TypeError, KeyError, AttributeError):
                    if is_cut(text):
                        self._cut = len(text)
                        return
                    raise no_reading(self.path, number) from None
                if not text.endswith(b"\n"):
                    self._waiting.append("\n")

    def _take(self, line: dict[str, Any]) -> None:
        """Adds a line to those of its picture, or as the first of them that counts."""
        target, number = line["photograph"] or line["output"], self._count
        key = os.path.normpath(target)
        names = [name for name in (target, line["output"], *line["samples"]) if name is not None]
        first = number
        before = self._pictures.get(key)
        if before is not None and self._last == key and line["plate"] not in (None, 1):
            first, names = before.first, [*(before.files or [target]), *names]
        elif before is not None:
            self._replaced.update(range(before.first, before.end))
        complete = line["plates"] is None or line["plates"] == number + 1 - first
        files = None if set(names) == {target} else tuple(dict.fromkeys(names))
        model = sys.intern(line["model_sha256"])
        origin = bytes.fromhex(line["input_sha256"]), model
        if self._processes.owns(target):
            self._pictures[key] = _Lines(first, number + 1, complete, files, *origin)
        self._last, self._count = key, number + 1

    def _is_as_known(self) -> bool:
        return os.path.getsize(self._own) == self._size
