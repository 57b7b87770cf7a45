"""How much restored plates look like plates: KID of every method, from the kept features.

A low KID says that the restorations are, as a set, like the untouched plates in the features of a
reader; it says neither that a plate is restored rightly nor how people would judge it. The
estimate and the resampling are those of `metrics.paired_kid`: the originals are of the same plates,
so a plate is never compared with itself. The reference is the originals of the test and not the
validation plates, because some typefaces and surroundings occur in the test alone. The originals'
own KID is 0 by definition; what untouched plates of another draw have, the validation plates, is
the control beside it: a method with no more than that could not be told from plates. Pooled figures
are the mean of the conditions' KID; all figures of a table share their resamples of plates, and a
plate's conditions stay together. Differences are means over training seeds, which are then
resampled beside the plates; each has a p-value (see `seeded`).
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ..metrics import bootstrap_statistic, kid_interval, pair_terms, weighted_kid
from .features import PlateFeatures
from .lines import POOLED, table_line
from .methods import ORIGINAL
from .seeded import COLUMNS, by_seed, difference_lines, seed_tests
from .tables import comparisons

KID = "kid"
CONTROL = "validation originals"


def kid_table(features: PlateFeatures, *, draws: int, seed: int) -> pd.DataFrame:
    """KID of every method, per condition and pooled, with its interval over plates.

    Args:
        features: of the test, the originals among them.
        draws: bootstrap resamples of plates.
        seed: of the resamples.

    Returns:
        A long table as those of `tables`, of the measure `kid`. Its last line, among the pooled
        ones, is the control CONTROL, where its features were taken.

    Raises:
        DataError: no features of the originals, fewer than two plates, or features not finite.
    """
    methods = features.methods
    found = bootstrap_statistic(
        _sums(features, methods, np.eye(len(methods))),
        len(features.plates),
        draws=draws,
        rng=np.random.default_rng(seed),
    )
    cells = [(c, method) for c in (*features.conditions, POOLED) for method in methods]
    lines = []
    for (condition, method), ends in zip(cells, found, strict=True):
        kind = "identical" if method == ORIGINAL else "bootstrap"
        lines.append(table_line((ends, kind), condition, method, "", KID))
    if len(features.others):
        originals = features.of(features.conditions[0], ORIGINAL)
        rng = np.random.default_rng(seed)
        control = kid_interval(originals, features.others, draws=draws, rng=rng)
        lines.append(table_line((control, "bootstrap of both sets"), POOLED, CONTROL, "", KID))
    return pd.DataFrame(lines)


def kid_difference_table(
    features: PlateFeatures, pairs: Sequence[tuple[str, str]], *, draws: int, seed: int
) -> pd.DataFrame:
    """Differences of KID, first less second, in the same resamples of training seeds and plates.

    Args:
        features: of the test, the originals among them.
        pairs: methods to compare, one pair for each training seed, see `method_pairs`.
        draws: bootstrap resamples.
        seed: of the resamples.

    Returns:
        One line per condition and pair of methods without their seeds, with the columns
        `seeded.COLUMNS`; below 0 where the first is nearer to the originals. `holm_p` is adjusted
        over all pairs of a condition, the pooled ones being a family of their own.

    Raises:
        DataError: as in `kid_table`, or a method has no features.
    """
    if not pairs:
        return pd.DataFrame(columns=list(COLUMNS))
    methods = list(dict.fromkeys(name for pair in pairs for name in pair))
    signs = np.zeros((len(methods), len(pairs)))
    for column, (first, second) in enumerate(pairs):
        signs[methods.index(first), column] += 1
        signs[methods.index(second), column] -= 1
    known = by_seed(pairs)
    names = [*features.conditions, POOLED]
    cells = [(condition, *pair, KID) for condition in names for pair in known]
    groups = [
        [k * len(pairs) + q for q in own] for k in range(len(names)) for own in known.values()
    ]
    found = seed_tests(
        _sums(features, methods, signs), len(features.plates), groups, draws=draws, seed=seed
    )
    return difference_lines(cells, [(ends, "bootstrap") for ends in found])


def method_pairs(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """The pairs of methods of `tables.comparisons`, whose readers have no part in them.

    What was trained is paired with the full model of the same training seed, what was not with that
    of each seed.
    """
    pairs = [(first[0], second[0]) for first, second in comparisons(rows) if first[1] == second[1]]
    return list(dict.fromkeys(pairs))


def _sums(
    features: PlateFeatures, methods: Sequence[str], signs: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """K sums of the methods' KID, weighted by `signs` [M, K], under each condition and POOLED.

    Returns:
        Takes weights [D, N] of plates and gives [D, (C + 1) K], the conditions' sums one after
        another.
    """

    def sums(weights: np.ndarray) -> np.ndarray:
        # Terms are made anew for every chunk of resamples: all of them would fill the memory.
        found = np.stack(
            [
                [
                    weighted_kid(
                        pair_terms(features.of(condition, ORIGINAL), features.of(condition, name)),
                        weights,
                    )
                    for name in methods
                ]
                for condition in features.conditions
            ]
        )
        found = np.concatenate([found, found.mean(axis=0, keepdims=True)])
        return np.einsum("cmd,mk->dck", found, signs).reshape(len(weights), -1)

    return sums
