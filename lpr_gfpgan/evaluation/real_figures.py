"""The picture of the test on photographed plates, for the private folder alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..config import Study
from ..errors import DataError
from ..restore import choose_device
from . import figure_style, restoration_figures
from .methods import DEGRADED, FULL, ORIGINAL, Method, baselines, restorers
from .protocol import Condition, PlateTest, degraded_set
from .real import real_conditions
from .real_plates import RealPlates
from .real_report import private_folder
from .run import Evaluation

GRID = 16


def draw_grid(
    evaluation: Evaluation,
    real: RealPlates,
    study: Study,
    *,
    condition: str,
    device: torch.device | str | None = None,
) -> Path:
    """Draws 16 plates, from each source alike: degraded, restored by `full`, original, readings.

    Returns:
        The picture, in the private folder.

    Raises:
        DataError: no such condition, or no `full` model.
    """
    methods = [
        method
        for method in [*baselines(), *restorers(study, choose_device(device))]
        if method.name in (DEGRADED, ORIGINAL) or method.variant == FULL
    ]
    wanted = [c for c in real_conditions(study) if c.name == condition]
    if not wanted or len(methods) < 3:
        missing = f"condition {condition!r}" if not wanted else f"variant {FULL!r}"
        raise DataError(f"no {missing} to draw; name one of params.yaml")
    rank = real.plates.table.groupby("source").cumcount()
    shown = np.sort(np.argsort(rank.to_numpy(), kind="stable")[:GRID])
    plates = real.plates.select(shown)
    # The examples that an evaluation keeps are its first plates, all of one source.
    examples = _restored(plates, wanted[0], methods)
    rows = evaluation.rows[evaluation.rows["plate"].isin(shown)]
    names = [method.name for method in methods]
    figure = restoration_figures.restoration_grid(examples, names, rows, condition=condition)
    return figure_style.save(figure, private_folder(study) / "grid.png")


def _restored(plates: PlateTest, condition: Condition, methods: Sequence[Method]) -> np.ndarray:
    """What each method makes of the plates, uint8 [plates, methods, H, W, 3]."""
    degraded = degraded_set(plates, condition)
    return np.stack([method.apply(plates, degraded) for method in methods], axis=1)
