"""All methods of the study's test in the order of its tables."""

import torch

from ..config import Study
from .classical import CLASSICAL, TRUE_KERNEL, classical_methods
from .grid import AS_PUBLISHED
from .methods import BASELINES, Method, baselines, restorer_names, restorers


def method_names(study: Study, protocol: str = "") -> list[str]:
    """The methods' names: baselines, classical methods, then every variant of every seed.

    Args:
        study: the study.
        protocol: of the paper's grid; empty for the study's own conditions. Under `as_published` no
            method is told the kernel, since that code's blur is no convolution with one.
    """
    classical = [c for c in CLASSICAL if protocol != AS_PUBLISHED or c not in TRUE_KERNEL]
    return [*BASELINES, *classical, *(name for name, _, _ in restorer_names(study))]


def compared_methods(
    study: Study, device: torch.device | str = "cpu", *, protocol: str = ""
) -> list[Method]:
    """The methods themselves, see `method_names`.

    Raises:
        WeightsError: a restorer is missing or damaged.
    """
    methods = [
        *baselines(),
        *classical_methods(study.classical, device),
        *restorers(study, device),
    ]
    names = method_names(study, protocol)
    return [method for method in methods if method.name in names]
