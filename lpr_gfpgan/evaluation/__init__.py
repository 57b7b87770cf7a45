"""The test: every method under every condition, read by readers that no training saw.

- `protocol`: conditions and their degraded sets; `grid`: the paper's 51 conditions; `strengths`:
  how strong they are and which exceed the training; `sets`: degraded sets on disk.
- `methods`: what is compared; `classical` and `deconvolution`: methods that learn nothing; `rows`:
  one row per (plate, condition, method, reader); `features`: what KID compares; `run`: the test
  itself.
- `measures`: what figures measure; `tables`: every figure, computed from the rows with its interval
  and n; `headline`: the few that DVC's metrics hold.
- `failures`: plates on which a method or reader fails; `judges`: which readers may judge;
  `honesty`: false reads above a reader's threshold; `confidence`: calibration, ranking, abstention;
  `consistency`: does a restored image explain the degraded one; `contributions`: differences over
  training seeds.
- `kernel_distance`: KID of each method's images and the originals; `emphasis`: gain on the plate
  against gain on its surroundings; `seeded`: their differences over training seeds and plates.
- `grid_tables`: the grid's cells; `grid_effects`: what factors and published defects do;
  `grid_restored`: what methods give back of it; `ablations`: what each contribution brings;
  `by_plate`: their intervals, many at once.
- `figures`, `restoration_figures`, `confidence_figures`, `recoverability_figures`, `grid_figures`,
  `effect_figures`, `ablation_figures`, `training_figures`: pictures of rows and tables, in one
  `figure_style` and with one `method_style`. They need matplotlib and seaborn, so they are imported
  by name.
- `mixtures`: how strong the study's own conditions are; `prior_quality`: how near to plates the
  prior's scenes are, and whether anything can be read there.
- `gains`: the full model against what was not trained beside it, `filters`: with which classical
  filter; `grid_gains`: the same by factor;
  `finding`: when a difference counts as shown; `claims`: verdicts on the paper's claims, by one
  rule.
- `report`: tables and figures as files; `views`, `effect_views`: tables as the page shows them;
  `page`: its HTML and links; `environment`: what it was made with.
- `real`: the test on photographed plates, `real_plates`: which, `real_tables`, `real_acceptance`:
  its figures by source, `real_report`: its file, `real_views`, `real_figures`: as people see them.
- `released`: the released weights on drawn plates, `released_tables`, `released_report`,
  `released_timing`: its figures and files; `released_real`: on photographs, likewise, and
  `released_sheet`: a picture of them.
- `check`: a new run against the committed figures; `summary`: the headline in words.
"""

from .ablations import ablation_table
from .check import check, compare_figures
from .classical import CLASSICAL, classical_methods
from .compared import compared_methods, method_names
from .confidence import calibration_table, reliability_table, risk_coverage_table
from .consistency import consistency_rows, consistency_table
from .contributions import contribution_table
from .emphasis import emphasis_difference_table, emphasis_table
from .failures import failure_note, failure_table
from .features import PlateFeatures, plate_features, read_features
from .grid_effects import factor_table, protocol_table
from .grid_restored import restored_table
from .grid_tables import grid_table, single_factor_table, wide_grid
from .headline import headline
from .honesty import adjust, false_read_table, threshold_table, thresholds
from .judges import admitted, reader_table
from .kernel_distance import kid_difference_table, kid_table, method_pairs
from .methods import Method, baselines, restorer, restorers
from .protocol import (
    Condition,
    DegradedSet,
    GridCondition,
    MixedCondition,
    PlateTest,
    conditions,
    degraded_set,
    grid_conditions,
    load_plates,
    skipped,
    study_conditions,
)
from .rows import read_rows
from .run import Evaluation, compare, evaluate, examples_path, rows_path, write
from .sets import (
    kept_degraded_set,
    read_degraded_set,
    write_degraded_set,
    write_study_sets,
)
from .strengths import in_training_range, out_of_training_range, strength_table
from .summary import summary
from .tables import (
    accuracy_table,
    difference_table,
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
    "GridCondition",
    "Method",
    "MixedCondition",
    "PlateFeatures",
    "PlateTest",
    "ablation_table",
    "accuracy_table",
    "adjust",
    "admitted",
    "baselines",
    "calibration_table",
    "check",
    "classical_methods",
    "compare",
    "compare_figures",
    "compared_methods",
    "conditions",
    "consistency_rows",
    "consistency_table",
    "contribution_table",
    "degraded_set",
    "difference_table",
    "emphasis_difference_table",
    "emphasis_table",
    "evaluate",
    "examples_path",
    "factor_table",
    "failure_note",
    "failure_table",
    "false_read_table",
    "grid_conditions",
    "grid_table",
    "headline",
    "image_table",
    "in_training_range",
    "kept_degraded_set",
    "kid_difference_table",
    "kid_table",
    "load_plates",
    "method_names",
    "method_pairs",
    "out_of_training_range",
    "plate_features",
    "position_table",
    "protocol_table",
    "read_degraded_set",
    "read_features",
    "read_rows",
    "readable",
    "reader_table",
    "reliability_table",
    "restored_table",
    "restorer",
    "restorers",
    "risk_coverage_table",
    "rows_path",
    "seen_table",
    "single_factor_table",
    "skipped",
    "strength_table",
    "study_conditions",
    "summary",
    "threshold_table",
    "thresholds",
    "wide_grid",
    "write",
    "write_degraded_set",
    "write_study_sets",
]
