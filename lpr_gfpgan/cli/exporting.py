"""`export`: the networks for other runtimes."""

from __future__ import annotations

import argparse

from .arguments import Commands, add_command, add_overwrite, add_weights, path


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = add_command(commands, export)
    parser.add_argument(
        "-o",
        "--output",
        type=path,
        required=True,
        metavar="DIR",
        help="gets restorer.onnx, a reader-NAME.onnx each, and manifest.json: shapes, ranges, "
        "hashes, differences from torch",
    )
    add_weights(parser)
    add_overwrite(parser)


def export(options: argparse.Namespace) -> int:
    """Writes restorer and readers as ONNX, if they agree with torch; prints by how much."""
    from .. import export as exporting

    print(
        exporting.export(options.output, restorer_path=options.weights, overwrite=options.overwrite)
    )
    return 0
