"""`restore`: pictures into a folder."""

from __future__ import annotations

import argparse
import errno
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..alone import alone_in
from ..errors import LprError
from .arguments import Commands, add_command, add_overwrite, add_pictures
from .exit_codes import SKIPPED
from .leftovers import remove_leftovers
from .lines import json_line
from .outputs import OutputFolder, targets_of
from .pictures import batches, given_place, pictures_of, report, report_skipped
from .provenance import open_restorer

ITS_OWN = (errno.ENAMETOOLONG, errno.ENOENT, errno.EISDIR)
"""Errors of the system that are one picture's own: its name is too long, or it went away."""

if TYPE_CHECKING:
    from ..restore import LocatedPlates, RestoredPlate, Restorer


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = add_command(commands, restore)
    add_pictures(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="a picture NAME becomes DIR/NAME.png: the plate, or the photograph with "
        "NAME-plate1.png and so on. A picture in a given folder keeps its place below it: "
        "FOLDER/SUB/NAME becomes DIR/SUB/NAME.png. Two pictures that would become one file are "
        "refused. DIR/readings.jsonl gets a line for each plate. Where DIR lies in a searched "
        "folder, it is left out of the search",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=0,
        metavar="K",
        help="also so many other restorations of each plate that fit the picture as well",
    )
    existing = parser.add_mutually_exclusive_group()
    add_overwrite(existing)
    existing.add_argument(
        "--skip-existing",
        action="store_true",
        help="go on with a run that was stopped: leave a picture whose files and lines are all "
        "there, whatever weights and --samples made them, and restore the others",
    )


def restore(options: argparse.Namespace) -> int:
    """Restores pictures into a folder: one PNG each, and their readings as JSON lines.

    A picture that no plate fills is a photograph: its plates are searched for.
    """
    targets = targets_of(pictures_of(options, options.output), options.output)
    with alone_in(options.output):
        folder = OutputFolder(
            options.output,
            targets,
            overwrite=options.overwrite,
            skip_existing=options.skip_existing,
        )
        counts = Counter(existing=len(targets) - len(folder.pictures))
        if folder.pictures:
            counts += _restore_all(targets, folder, options)
    _print_summary(counts, folder)
    return SKIPPED if counts["failed"] else 0


def _restore_all(
    targets: Mapping[Path, Path], folder: OutputFolder, options: argparse.Namespace
) -> Counter[str]:
    """Restores the folder's pictures, batch by batch; counts what became of them."""
    counts: Counter[str] = Counter()
    restorer, facts = open_restorer(options)
    remove_leftovers(options.output, {targets[path] for path in folder.pictures})
    locate = partial(restorer.locator.locate, plate=given_place(options), every=True)
    try:
        for batch in batches(folder.pictures, locate):
            try:
                for lines in _restore_batch(batch, restorer, folder, facts, options):
                    counts[_outcome(lines)] += 1
                    if len(targets) == 1:
                        _print_readings(lines, options.output)
            finally:
                # What is done is kept, whatever stopped the rest.
                folder.readings.write()
    finally:
        folder.readings.close()
    return counts


def _restore_batch(
    batch: Sequence[tuple[Path, LocatedPlates | None]],
    restorer: Restorer,
    folder: OutputFolder,
    facts: dict[str, Any],
    options: argparse.Namespace,
) -> Iterator[list[dict[str, Any]]]:
    """Restores and keeps pictures; gives each one's lines, none of one that failed."""
    placed = [plate for _, there in batch if there for plate in there.plates]
    restored = iter(restorer.restore_placed(placed, samples=options.samples))
    for path, there in batch:
        lines: list[dict[str, Any]] = []
        try:
            if there is not None:
                plates = list(islice(restored, len(there.plates)))
                lines = _keep(path, there, plates, folder, facts)
        except LprError as error:
            report_skipped(error)
        except OSError as error:
            if error.errno not in ITS_OWN:
                raise
            report_skipped(error)
        for line in lines:
            if line["accepted"] is False:
                report(f"{path}: {line['note']}")
        yield lines


def _keep(
    path: Path,
    there: LocatedPlates,
    plates: list[RestoredPlate],
    folder: OutputFolder,
    facts: dict[str, Any],
) -> list[dict[str, Any]]:
    """Writes what a picture became; gives its lines."""
    from ..restore import RestoredPhotograph, to_array
    from ..restore.photographs import paste_plates

    if not there.photograph:
        return folder.keep_plate(path, plates[0], facts)
    # Opened again: a batch of photographs may be too large to be held.
    pasted = paste_plates(to_array(path)[0], plates)
    photograph = RestoredPhotograph(image=pasted, plates=plates, scores=list(there.scores))
    return folder.keep_photograph(path, photograph, facts)


def _outcome(lines: Sequence[dict[str, Any]]) -> str:
    if not lines:
        return "failed"
    refused = all(line["accepted"] is False for line in lines)
    return "refused" if refused else "restored"


def _print_readings(lines: Sequence[dict[str, Any]], folder: Path) -> None:
    """The readings of the only picture, in the words of `read`; readings.jsonl says more."""
    for line in lines:
        output = line["output"] and str(folder / line["output"])
        words = ("text", "complete", "confidence", "accepted", "note")
        print(json_line({"output": output, **{word: line[word] for word in words}}), flush=True)


def _print_summary(counts: Counter[str], folder: OutputFolder) -> None:
    number = counts["restored"]
    text = f"{number} picture{'' if number == 1 else 's'} restored"
    text += f", {counts['refused']} refused as no plate, {counts['failed']} failed"
    if counts["existing"]:
        text += f", {counts['existing']} there already"
    if folder.readings.path.exists():
        text += f"; readings: {folder.readings.path}"
    report(text)
