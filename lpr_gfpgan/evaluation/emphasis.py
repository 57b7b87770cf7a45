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
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import DataError
from .by_plate import mean_figures
from .lines import by_condition, table_line
from .methods import DEGRADED, ORIGINAL
from .seeded import COLUMNS, SeedTest, by_seed, difference_lines, seed_tests

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
    """Differences of emphasis, first less second, paired by training seed and plate.

    Args:
        rows: the test's rows.
        pairs: methods to compare, one pair for each training seed, see
            `kernel_distance.method_pairs`. Those with the degraded image, whose emphasis is 0 by
            definition, are left out.
        draws: bootstrap resamples.
        seed: of the resamples.

    Returns:
        One line per condition and pair of methods without their seeds, with the columns
        `seeded.COLUMNS`; n counts the plates with a difference of every seed. Where resamples do
        not spread there is neither interval nor p-value. `holm_p` is adjusted over all pairs of a
        condition, the pooled ones being a family of their own.

    Raises:
        DataError: as in `emphasis_table`, or a method has no rows.
    """
    values = _gains(rows)
    wide = values.pivot(index=KEYS, columns="method", values=EMPHASIS)
    order = pd.MultiIndex.from_frame(values[KEYS]).drop_duplicates()
    wide = wide.loc[order]
    pairs = [pair for pair in pairs if DEGRADED not in pair]
    lacking = [name for pair in pairs for name in pair if name not in wide]
    if lacking:
        raise DataError(f"no rows of {lacking[0]!r} to compare; run `make reproduce` again")
    if not pairs:
        return pd.DataFrame(columns=list(COLUMNS))
    differences = pd.concat([wide[first] - wide[second] for first, second in pairs], axis=1)
    known = by_seed(pairs)
    cells, found = [], []
    for condition, part in by_condition(differences.set_axis(range(len(pairs)), axis=1)):
        cells += [(condition, *pair, EMPHASIS) for pair in known]
        found += _tests(part, list(known.values()), draws=draws, seed=seed)
    return difference_lines(cells, found)


def _tests(
    differences: pd.DataFrame, groups: Sequence[Sequence[int]], *, draws: int, seed: int
) -> list[tuple[SeedTest, str]]:
    """Each group's mean of its columns' means over plates, and how its interval was found.

    A column's plates without a finite value, such as those without surroundings, are left out.
    """
    finite = np.isfinite(differences)
    total = differences.where(finite, 0.0).groupby("plate").sum().to_numpy()
    held = finite.groupby("plate").sum().to_numpy()
    if held.any():  # a plate that no pair has a value of must not count as one more in the test
        total, held = total[held.any(axis=1)], held[held.any(axis=1)]

    def means(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weights @ total) / (weights @ held)

    found = []
    tests = seed_tests(means, len(total), groups, draws=draws, seed=seed)
    for group, test in zip(groups, tests, strict=True):
        test = replace(test, n=int((held[:, group] > 0).all(axis=1).sum()))
        if np.isnan(test.estimate):
            found.append((replace(test, n=0), "undefined"))
        elif test.low < test.high:
            found.append((test, "bootstrap"))
        else:
            found.append((replace(test, low=np.nan, high=np.nan, p=np.nan), "none"))
    return found


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
