"""`python -m lpr_gfpgan.cli` is `lpr-gfpgan`."""

import sys

from .main import main

sys.exit(main())
