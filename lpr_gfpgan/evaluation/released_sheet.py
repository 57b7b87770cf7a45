"""Sheets of restored photographs for looking at, in the private folder alone."""

from pathlib import Path

import numpy as np
import torch

from ..config import Study
from ..errors import DataError
from ..restore import choose_device
from . import figure_style, restoration_figures
from .methods import DEGRADED, ORIGINAL, baselines, restorers
from .protocol import degraded_set
from .real import real_conditions
from .real_plates import RealPlates
from .real_report import private_folder
from .run import Evaluation

PLATES = 50
A_PAGE = 10
"""Plates on one picture: more would be higher than people scroll."""


def draw_sheets(
    evaluation: Evaluation,
    real: RealPlates,
    study: Study,
    *,
    condition: str,
    device: torch.device | str | None = None,
) -> list[Path]:
    """Draws 50 plates, from each source alike: degraded, restored, untouched, with readings.

    Args:
        evaluation: of `real.evaluate_real`, whose readings by `judge` stand beneath.
        real: the plates.
        study: of `released_real.released_real_study`.
        condition: one of its conditions.
        device: where the restorer runs; a CUDA device if there is one, when not given.

    Returns:
        The pictures, sheet-<condition>-<number>.png in the private folder, ten plates each.

    Raises:
        DataError: there is no such condition.
    """
    wanted = [each for each in real_conditions(study) if each.name == condition]
    if not wanted:
        raise DataError(f"no condition {condition!r} to draw; name one of real/released.yaml")
    plain = [method for method in baselines() if method.name in (DEGRADED, ORIGINAL)]
    methods = [*plain, *restorers(study, choose_device(device))]
    names = [method.name for method in methods]
    rank = real.plates.table.groupby("source").cumcount()
    shown = np.sort(np.argsort(rank.to_numpy(), kind="stable")[:PLATES])
    drawn = []
    for number, start in enumerate(range(0, len(shown), A_PAGE), 1):
        page = shown[start : start + A_PAGE]
        plates = real.plates.select(page)
        degraded = degraded_set(plates, wanted[0])
        images = np.stack([method.apply(plates, degraded) for method in methods], axis=1)
        rows = evaluation.rows[evaluation.rows["plate"].isin(page)]
        figure = restoration_figures.restoration_grid(images, names, rows, condition=condition)
        path = private_folder(study) / f"sheet-{condition}-{number}.png"
        drawn.append(figure_style.save(figure, path))
    return drawn
