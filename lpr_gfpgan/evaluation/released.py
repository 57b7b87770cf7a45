"""The test of the released weights on plates drawn for it, with the study's own conditions.

It trains nothing and needs no other plates: the released restorer says how large the frames are,
and plates of the splits "validation" and "test" are drawn in that size, whose texts no training
saw. So it repeats on any CPU in minutes what the page on the weights claims.

- `released_tables`, `released_report`: its figures and files; `released_timing`: seconds a plate.
- `released_real`: the same weights on photographed plates, `released_real_tables`,
  `released_real_report`: what is said of them, `released_sheet`: a picture of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from ..config import ShippedPaths, Study
from ..networks import load_weights
from ..plates import prepare
from ..restore.weights import RELEASED
from ..settings import FrameSettings
from .compared import begin_on
from .filters import filter_methods
from .methods import FULL, baselines, restorers
from .protocol import VALIDATION, load_plates, study_conditions
from .run import Evaluation, clean_rows, compare, open_hyperlpr, open_readers

NAME = "released"
"""Takes the place of a profile's name in folders: reports/released, data/synthetic/released."""
TEST = "test"


def released_study(study: Study, weights: Path | str | None = None) -> Study:
    """The study with the released networks in place of its own, and their frame.

    Args:
        study: gives conditions, counts, seeds and filters; of its trained networks none is used.
        weights: a folder with files named as the released ones; those of the package when not
            given.

    Returns:
        A study whose one restorer is `full`, and whose reports go to reports/released.

    Raises:
        WeightsError: the folder holds no restorer, or it is damaged.
    """
    folder = RELEASED.parent if weights is None else Path(weights)
    network, _ = load_weights(folder / RELEASED.name, expect_kind="restorer")
    (height, width), (base_height, base_width) = network.size, network.config["base"]
    frame = FrameSettings(
        height=height, width=width, base_height=base_height, base_width=base_width
    )
    return replace(
        study,
        profile=NAME,
        variants=[FULL],
        baselines=[],
        seeds=[0],
        settings=replace(study.settings, frame=frame),
        paths=ShippedPaths(study.paths.output, NAME, folder),
    )


def draw_plates(
    study: Study, counts: Mapping[str, int] | None = None, *, workers: int | None = None
) -> Path:
    """Draws the test's plates, and the clean ones that set thresholds; no training plates.

    A plate hangs on the seed, its split and its number alone: these are the first plates of both
    splits of any set of this seed and frame.

    Args:
        study: of `released_study`.
        counts: plates of each split; those of the test when not given.
        workers: processes that draw; one per available core when not given.

    Returns:
        The folder, data/synthetic/released where `study` names no other.
    """
    settings = study.settings
    if counts is None:
        counts = {VALIDATION: settings.plates.validation, TEST: settings.evaluation.plates}
    return prepare(
        study.paths.plates,
        height=settings.frame.height,
        width=settings.frame.width,
        seed=settings.plates.seed,
        counts=counts,
        styles=settings.plates.styles,
        workers=workers,
    )


def evaluate_released(study: Study, *, device: torch.device | str | None = None) -> Evaluation:
    """Degrades, restores and reads the drawn plates.

    Beside the restorer stand the classical filters that need not be told the blur. The paper's
    reader, where its package is installed, reads everything that our readers read; whether it may
    judge drawn plates, the clean ones say.

    Args:
        study: of `released_study`, its plates drawn.
        device: where networks run; a CUDA device if there is one, when not given.

    Raises:
        ConfigError: this machine has no such device.
        DataError: the plates are missing, damaged or too few.
        WeightsError: a network is missing or damaged.
    """
    device = begin_on(study, device)
    readers = [*open_readers(study, device), *open_hyperlpr()]
    methods = [*baselines(), *filter_methods(study, device), *restorers(study, device)]
    tested = compare(load_plates(study), study_conditions(study), methods, readers, device=device)
    return replace(tested, clean=clean_rows(study, readers, device=device))
