"""What the released weights do on photographed plates, as a file: reports/released/real.json.

It holds what the file of the test on photographs holds (see `real_report`), of the restorer `full`,
under the conditions of real/released.yaml, and beside it, figures as there:

- conditions.<condition>: the ranges that its degradations are drawn from.
- weights: the SHA-256 of each file that was tested.
- accuracy_by_direct.<source>.<condition>.<method>.direct.<measure>: how the reader that is trained
  on degraded plates reads every method's plates; `accuracy` has it of unrestored ones alone.
- recovered.<source>.<condition>.<method>.<reader>.<measure>: see `released_real_tables`.
- gain.<source>.<condition>.<reader>.<measure>: `full` less the degraded plate, of every reader,
  also of one that may judge nothing; the plates gained and lost are those of `changes`.
- harm.<source>.<condition>.<reader>.<measure>: the same less bicubic enlargement, under the
  conditions of low resolution alone, over which p is adjusted; harm_changes.<source>.<condition>.
  <reader>.<measure>: the plates `gained` and `lost` beside it, as `changes` has them.
- seconds_per_plate: see `released_timing`.
"""

from typing import Any

import pandas as pd

from ..config import Study
from ..files import write_text
from .methods import BICUBIC, DEGRADED, DIRECT
from .real_plates import RealPlates
from .real_report import compact, make_real_tables, nested_figures, report_path, write_real
from .real_tables import accuracy_by_source
from .released_real import low_resolution
from .released_real_tables import changes_against, paired_by_source, recovered_by_source
from .released_report import weights_hashes
from .run import Evaluation

LEVELS = {
    "accuracy_by_direct": ("source", "condition", "method", "reader", "measure"),
    "recovered": ("source", "condition", "method", "reader", "measure"),
    "gain": ("source", "condition", "reader", "measure"),
    "harm": ("source", "condition", "reader", "measure"),
    "harm_changes": ("source", "condition", "reader", "measure"),
}
"""How the tables that are only here are nested."""


def make_released_real_tables(
    evaluation: Evaluation, acceptance: pd.DataFrame, study: Study
) -> dict[str, pd.DataFrame]:
    """Computes every table of the test on photographs.

    Args:
        evaluation: of `real.evaluate_real`.
        acceptance: of `real_acceptance.acceptance_rows`.
        study: of `released_real.released_real_study`.

    Returns:
        The tables of `real_report.make_real_tables` and those of LEVELS.
    """
    settings, rows = study.settings.evaluation, evaluation.rows
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    small = low_resolution(study)
    return {
        **make_real_tables(evaluation, acceptance, study),
        "accuracy_by_direct": accuracy_by_source(rows[rows["reader"] == DIRECT], **options),
        "recovered": recovered_by_source(rows, **options),
        "gain": paired_by_source(rows, DEGRADED, **options),
        "harm": paired_by_source(rows, BICUBIC, **options, conditions=small),
        "harm_changes": changes_against(rows, BICUBIC, conditions=small),
    }


def write_released_real(
    evaluation: Evaluation,
    acceptance: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    real: RealPlates,
    timing: dict[str, Any],
    study: Study,
    *,
    labels_sha256: str,
) -> dict[str, Any]:
    """Writes the aggregates among the reports, rows to the private folder.

    Args:
        evaluation: of `real.evaluate_real`.
        acceptance: of `real_acceptance.acceptance_rows`.
        tables: of `make_released_real_tables`.
        real: the plates.
        timing: of `released_timing.seconds_per_plate`.
        study: of `released_real.released_real_study`.
        labels_sha256: of the folder, see `real_plates.labels_hash`.

    Returns:
        What reports/released/real.json holds, see the module.
    """
    names = study.settings.evaluation.conditions
    figures = {
        **write_real(evaluation, acceptance, tables, real, study, labels_sha256=labels_sha256),
        "conditions": {name: study.ranges(name) for name in names},
        "weights": weights_hashes(study),
        **{name: nested_figures(tables[name], levels) for name, levels in LEVELS.items()},
        "seconds_per_plate": timing,
    }
    write_text(report_path(study), compact(figures) + "\n")
    return figures
