"""`restore`: pictures into a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError
from .arguments import Commands, add_command, add_overwrite, add_pictures
from .exit_codes import SKIPPED
from .lines import reading_fields
from .pictures import batches, pictures_of, refuse_existing

READINGS = "readings.jsonl"


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = add_command(commands, restore)
    add_pictures(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    add_overwrite(parser)


def restore(options: argparse.Namespace) -> int:
    """Restores pictures into a folder: one PNG each, and their readings as JSON lines."""
    from ..files import write_png, write_text
    from ..restore import TIGHT, Restorer

    pictures = pictures_of(options)
    targets = _targets(pictures, options.output, overwrite=options.overwrite)
    restorer = Restorer.from_pretrained(options.weights, device=options.device)
    plate = TIGHT if options.tight else options.corners
    lines, skipped = [], 0
    for batch in batches(list(targets), lambda path: restorer.frame(path, plate)):
        restored = restorer.restore_frames([frame for _, frame in batch if frame is not None])
        for path, frame in batch:
            if frame is None:
                skipped += 1
                continue
            plate_there = restored.pop(0)
            write_png(targets[path], plate_there.image)
            line = {"input": str(path), "output": str(targets[path])}
            if plate_there.reading is not None:
                line |= reading_fields(plate_there.reading)
                line |= reading_fields(plate_there.reading_restored, "_restored")
            lines.append(json.dumps(line, ensure_ascii=False))
    if lines:
        write_text(options.output / READINGS, "\n".join(lines) + "\n")
    return SKIPPED if skipped else 0


def _targets(
    pictures: Sequence[tuple[Path, Path]], folder: Path, *, overwrite: bool
) -> dict[Path, Path]:
    """The PNG each picture becomes; refuses before any work what would be lost.

    Raises:
        DataError: two pictures would become one file, or a file is there already.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; give a folder")
    targets: dict[Path, Path] = {}
    origin: dict[Path, Path] = {}
    for picture, place in pictures:
        target = (folder / place).with_suffix(".png")
        first = origin.setdefault(target, picture)
        if first != picture:
            raise DataError(f"{first} and {picture} would both become {target}; rename one")
        if target.resolve() == picture.resolve():
            raise DataError(f"{picture} would be replaced by its restoration; give another folder")
        targets[picture] = target
    refuse_existing([*targets.values(), folder / READINGS], overwrite=overwrite)
    return targets
