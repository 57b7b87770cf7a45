"""The command line: lpr-gfpgan restore | read | degrade | export | train | evaluate.

restoring, reading, degrading, exporting and study hold the commands; main puts them together;
arguments and exit_codes are what they share; pictures finds and opens inputs; outputs, readings,
lines, words and provenance are what is written, leftovers what a killed run left of it. Nothing
heavy is imported before a command runs.

Exit codes: 0 done; 1 some pictures were skipped, each named; 2 bad input, in one line; 75 training
paused, the same command goes on; 130 interrupted. torchrun knows only 0 and 1: under it a
training that paused or was refused ends with 1; the line that says why stands above torchrun's own.
"""

from .main import main

__all__ = ["main"]
