"""What the test of the released weights leaves behind, in reports/released.

- metrics/headline.json: `plates`; `weights`, the SHA-256 of each file that was tested; `sets`, as
  metrics/evaluation.json has them; `headline.<condition>.<method>.<reader>.<measure>`, figures
  {"estimate", "low", "high", "n"} as shares, over all conditions ("all") and by each; of the
  classical filters as the judge reads them.
- metrics/timing.json: see `released_timing`. It differs from run to run.
- tables/<name>.csv: of `released_tables`, every line with n, estimate, low, high and interval.
- rows/: the rows they are computed from, kept by DVC.
- figures/restorations-<condition>.png: the first plates with their readings.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import Study
from ..files import named_writes, sha256_of, write_json
from . import figure_style, restoration_figures
from .lines import as_json
from .methods import FULL, READERS
from .rows import write_table
from .run import CLEAN, Evaluation, rows_path


@named_writes()
def write_released(
    evaluation: Evaluation,
    tables: dict[str, pd.DataFrame],
    timing: dict[str, Any],
    study: Study,
) -> dict[str, Any]:
    """Writes rows, tables, figures and metrics.

    Args:
        evaluation: of `released.evaluate_released`.
        tables: of `released_tables.make_released_tables`.
        timing: of `released_timing.seconds_per_plate`.
        study: of `released.released_study`.

    Returns:
        What metrics/headline.json holds, see the module.

    Raises:
        DataError: a file could not be written; each one is the former or the new one.
    """
    write_table(rows_path(study), evaluation.rows)
    write_table(rows_path(study, CLEAN), evaluation.clean)
    for name, table in tables.items():
        write_table(study.paths.reports / "tables" / f"{name}.csv", table)
    for condition, images in evaluation.examples.items():
        figure = restoration_figures.restoration_grid(
            images, evaluation.methods, evaluation.rows, condition=condition
        )
        figure_style.save(figure, figure_path(study, condition))
    figures = {
        "plates": int(evaluation.rows["plate"].nunique()),
        "weights": weights_hashes(study),
        "sets": {
            s.condition: {"set_sha256": s.set_sha256, "pixels_sha256": s.pixels_sha256}
            for s in evaluation.sets
        },
        "headline": nested_headline(tables["headline"]),
    }
    write_json(study.paths.metrics("headline"), figures)
    write_json(study.paths.metrics("timing"), timing)
    return figures


def figure_path(study: Study, condition: str) -> Path:
    """The picture of the first plates under a condition."""
    return study.paths.reports / "figures" / f"restorations-{condition}.png"


def weights_hashes(study: Study) -> dict[str, str]:
    """SHA-256 of the weights that a test uses, by the files' names.

    Raises:
        DataError: one is missing.
    """
    paths = [study.paths.restorer(FULL, study.seeds[0]), *map(study.paths.reader, READERS)]
    return {path.name: sha256_of(path) for path in paths}


def nested_headline(table: pd.DataFrame) -> dict[str, Any]:
    """The headline table as JSON has it, see the module; what is undefined is left out.

    Args:
        table: `headline` of `released_tables.make_released_tables`.
    """
    result: dict[str, Any] = {}
    for line in table[np.isfinite(table["estimate"])].to_dict("records"):
        place = result.setdefault(line["condition"], {}).setdefault(line["method"], {})
        place.setdefault(line["reader"], {})[line["measure"]] = as_json(line)
    return result
