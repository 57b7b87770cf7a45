"""`read`: what pictures say, without restoring them."""

from __future__ import annotations

import argparse
import json

from ..errors import WeightsError
from .arguments import Commands, add_command, add_pictures
from .exit_codes import SKIPPED
from .lines import reading_fields
from .pictures import batches, pictures_of


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    add_pictures(add_command(commands, read))


def read(options: argparse.Namespace) -> int:
    """Reads pictures as they are, without restoring them; prints JSON lines."""
    from ..restore import TIGHT, Restorer

    pictures = pictures_of(options)
    restorer = Restorer.from_pretrained(options.weights, device=options.device)
    if restorer.reader is None:
        raise WeightsError("no reader beside the restorer's weights; run `make reproduce` first")
    plate = TIGHT if options.tight else options.corners
    paths = [path for path, _ in pictures]
    skipped = 0
    for batch in batches(paths, lambda path: restorer.frame(path, plate)):
        readings = restorer.read_frames([frame for _, frame in batch if frame is not None])
        for path, frame in batch:
            if frame is None:
                skipped += 1
            else:
                line = {"input": str(path)} | reading_fields(readings.pop(0))
                print(json.dumps(line, ensure_ascii=False), flush=True)
    return SKIPPED if skipped else 0
