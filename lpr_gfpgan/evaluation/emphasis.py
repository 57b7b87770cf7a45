"""Whether a method restores the plate more than what surrounds it.

For each plate, with PSNR against the original on the plate's box and on the frame without it:

    gain(region) = PSNR(method, region) - PSNR(degraded image, region)
    emphasis     = gain(plate) - gain(surroundings)

in decibels. Above 0, the method improves the plate more. The plate has most of a frame's edges, so
anything that sharpens gains there and emphasis alone proves no intent: a claim about a contribution
is the difference of two methods' emphasis (`full` less the variant without the region
discriminator), and the classical methods stand beside.
"""

from collections.abc import Sequence

import pandas as pd

from ..errors import DataError
from .by_plate import mean_figures
from .lines import by_condition, table_line
from .methods import DEGRADED, ORIGINAL

EMPHASIS = "psnr_emphasis"
KEYS = ["condition", "plate"]
GAINS = {"psnr_gain_plate": "psnr_plate", "psnr_gain_surroundings": "psnr_surroundings"}


def emphasis_table(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Gains over the degraded image on plate and surroundings, and the one less the other.

    A plate without surroundings, or with an image that is identical to its original in a region,
    is left out of the figures it would make undefined, and n says how many are left.

    Args:
        rows: the test's rows; readers have no part in it.
        draws: bootstrap resamples of plates.
        seed: of the resamples.

    Returns:
        A long table as those of `tables` with the measures psnr_gain_plate, psnr_gain_surroundings
        and psnr_emphasis, per condition and pooled, of every method but the original and the
        degraded image.

    Raises:
        DataError: there are no rows, or a plate's degraded image is not among them.
    """
    lines = []
    for condition, part in by_condition(_gains(rows)):
        found = mean_figures(
            part, [*GAINS, EMPHASIS], draws=draws, seed=seed, by=["method"], differences=True
        )
        lines += [
            table_line(figure, condition, method, "", measure)
            for (method, measure), figure in found.items()
        ]
    return pd.DataFrame(lines)


def emphasis_difference_table(
    rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], *, draws: int, seed: int
) -> pd.DataFrame:
    """Differences of emphasis, first less second, paired by plate.

    Args:
        rows: the test's rows.
        pairs: methods to compare, see `kernel_distance.method_pairs`. Those with the degraded
            image, whose emphasis is 0 by definition, are left out.
        draws: bootstrap resamples of plates.
        seed: of the resamples.

    Returns:
        Columns condition, first, second, measure, n, estimate, low, high, interval.

    Raises:
        DataError: as in `emphasis_table`, or a method has no rows.
    """
    values = _gains(rows)
    wide = values.pivot(index=KEYS, columns="method", values=EMPHASIS)
    order = pd.MultiIndex.from_frame(values[KEYS]).drop_duplicates()
    wide = wide.loc[order]
    differences = []
    for first, second in pairs:
        if DEGRADED in (first, second):
            continue
        for name in (first, second):
            if name not in wide:
                raise DataError(f"no rows of {name!r} to compare; run `make reproduce` again")
        difference = (wide[first] - wide[second]).rename(EMPHASIS).reset_index()
        differences.append(difference.assign(first=first, second=second))
    columns = ["condition", "first", "second", "measure", "n", "estimate", "low", "high"]
    if not differences:
        return pd.DataFrame(columns=[*columns, "interval"])
    lines = []
    for condition, part in by_condition(pd.concat(differences, ignore_index=True)):
        found = mean_figures(
            part, [EMPHASIS], draws=draws, seed=seed, by=["first", "second"], differences=True
        )
        lines += [
            (condition, *key, ends.n, ends.estimate, ends.low, ends.high, kind)
            for key, (ends, kind) in found.items()
        ]
    return pd.DataFrame(lines, columns=[*columns, "interval"])


def _gains(rows: pd.DataFrame) -> pd.DataFrame:
    """Gains and emphasis of every method, condition and plate."""
    once = rows.drop_duplicates(["method", *KEYS])
    degraded = once[once["method"] == DEGRADED].set_index(KEYS)
    others = once[~once["method"].isin([ORIGINAL, DEGRADED])]
    index = pd.MultiIndex.from_frame(others[KEYS])
    if others.empty or not index.isin(degraded.index).all():
        raise DataError(
            "emphasis needs rows of a method and of the degraded image of the same plates; run "
            "`make reproduce` again"
        )
    before = degraded.loc[index]
    gains = {
        name: others[column].to_numpy() - before[column].to_numpy()
        for name, column in GAINS.items()
    }
    plate, surroundings = gains.values()
    return others[[*KEYS, "method"]].assign(**gains, **{EMPHASIS: plate - surroundings})
