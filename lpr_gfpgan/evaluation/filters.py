"""Which classical filter the full model is held against: chosen on validation plates.

The best of several filters on the test's own plates would be flattered by the choice. So those that
need not be told the blur are read on the validation plates under the study's conditions, before any
test, and the one with the most characters right is the rival.
"""

import pandas as pd
import torch

from ..config import Study
from ..errors import DataError
from .classical import CLASSICAL, TRUE_KERNEL, classical_methods
from .lines import POOLED
from .methods import JUDGE, Method

CANDIDATES = tuple(name for name in CLASSICAL if name not in TRUE_KERNEL)
"""The filters among which is chosen: no camera tells the true kernel."""


def filter_methods(study: Study, device: torch.device | str = "cpu") -> list[Method]:
    """The methods that CANDIDATES names."""
    return [m for m in classical_methods(study.classical, device) if m.name in CANDIDATES]


def best_filter(accuracy: pd.DataFrame) -> str:
    """The filter of CANDIDATES that the judge reads best.

    Args:
        accuracy: of `tables.accuracy_table`, on degraded validation plates.

    Raises:
        DataError: no such filter was tested.
    """
    chosen = accuracy[
        (accuracy["condition"] == POOLED)
        & (accuracy["measure"] == "character_accuracy")
        & (accuracy["reader"] == JUDGE)
        & accuracy["method"].isin(CANDIDATES)
    ]
    if chosen.empty:
        raise DataError(f"no classical filter among the rows; test one of {', '.join(CANDIDATES)}")
    return str(chosen.loc[chosen["estimate"].idxmax(), "method"])
