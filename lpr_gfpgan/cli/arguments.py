"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .exit_codes import REFUSED

_MINUS_POINT = re.compile(r"-[\d.e+-]+,[\d.e+-]+")

Container = Any  # a parser or a group; argparse keeps the class of both to itself
Commands = Any  # argparse keeps the type of what `add_subparsers` gives to itself


class Parser(argparse.ArgumentParser):
    """A parser that refuses arguments in one line, as all bad input is refused."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong and where the options are listed; ends the program."""
        self.exit(REFUSED, f"lpr-gfpgan: {message}; see {self.prog} --help\n")


def add_command(
    commands: Commands, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """Adds the command that `run` is: its name and its first line are the command's."""
    text = run.__doc__.splitlines()[0]
    parser = commands.add_parser(run.__name__, help=text, description=text)
    parser.set_defaults(run=run, parser=parser)
    return parser


def add_pictures(parser: argparse.ArgumentParser) -> None:
    """Adds which pictures, where the plate is in them, and what works on them."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=path,
        metavar="PATH",
        help="pictures, and folders, in which pictures are searched for at every depth; what is "
        "hidden (its name begins with a dot) is left out",
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--tight",
        action="store_true",
        help="every picture ends at the plate's edges, as a rectified crop does",
    )
    place.add_argument(
        "--corners",
        nargs=4,
        type=_point,
        metavar="X,Y",
        help="the plate's corners in the one picture given, in pixels: upper left, upper "
        "right, lower right, lower left",
    )
    add_weights(parser)
    add_device(parser)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Adds --weights."""
    parser.add_argument(
        "--weights",
        type=path,
        metavar="FILE",
        help="a restorer's weights; reader and calibration come from the same folder. The released "
        "ones, if not given",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Adds --device."""
    parser.add_argument("--device", help="cpu or cuda; a GPU if there is one")


def add_overwrite(parser: Container) -> None:
    """Adds --overwrite to a parser, or to a group of options."""
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")


def path(text: str) -> Path:
    """The type of a path: an empty one, such as an unset variable of the shell, is refused.

    It would be taken for the folder that the program runs in.
    """
    if not text:
        raise argparse.ArgumentTypeError("the path is empty; give one, or . for this folder")
    return Path(text)


def whole_number(text: str) -> int:
    """The type of an option that counts, from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def mark_points(arguments: Sequence[str]) -> list[str]:
    """The same arguments; points that begin with a minus can be told from options.

    To argparse a minus begins an option, unless a number alone follows. A blank before it helps,
    and is no part of the number.
    """
    return [f" {each}" if _MINUS_POINT.fullmatch(each) else each for each in arguments]


def _point(text: str) -> tuple[float, float]:
    """Two numbers with a comma between them."""
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no point; give it as X,Y") from None
    return x, y
