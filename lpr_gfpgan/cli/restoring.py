"""`restore`: pictures into a folder."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LprError
from .arguments import Commands, add_command, add_overwrite, add_pictures
from .exit_codes import SKIPPED
from .leftovers import remove_leftovers
from .lines import json_line
from .outputs import OutputFolder, targets_of
from .pictures import batches, pictures_of, report, report_skipped
from .provenance import open_restorer

if TYPE_CHECKING:
    from ..restore import PlacedPlate, RestoredPlate, Restorer


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
    folder = OutputFolder(
        options.output,
        targets,
        overwrite=options.overwrite,
        skip_existing=options.skip_existing,
    )
    counts = Counter(existing=len(targets) - len(folder.pictures))
    if folder.pictures:
        restorer, facts = open_restorer(options)
        remove_leftovers(options.output, {targets[path] for path in folder.pictures})
        try:
            for batch in batches(folder.pictures, lambda path: _open(path, restorer, options)):
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
    _print_summary(counts, folder)
    return SKIPPED if counts["failed"] else 0


def _restore_batch(
    batch: Sequence[tuple[Path, list[PlacedPlate] | None]],
    restorer: Restorer,
    folder: OutputFolder,
    facts: dict[str, Any],
    options: argparse.Namespace,
) -> Iterator[list[dict[str, Any]]]:
    """Restores and keeps pictures; gives each one's lines, none of one that failed."""
    search = not options.tight and options.corners is None
    placed = [each for _, there in batch for each in there or []]
    plates = iter(restorer.restore_placed(placed, samples=options.samples))
    for path, there in batch:
        plate = next(plates) if there else None
        lines: list[dict[str, Any]] = []
        try:
            if plate is not None and not (search and plate.is_plate is False):
                lines = folder.keep_plate(path, plate, facts)
            elif there is not None:
                lines = _keep_found(path, plate, restorer, folder, facts, options)
        except LprError as error:
            report_skipped(error)
        for line in lines:
            if line["accepted"] is False:
                report(f"{path}: {line['note']}")
        yield lines


def _keep_found(
    path: Path,
    refused: RestoredPlate | None,
    restorer: Restorer,
    folder: OutputFolder,
    facts: dict[str, Any],
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Searches a picture for plates, restores and keeps them; gives their lines.

    `refused` is the picture taken for a plate, if it has the shape of one. It is kept, and stays
    refused, where the search gives nothing: the user gets a picture and the reason.
    """
    from ..restore import NoPlateFound
    from ..restore.examiner import refusal

    try:
        photograph = restorer.restore_photograph(path, samples=options.samples)
    except NoPlateFound as error:
        if refused is None:
            raise
        refused = replace(refused, note=refusal(tight=True, vain=error.reason))
        return folder.keep_plate(path, refused, facts)
    return folder.keep_photograph(path, photograph, facts)


def _open(path: Path, restorer: Restorer, options: argparse.Namespace) -> list[PlacedPlate]:
    """The plate that fills the picture or whose corners are known; none in a photograph."""
    from ..restore import TIGHT, to_array
    from ..restore.placing import corners_in_name, has_plate_aspect, place

    pixels, name = to_array(path)
    given = TIGHT if options.tight else options.corners
    placed = place(pixels, name, given or TIGHT, restorer.size)
    if given:
        return [placed]
    # A name that holds corners is a photograph's, whatever its shape.
    filled = has_plate_aspect(pixels) and corners_in_name(path, pixels) is None
    return [placed] if filled else []


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
