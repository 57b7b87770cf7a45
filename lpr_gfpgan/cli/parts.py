"""The file of readings on the disk: parts of several processes, put together; lines cut off."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError

READINGS = "readings.jsonl"
_BEGINNING = b'{"input": "'
_PART = ".lpr-gfpgan.part-"
_HASHES = ("input_sha256", "model_sha256")
_NEEDED = {"photograph", "output", "samples", "plate", "plates", *_HASHES}
_HEXADECIMAL = re.compile("[0-9a-f]{64}")


def part_of(folder: Path, rank: int) -> Path:
    """The file that one of several processes adds its lines to."""
    return folder / f"{_PART}{rank}.jsonl"


def gather_parts(folder: Path) -> None:
    """Puts the lines of all parts at the end of readings.jsonl, and removes the parts.

    A kill in the midst of this leaves lines in both; the next run puts them in again, and the later
    ones count, see `Readings`.

    Args:
        folder: with the parts; no process may be writing into it.

    Raises:
        DataError: a part is damaged; nothing was changed.
        OSError: no space, for one; the parts are as they were.
    """
    parts = sorted(folder.glob(f"{_PART}*.jsonl"))
    for path in parts:
        for _ in whole_lines(path):  # refuses a damaged one before anything is done
            pass
    for path in parts:
        _mend_end(folder / READINGS)
        append(folder / READINGS, whole_lines(path))
        path.unlink()


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, each with its end; one that a kill cut off at the last is left out.

    Raises:
        DataError: a line is none of this program's.
    """
    with open(path, "rb") as file:
        for number, text in enumerate(file, start=1):
            if is_cut(text):
                return
            if not _is_reading(text):
                raise no_reading(path, number)
            yield text if text.endswith(b"\n") else text + b"\n"


def is_cut(text: bytes) -> bool:
    """Whether a line is the beginning of one: a kill cut it off."""
    if text.endswith(b"\n") or not text.startswith(_BEGINNING[: len(text)]):
        return False
    return _parsed(text) is None


def no_reading(path: Path, number: int) -> DataError:
    """The refusal of a file with a line that is none of this program's."""
    return DataError(f"{path}: line {number} is no reading of this version; move the file away")


def append(path: Path, texts: Iterable[bytes]) -> int:
    """Puts texts at the end of a file; an error leaves the file as it was.

    Returns:
        How many bytes they were.
    """
    with open(path, "ab", buffering=0) as file:
        before = file.tell()
        try:
            for text in texts:
                rest = memoryview(text)
                while rest:
                    rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(before)
            raise
        return file.tell() - before


def _mend_end(path: Path) -> None:
    """Takes away a last line that a kill cut off, and ends one that lacks its end alone."""
    if not path.exists():
        return
    size = end = path.stat().st_size
    last = b""
    with open(path, "rb") as file:
        while end and b"\n" not in last:
            begin = max(0, end - (1 << 16))
            file.seek(begin)
            last = file.read(end - begin) + last
            end = begin
    last = last[last.rfind(b"\n") + 1 :]
    if is_cut(last):
        os.truncate(path, size - len(last))
    elif last:
        append(path, [b"\n"])


def _is_reading(text: bytes) -> bool:
    """Whether a line has what is needed of it when it is read again."""
    line = _parsed(text) if text.startswith(_BEGINNING) else None
    if line is None or not line.keys() >= _NEEDED:
        return False
    hashes = (line[name] for name in _HASHES)
    return all(isinstance(each, str) and _HEXADECIMAL.fullmatch(each) for each in hashes)


def _parsed(text: bytes) -> dict[str, Any] | None:
    """What a line holds; None where it is no JSON object."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None
