"""How much a frame looks like a plate to the direct reader.

The likeness is a logistic score, linear in three kinds of figures of one pass through the reader:

- the averages of its trunk's features along the plate;
- how sure, how regular and how grammatical its scores are: entropy, spread of the blank, energy,
  and, at the places of 7 and of 8 characters, the probability that a province comes first, then a
  letter, then letters or digits;
- the squared Mahalanobis distance of the features from those of training plates, sharp and
  degraded together (Lee et al. 2018), which knows nothing of any non-plate.

It is fitted on plates against non-plates, sharp and degraded, for each of the ways in which users
give plates (`placing`), so that neither blur nor a box around a tilted plate moves it much. It is a
number for a threshold, no probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from ..networks import slot_logits
from ..plates import CLASSES, DIGITS, LETTERS, PROVINCES, canonical_quad, image_tensor
from ..readers import Reader, slot_centres

CHUNK = 64
SCORES = 9
"""How many figures come of the reader's scores; those of its trunk follow."""
LEAST = 1e-6  # a probability whose logarithm is of moderate size
SHRINK = 1e-2  # of the covariance towards its mean variance, for directions hardly seen
RIDGE = 1e-2  # penalty on squared weights of standardised figures
STEPS = 30  # of Newton's method; it settles in far fewer


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """A fitted likeness; F figures of the reader's outputs and trunk, the distance the last.

    Attributes:
        trunk_mean: [T] mean of the trunk's features of training plates.
        trunk_precision: [T, T] inverse of their covariance.
        centre: [F] subtracted from the figures.
        scale: [F] they are then divided by.
        weights: [F] of the standardised figures.
        bias: added to their weighted sum.
    """

    trunk_mean: list[float]
    trunk_precision: list[list[float]]
    centre: list[float]
    scale: list[float]
    weights: list[float]
    bias: float

    def of(self, figures: np.ndarray) -> np.ndarray:
        """Likeness [N] of figures [N, F - 1] as `reader_figures` gives them."""
        mean, precision = np.array(self.trunk_mean), np.array(self.trunk_precision)
        whole = _with_distance(figures, mean, precision)
        standard = (whole - np.array(self.centre)) / np.array(self.scale)
        return standard @ np.array(self.weights) + self.bias


def frame_figures(
    reader: Reader, frames: Sequence[np.ndarray], quads: np.ndarray | None = None
) -> np.ndarray:
    """Figures of frames as `reader_figures` gives them, in batches.

    Args:
        reader: the direct reader.
        frames: uint8 RGB [H, W, 3] each, of one size.
        quads: [N, 4, 2], the plates' corners in pixels; the canonical box when not given.

    Returns:
        float64 [N, F - 1].

    Raises:
        DataError: no frames, or not one quad for each.
    """
    if not len(frames):
        raise DataError("no frames to judge; give at least one")
    if quads is None:
        corners = canonical_quad(*frames[0].shape[:2])
        quads = np.broadcast_to(corners, (len(frames), 4, 2))
    if len(quads) != len(frames):
        raise DataError(f"{len(frames)} frames but {len(quads)} quads; give one for each")
    device = next(reader.network.parameters()).device
    found = []
    for start in range(0, len(frames), CHUNK):
        part = slice(start, start + CHUNK)
        image = image_tensor(np.stack(frames[part]), device)
        quad = torch.from_numpy(np.array(quads[part], np.float32)).to(device)
        found.append(reader_figures(reader, image, quad)[0])
    return np.concatenate(found)


@torch.no_grad()
def reader_figures(reader: Reader, image: Tensor, quad: Tensor) -> tuple[np.ndarray, Tensor]:
    """What a reader's scores and trunk say of images, whatever they show.

    Args:
        reader: the direct reader.
        image: float32 [B, 3, H, W] in [-1, 1].
        quad: float32 [B, 4, 2], corners in pixels.

    Returns:
        float64 [B, SCORES + T], the scores' figures first, then the trunk's T features; and the
        scores themselves, [B, T, C].
    """
    crop = reader.crop(image, quad)
    logits = reader.network(crop)
    probability = logits.softmax(2)
    ink = 1 - probability[:, :, 0]
    figures = [
        -(probability * probability.clamp_min(LEAST).log()).sum(2).mean(1),
        logits.logsumexp(2).mean(1),
        ink.mean(1),
        ink.std(1),
        ink.clamp_min(LEAST).log().mean(1),
    ]
    for length in (7, 8):
        figures += _grammar(logits, length)
    trunk = reader.network.trunk(crop)
    return torch.cat([torch.stack(figures, 1), trunk], 1).double().cpu().numpy(), logits


