"""Messages of the package in the words of the command line."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from ..errors import LprError


def in_words(error: LprError | OSError) -> str:
    """An error as one line; the system's own would name a number, at times a temporary file."""
    if isinstance(error, LprError):
        return in_options(str(error))
    if error.filename is None:
        return str(error)
    place = Path(os.fsdecode(error.filename))
    long = error.errno == errno.ENAMETOOLONG
    mend = "shorten the name" if long else "mend that, or give another place"
    return f"cannot use {place} ({error.strerror}); {mend}"


def in_options(text: str) -> str:
    """A message or note with options where the package names arguments of Python.

    Whole phrases are replaced, so that a file's name is left as it is.
    """
    if "lpr_gfpgan.restore" not in sys.modules:  # it alone says these, and is slow to import
        return text
    from ..restore.examiner import GIVE_CORNERS, MISPLACED, OR_SEARCH, TILTED
    from ..restore.photographs import GIVE_PLACE
    from ..restore.sampling import BY_CORNERS

    phrases = {
        GIVE_PLACE: "give its four corners with --corners, or --tight if the plate fills the "
        "picture",
        OR_SEARCH: "if a plate is only a part of it, give its four corners with --corners, or "
        "leave --tight out",
    }
    given = (GIVE_CORNERS, TILTED, MISPLACED, BY_CORNERS)
    phrases |= {each: f"{each} with --corners" for each in given}
    for phrase, words in phrases.items():
        text = text.replace(phrase, words)
    return text
