"""`restore`: pictures into a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LprError
from .arguments import Commands, add_command, add_overwrite, add_pictures
from .exit_codes import SKIPPED
from .outputs import OutputFolder, targets_of
from .pictures import batches, pictures_of, report_skipped
from .provenance import open_restorer

if TYPE_CHECKING:
    from ..restore import PlacedPlate, Restorer


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
        help="NAME.png there is the plate, or the photograph with NAME-plate1.png and so on; "
        "readings.jsonl gets a line for each plate",
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=0,
        metavar="K",
        help="also so many other restorations of each plate that fit the picture as well",
    )
    add_overwrite(parser)


def restore(options: argparse.Namespace) -> int:
    """Restores pictures into a folder: one PNG each, and their readings as JSON lines.

    A picture that no plate fills is a photograph: its plates are searched for.
    """
    targets = targets_of(pictures_of(options), options.output)
    folder = OutputFolder(options.output, targets, overwrite=options.overwrite)
    restorer, facts = open_restorer(options)
    search = not options.tight and options.corners is None
    skipped = 0
    for batch in batches(list(targets), lambda path: _open(path, restorer, options)):
        try:
            placed = [each for _, there in batch for each in there or []]
            plates = iter(restorer.restore_placed(placed, samples=options.samples))
            for path, there in batch:
                plate = next(plates) if there else None
                try:
                    if there is None:
                        skipped += 1
                    elif plate is None or (search and plate.is_plate is False):
                        photograph = restorer.restore_photograph(path, samples=options.samples)
                        folder.keep_photograph(path, photograph, facts)
                    else:
                        folder.keep_plate(path, plate, facts)
                except LprError as error:
                    report_skipped(error)
                    skipped += 1
        finally:
            # What is done is kept, whatever stopped the rest.
            folder.write_readings()
    return SKIPPED if skipped else 0


def _open(path: Path, restorer: Restorer, options: argparse.Namespace) -> list[PlacedPlate]:
    """The plate that fills the picture or whose corners are known; none in a photograph."""
    from ..restore import TIGHT, to_array
    from ..restore.placing import has_plate_aspect, place

    pixels, name = to_array(path)
    given = TIGHT if options.tight else options.corners
    placed = place(pixels, name, given or TIGHT, restorer.size)
    return [placed] if given or has_plate_aspect(pixels) else []
