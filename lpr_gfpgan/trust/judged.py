"""How much plates and non-plates look like plates: what fits that, chooses its threshold, tests it.

Nothing here says which plates are which: `calibrate` gives each step its own.
"""

from typing import Any

import numpy as np
import pandas as pd

from ..config import TRAINING
from .figures import refused_shares, share
from .likeness import Likeness, fit_likeness, frame_figures, threshold_between
from .placing import WAYS
from .subject import Frames, Subject, degraded_frames, other_frames, placed_frames

CLEAN = "clean"
CHOOSING = CLEAN, TRAINING
"""What a threshold must serve: sharp plates and degraded ones."""

Cell = tuple[str, str]
"""A way of giving plates, and CLEAN or a condition."""


def fitted_likenesses(subject: Subject, plates: Frames, others: Frames) -> dict[str, Likeness]:
    """For each way, a likeness fitted on plates and non-plates, sharp and degraded, so given.

    One for all ways does worse in tight crops, whose plates are cut off and stretched.

    Args:
        subject: the reader whose figures are used, and the study.
        plates: of training.
        others: pictures without a plate, that neither choose nor measure.
    """
    sides = [(side, degraded_frames(subject, side, TRAINING, 0)) for side in (plates, others)]
    return {
        way: fit_likeness(
            *(np.concatenate([_figures(subject, part, way) for part in side]) for side in sides)
        )
        for way in WAYS
    }


def plate_likenesses(
    subject: Subject, likeness: dict[str, Likeness], plates: Frames
) -> dict[Cell, np.ndarray]:
    """Likeness [N] of plates in each way of giving them, clean and under each condition."""
    found = {}
    for condition in (CLEAN, *subject.conditions):
        seen = plates if condition == CLEAN else degraded_frames(subject, plates, condition, 1)
        for way in WAYS:
            found[way, condition] = likeness[way].of(_figures(subject, seen, way))
    return found


def other_likenesses(subject: Subject, likeness: dict[str, Likeness], part: str) -> pd.DataFrame:
    """Likeness of non-plates, one row each: kind, and each way of giving them under CHOOSING.

    Args:
        subject: the reader whose figures are used, and the study.
        likeness: of each way, fitted on none of them.
        part: "choose" or "measure", see `subject.OTHERS`.
    """
    others, kinds = other_frames(subject, part)
    seen = {CLEAN: others, TRAINING: degraded_frames(subject, others, TRAINING, 2)}
    columns = {
        (way, condition): likeness[way].of(_figures(subject, seen[condition], way))
        for way in WAYS
        for condition in CHOOSING
    }
    return pd.DataFrame({"kind": kinds} | columns)


def chosen_thresholds(plates: dict[Cell, np.ndarray], others: pd.DataFrame) -> dict[str, float]:
    """For each way, the likeness from which on a frame passes; the worst-off of CHOOSING decides.

    Args:
        plates: likenesses of the plates that choose.
        others: of the non-plates that choose, see `other_likenesses`.
    """
    return {
        way: threshold_between(
            [plates[way, condition] for condition in CHOOSING],
            [others[way, condition].to_numpy() for condition in CHOOSING],
        )
        for way in WAYS
    }


def acceptance_figures(
    plates: dict[Cell, np.ndarray], others: pd.DataFrame, thresholds: dict[str, float]
) -> dict[str, Any]:
    """Shares of plates that pass and of non-plates that are refused, of those that measure.

    Args:
        plates: likenesses of plates that chose nothing.
        others: of non-plates that chose nothing, see `other_likenesses`.
        thresholds: see `chosen_thresholds`.
    """
    accepted: dict[str, Any] = {way: {} for way in WAYS}
    refused: dict[str, Any] = {way: {} for way in WAYS}
    for (way, condition), values in plates.items():
        accepted[way][condition] = share(values >= thresholds[way])
    for way in WAYS:
        for condition in CHOOSING:
            refused[way][condition] = refused_shares(others, (way, condition), thresholds[way])
    rounded = {way: round(value, 4) for way, value in thresholds.items()}
    return {"threshold": rounded, "accepted": accepted, "refused": refused}


def _figures(subject: Subject, frames: Frames, way: str) -> np.ndarray:
    placed = placed_frames(frames, way)
    return frame_figures(subject.reader, placed.image, placed.quad)
