"""The program: which commands there are, and how a command ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..errors import LprError
from . import degrading, exporting, reading, restoring, study
from .arguments import Parser, mark_points
from .exit_codes import INTERRUPTED, REFUSED
from .provenance import software
from .words import in_words


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: of the command line; those of the process when not given.

    Returns:
        The exit code.
    """
    given = mark_points(sys.argv[1:] if arguments is None else arguments)
    options, unknown = _parser().parse_known_args(given)
    if unknown:  # argparse would name the program's help, which lists no command's options
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        return options.run(options)
    except (LprError, OSError) as error:
        print(f"lpr-gfpgan: {in_words(error)}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("lpr-gfpgan: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> Parser:
    parser = Parser(
        prog="lpr-gfpgan",
        description="Restores and reads pictures of licence plates. A restoration shows what is "
        "likely, not what was there: it is no evidence.",
    )
    parser.add_argument("--version", action="version", version=software())
    commands = parser.add_subparsers(required=True, metavar="command")
    for group in (restoring, reading, degrading, exporting, study):
        group.add_to(commands)
    return parser
