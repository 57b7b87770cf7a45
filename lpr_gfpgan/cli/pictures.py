"""Which pictures a command works on, a batch at a time, and that nothing is lost for them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ..errors import DataError, LprError
from .words import in_words

BATCH = 16
"""Pictures that are held at once, and whose readings are written together."""

Opened = TypeVar("Opened")


def pictures_of(
    options: argparse.Namespace, results: Path | None = None
) -> list[tuple[Path, Path]]:
    """Every picture asked for, and its place below an output folder; folders are searched in depth.

    What is hidden in a searched folder is left out: temporary files have such names.

    Args:
        options: with `paths` and `corners`, see `add_pictures`.
        results: a folder that is left out where it lies in a searched one.

    Raises:
        DataError: a folder holds no picture or is that of the results, or corners are given for
            more than one.
    """
    pictures = _find(options.paths, results)
    if options.corners is not None and len(pictures) != 1:
        raise DataError(
            f"--corners are those of one picture, got {len(pictures)}; run it for each of them"
        )
    return pictures


def given_place(options: argparse.Namespace) -> str | list[list[float]] | None:
    """What the user says of where the plate is: "tight", four corners, or nothing."""
    from ..restore import TIGHT

    return TIGHT if options.tight else options.corners


def batches(
    paths: Sequence[Path], open_one: Callable[[Path], Opened]
) -> Iterator[list[tuple[Path, Opened | None]]]:
    """Pictures opened, a batch at a time, under a progress bar where a person looks on.

    Args:
        paths: of the pictures.
        open_one: reads one. Where it raises an LprError, the picture is named and has None.

    Yields:
        Paths and what became of them, in order.
    """
    from tqdm import tqdm

    with tqdm(total=len(paths), unit="picture", disable=None) as bar:
        for start in range(0, len(paths), BATCH):
            batch: list[tuple[Path, Opened | None]] = []
            for path in paths[start : start + BATCH]:
                try:
                    batch.append((path, open_one(path)))
                except LprError as error:
                    report_skipped(error)
                    batch.append((path, None))
            yield batch
            bar.update(len(batch))


def report_skipped(error: LprError | OSError) -> None:
    """Names a picture that is left out."""
    report(f"skipped: {in_words(error)}")


def report(text: str) -> None:
    """Says something on a line of its own, below which a progress bar goes on."""
    from tqdm import tqdm

    tqdm.write(f"lpr-gfpgan: {text}", file=sys.stderr)


def _find(paths: Sequence[Path], results: Path | None) -> list[tuple[Path, Path]]:
    found = []
    for path in paths:
        if not path.is_dir():
            found.append((path, Path(path.name)))
            continue
        if results is not None and os.path.realpath(path) == os.path.realpath(results):
            raise DataError(
                f"{path}: the results would lie among the pictures; give another folder, such as "
                f"{path / 'restored'}"
            )
        inside = sorted(_inside(path, results))
        if not inside:
            raise DataError(f"{path}: no pictures in this folder; check the path")
        found += [(picture, picture.relative_to(path)) for picture in inside]
    return found


def _inside(folder: Path, results: Path | None) -> Iterator[Path]:
    from ..files import IMAGE_SUFFIXES

    left_out = None if results is None else os.path.realpath(results)
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(parent, name)) != left_out
        ]
        for name in names:
            if not name.startswith(".") and name.lower().endswith(IMAGE_SUFFIXES):
                yield Path(parent, name)


def _refuse(error: OSError) -> None:
    """What cannot be searched is no empty folder."""
    raise error
