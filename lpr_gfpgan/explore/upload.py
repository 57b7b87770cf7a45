"""A file that a browser sent, given to functions that read files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError

LONGEST = 255
"""Bytes of a file's name, on most systems."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An uploaded file, kept in memory: a photograph may be private and is not left on a disk.

    Attributes:
        name: as the user's system calls it.
        data: its bytes.
    """

    name: str
    data: bytes

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """The upload as a file of that name; it is gone when the context ends.

        Raises:
            ImageError: one that is raised inside, about the file's name alone: the user knows no
                folder.
        """
        name = Path(self.name).name
        if not 0 < len(name.encode()) <= LONGEST:
            name = "upload"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(self.data)
            try:
                yield path
            except ImageError as error:
                raise ImageError(str(error).replace(f"{folder}/", "")) from None