def _grammar(logits: Tensor, length: int) -> list[Tensor]:
    """At the places of so many characters: mean log probability of a fitting class, and of any."""
    centres = slot_centres(torch.full((len(logits),), length)).to(logits.device)
    probability = slot_logits(logits, centres)[:, :length].softmax(2)
    kinds = [PROVINCES, LETTERS] + [LETTERS + DIGITS] * (length - 2)
    fitting = torch.stack(
        [probability[:, n, _indices(kind)].sum(1) for n, kind in enumerate(kinds)], 1
    )
    surest = probability[:, :, 1:].amax(2)
    return [each.clamp_min(LEAST).log().mean(1) for each in (fitting, surest)]


def _indices(characters: str) -> list[int]:
    return [number for number, c in enumerate(CLASSES, start=1) if c in characters]


def _with_distance(figures: np.ndarray, mean: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """The figures with the logarithm of 1 + the squared Mahalanobis distance behind them."""
    away = figures[:, -len(mean) :] - mean
    square = np.einsum("nt,tu,nu->n", away, precision, away).clip(0)
    return np.concatenate([figures, np.log1p(square)[:, None]], axis=1)


def fit_likeness(plates: np.ndarray, others: np.ndarray) -> Likeness:
    """Fits the distance on plates, then the logistic score of plates against others.

    Each side weighs one half, whatever its number. Weights are kept small by a ridge.

    Args:
        plates: [P, F - 1] figures of training plates, sharp and degraded.
        others: [O, F - 1] figures of non-plates, sharp and degraded.

    Raises:
        DataError: fewer than two of either, or a figure that is not finite.
    """
    if min(len(plates), len(others)) < 2:
        raise DataError(f"likeness needs plates and others, got {len(plates)} and {len(others)}")
    if not (np.isfinite(plates).all() and np.isfinite(others).all()):
        raise DataError("figures of the reader are not finite; train the reader again")
    trunk = plates[:, SCORES:]
    covariance = np.atleast_2d(np.cov(trunk, rowvar=False))
    size = len(covariance)
    covariance += (SHRINK * np.trace(covariance) / size + 1e-9) * np.eye(size)
    mean, precision = trunk.mean(0), np.linalg.inv(covariance)
    both = _with_distance(np.concatenate([plates, others]), mean, precision)
    centre, scale = both.mean(0), both.std(0) + 1e-6
    inputs = np.concatenate([(both - centre) / scale, np.ones((len(both), 1))], axis=1)
    is_plate = np.repeat([1.0, 0.0], [len(plates), len(others)])
    share = np.repeat([0.5 / len(plates), 0.5 / len(others)], [len(plates), len(others)])
    weights = fit_logistic(inputs, is_plate, share, np.append(np.full(len(scale), RIDGE), 0.0))
    return Likeness(
        trunk_mean=mean.tolist(),
        trunk_precision=precision.tolist(),
        centre=centre.tolist(),
        scale=scale.tolist(),
        weights=weights[:-1].tolist(),
        bias=float(weights[-1]),
    )


def fit_logistic(
    inputs: np.ndarray,
    hits: np.ndarray,
    share: np.ndarray,
    ridge: np.ndarray,
    base: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Weights of a logistic model by Newton's method with halved steps.

    Args:
        inputs: [N, F].
        hits: [N] of 0 and 1.
        share: [N] how much each counts; sums to 1.
        ridge: [F] penalty on each squared weight, half of it added to the loss.
        base: [N] what each score starts from, before the weighted inputs.

    Returns:
        float64 [F].
    """

    def loss(weights: np.ndarray) -> float:
        score = base + inputs @ weights
        fit = share @ (np.logaddexp(0, score) - hits * score)
        return float(fit + 0.5 * ridge @ weights**2)

    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(base + inputs @ weights, -500, 500)))
        gradient = inputs.T @ (share * (p - hits)) + ridge * weights
        curvature = (inputs * (share * p * (1 - p))[:, None]).T @ inputs + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while length > 1e-6 and loss(weights - length * step) > loss(weights):
            length /= 2
        weights = weights - length * step
        if np.abs(length * step).max() < 1e-8:
            break
    return weights


def threshold_between(plates: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> float:
    """The likeness that keeps the worst-off of several sets at the largest share of right answers.

    Args:
        plates: likenesses [N] of each set of plates, to be at or above the threshold.
        others: likenesses [N] of each set of non-plates, to be below it.

    Returns:
        The middle of the gap between two likenesses that occur; of several equally good gaps, the
        lowest, which refuses the fewest plates.
    """
    values = np.unique(np.concatenate([*plates, *others]))
    middles = (values[1:] + values[:-1]) / 2 if len(values) > 1 else values
    right = [(p[None] >= middles[:, None]).mean(1) for p in plates]
    right += [(o[None] < middles[:, None]).mean(1) for o in others]
    return float(middles[np.min(right, axis=0).argmax()])
