"""Confidences, whether they were right, and how often they count: checked once for all measures."""

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError


def checked_confidences(confidence: ArrayLike) -> np.ndarray:
    """The confidences as float64 [N]; a DataError if there are none or one is outside [0, 1]."""
    values = np.asarray(confidence, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise DataError(f"confidences must be [N] with N >= 1, got {values.shape}")
    if not ((values >= 0) & (values <= 1)).all():  # false for NaN, too
        worst = values[~((values >= 0) & (values <= 1))][0]
        raise DataError(f"confidences must lie in [0, 1], got {worst}; check the reader")
    return values


def checked_readings(confidence: ArrayLike, right: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The confidences and whether each is right, float64 [N] both; else a DataError."""
    values, hits = checked_confidences(confidence), np.asarray(right, dtype=np.float64)
    if hits.shape != values.shape or not np.isin(hits, (0, 1)).all():
        raise DataError(
            f"each of {len(values)} confidences needs one 0 or 1 for wrong or right, got "
            f"{hits.shape}; check the rows"
        )
    return values, hits


def checked_weights(weights: ArrayLike | None, n: int) -> np.ndarray:
    """The weights as float64 [..., n], 1 each when not given; else a DataError."""
    counted = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if counted.ndim < 1 or counted.shape[-1] != n or not (counted >= 0).all():
        raise DataError(f"weights must be [..., {n}] and not negative, got {counted.shape}")
    return counted


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient, NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, np.divide(above, below), np.nan)
