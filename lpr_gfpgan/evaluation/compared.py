"""All methods of the study's test in the order of its tables."""

import torch

from ..config import Study
from ..restore import choose_device
from ..training.stage import begin
from .classical import CLASSICAL, classical_methods
from .grid import AS_PUBLISHED
from .methods import (
    BASELINES,
    FULL,
    Method,
    baseline_names,
    baselines,
    learned_baselines,
    restorer_names,
    restorers,
)

PUBLISHED = (FULL, "face_recipe")
"""The restorers that the paper compares, and so the ones to test in its own protocol."""


def begin_on(study: Study, device: torch.device | str | None = None) -> torch.device:
    """Sets the number of CPU threads as training does; gives the named device or its own choice.

    Raises:
        ConfigError: this machine has no such device.
    """
    own = begin(study)
    return own if device is None else choose_device(device)


def method_names(study: Study, protocol: str = "") -> list[str]:
    """The methods' names: enlargements, classical methods, then every trained network and seed.

    Args:
        study: the study.
        protocol: of the paper's grid; empty for the study's own conditions. `as_published` shows
            what the public code's defects change, for which the enlargements and the restorers of
            PUBLISHED are enough: every method is tested on the corrected conditions.
    """
    restoring = restorer_names(study)
    if protocol == AS_PUBLISHED:
        return [*BASELINES, *(name for name, variant, _ in restoring if variant in PUBLISHED)]
    trained = [*baseline_names(study), *restoring]
    return [*BASELINES, *CLASSICAL, *(name for name, _, _ in trained)]


def compared_methods(
    study: Study, device: torch.device | str = "cpu", *, protocol: str = ""
) -> list[Method]:
    """The methods themselves, see `method_names`.

    Raises:
        WeightsError: a network is missing or damaged.
    """
    if protocol == AS_PUBLISHED:
        return [*baselines(), *restorers(study, device, variants=PUBLISHED)]
    return [
        *baselines(),
        *classical_methods(study.classical, device),
        *learned_baselines(study, device),
        *restorers(study, device),
    ]
