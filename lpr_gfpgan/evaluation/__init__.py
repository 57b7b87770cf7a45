"""The test: every method under every condition, read by readers that no training saw.

- `protocol`: conditions and their degraded sets, `methods`: what is compared, `rows`: one row per
  (plate, condition, method, reader), `run`: the test itself.
- `tables`: every figure, computed from the rows with its interval and n.
- `honesty`: false reads above a reader's threshold; `confidence`: calibration, ranking, abstention;
  `consistency`: does a restored image explain the degraded one; `contributions`: differences over
  training seeds.
- `figures`: pictures of rows and tables. Needs matplotlib and seaborn, so it is imported by name.
- `report`: tables and figures as files and views; `check`: a new run against the committed figures;
  `summary`: the headline in words.
"""

from .check import check, compare_figures
from .confidence import calibration_table, reliability_table, risk_coverage_table
from .consistency import consistency_rows, consistency_table
from .contributions import contribution_table
from .honesty import adjust, false_read_table, threshold_table, thresholds
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
    "Condition",
    "DegradedSet",
    "Evaluation",
    "Method",
    "PlateTest",
    "accuracy_table",
    "adjust",
    "baselines",
    "calibration_table",
    "check",
    "compare",
    "compare_figures",
    "conditions",
    "consistency_rows",
    "consistency_table",
    "contribution_table",
    "degraded_set",
    "difference_table",
    "evaluate",
    "examples_path",
    "false_read_table",
    "headline",
    "image_table",
    "load_plates",
    "method_names",
    "position_table",
    "read_rows",
    "readable",
    "reliability_table",
    "restorer",
    "restorers",
    "risk_coverage_table",
    "rows_path",
    "seen_table",
    "summary",
    "threshold_table",
    "thresholds",
    "write",
]
