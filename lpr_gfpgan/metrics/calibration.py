"""Whether a reader's confidence is true to size: reliability and calibration error.

A confidence is the reader's own probability, in [0, 1], that its whole reading is right. What it is
good for beyond its size, ranking and abstention, is in `selective`.

Readings of equal confidence share a bin, so no figure hangs on the order in which they are listed.

Shape legend: N readings. `weights` [..., N] say how often each reading counts (once when not
given), so that resamples can be measured all at once; a result then has the shape [...].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from .confidences import checked_confidences, checked_readings, checked_weights, ratio
from .statistics import Interval, wilson

BINS = 10
BINNINGS = ("mass", "width")
_CHUNK = 1_000_000  # readings drawn at once: bounds the memory whatever `draws` is


@dataclass(frozen=True)
class ReliabilityBin:
    """The readings of one range of confidence.

    Attributes:
        low, high: lowest and highest confidence in the bin.
        confidence: their mean confidence.
        accuracy: the share that is right, with its Wilson interval and the number of readings.
    """

    low: float
    high: float
    confidence: float
    accuracy: Interval


def calibration_bins(
    confidence: ArrayLike, *, bins: int = BINS, binning: str = "mass"
) -> np.ndarray:
    """The bin of each reading.

    Args:
        confidence: [N] in [0, 1].
        bins: how many; some may stay empty.
        binning: "mass", about equally many readings in each (Nguyen and O'Connor 2015), where a
            group of equal confidences goes by the middle of its ranks; or "width", the ranges
            ((b - 1) / bins, b / bins], with 0 in the first (Guo et al. 2017).

    Returns:
        int64 [N] in 0..bins - 1, rising with the confidence.

    Raises:
        DataError: no readings, a confidence outside [0, 1], no bins or an unknown binning.
    """
    values = checked_confidences(confidence)
    if bins < 1 or binning not in BINNINGS:
        raise DataError(f"calibration needs 1 bin or more, by {' or '.join(BINNINGS)}")
    if binning == "width":
        return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], values, side="left")
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = 2 * np.cumsum(counts) - counts  # twice the middle of each group's ranks: an integer
    return (bins * middle // (2 * len(values)))[place]


def reliability(
    confidence: ArrayLike, right: ArrayLike, *, bins: int = BINS, binning: str = "mass"
) -> tuple[ReliabilityBin, ...]:
    """Accuracy against confidence, bin by bin (DeGroot and Fienberg 1983).

    The Wilson intervals take the readings for independent: one reading per plate.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.
        bins: see `calibration_bins`.
        binning: see `calibration_bins`.

    Returns:
        The bins that hold readings, from the lowest confidence up.

    Raises:
        DataError: as in `calibration_bins`, or `right` is not [N] of 0 and 1.
    """
    values, hits = checked_readings(confidence, right)
    place = calibration_bins(values, bins=bins, binning=binning)
    found = []
    for number in np.unique(place):
        inside = place == number
        part, n = values[inside], int(inside.sum())
        accuracy = wilson(int(hits[inside].sum()), n)
        found.append(
            ReliabilityBin(float(part.min()), float(part.max()), float(part.mean()), accuracy)
        )
    return tuple(found)


def expected_calibration_error(
    confidence: ArrayLike,
    right: ArrayLike,
    *,
    bins: int = BINS,
    binning: str = "mass",
    weights: ArrayLike | None = None,
) -> float | np.ndarray:
    """ECE = sum_b (n_b / N) |accuracy_b - mean confidence_b| (Naeini et al. 2015; Guo et al. 2017).

    It is biased upward: each bin's chance deviation counts as an error (Roelofs et al. 2022). So it
    belongs beside `calibrated_error`, what a perfectly calibrated reader would show.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.
        bins: see `calibration_bins`.
        binning: see `calibration_bins`.
        weights: [..., N]; the bins are those of the readings counted once.

    Returns:
        In [0, 1], [...]; NaN where all weights are 0.

    Raises:
        DataError: as in `reliability`, or the weights do not fit.
    """
    values, hits = checked_readings(confidence, right)
    counted = checked_weights(weights, len(values))
    member = np.eye(bins)[calibration_bins(values, bins=bins, binning=binning)]
    gaps = np.abs((counted * (hits - values)) @ member).sum(axis=-1)
    return ratio(gaps, counted.sum(axis=-1))[()]


def calibrated_error(
    confidence: ArrayLike,
    *,
    draws: int,
    rng: np.random.Generator,
    bins: int = BINS,
    binning: str = "mass",
) -> np.ndarray:
    """ECE of a perfectly calibrated reader with these confidences: what chance alone gives.

    Each draw makes every reading right with its own confidence as the probability, independently of
    the others (the consistency resampling of Broecker and Smith 2007).

    Args:
        confidence: [N] in [0, 1].
        draws: how many.
        rng: draws which readings are right.
        bins: see `calibration_bins`.
        binning: see `calibration_bins`.

    Returns:
        float64 [draws].

    Raises:
        DataError: as in `calibration_bins`.
    """
    values = checked_confidences(confidence)
    member = np.eye(bins)[calibration_bins(values, bins=bins, binning=binning)]
    errors = np.empty(draws)
    step = max(1, _CHUNK // len(values))
    for start in range(0, draws, step):
        hits = rng.random((min(step, draws - start), len(values))) < values
        gaps = np.abs((hits - values) @ member).sum(axis=1)
        errors[start : start + step] = gaps / len(values)
    return errors
