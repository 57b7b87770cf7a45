"""Prints where the study's page and figures are, and its headline figures.

Usage: python tools/summary.py [profile]
"""

import sys

from lpr_gfpgan.config import load_study
from lpr_gfpgan.errors import LprError
from lpr_gfpgan.evaluation import summary


def main(arguments: list[str]) -> int:
    """Prints the summary of the named profile, params.yaml's own by default."""
    try:
        print(summary(load_study(arguments[0] if arguments else None)))
    except LprError as error:
        print(f"summary: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
