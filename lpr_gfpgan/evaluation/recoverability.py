"""How much of a plate can still be read at each blur and resolution.

A map of two factors alone, Gaussian blur and the plate's width on the small image, without noise or
compression, for these readers: it is no bound for others.
"""

import itertools
from dataclasses import replace

import pandas as pd
import torch

from ..config import Study
from ..training.stage import begin
from .methods import DEGRADED, DIRECT, DIRECT_READING, FULL, JUDGE, baselines, restorers
from .protocol import MixedCondition, load_plates, study_conditions
from .run import compare, open_readers
from .tables import figure

SIGMAS = (0.0, 0.01, 0.02, 0.03, 0.04)  # of the blur, as fractions of the plate's width
WIDTHS = (20, 25, 30, 40, 50)  # px of the plate on the small image
FACTORS = ("motion", "noise", "jpeg")


def recoverability_conditions(study: Study) -> dict[str, tuple[float, int, MixedCondition]]:
    """Each cell of the map by its name: sigma (share of the plate's width), width, condition."""
    given = study_conditions(study)[0]
    cells = {}
    for sigma, width in itertools.product(SIGMAS, WIDTHS):
        name = f"sigma {sigma:g}, {width} px"
        ranges = replace(
            given.ranges,
            **{f"{factor}_probability": 0.0 for factor in FACTORS},
            defocus_probability=float(sigma > 0),
            defocus_sigma=(sigma, sigma),
            defocus_kinds={"isotropic": 1.0},
            downsample_probability=1.0,
            downsample_width=(width, width),
        )
        cells[name] = sigma, width, MixedCondition(name=name, ranges=ranges, seed=given.seed)
    return cells


def recoverability_rows(study: Study, *, device: torch.device | str | None = None) -> pd.DataFrame:
    """Reads the degraded and the fully restored plates in every cell; see `rows.COLUMNS`.

    Args:
        study: the study; `evaluation.grid_plates` plates are read in each cell.
        device: where networks run; a CUDA device if there is one, when not given.

    Raises:
        DataError: the plates are missing, damaged or too few.
        WeightsError: a reader or restorer is missing or damaged.
    """
    device = device or begin(study)
    plates = load_plates(study, count=study.settings.evaluation.grid_plates)
    full = [m for m in restorers(study, device) if m.variant == FULL][:1]
    methods = [*(m for m in baselines() if m.name == DEGRADED), *full]
    cells = [cell for _, _, cell in recoverability_conditions(study).values()]
    return compare(plates, cells, methods, open_readers(study, device), device=device).rows


def recoverability_table(
    study: Study,
    rows: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    measure: str = "character_accuracy",
) -> pd.DataFrame:
    """One line per cell and method, direct reading among them.

    Args:
        study: the study.
        rows: of `recoverability_rows`.
        draws: bootstrap resamples of plates.
        seed: of the resamples.
        measure: a key of `tables.MEASURES`.

    Returns:
        Columns method, sigma (a fraction of the plate's width), plate_width (px), n, estimate, low,
        high, interval.
    """
    cells = recoverability_conditions(study)
    lines = []
    for (condition, method, reader), group in rows.groupby(
        ["condition", "method", "reader"], sort=False
    ):
        if reader != JUDGE and (method, reader) != (DEGRADED, DIRECT):
            continue
        found, interval = figure(group, measure, draws=draws, seed=seed)
        sigma, width, _ = cells[condition]
        lines.append(
            {
                "method": method if reader == JUDGE else DIRECT_READING,
                "sigma": sigma,
                "plate_width": width,
                "n": found.n,
                "estimate": found.estimate,
                "low": found.low,
                "high": found.high,
                "interval": interval,
            }
        )
    return pd.DataFrame(lines)
