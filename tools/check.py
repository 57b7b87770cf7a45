"""Compares this machine's figures with those of the last commit.

Usage: python tools/check.py [profile]; exit code 1 where they disagree or cannot be compared.
"""

import sys

from lpr_gfpgan.config import load_study
from lpr_gfpgan.errors import LprError
from lpr_gfpgan.evaluation import check
from lpr_gfpgan.evaluation.check import report_of


def main(arguments: list[str]) -> int:
    """Prints the figures that do not agree, if any, and one line that counts all."""
    try:
        table = check(load_study(arguments[0] if arguments else None))
    except LprError as error:
        print(f"check: {error}", file=sys.stderr)
        return 1
    print(report_of(table))
    return int(not table["agrees"].all())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
