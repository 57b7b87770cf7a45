"""One run at a time in a folder: a second one would write every picture and line again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .errors import DataError

try:
    import fcntl
except ImportError:  # Windows has no such locks, and there two runs are not kept apart
    fcntl = None

LOCK = ".lpr-gfpgan.lock"


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other runs out of a folder; the system lets go of it when the process ends, killed too.

    Args:
        folder: created if it is missing, and removed again if nothing was put into it.

    Raises:
        DataError: another run is in the folder, or it cannot be written to.
    """
    missing, path = not folder.exists(), folder / LOCK
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _locked(path)
        except BlockingIOError:
            raise DataError(
                f"another run is writing into {folder}; wait for its end, or give another folder"
            ) from None
        except OSError as error:
            raise DataError(
                f"{folder} cannot be written to ({error.strerror}); give another folder"
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(lock)
    finally:
        if missing:
            with contextlib.suppress(OSError):  # something is in it
                folder.rmdir()


def _locked(path: Path) -> int:
    """The descriptor of the lock's file, held by this process alone.

    Raises:
        BlockingIOError: another process holds it.
    """
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another run may have ended, and removed the file, since it was opened.
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except OSError:
            os.close(lock)
            raise
        os.close(lock)
