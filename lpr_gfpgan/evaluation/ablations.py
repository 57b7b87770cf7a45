"""What each contribution brings, overall and where it should act, over the cells of the grid.

Beside the paper's three contributions stand two corrections of its published degradation, each
against a variant trained with the defect. Each effect is the paired difference `full` less the
variant that was trained without it. Its interval resamples plates where there is one training
seed, and then speaks of these two checkpoints; with more seeds it resamples both. What counts as
shown is told by `finding`; the family of a line are all lines of its measure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError
from .contributions import CLAIM_MEASURES, contribution_table
from .finding import direction
from .grid_tables import check_cells
from .honesty import adjust
from .measures import READING_MEASURES
from .methods import FULL, JUDGE

HIGHER, LOWER, NULL, UNDEFINED = "higher", "lower", "no difference shown", "undefined"
FINDINGS = {1: HIGHER, -1: LOWER, 0: NULL, None: UNDEFINED}
"""The words of `finding.direction`."""
EVERYWHERE, IN_RANGE = "everywhere", "in the training's range"
MOTION, NO_MOTION = "with motion blur", "without motion blur"
JPEG, NO_JPEG = "with JPEG", "without JPEG"
EXACT, SHIFTED = "exact frames", "shifted frames"
WHERE: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    EVERYWHERE: lambda rows: pd.Series(True, rows.index),
    IN_RANGE: lambda rows: rows["in_training_range"].astype(bool),
    MOTION: lambda rows: rows["factors"].str.contains("motion"),
    NO_MOTION: lambda rows: ~rows["factors"].str.contains("motion"),
    JPEG: lambda rows: rows["factors"].str.contains("jpeg"),
    NO_JPEG: lambda rows: ~rows["factors"].str.contains("jpeg"),
    EXACT: lambda rows: rows["tight"] == 1,
    SHIFTED: lambda rows: rows["tight"] == 0,
}
"""Parts of the rows. In exact frames the plate fills the frame; shifted ones carry a detector's
error."""


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """A part of the method, and where to look for what it brings.

    Attributes:
        name: how tables and figures call it.
        without: the variant that lacks it.
        where: keys of WHERE.
        acts: the one of them where it should act.
        measures: what it should act on; every measure where empty.
    """

    name: str
    without: str
    where: tuple[str, ...]
    acts: str
    measures: tuple[str, ...] = ()


CONTRIBUTIONS = (
    Contribution(
        name="motion blur in training",
        without="no_motion_blur",
        where=(EVERYWHERE, IN_RANGE, MOTION, NO_MOTION),
        acts=MOTION,
    ),
    Contribution(
        name="recognition loss",
        without="no_recognition_loss",
        where=(EVERYWHERE, IN_RANGE),
        acts=EVERYWHERE,
        measures=tuple(READING_MEASURES),
    ),
    Contribution(
        name="region alignment",
        without="fixed_region",
        where=(EVERYWHERE, IN_RANGE, EXACT, SHIFTED),
        acts=SHIFTED,
    ),
    Contribution(
        name="region discriminator",
        without="no_region_discriminator",
        where=(EVERYWHERE, IN_RANGE, EXACT, SHIFTED),
        acts=EVERYWHERE,
    ),
    Contribution(
        name="all three", without="face_recipe", where=(EVERYWHERE, IN_RANGE), acts=EVERYWHERE
    ),
    Contribution(
        name="motion blur before noise",
        without="motion_after_noise",
        where=(EVERYWHERE, IN_RANGE, MOTION, NO_MOTION),
        acts=MOTION,
    ),
    Contribution(
        name="JPEG qualities up to 100",
        without="clamped_jpeg",
        where=(EVERYWHERE, IN_RANGE, JPEG, NO_JPEG),
        acts=JPEG,
    ),
)


def ablation_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    reader: str = JUDGE,
    measures: Sequence[str] = CLAIM_MEASURES,
    contributions: Sequence[Contribution] = CONTRIBUTIONS,
) -> pd.DataFrame:
    """Each contribution's effect: `full` less the variant without it, paired by plate and seed.

    A plate's value is its mean over the cells; protocols are never pooled. A variant that was not
    tested has no lines, nor has a part of the rows that is empty.

    Args:
        rows: the test's rows.
        cells: of `strengths.strength_table`.
        draws: bootstrap resamples.
        seed: of the resamples.
        reader: whose readings count.
        measures: keys of `tables.MEASURES`, higher being better.
        contributions: what to look for, and where.

    Returns:
        Columns `protocol`, `contribution`, `first`, `second` (variants), `where`, `acts` (whether
        it should act there and on this measure), `reader`, `measure`, `cells` (how many), `n`
        (plates), `seeds`, `scope`, `estimate`, `low`, `high`, `interval`, `crossed_low`,
        `crossed_high`, `p` (see `contributions.contribution_table`), `holm_p` (over all lines of
        the measure under a protocol) and `finding`: `full` is "higher" or "lower", "no difference
        shown", or "undefined".

    Raises:
        DataError: as in `grid_tables.check_cells` and `contribution_table`, or the rows hold
            `full` with none of the variants.
    """
    check_cells(rows, cells)
    identity = cells[["condition", "protocol", "factors", "in_training_range"]]
    trained = rows[rows["variant"].isin([FULL, *(part.without for part in contributions)])]
    marked = trained.merge(identity, on="condition")
    tables = []
    for protocol, part in marked.groupby("protocol", sort=False):
        present = set(part["variant"])
        for contribution in contributions:
            if contribution.without not in present:
                continue
            pair = part[part["variant"].isin([FULL, contribution.without])]
            for where in contribution.where:
                chosen = pair[WHERE[where](pair)]
                if chosen.empty:
                    continue
                found = contribution_table(
                    chosen, draws=draws, seed=seed, reader=reader, measures=measures
                )
                acts = (where == contribution.acts) & found["measure"].isin(
                    contribution.measures or measures
                )
                tables.append(
                    found.assign(
                        protocol=protocol,
                        contribution=contribution.name,
                        where=where,
                        acts=acts,
                        cells=chosen["condition"].nunique(),
                        interval=np.where(
                            found["seeds"] > 1, "bootstrap over seeds and plates", "bootstrap"
                        ),
                    )
                )
    if not tables:
        raise DataError(
            f"no variant beside {FULL!r} among the rows, so nothing to compare; test "
            f"{contributions[0].without!r} too"
        )
    table = adjust(pd.concat(tables, ignore_index=True), family=("protocol", "measure"), column="p")
    table["finding"] = [FINDINGS[direction(line)] for line in table.to_dict("records")]
    first = ["protocol", "contribution", "first", "second", "where", "acts", "reader", "measure"]
    numbers = ["cells", "n", "seeds", "scope", "estimate", "low", "high", "interval"]
    tests = ["crossed_low", "crossed_high", "p", "holm_p", "finding"]
    return table[[*first, *numbers, *tests]]
