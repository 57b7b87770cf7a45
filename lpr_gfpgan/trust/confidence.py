"""The probability that a read character is right, from the reader's own confidence in it.

    logit p = offset + slope * logit(raw) + clear * (sharpness - usual)
              [+ rise, if the restoration is read alike] [- fall, if it is read otherwise]

Platt's scaling (1999) of the reader's probability, a term for how sharp the picture is, because the
reader is too sure of strongly blurred ones, and one shift for what the reading of the restoration
says. slope, clear, rise and fall are never negative: a surer reader is never trusted less, nor a
sharper picture, and a disagreement never raises the figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ..errors import DataError
from ..metrics import alignment
from .likeness import fit_logistic

CLIP = 1e-6  # probabilities nearer to 0 or 1 differ by rounding alone
MOST = 8.0  # least and greatest shift, in logits: beyond it few characters would say so
PRIOR = 1.0  # characters of each outcome that hold a shift to 0
ENDS = 0.01, 0.99  # quantiles of the sharpness beyond which nothing is extrapolated


@dataclass(frozen=True, kw_only=True)
class CharacterModel:
    """A fitted model of character confidence; see the module.

    Attributes:
        offset: in logits.
        slope: per logit of the raw confidence, 0 or more.
        clear: in logits per unit of `sharpness`, 0 or more.
        usual: mean sharpness of the characters that fitted it.
        softest: sharpness below which a picture counts as that soft: none softer fitted it.
        sharpest: above which it counts as that sharp.
        rise: in logits, 0 or more.
        fall: in logits, 0 or more.
    """

    offset: float
    slope: float
    clear: float
    usual: float
    softest: float
    sharpest: float
    rise: float
    fall: float

    def probability(
        self, raw: ArrayLike, sharp: ArrayLike, agrees: ArrayLike | None = None
    ) -> np.ndarray:
        """Calibrated probabilities of characters.

        Args:
            raw: [N] the reader's confidences in [0, 1].
            sharp: [N] the `sharpness` of each one's picture.
            agrees: [N] whether the restoration is read alike there; None where it was not read.

        Returns:
            float64 [N] in [0, 1].
        """
        within = np.clip(np.asarray(sharp, np.float64), self.softest, self.sharpest)
        score = self.offset + self.slope * logit(np.asarray(raw, np.float64))
        score = score + self.clear * (within - self.usual)
        if agrees is not None:
            score = score + np.where(np.asarray(agrees, bool), self.rise, -self.fall)
        return 1 / (1 + np.exp(-score))


def logit(probability: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), p first kept from 0 and 1."""
    kept = np.clip(probability, CLIP, 1 - CLIP)
    return np.log(kept / (1 - kept))


def fit_characters(
    raw: ArrayLike, sharp: ArrayLike, agrees: ArrayLike, right: ArrayLike
) -> CharacterModel:
    """Fits the model on characters whose truth is known.

    Offset, slope and the sharpness's share are fitted without looking at the agreement, then each
    shift so that the mean probability of its characters is their share of right ones. All are held
    to the reader's own confidence, unchanged, with the weight of one or two characters: where there
    are none, that is the model.

    Args:
        raw: [N] the reader's confidences in [0, 1].
        sharp: [N] the `sharpness` of each one's picture.
        agrees: [N] whether the restoration is read alike there.
        right: [N] whether the character is right.

    Raises:
        DataError: the four differ in number.
    """
    values, clear = np.asarray(raw, np.float64), np.asarray(sharp, np.float64)
    same, hits = np.asarray(agrees, bool), np.asarray(right, np.float64)
    if not values.ndim == 1 or not len(values) == len(clear) == len(same) == len(hits):
        raise DataError(
            f"confidences {values.shape}, sharpness {clear.shape}, agreements {same.shape} and "
            f"truths {hits.shape} must all be [N], one of each for every character"
        )
    given = logit(values)
    softest, sharpest = np.quantile(clear, ENDS).tolist() if len(clear) else (0.0, 0.0)
    within = np.clip(clear, softest, sharpest)
    usual = float(within.mean()) if len(clear) else 0.0
    shown = within - usual
    offset, change, weight = _unread_weights(given, shown, hits)
    score = offset + (1 + change) * given + weight * shown
    rise, fall = (_shift(score[group], hits[group]) for group in (same, ~same))
    return CharacterModel(
        offset=offset,
        slope=1 + change,
        clear=weight,
        usual=usual,
        softest=softest,
        sharpest=sharpest,
        rise=max(rise, 0.0),
        fall=max(-fall, 0.0),
    )


def _unread_weights(
    given: np.ndarray, shown: np.ndarray, hits: np.ndarray
) -> tuple[float, float, float]:
    """Offset, change of the slope against 1, and weight of the sharpness, for characters [N].

    A slope that would fall below 0 is held there, and so is a weight, and the rest fitted again.
    """
    count = max(len(given), 1)
    inputs = np.stack([np.ones(len(given)), given, shown], axis=1)
    share = np.full(len(given), 1 / count)
    least = np.array([-np.inf, -1.0, 0.0])
    weights, free = np.zeros(3), np.ones(3, bool)
    while True:
        base = given + inputs[:, ~free] @ weights[~free]
        weights[free] = fit_logistic(
            inputs[:, free], hits, share, np.full(int(free.sum()), 1 / count), base=base
        )
        below = free & (weights < least)
        if not below.any():
            return tuple(weights.tolist())
        weights[below] = least[below]
        free &= ~below


def _shift(score: np.ndarray, hits: np.ndarray) -> float:
    """What to add to scores so that their mean probability is the share of hits."""

    def excess(shift: float) -> float:
        expected = 1 / (1 + np.exp(-(score + shift)))
        prior = PRIOR * (2 / (1 + np.exp(-shift)) - 1)
        return float(expected.sum() - hits.sum() + prior)

    if excess(-MOST) >= 0 or excess(MOST) <= 0:
        return -MOST if excess(-MOST) >= 0 else MOST
    return float(brentq(excess, -MOST, MOST))


def agreement(text: str, other: str) -> tuple[bool, ...]:
    """For each character of a reading, whether another reading has the same one at its place.

    With the truth as the other reading: whether it is right, where an extra character is wrong.
    Places are those of the cheapest alignment, so that a character left out shifts nothing.
    """
    return tuple(a == b for a, b in alignment(text, other) if a)


def sample_agreement(text: str, others: Sequence[str]) -> tuple[float, ...]:
    """For each character of a reading, the share of other readings that have it at its place.

    Raises:
        DataError: there are no other readings.
    """
    if not others:
        raise DataError("no other readings to compare with; ask for at least one sample")
    columns = zip(*(agreement(text, other) for other in others), strict=True)
    return tuple(sum(column) / len(others) for column in columns)
