"""The figures that metrics/evaluation.json and metrics/headline.json hold."""

from typing import Any

import numpy as np
import pandas as pd

from .lines import POOLED, as_json
from .methods import DEGRADED, DIRECT, JUDGE, ORIGINAL
from .tables import accuracy_table, difference_table, image_table


def headline(rows: pd.DataFrame, *, draws: int, seed: int) -> dict[str, Any]:
    """The figures of metrics/evaluation.json: accuracy, image quality, differences, their n."""
    accuracy = accuracy_table(rows, draws=draws, seed=seed)
    images = image_table(rows, draws=draws, seed=seed)
    differences = difference_table(rows, draws=draws, seed=seed)
    judged = accuracy["reader"] == JUDGE
    kept = accuracy["measure"].isin(["plate_accuracy", "character_accuracy"])
    pooled = accuracy["condition"] == POOLED
    quality = images["measure"].isin(["psnr_plate", "ssim_plate"]) & (images["method"] != ORIGINAL)
    result: dict[str, Any] = {
        "n": {"plates": int(rows["plate"].nunique()), "rows": len(rows)},
        "pooled": {},
        "conditions": {},
        "differences": {},
    }
    for line in accuracy[pooled].to_dict("records"):
        place = result["pooled"].setdefault(line["method"], {}).setdefault(line["reader"], {})
        place[line["measure"]] = as_json(line)
    for line in accuracy[~pooled & judged & kept].to_dict("records"):
        place = result["conditions"].setdefault(line["condition"], {})
        place.setdefault(line["method"], {})[line["measure"]] = as_json(line)
    for line in images[quality].to_dict("records"):
        if line["condition"] == POOLED:
            place = result["pooled"][line["method"]]
        else:
            place = result["conditions"][line["condition"]][line["method"]]
        if np.isfinite(line["estimate"]):
            place[line["measure"]] = as_json(line)
    if len(differences):
        wanted = (differences["condition"] == POOLED) & differences["measure"].isin(
            ["plate_accuracy", "character_accuracy", "psnr_plate"]
        )
        known = differences["low"].notna()  # JSON has no word for an interval that is not there
        for line in differences[wanted & known].to_dict("records"):
            name = f"{line['first']} - {line['second']}"
            result["differences"].setdefault(name, {})[line["measure"]] = as_json(line)
    return result


def short_headline(figures: dict[str, Any]) -> dict[str, float]:
    """The few figures of metrics/headline.json: pooled character accuracy, and the gain.

    Args:
        figures: of `headline`.
    """

    def accuracy(method: str, reader: str = JUDGE) -> float:
        return figures["pooled"][method][reader]["character_accuracy"]["estimate"]

    short = {
        "plates": figures["n"]["plates"],
        "conditions": len(figures["conditions"]),
        **{method: accuracy(method) for method in figures["pooled"]},
        "direct_reading": accuracy(DEGRADED, DIRECT),
    }
    for name, pair in figures["differences"].items():
        if name.endswith(f" - {DEGRADED}"):
            gain = pair["character_accuracy"]
            short |= {f"{name}, {key}": gain[key] for key in ("estimate", "low", "high")}
    return short
