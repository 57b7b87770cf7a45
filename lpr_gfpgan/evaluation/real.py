"""The test on photographed plates: conditions, methods and readers of the study's own test.

- `real_plates`: which photographs; `real_tables`: the figures, each source apart;
  `real_acceptance`: which of them pass for plates; `real_report`: what is written where;
  `real_views`: tables as the notebook shows them.
"""

from dataclasses import replace

import pandas as pd
import torch

from ..config import Study
from ..restore import choose_device
from .classical import TRUE_KERNEL
from .compared import compared_methods
from .methods import ORIGINAL, baselines
from .protocol import MixedCondition, study_conditions
from .real_plates import RealPlates
from .real_tables import UNTOUCHED
from .run import Evaluation, clean_rows, compare, open_hyperlpr, open_readers

REFERENCE = "reference photographs"
"""The untouched plates of the training split's texts, where they set a threshold."""


def real_conditions(study: Study) -> list[MixedCondition]:
    """The photographs as they are, then the study's conditions."""
    given = study_conditions(study)
    off = {
        f"{factor}_probability": 0.0
        for factor in ("motion", "defocus", "downsample", "noise", "jpeg")
    }
    nothing = replace(given[0].ranges, **off)
    return [MixedCondition(name=UNTOUCHED, ranges=nothing, seed=given[0].seed), *given]


def evaluate_real(
    study: Study, real: RealPlates, *, device: torch.device | str | None = None
) -> Evaluation:
    """Restores, reads and scores the photographs with the study's trained networks.

    Under the condition UNTOUCHED the methods `degraded` and `bicubic` are the photograph itself.

    The rows `clean` are what thresholds are set on, and no scored plate is among them. `judge` and
    `direct`, which know drawn plates, read the clean drawn plates of the validation split, as in
    the study's own test. HyperLPR knows photographs and reads drawn plates badly: it reads the
    untouched reference plates, photographs whose texts belong to the training split. Where a folder
    has none, HyperLPR has no rows there, and then no threshold.

    Returns:
        As the study's own test, and each row's `source`.

    Raises:
        DataError: the validation plates are missing or damaged.
        WeightsError: a reader or restorer is missing or damaged.
    """
    device = choose_device(device)
    own, others = open_readers(study, device), open_hyperlpr(refine=True)
    conditions = real_conditions(study)
    # A fixed kernel serves photographs as it serves drawn plates; the true one would be an oracle.
    methods = [m for m in compared_methods(study, device) if m.name not in TRUE_KERNEL]
    clean = [clean_rows(study, own, device=device)]
    if others and real.reference is not None:
        as_they_are = [method for method in baselines() if method.name == ORIGINAL]
        read = compare(real.reference, conditions[:1], as_they_are, others, device=device).rows
        clean.append(read.assign(condition=REFERENCE))
    result = compare(real.plates, conditions, methods, [*own, *others], device=device)
    return replace(
        result,
        rows=real.with_source(result.rows),
        clean=pd.concat(clean, ignore_index=True),
    )
