"""`read`: what pictures say, as they are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import Commands, add_command, add_pictures
from .exit_codes import SKIPPED
from .lines import json_line, read_fields
from .pictures import batches, given_place, grouped, is_readable, pictures_of
from .provenance import READ, open_restorer, warn_of_restoration

if TYPE_CHECKING:
    from ..restore.placing import PlacedPlate


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    add_pictures(add_command(commands, read))


def read(options: argparse.Namespace) -> int:
    """Reads pictures as they are, with the confidences of `restore`; prints JSON lines.

    Of a photograph, the surest plate is read. No restoration is kept.
    """
    from ..files import sha256_of

    names = grouped(name for name, _ in pictures_of(options))
    if sum(map(len, names)) == 1 and not is_readable(names[0][0]):
        return SKIPPED
    restorer, facts = open_restorer(options)
    restorer.require_reader()
    if restorer.calibration is None:  # then the restorer has no part in it
        del facts["model"], facts["model_sha256"]
    plate = given_place(options)
    skipped = 0

    def place(name: str) -> PlacedPlate:
        warn_of_restoration(Path(name))
        return restorer.place(Path(name), plate)

    for batch in batches(names, place):
        there = [(path, placed) for path, placed in batch if placed is not None]
        skipped += len(batch) - len(there)
        seen = restorer.read_placed([placed for _, placed in there])
        for (path, placed), each in zip(there, seen, strict=True):
            origin = {"input": path, "input_sha256": sha256_of(path)}
            fields = origin | read_fields(each, placed) | facts | {"notice": READ}
            print(json_line(fields), flush=True)
    return SKIPPED if skipped else 0
