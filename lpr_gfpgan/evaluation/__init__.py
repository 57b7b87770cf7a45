"""The test: every method under every condition, read by readers that no training saw.

- `protocol`: conditions and their degraded sets, `methods`: what is compared, `classical` and
  `deconvolution`: methods that learn nothing, `rows`: one row per (plate, condition, method,
  reader), `run`: the test itself.
- `tables`: every figure, computed from the rows with its interval and n.
- `figures`: pictures of rows and tables. Needs matplotlib and seaborn, so it is imported by name.
- `report`: tables and figures as files and views; `check`: a new run against the committed figures;
  `summary`: the headline in words.
"""

from .check import check, compare_figures
from .classical import CLASSICAL, classical_methods
from .methods import Method, baselines, method_names, restorer, restorers
from .protocol import Condition, DegradedSet, PlateTest, conditions, degraded_set, load_plates
from .rows import read_rows
from .run import Evaluation, compare, evaluate, examples_path, rows_path, write
from .summary import summary
from .tables import (
    accuracy_table,
    difference_table,
    headline,
    image_table,
    position_table,
    readable,
    seen_table,
)

__all__ = [
    "CLASSICAL",
    "Condition",
    "DegradedSet",
    "Evaluation",
    "Method",
    "PlateTest",
    "accuracy_table",
    "baselines",
    "check",
    "classical_methods",
    "compare",
    "compare_figures",
    "conditions",
    "degraded_set",
    "difference_table",
    "evaluate",
    "examples_path",
    "headline",
    "image_table",
    "load_plates",
    "method_names",
    "position_table",
    "read_rows",
    "readable",
    "restorer",
    "restorers",
    "rows_path",
    "seen_table",
    "summary",
    "write",
]
