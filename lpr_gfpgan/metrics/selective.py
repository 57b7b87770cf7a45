"""What a reader's confidence is good for: ranking its readings, and abstaining from some.

All of these depend on the order of the confidences alone: no rescaling by a rising function, such
as a temperature on the whole reading, changes them.

Readings of equal confidence are never torn apart by the order in which they are listed: they are
accepted together, and where a figure counts through them one by one it is the mean over all their
orders.

Shape legend: N readings. `weights` [..., N] say how often each reading counts (once when not
given), so that resamples can be measured all at once; a result then has the shape [...].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma

from ..errors import DataError
from .confidences import checked_readings, checked_weights, ratio

PRECISION = 0.99


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
        DataError: as in `calibration.reliability`, or the weights do not fit.
    """
    values, hits = checked_readings(confidence, right)
    counted, wrong = _groups(values, hits, checked_weights(weights, len(values)))
    correct = counted - wrong
    # Groups come with falling confidence: the wrong readings below a group are those after it.
    below = wrong.sum(axis=-1, keepdims=True) - np.cumsum(wrong, axis=-1)
    pairs = (correct * (below + wrong / 2)).sum(axis=-1)
    return ratio(pairs, correct.sum(axis=-1) * wrong.sum(axis=-1))[()]


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> RiskCoverage:
    """Risk against coverage of a reader that abstains below a threshold.

    El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017.

    Args:
        confidence: [N] in [0, 1].
        right: [N] whether each reading is right.

    Raises:
        DataError: as in `calibration.reliability`.
    """
    values, hits = checked_readings(confidence, right)
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
        DataError: as in `calibration.reliability`, a coverage is out of range, or the weights do
            not fit.
    """
    wanted = np.asarray(coverage, dtype=np.float64)
    if wanted.ndim > 1 or not ((wanted > 0) & (wanted <= 1)).all():
        raise DataError(f"coverage must lie in (0, 1], got {coverage}")
    values, hits = checked_readings(confidence, right)
    counted, wrong = _groups(values, hits, checked_weights(weights, len(values)))
    after, errors = np.cumsum(counted, axis=-1), np.cumsum(wrong, axis=-1)
    risks = []
    for size in (after[..., -1:] * share for share in wanted.ravel()):
        # The first group that reaches the size; its errors beyond the size are not counted.
        last = np.minimum((after < size).sum(axis=-1, keepdims=True), after.shape[-1] - 1)
        reached, made, held, bad = (
            np.take_along_axis(part, last, axis=-1) for part in (after, errors, counted, wrong)
        )
        beyond = (reached - size) * np.nan_to_num(ratio(bad, held))
        risks.append(ratio(made - beyond, size)[..., 0])
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
        DataError: as in `calibration.reliability`, or the weights do not fit.
    """
    values, hits = checked_readings(confidence, right)
    counted, wrong = _groups(values, hits, checked_weights(weights, len(values)))
    after, errors = np.cumsum(counted, axis=-1), np.cumsum(wrong, axis=-1)
    before, rate = after - counted, np.nan_to_num(ratio(wrong, counted))
    # Within a group the j-th further reading adds `rate` errors on average:
    # sum_j (E + j r) / (k + j) = (E - k r) (H(k + m) - H(k)) + m r, H the harmonic numbers.
    harmonic = digamma(after + 1) - digamma(before + 1)
    area = ((errors - wrong - before * rate) * harmonic + wrong).sum(axis=-1)
    return ratio(area, after[..., -1])[()]


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
        DataError: as in `calibration.reliability`, or the precision is out of range.
    """
    if not 0 < precision <= 1:
        raise DataError(f"precision must lie in (0, 1], got {precision}")
    values, hits = checked_readings(confidence, right)
    counted, wrong = _groups(values, hits, np.ones(len(values)))
    accepted = np.cumsum(counted)
    # Dividing counts rounds once: 99 / 100 is the float 0.99, while 1 - 1 / 100 need not be.
    reached = np.cumsum(counted - wrong) / accepted >= precision
    return float(np.unique(values)[::-1][reached].min(initial=np.inf))


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
