"""`export`: the networks for other runtimes."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import Commands, add_command, add_overwrite


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = add_command(commands, export)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, help="a restorer's weights file")
    add_overwrite(parser)


def export(options: argparse.Namespace) -> int:
    """Writes restorer and readers as ONNX, if they agree with torch; prints by how much."""
    from .. import export as exporting

    print(
        exporting.export(options.output, restorer_path=options.weights, overwrite=options.overwrite)
    )
    return 0
