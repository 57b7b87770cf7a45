"""The figures of metrics/calibration.json."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import (
    auroc,
    bootstrap_statistic,
    calibrated_error,
    expected_calibration_error,
    wilson,
)
from .calibration import Auroc
from .confidence import CharacterModel
from .non_plates import KINDS

LEAST_SHARE = 0.95
"""Of clean plates that must pass, and of clean non-plates that must be refused."""


def agreement_auroc(samples: pd.DataFrame, *, draws: int, seed: int) -> Auroc | None:
    """How well the agreement of samples ranks right characters above wrong ones.

    Args:
        samples: one row per character: plate, agreement in [0, 1], right.
        draws: bootstrap resamples of plates.
        seed: of the resamples.

    Returns:
        The area and its 95 % interval; None where all characters are right, all wrong, or none.
    """
    if samples["right"].nunique() < 2:
        return None
    plates, place = np.unique(samples["plate"], return_inverse=True)
    values, right = samples["agreement"].to_numpy(float), samples["right"].to_numpy(float)

    def statistic(weights: np.ndarray) -> np.ndarray:
        return auroc(values, right, weights=np.take(weights, place, axis=-1))

    found = bootstrap_statistic(
        statistic, len(plates), draws=draws, rng=np.random.default_rng(seed), rows=len(place)
    )
    low, high = min(found.low, found.estimate), max(found.high, found.estimate)
    return Auroc(estimate=found.estimate, low=low, high=high, n=found.n)


def auroc_or_none(values: pd.Series, right: pd.Series) -> float | None:
    """`metrics.auroc`; None where all are right, all wrong, or none."""
    return float(auroc(values, right)) if right.nunique() == 2 else None


def rounded(value: float | None) -> float | None:
    """To four digits; None stays None."""
    return None if value is None else round(value, 4)


def share(hits: np.ndarray) -> dict[str, float]:
    """A share with Wilson's 95 % interval and n, to four digits."""
    found = wilson(int(np.sum(hits)), len(hits))
    return {key: round(value, 4) for key, value in vars(found).items()}


def refused_shares(
    others: pd.DataFrame, column: Hashable, threshold: float
) -> dict[str, dict[str, float]]:
    """Share of non-plates below the threshold, in all and by kind."""
    refused = others[column] < threshold
    by_kind = {kind: share(refused[others["kind"] == kind]) for kind in KINDS}
    return {"all": share(refused), **by_kind}


def shortfalls(likeness: dict[str, Any]) -> list[str]:
    """What the refusal of non-plates falls short of, a sentence each; empty where it is enough.

    Asked for is LEAST_SHARE of clean plates accepted and of clean non-plates refused, in each way
    of placing them.

    Args:
        likeness: `likeness` of metrics/calibration.json.
    """
    found = []
    for way, shares in likeness["accepted"].items():
        found.append((f"of clean plates given by {way}", "accepted", shares["clean"]))
    for way, shares in likeness["refused"].items():
        found.append((f"of non-plates given by {way}", "refused", shares["clean"]["all"]))
    return [
        f"{what} {each['estimate']:.1%} [{each['low']:.1%}, {each['high']:.1%}] are {done} "
        f"(n = {each['n']}), asked for are {LEAST_SHARE:.0%}"
        for what, done, each in found
        if each["estimate"] < LEAST_SHARE
    ]


def confidence_figures(rows: pd.DataFrame, model: CharacterModel, seed: int) -> dict[str, Any]:
    """Calibration of one condition's characters, of plates that fitted nothing.

    `excess` is the mean calibrated confidence less the share of right characters: above 0 it is
    trusted too far.
    """
    raw, right = rows["raw"].to_numpy(float), rows["right"].to_numpy(float)
    sharp = rows["sharp"].to_numpy(float)
    after = model.probability(raw, sharp, rows["agrees"])
    alone = model.probability(raw, sharp)
    blind = model.probability(raw, np.full(len(rows), model.usual), rows["agrees"])
    chance = calibrated_error(after, draws=200, rng=np.random.default_rng(seed))
    return {
        "plates": int(rows["plate"].nunique()),
        "characters": len(rows),
        "right": round(float(right.mean()), 4),
        "agreeing": round(float(rows["agrees"].mean()), 4),
        "mean_confidence": {
            "raw": round(float(raw.mean()), 4),
            "calibrated": round(float(after.mean()), 4),
        },
        "excess": round(float(after.mean() - right.mean()), 4),
        "ece": {
            "raw": round(float(expected_calibration_error(raw, right)), 4),
            "reader_alone": round(float(expected_calibration_error(alone, right)), 4),
            "calibrated": round(float(expected_calibration_error(after, right)), 4),
            "without_sharpness": round(float(expected_calibration_error(blind, right)), 4),
            "if_calibrated": round(float(chance.mean()), 4),
        },
        "auroc": {
            "raw": rounded(auroc_or_none(rows["raw"], rows["right"])),
            "calibrated": rounded(auroc_or_none(pd.Series(after, rows.index), rows["right"])),
        },
    }
