"""`python -m lpr_gfpgan.cli` is `lpr-gfpgan`."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
