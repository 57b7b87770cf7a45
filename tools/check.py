"""Compares this machine's figures with those of the last commit.

Usage: python tools/check.py [profile]; exit code 1 where they disagree or cannot be compared.
"""

import sys

from lpr_gfpgan.config import load_study
from lpr_gfpgan.errors import LprError
from lpr_gfpgan.evaluation import check


def main(arguments: list[str]) -> int:
    """Prints one line per figure and how many disagree."""
    try:
        table = check(load_study(arguments[0] if arguments else None))
    except LprError as error:
        print(f"check: {error}", file=sys.stderr)
        return 1
    shown = table.assign(agrees=table["agrees"].map({True: "yes", False: "NO"}))
    print(shown.to_string(index=False))
    wrong = int((~table["agrees"]).sum())
    print(f"{len(table) - wrong} of {len(table)} agree")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
