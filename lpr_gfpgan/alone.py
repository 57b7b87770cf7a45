"""One run at a time in a folder: a second one would write every picture and line again.

A run of several processes holds the same lock: its first process takes it alone, then lets the
others in. It is free again when the last of them has ended, however it ended.
"""

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
def alone_in(folder: Path) -> Iterator[int]:
    """Keeps other runs out of a folder; the system lets go of it when the process ends, killed too.

    Args:
        folder: created if it is missing, and removed again if nothing was put into it.

    Yields:
        The lock, see `let_in`.

    Raises:
        DataError: another run is in the folder, or it cannot be written to.
    """
    missing, path = not folder.exists(), folder / LOCK
    try:
        with _refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock = _locked(path)
        try:
            yield lock
        finally:
            _leave(lock, path)
    finally:
        if missing:
            with contextlib.suppress(OSError):  # something is in it
                folder.rmdir()


def let_in(lock: int, folder: Path) -> None:
    """Lets the other processes of this run in, and no other run.

    Raises:
        DataError: another run came in just then.
    """
    if fcntl:
        with _refusals(folder):
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)


@contextlib.contextmanager
def along_in(folder: Path) -> Iterator[None]:
    """Goes into a folder that the first process of this run let the others into.

    Raises:
        DataError: another run is in the folder, the first process is not, or the folder cannot be
            written to.
    """
    with _refusals(folder):
        try:
            lock = _shared(folder / LOCK)
        except FileNotFoundError:
            raise DataError(
                f"{folder}: the first process of this run is not in it, or this node does not see "
                "the same folder; give one that all share"
            ) from None
    try:
        yield
    finally:
        _leave(lock, folder / LOCK)


@contextlib.contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """Says in words why a lock cannot be had."""
    try:
        yield
    except BlockingIOError:
        raise DataError(
            f"another run is writing into {folder}; wait for its end, or give another folder"
        ) from None
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written to ({error.strerror}); give another folder"
        ) from None


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


def _shared(path: Path) -> int:
    """The descriptor of the lock's file, held along with others of this run.

    Raises:
        FileNotFoundError: the file is not there, or was removed just then.
        BlockingIOError: another run holds it.
    """
    lock = os.open(path, os.O_RDWR)
    try:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(lock), path.stat()):
            raise FileNotFoundError(path)
    except OSError:
        os.close(lock)
        raise
    return lock


def _leave(lock: int, path: Path) -> None:
    """Lets go of the lock; the last of those who hold it removes the file."""
    try:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        pass  # others of this run are still there: without the file another run could come in
    finally:
        os.close(lock)
