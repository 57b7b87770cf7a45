"""Which pictures a command works on, a batch at a time, and that nothing is lost for them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ..errors import DataError, LprError
from .words import in_words

BATCH = 16
"""Pictures that are held at once, and whose readings are written together."""

Opened = TypeVar("Opened")


def pictures_of(
    options: argparse.Namespace, results: Path | None = None
) -> Iterator[tuple[str, str]]:
    """Every picture asked for, and its place below an output folder; folders are searched in depth.

    The order is always the same: of each folder its pictures by name, then its folders. What is
    hidden in a searched folder is left out: temporary files have such names. Names are given as
    text and one by one, since there may be a million.

    Args:
        options: with `paths` and `corners`, see `add_pictures`.
        results: a folder that is left out where it lies in a searched one.

    Raises:
        DataError: a folder holds no picture or is that of the results, or corners are given for
            more than one.
    """
    if options.corners is None:
        yield from _find(options.paths, results)
        return
    pictures = list(_find(options.paths, results))
    if len(pictures) != 1:
        raise DataError(
            f"--corners are those of one picture, got {len(pictures)}; run it for each of them"
        )
    yield from pictures


def given_place(options: argparse.Namespace) -> str | list[list[float]] | None:
    """What the user says of where the plate is: "tight", four corners, or nothing."""
    from ..restore import TIGHT

    return TIGHT if options.tight else options.corners


def batches(
    groups: Sequence[Sequence[str]], open_one: Callable[[str], Opened], *, shown: bool = True
) -> Iterator[list[tuple[str, Opened | None]]]:
    """Pictures opened, a batch at a time, under a progress bar where a person looks on.

    Args:
        groups: names of pictures, one group a batch, see `grouped`.
        open_one: reads one. Where it raises an LprError, the picture is named and has None.
        shown: whether this process draws the bar.

    Yields:
        Names and what became of them, in order.
    """
    from tqdm import tqdm

    total = sum(map(len, groups))
    with tqdm(total=total, unit="picture", disable=None if shown else True) as bar:
        for group in groups:
            batch: list[tuple[str, Opened | None]] = []
            for name in group:
                try:
                    batch.append((name, open_one(name)))
                except LprError as error:
                    report_skipped(error)
                    batch.append((name, None))
            yield batch
            bar.update(len(batch))


def grouped(
    names: Iterable[str], wanted: Callable[[str], bool] = lambda _: True
) -> list[list[str]]:
    """Names by batches; those that are not wanted are left out of theirs.

    Which names share a batch hangs on all of them. A run that goes on makes the batches that the
    stopped one would have made, and so the same pixels: a network's last digits change with the
    size of its batch.
    """
    every = iter(names)
    groups = []
    while whole := list(islice(every, BATCH)):
        if group := [name for name in whole if wanted(name)]:
            groups.append(group)
    return groups


def is_readable(picture: str) -> bool:
    """Whether a command's only picture can be read; names it where it cannot.

    To be asked before weights are opened: that takes seconds, after which a mistyped name would be
    all that there is to say.
    """
    from ..files import read_image

    try:
        read_image(picture)
    except LprError as error:
        report_skipped(error)
        return False
    return True


def report_skipped(error: LprError | OSError) -> None:
    """Names a picture that is left out."""
    report(f"skipped: {in_words(error)}")


def report(text: str) -> None:
    """Says something on a line of its own, below which a progress bar goes on."""
    from tqdm import tqdm

    tqdm.write(f"lpr-gfpgan: {text}", file=sys.stderr)


def _find(paths: Sequence[Path], results: Path | None) -> Iterator[tuple[str, str]]:
    for path in paths:
        if not path.is_dir():
            yield str(path), path.name
            continue
        if results is not None and os.path.realpath(path) == os.path.realpath(results):
            raise DataError(
                f"{path}: the results would lie among the pictures; give another folder, such as "
                f"{path / 'restored'}"
            )
        empty = True
        for found in _inside(path, results):
            empty = False
            yield found
        if empty:
            raise DataError(f"{path}: no pictures in this folder; check the path")


def _inside(folder: Path, results: Path | None) -> Iterator[tuple[str, str]]:
    from ..files import IMAGE_SUFFIXES

    left_out = None if results is None else os.path.realpath(results)
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(parent, name)) != left_out
        )
        here = Path(parent)
        picture, place = beginning(here), beginning(here.relative_to(folder))
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith(IMAGE_SUFFIXES):
                yield picture + name, place + name


def beginning(folder: Path) -> str:
    """What the names of files in a folder begin with."""
    return "" if folder == Path() else os.path.join(folder, "")


def _refuse(error: OSError) -> None:
    """What cannot be searched is no empty folder."""
    raise error
