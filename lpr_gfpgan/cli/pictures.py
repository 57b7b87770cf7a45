"""Which pictures a command works on, a batch at a time, and that nothing is lost for them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ..errors import DataError, LprError

BATCH = 16
"""Pictures that are held at once, and whose readings are written together."""

Opened = TypeVar("Opened")


def pictures_of(options: argparse.Namespace) -> list[tuple[Path, Path]]:
    """Every picture asked for, and its place below an output folder; folders are searched in depth.

    Raises:
        DataError: a folder holds no picture, or corners are given for more than one.
    """
    pictures = _find(options.paths)
    if options.corners is not None and len(pictures) != 1:
        raise DataError(
            f"--corners are those of one picture, got {len(pictures)}; run it for each of them"
        )
    return pictures


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


def report_skipped(error: LprError) -> None:
    """Names a picture that is left out, on a line of its own below which a progress bar goes on."""
    from tqdm import tqdm

    tqdm.write(f"lpr-gfpgan: skipped: {error}", file=sys.stderr)


def _find(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    from ..files import IMAGE_SUFFIXES

    found = []
    for path in paths:
        if not path.is_dir():
            found.append((path, Path(path.name)))
            continue
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
        if not inside:
            raise DataError(f"{path}: no pictures in this folder; check the path")
        found += [(picture, picture.relative_to(path)) for picture in inside]
    return found
