"""What a part of the method contributes, over training seeds and plates.

Two checkpoints differ by chance, too: training again with another seed gives other figures. A claim
about a contribution therefore compares variants that were trained with several seeds each, paired
by seed and plate. With one seed a line says so, and speaks of these two checkpoints only.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import bootstrap_seeds, crossed_interval, crossed_p
from .honesty import adjust
from .lines import condition_of, no_spread, unanimous
from .measures import DIFFERENCES, MEASURES, READING_MEASURES
from .methods import FULL, JUDGE

CLAIM_MEASURES = (*READING_MEASURES, "psnr_plate", "ssim_plate")


def contribution_table(
    rows: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    first: str = FULL,
    reader: str = JUDGE,
    measures: Sequence[str] = CLAIM_MEASURES,
) -> pd.DataFrame:
    """Paired differences, one variant less each other, over training seeds and plates.

    Where every plate differs alike with every seed, both intervals would have no width. Those of
    reading measures are then `lines.unanimous`: with one seed for its n plates; with S seeds for
    min(S, n) of the values, since no more of them share neither seed nor plate and are independent.
    Those of image measures are NaN.

    A plate's value is its mean over the conditions of the rows; give the conditions in which a part
    should act to see it there.

    Args:
        rows: the test's rows.
        draws: bootstrap resamples.
        seed: of the resamples.
        first: the variant that the others are taken from.
        reader: whose readings count.
        measures: keys of `tables.MEASURES`.

    Returns:
        One line per other variant and measure: `first`, `second`, `condition`, `reader`, `measure`;
        `n` plates, `seeds` and `scope` (see `metrics.SeedInterval`); `estimate`, `low`, `high` by
        `metrics.bootstrap_seeds`; `crossed_low`, `crossed_high` by `metrics.crossed_interval`;
        `p` by `metrics.crossed_p`, or the sign test where no difference differs. All NaN where a
        value is infinite, such as the PSNR of an image identical to its original.

    Raises:
        DataError: the variant is not among the rows, or shares no training seed with another one,
            or some plate was not tested with every seed under every condition.
    """
    trained = rows[(rows["variant"] != "") & (rows["reader"] == reader)]
    variants = list(dict.fromkeys(trained["variant"]))
    if first not in variants:
        raise DataError(f"no variant {first!r} read by {reader!r} among the rows; train it first")
    lines = []
    for second in (name for name in variants if name != first):
        pair = [trained[trained["variant"] == name] for name in (first, second)]
        for measure in measures:
            values = _paired(*pair, measure)
            line = {
                "first": first,
                "second": second,
                "condition": condition_of(trained),
                "reader": reader,
                "measure": measure,
            }
            bounds = DIFFERENCES if measure in READING_MEASURES else None
            ends = _ends(values, bounds=bounds, draws=draws, seed=seed)
            lines.append({**line, **ends})
    return pd.DataFrame(lines)


def adjusted_contributions(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """`contribution_table` of the full model, with `holm_p` over the variants of a measure.

    Args:
        rows: the test's rows.
        draws: bootstrap resamples.
        seed: of the resamples.

    Raises:
        DataError: as in `contribution_table`.
    """
    table = contribution_table(rows, draws=draws, seed=seed)
    return adjust(table, family=("measure",), column="p")


def _paired(first: pd.DataFrame, second: pd.DataFrame, measure: str) -> np.ndarray:
    """The differences [seeds, plates], each a mean over conditions."""
    names = [part["variant"].iloc[0] for part in (first, second)]
    common = sorted(set(first["training_seed"]) & set(second["training_seed"]))
    if not common:
        raise DataError(f"{names[0]} and {names[1]} share no training seed; train both with one")
    wide = []
    for part in (first, second):
        part = part[part["training_seed"].isin(common)]
        wide.append(
            part.assign(value=MEASURES[measure](part).astype(float))
            .pivot(index="training_seed", columns=["plate", "condition"], values="value")
            .sort_index(axis=1)
        )
    paired = wide[0].columns.equals(wide[1].columns)
    if not paired or any(part.isna().any(axis=None) for part in wide):
        raise DataError(
            f"{names[0]} and {names[1]} were not tested on the same plates under the same "
            "conditions with every seed; run `make reproduce` again"
        )
    with np.errstate(invalid="ignore"):
        difference = wide[0] - wide[1]
    return difference.T.groupby(level="plate").mean().T.to_numpy()


def _ends(
    values: np.ndarray, *, bounds: tuple[float, float] | None, draws: int, seed: int
) -> dict[str, object]:
    seeds, plates = values.shape
    line = dict.fromkeys(("estimate", "low", "high", "crossed_low", "crossed_high", "p"), np.nan)
    finite = np.isfinite(values).all()
    drawn = bootstrap_seeds(
        values if finite else np.zeros_like(values), draws=draws, rng=np.random.default_rng(seed)
    )
    if finite and no_spread(values):
        independent = plates if seeds == 1 else min(seeds, plates)
        ends, _ = unanimous(drawn.estimate, independent, bounds=bounds)
        line |= {"estimate": ends.estimate, "low": ends.low, "high": ends.high}
        line |= {"crossed_low": ends.low, "crossed_high": ends.high}
        # Without spread a t-test is undefined; the sign test counts plates that all agree.
        line["p"] = min(1.0, 2 * 0.5**independent) if drawn.estimate else 1.0
    elif finite:
        line |= {"estimate": drawn.estimate, "low": drawn.low, "high": drawn.high}
        if plates > 1:
            crossed = crossed_interval(values)
            line |= {"crossed_low": crossed.low, "crossed_high": crossed.high}
            line["p"] = crossed_p(values)
    return {"n": plates, "seeds": seeds, "scope": drawn.scope, **line}
