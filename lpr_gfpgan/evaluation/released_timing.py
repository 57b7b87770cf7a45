"""How long restoring takes on this machine: seconds a plate."""

import time
from typing import Any

import numpy as np
import torch

from ..config import Study
from ..restore import Restorer
from .compared import begin_on
from .methods import FULL

PLATES = 64
"""Plates that are timed, in one batch and one by one."""


def seconds_per_plate(
    study: Study, frames: np.ndarray, *, device: torch.device | str | None = None
) -> dict[str, Any]:
    """Times the study's first `full` restorer, its input and output being pixels.

    Args:
        study: names the weights and the number of threads.
        frames: uint8 [N, H, W, 3] in the restorer's frame; the first PLATES are restored.
        device: where it runs; a CUDA device if there is one, when not given.

    Returns:
        `alone`: the median of plates restored one by one; `together`: of one batch, by plate; both
        in seconds. `plates`, `threads` and `device` say of what and where.

    Raises:
        WeightsError: the restorer is missing or damaged.
    """
    restorer = Restorer.from_pretrained(
        study.paths.restorer(FULL, study.seeds[0]), device=begin_on(study, device)
    )
    chosen = list(frames[:PLATES])
    restorer.network_frames(chosen[:1])  # the first call sets things up
    alone = [_seconds(restorer, [frame]) for frame in chosen]
    return {
        "alone": round(float(np.median(alone)), 5),
        "together": round(_seconds(restorer, chosen) / len(chosen), 5),
        "plates": len(chosen),
        "threads": torch.get_num_threads(),
        "device": str(restorer.device),
    }


def _seconds(restorer: Restorer, frames: list[np.ndarray]) -> float:
    """Until the pixels are there, which on a GPU waits for it."""
    start = time.perf_counter()
    restorer.network_frames(frames)
    return time.perf_counter() - start
