"""All methods of the study's test in the order of its tables."""

import torch

from ..config import Study
from ..restore import choose_device
from ..training.stage import begin
from .classical import CLASSICAL, TRUE_KERNEL, classical_methods
from .grid import AS_PUBLISHED
from .methods import (
    BASELINES,
    Method,
    baseline_names,
    baselines,
    learned_baselines,
    restorer_names,
    restorers,
)


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
        protocol: of the paper's grid; empty for the study's own conditions. Under `as_published` no
            method is told the kernel, since that code's blur is no convolution with one.
    """
    classical = [c for c in CLASSICAL if protocol != AS_PUBLISHED or c not in TRUE_KERNEL]
    trained = [*baseline_names(study), *restorer_names(study)]
    return [*BASELINES, *classical, *(name for name, _, _ in trained)]


def compared_methods(
    study: Study, device: torch.device | str = "cpu", *, protocol: str = ""
) -> list[Method]:
    """The methods themselves, see `method_names`.

    Raises:
        WeightsError: a network is missing or damaged.
    """
    methods = [
        *baselines(),
        *classical_methods(study.classical, device),
        *learned_baselines(study, device),
        *restorers(study, device),
    ]
    names = method_names(study, protocol)
    return [method for method in methods if method.name in names]
