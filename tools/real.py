"""Refuses, in one line, to go on without the photographs that real/plates.yaml names.

Usage: LPR_GFPGAN_REAL_PLATES=<folder> python tools/real.py
"""

import sys

from lpr_gfpgan.errors import LprError
from lpr_gfpgan.evaluation.real_plates import check_folder, load_settings, real_folder


def main() -> int:
    """Checks the variable, the folder and its labels."""
    try:
        check_folder(real_folder(), load_settings())
    except LprError as error:
        print(f"real: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
