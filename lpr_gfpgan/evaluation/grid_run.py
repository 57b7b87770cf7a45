"""Runs the paper's grid: its 51 conditions in one protocol, fewer plates in each."""

import time
from pathlib import Path

import pandas as pd
import torch

from ..config import TRAINING, Study
from ..files import write_json
from ..training.stage import degradation_ranges
from .compared import begin_on, compared_methods
from .grid import conditions
from .protocol import grid_conditions, load_plates
from .rows import write_table
from .run import Evaluation, compare, open_readers, stored_sets
from .strengths import strength_table


def grid_name(protocol: str) -> str:
    """How the metrics and the timing of a protocol's grid are named."""
    return f"grid-{protocol}"


def grid_rows_path(study: Study, protocol: str) -> Path:
    """The rows of a protocol's grid."""
    return study.paths.reports / "rows-grid" / f"{protocol}.csv.gz"


def strengths(study: Study, protocol: str) -> pd.DataFrame:
    """The conditions of a protocol at this study's frame: strengths, range marks, skip reasons."""
    settings = study.settings
    cells = conditions(protocol, seed=settings.evaluation.seed)
    return strength_table(cells, degradation_ranges(study, TRAINING), settings.frame.size)


def evaluate_grid(
    study: Study, protocol: str, *, device: torch.device | str | None = None
) -> Evaluation:
    """Runs every condition of a protocol that the frame can show, on the degraded sets on disk.

    Args:
        study: settings and paths.
        protocol: "as_published" or "corrected".
        device: where networks run; a CUDA device if there is one, when not given.

    Raises:
        ConfigError: the protocol is unknown, or this machine has no such device.
        DataError: as in `run.evaluate`.
        WeightsError: a reader or restorer is missing or damaged.
    """
    device = begin_on(study, device)
    shown = grid_conditions(study, protocol)
    plates = load_plates(study, count=study.settings.evaluation.grid_plates)
    methods = compared_methods(study, device, protocol=protocol)
    start = time.perf_counter()
    result = compare(
        plates,
        shown,
        methods,
        open_readers(study, device),
        device=device,
        degrade=stored_sets(study),
    )
    seconds = time.perf_counter() - start
    images = len(methods) * len(shown) * len(plates)
    write_json(
        study.paths.timing(grid_name(protocol)),
        {"seconds": round(seconds, 1), "images_per_second": round(images / seconds, 1)},
    )
    return result


def write_grid(evaluation: Evaluation, study: Study, protocol: str) -> dict:
    """Writes the grid's rows and metrics/grid-<protocol>.json: the sets' hashes, what was skipped.

    Returns:
        What the metrics file holds.
    """
    write_table(grid_rows_path(study, protocol), evaluation.rows)
    table = strengths(study, protocol)
    facts = {
        "n": {"plates": int(evaluation.rows["plate"].nunique()), "rows": len(evaluation.rows)},
        "conditions": len(evaluation.sets),
        "skipped": dict(table.loc[table["skipped"] != "", ["condition", "skipped"]].to_numpy()),
        "in_training_range": int(table["in_training_range"].sum()),
        "sets": {
            s.condition: {"set_sha256": s.set_sha256, "pixels_sha256": s.pixels_sha256}
            for s in evaluation.sets
        },
    }
    write_json(study.paths.metrics(grid_name(protocol)), facts)
    return facts
