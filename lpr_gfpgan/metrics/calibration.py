"""Whether a reader's confidence means anything: calibration, abstention, ranking.

A confidence is the reader's own probability, in [0, 1], that its whole reading is right. Three
questions are kept apart: is it true to size (expected calibration error, reliability), does it put
right readings above wrong ones (AUROC), and what is gained by leaving out the least confident ones
(risk against coverage). The last two depend on the order of the confidences alone: no rescaling by
a rising function, such as a temperature on the whole reading, changes them.

Readings of equal confidence are never torn apart by the order in which they happen to be listed:
they share a bin, are accepted together, and where a figure counts through them one by one it is the
mean over all their orders.

Shape legend: N readings. `weights` [..., N] say how often each reading counts (once when not
given), so that resamples can be measured all at once; a result then has the shape [...].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma

from ..errors import DataError
from .statistics import Interval, wilson

PRECISION = 0.99
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


@dataclass(frozen=True)
class RiskCoverage:
    """Selective reading at every threshold that makes a difference, the strictest first.

    Attributes:
        threshold: [K] the distinct confidences, falling; a reading at or above it is accepted.
        coverage: [K] the share of readings accepted, rising to 1.
        risk: [K] the share of wrong readings among the accepted.
    """

    threshold: np.ndarray
    coverage: np.ndarray
    risk: np.ndarray


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
    values = _confidences(confidence)
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
    values, hits = _readings(confidence, right)
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
    values, hits = _readings(confidence, right)
    counted = _weights(weights, len(values))
    member = np.eye(bins)[calibration_bins(values, bins=bins, binning=binning)]
    gaps = np.abs((counted * (hits - values)) @ member).sum(axis=-1)
    return _ratio(gaps, counted.sum(axis=-1))[()]


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
    values = _confidences(confidence)
    member = np.eye(bins)[calibration_bins(values, bins=bins, binning=binning)]
    errors = np.empty(draws)
    step = max(1, _CHUNK // len(values))
    for start in range(0, draws, step):
        hits = rng.random((min(step, draws - start), len(values))) < values
        gaps = np.abs((hits - values) @ member).sum(axis=1)
        errors[start : start + step] = gaps / len(values)
    return errors


def auroc(
    confidence: ArrayLike, right: ArrayLike, *, weights: ArrayLike | None = None
) -> float | np.ndarray:
    """Probability that a right reading is more confident than a wrong one, ties counting half.

    This is the area under the receiver operating characteristic, the Mann-Whitney statistic over
    the number of pairs (Hanley and McNeil 1982).

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.
        weights: [..., N].

    Returns:
        In [0, 1], 0.5 for a confidence that says nothing; [...]; NaN where all readings are right
        or all are wrong.

    Raises:
        DataError: as in `reliability`, or the weights do not fit.
    """
    values, hits = _readings(confidence, right)
    counted, wrong = _groups(values, hits, _weights(weights, len(values)))
    correct = counted - wrong
    # Groups come with falling confidence: the wrong readings below a group are those after it.
    below = wrong.sum(axis=-1, keepdims=True) - np.cumsum(wrong, axis=-1)
    pairs = (correct * (below + wrong / 2)).sum(axis=-1)
    return _ratio(pairs, correct.sum(axis=-1) * wrong.sum(axis=-1))[()]


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> RiskCoverage:
    """Risk against coverage of a reader that abstains below a threshold.

    El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.

    Raises:
        DataError: as in `reliability`.
    """
    values, hits = _readings(confidence, right)
    counted, wrong = _groups(values, hits, np.ones(len(values)))
    accepted = np.cumsum(counted)
    return RiskCoverage(
        threshold=np.unique(values)[::-1],
        coverage=accepted / len(values),
        risk=np.cumsum(wrong) / accepted,
    )


def risk_at_coverage(
    confidence: ArrayLike,
    right: ArrayLike,
    coverage: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> float | np.ndarray:
    """Share of wrong readings among the most confident ones that make up a coverage.

    Where the coverage ends within a group of equal confidences, a part of the group is accepted and
    errs at the group's rate.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.
        coverage: one or [C], in (0, 1].
        weights: [..., N].

    Returns:
        In [0, 1], [...] for one coverage and [..., C] for several; NaN where all weights are 0.

    Raises:
        DataError: as in `reliability`, a coverage is out of range, or the weights do not fit.
    """
    wanted = np.asarray(coverage, dtype=np.float64)
    if wanted.ndim > 1 or not ((wanted > 0) & (wanted <= 1)).all():
        raise DataError(f"coverage must lie in (0, 1], got {coverage}")
    values, hits = _readings(confidence, right)
    counted, wrong = _groups(values, hits, _weights(weights, len(values)))
    after, errors = np.cumsum(counted, axis=-1), np.cumsum(wrong, axis=-1)
    risks = []
    for size in (after[..., -1:] * share for share in wanted.ravel()):
        # The first group that reaches the size; its errors beyond the size are not counted.
        last = np.minimum((after < size).sum(axis=-1, keepdims=True), after.shape[-1] - 1)
        reached, made, held, bad = (
            np.take_along_axis(part, last, axis=-1) for part in (after, errors, counted, wrong)
        )
        beyond = (reached - size) * np.nan_to_num(_ratio(bad, held))
        risks.append(_ratio(made - beyond, size)[..., 0])
    return np.stack(risks, axis=-1).reshape(after.shape[:-1] + wanted.shape)[()]


def aurc(
    confidence: ArrayLike, right: ArrayLike, *, weights: ArrayLike | None = None
) -> float | np.ndarray:
    """Area under the risk-coverage curve (Geifman, Uziel and El-Yaniv 2019), AURC.

    AURC = (1 / N) sum_k risk of the k most confident readings, k = 1..N. It grows with the error
    rate too; `aurc(right, right)` is the least that any confidence could reach at the same rate.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.
        weights: [..., N].

    Returns:
        In [0, 1], [...]; the error rate itself where all confidences are equal; NaN where all
        weights are 0.

    Raises:
        DataError: as in `reliability`, or the weights do not fit.
    """
    values, hits = _readings(confidence, right)
    counted, wrong = _groups(values, hits, _weights(weights, len(values)))
    after, errors = np.cumsum(counted, axis=-1), np.cumsum(wrong, axis=-1)
    before, rate = after - counted, np.nan_to_num(_ratio(wrong, counted))
    # Within a group the j-th further reading adds `rate` errors on average:
    # sum_j (E + j r) / (k + j) = (E - k r) (H(k + m) - H(k)) + m r, H the harmonic numbers.
    harmonic = digamma(after + 1) - digamma(before + 1)
    area = ((errors - wrong - before * rate) * harmonic + wrong).sum(axis=-1)
    return _ratio(area, after[..., -1])[()]


def acceptance_threshold(
    confidence: ArrayLike, right: ArrayLike, *, precision: float = PRECISION
) -> float:
    """The lowest confidence at which enough of the accepted readings are right.

    Found on clean validation plates and then kept: at or above it a reading is accepted. Only
    confidences that occur are tried, so a confidence below all of them is never accepted. The share
    need not rise with the threshold; the lowest one that meets `precision` accepts the most. It is
    chosen on the plates that it is measured on, so on others the share may be a little lower.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.
        precision: share of right readings among the accepted, in (0, 1].

    Returns:
        The threshold; infinity where no threshold reaches the precision: nothing is then accepted.

    Raises:
        DataError: as in `reliability`, or the precision is out of range.
    """
    if not 0 < precision <= 1:
        raise DataError(f"precision must lie in (0, 1], got {precision}")
    values, hits = _readings(confidence, right)
    counted, wrong = _groups(values, hits, np.ones(len(values)))
    accepted = np.cumsum(counted)
    # Dividing counts rounds once: 99 / 100 is the float 0.99, while 1 - 1 / 100 need not be.
    reached = np.cumsum(counted - wrong) / accepted >= precision
    return float(np.unique(values)[::-1][reached].min(initial=np.inf))


def _confidences(confidence: ArrayLike) -> np.ndarray:
    values = np.asarray(confidence, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise DataError(f"confidences must be [N] with N >= 1, got {values.shape}")
    if not ((values >= 0) & (values <= 1)).all():  # false for NaN, too
        worst = values[~((values >= 0) & (values <= 1))][0]
        raise DataError(f"confidences must lie in [0, 1], got {worst}; check the reader")
    return values


def _readings(confidence: ArrayLike, right: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, hits = _confidences(confidence), np.asarray(right, dtype=np.float64)
    if hits.shape != values.shape or not np.isin(hits, (0, 1)).all():
        raise DataError(
            f"each of {len(values)} confidences needs one 0 or 1 for wrong or right, got "
            f"{hits.shape}; check the rows"
        )
    return values, hits


def _weights(weights: ArrayLike | None, n: int) -> np.ndarray:
    counted = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if counted.ndim < 1 or counted.shape[-1] != n or not (counted >= 0).all():
        raise DataError(f"weights must be [..., {n}] and not negative, got {counted.shape}")
    return counted


def _groups(
    values: np.ndarray, hits: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weight of all and of the wrong readings at each distinct confidence, falling: [..., K]."""
    order = np.argsort(-values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=np.inf))
    counted = np.take(weights, order, axis=-1)
    wrong = counted * (1 - hits[order])
    if len(starts) == len(values):  # no ties: nothing to add up
        return counted, wrong
    return tuple(np.add.reduceat(part, starts, axis=-1) for part in (counted, wrong))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient, NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, np.divide(above, below), np.nan)
