"""The probability that a whole text is right, from those of its characters.

    p = (product of the characters' calibrated probabilities) ** power

The product would be right if characters failed independently. Those of one plate share its blur and
its light, and fail together: a power below 1 raises the product to what is seen. One parameter
keeps the order of all plates as it was, and can be fitted on few.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from ..errors import DataError
from ..metrics import calibrated_error, expected_calibration_error
from .confidence import CLIP, CharacterModel

POWERS = 0.1, 10.0
"""Least and greatest power: beyond them few plates would say so."""
_LEAST = 1e-300  # whose logarithm is still a number


def fit_text_power(product: ArrayLike, right: ArrayLike) -> float:
    """The most likely power, given whole texts whose truth is known.

    Its logarithm is held to 0 by a normal prior of deviation 1: without any text it is 1.

    Args:
        product: [N] products of the characters' probabilities, of complete texts.
        right: [N] whether the whole text is right.

    Raises:
        DataError: the two differ in number, or a product is outside [0, 1].
    """
    values, hits = np.asarray(product, np.float64), np.asarray(right, np.float64)
    if values.ndim != 1 or values.shape != hits.shape:
        raise DataError(f"products {values.shape} and truths {hits.shape} must both be [N]")
    if not ((values >= 0) & (values <= 1)).all():
        raise DataError("a product of probabilities must lie in [0, 1]; check the characters'")
    logs = np.log(np.clip(values, _LEAST, 1 - CLIP))

    def loss(log_power: float) -> float:
        chance = np.exp(log_power) * logs
        fit = hits @ chance + (1 - hits) @ np.log(-np.expm1(chance))
        return float(0.5 * log_power**2 - fit)

    return float(np.exp(minimize_scalar(loss, bounds=np.log(POWERS), method="bounded").x))


def text_products(
    characters: pd.DataFrame, texts: pd.DataFrame, model: CharacterModel
) -> tuple[np.ndarray, np.ndarray]:
    """Products of the calibrated probabilities of complete texts, and whether each text is right.

    Args:
        characters: one row each: reading (a row of `texts`), raw, sharp, agrees.
        texts: one row each: complete, right.
        model: of a character's confidence.

    Returns:
        float64 [N] and bool [N], of the complete texts in their order.
    """
    each = model.probability(characters["raw"], characters["sharp"], characters["agrees"])
    products = pd.Series(each).groupby(characters["reading"].to_numpy()).prod()
    whole = texts[texts["complete"].to_numpy(bool)]
    return products.reindex(whole.index).to_numpy(float), whole["right"].to_numpy(bool)


def text_figures(product: np.ndarray, right: np.ndarray, power: float, seed: int) -> dict[str, Any]:
    """Calibration of complete texts that fitted nothing, before and after the power.

    Args:
        product: [N] see `text_products`.
        right: [N] whether the whole text is right.
        power: see `fit_text_power`.
        seed: of what chance alone would give.

    Returns:
        `n` complete texts, the share `right`, and of the product and of the calibrated figure the
        mean, `excess` (the mean less that share), `ece` and `brier` (the mean squared difference
        from 0 or 1); `n` alone where there are none.
    """
    if not len(product):
        return {"n": 0}
    after = product**power
    chance = calibrated_error(after, draws=200, rng=np.random.default_rng(seed)).mean()
    share = float(right.mean())
    pair = {"product": product, "calibrated": after}
    error = {
        name: round(float(expected_calibration_error(values, right)), 4)
        for name, values in pair.items()
    }
    return {
        "n": len(product),
        "right": round(share, 4),
        "mean_confidence": {name: round(float(v.mean()), 4) for name, v in pair.items()},
        "excess": {name: round(float(v.mean() - share), 4) for name, v in pair.items()},
        "ece": error | {"if_calibrated": round(float(chance), 4)},
        "brier": {name: round(float(np.mean((v - right) ** 2)), 4) for name, v in pair.items()},
    }
