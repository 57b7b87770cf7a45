"""What each factor of the paper's grid does, and what each published defect changes.

A comparison is paired: a plate has the same draws in both of its cells (see `grid`), so that they
differ in what their names say. Cells come as in `grid_tables`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import mcnemar
from .by_plate import mean_figures, measured, pair_up
from .grid import AS_PUBLISHED, CORRECTED, FACTORS
from .grid_tables import check_cells
from .honesty import adjust
from .lines import POOLED, table_line
from .measures import READING_MEASURES, SHARES
from .methods import DEGRADED, ORIGINAL
from .strengths import LOW

DEFECT_MEASURES = (*READING_MEASURES, "psnr_plate", "ssim_plate")
STORAGE, CLAMP = "stored as JPEG 95", "JPEG quality above 100"
TAPS, KERNEL = "Gaussian cut to 41 taps", "motion kernel"
STRETCH, LATE = "contrast stretch", "motion blur after noise and JPEG"
ALIASING = "bilinear downsampling"


def factor_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    measures: Sequence[str] = tuple(READING_MEASURES),
) -> pd.DataFrame:
    """What each factor does at each level: the cells that have it less those that lack it.

    The combinations of a level are a full factorial design with the clean plate as its empty cell.
    Each combination with a factor is compared with the same one without it, and the differences are
    averaged. A low resolution is compared with the clean plate. The original is left out: it is the
    same in every cell.

    Args:
        rows: the test's rows.
        cells: of `strengths.strength_table`.
        draws: bootstrap resamples.
        seed: of the resamples.
        measures: keys of `tables.MEASURES`; pairs in which one is infinite are left out.

    Returns:
        A long table: `protocol`, `factor` (of `grid.FACTORS`, or "low_resolution"), `level`,
        `low_resolution` (px), `cells` (how many have the factor), `present` and `absent` (the two
        means), and the difference as `estimate` with its interval.

    Raises:
        DataError: as in `grid_tables.check_cells`, no cell and its counterpart are among the rows,
            or a plate is in one of the two only.
    """
    check_cells(rows, cells)
    tested = rows[rows["method"] != ORIGINAL]
    return by_factor(measured(tested, measures), tested, cells, draws=draws, seed=seed)


def by_factor(
    values: Sequence[tuple[pd.DataFrame, list[str]]],
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Every factor at every level: the values of the cells that have it less those that lack it.

    Args:
        values: of `by_plate.measured`, or differences of them.
        rows: the rows whose cells are compared.
        cells: of `strengths.strength_table`.
        draws: bootstrap resamples.
        seed: of the resamples.

    Returns:
        As `factor_table`.

    Raises:
        DataError: no cell and its counterpart are among the rows, or a plate is in one of the two
            only.
    """
    present = cells[cells["condition"].isin(rows["condition"].unique())]
    lines = []
    for label, pairs in _factor_pairs(present):
        options = {"draws": draws, "seed": seed, "names": ("present", "absent")}
        lines += [{**label, **line} for line in _compared(values, pairs, **options)]
    if not lines:
        raise DataError(
            "no cell of the rows has a counterpart that lacks one factor; test the whole grid"
        )
    return pd.DataFrame(lines).astype({"level": "Int64", "low_resolution": "Int64"})


def protocol_table(
    rows: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    methods: Sequence[str] = (DEGRADED,),
    measures: Sequence[str] = DEFECT_MEASURES,
) -> pd.DataFrame:
    """What the published protocol changes: each cell of `as_published` less the same one corrected.

    Args:
        rows: the test's rows under both protocols.
        cells: of `strengths.strength_table` for both.
        draws: bootstrap resamples.
        seed: of the resamples.
        methods: whose figures are compared; the degraded image shows the protocols alone.
        measures: keys of `tables.MEASURES`; plates for which one is infinite are left out.

    Returns:
        A long table: first one line per cell, then each combination of factors pooled over levels,
        then all cells, where `condition` is "all". Columns `condition` (without the protocol),
        `level`, `factors`, `low_resolution`, `defects` (those that act in the cell), `cells` (how
        many), `as_published` and `corrected` (the two means), and the difference as `estimate` with
        its interval; for the share of plates read in one cell McNemar's `mcnemar_p`, and `holm_p`,
        adjusted over the cells of one measure, method and reader.

    Raises:
        DataError: as in `grid_tables.check_cells`, no cell was tested under both protocols with
            these methods, or a plate under one of them only.
    """
    check_cells(rows, cells)
    chosen = rows[rows["method"].isin(methods)]
    present = cells[cells["condition"].isin(chosen["condition"].unique())]
    values = measured(chosen, measures)
    lines = []
    for label, pairs in _protocol_pairs(present):
        options = {"draws": draws, "seed": seed, "names": (AS_PUBLISHED, CORRECTED)}
        lines += [{**label, **line} for line in _compared(values, pairs, **options)]
    if not lines:
        raise DataError(
            f"no cell of {', '.join(methods)} was tested as_published and corrected; test both"
        )
    table = pd.DataFrame(lines).astype({"level": "Int64", "low_resolution": "Int64"})
    return adjust(table, family=("measure", "method", "reader"))


def defects(factors: Sequence[str], low_resolution: int | None = None) -> tuple[str, ...]:
    """The public code's defects that act on a degraded image; see `degradations.as_published`.

    Args:
        factors: those of `grid.FACTORS` that are on.
        low_resolution: the plate's width in px on the small image, or None.
    """
    acting = {
        STORAGE: True,
        TAPS: "gaussian" in factors,
        CLAMP: "jpeg" in factors,
        KERNEL: "motion" in factors,
        STRETCH: "motion" in factors,
        LATE: "motion" in factors and ("noise" in factors or "jpeg" in factors),
        ALIASING: low_resolution is not None,
    }
    return tuple(name for name, acts in acting.items() if acts)


def _compared(
    values: Sequence[tuple[pd.DataFrame, list[str]]],
    pairs: Mapping[str, str],
    *,
    draws: int,
    seed: int,
    names: tuple[str, str],
) -> Iterator[dict[str, Any]]:
    """Lines of the first conditions less the second, averaged over pairs, by method and reader."""
    for part, measures in values:
        first, second = pair_up(part, measures, pairs)
        with np.errstate(invalid="ignore"):
            difference = (first - second).reset_index()
        known = np.isfinite(first) & np.isfinite(second)
        means = [side.where(known).groupby(["method", "reader"]).mean() for side in (first, second)]
        order = dict.fromkeys(map(tuple, part[["method", "reader"]].to_numpy()))
        found = mean_figures(difference, measures, draws=draws, seed=seed, differences=True)
        for method, reader in (who for who in order if (*who, measures[0]) in found):
            for measure in measures:
                ends, kind = found[(method, reader, measure)]
                line = table_line((ends, kind), "", method, reader, measure)
                del line["condition"]
                line |= {
                    name: side.loc[(method, reader), measure]
                    for name, side in zip(names, means, strict=True)
                }
                line |= {"cells": len(pairs), "mcnemar_p": np.nan}
                if measure in SHARES and len(pairs) == 1:
                    both = [
                        side.xs((method, reader), level=(1, 2))[measure] for side in (first, second)
                    ]
                    line["mcnemar_p"] = mcnemar(*both).p
                yield line


def _factor_pairs(cells: pd.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Each factor at each level: its label, and the cell without it by the cell with it."""
    for protocol, part in cells.groupby("protocol", sort=False):
        clean = part[(part["factors"] == "") & part["low_resolution"].isna()]["condition"]
        clean = None if clean.empty else clean.iloc[0]
        for factor in FACTORS:
            for level, of_level in part[part["level"].notna()].groupby("level"):
                named = dict(zip(of_level["factors"], of_level["condition"], strict=True))
                named |= {"": clean} if clean else {}
                pairs = {}
                for combination, condition in named.items():
                    on = combination.split("+")
                    rest = "+".join(name for name in on if name != factor)
                    if factor in on and rest in named:
                        pairs[condition] = named[rest]
                if pairs:
                    label = {"protocol": protocol, "factor": factor}
                    yield {**label, "level": int(level), "low_resolution": None}, pairs
        for line in part[part["low_resolution"].notna()].itertuples() if clean else ():
            label = {"protocol": protocol, "factor": LOW, "level": None}
            yield {**label, "low_resolution": line.low_resolution}, {line.condition: clean}


def _protocol_pairs(cells: pd.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Single cells, then combinations over levels, then all: label, corrected by as_published."""
    sides = []
    for protocol in (AS_PUBLISHED, CORRECTED):
        part = cells[cells["protocol"] == protocol]
        sides.append(part.assign(cell=part["condition"].str.removeprefix(f"{protocol}/")))
    both = sides[0].merge(sides[1][["cell", "condition"]], on="cell", suffixes=("", "_corrected"))
    if both.empty:
        return
    low = both["low_resolution"].notna()
    both["kind"] = both["factors"].where(~low, LOW)

    def label(part: pd.DataFrame, condition: str, **known: Any) -> dict[str, Any]:
        acting = dict.fromkeys(
            name
            for factors, n in zip(part["factors"], part["low_resolution"], strict=True)
            for name in defects(factors.split("+"), None if pd.isna(n) else n)
        )
        none = {"level": None, "factors": "", "low_resolution": None}
        return {"condition": condition, **none, **known, "defects": "; ".join(acting)}

    def pairs(part: pd.DataFrame) -> dict[str, str]:
        return dict(zip(part["condition"], part["condition_corrected"], strict=True))

    for number in range(len(both)):
        part = both.iloc[[number]]
        line = part.iloc[0]
        known = {name: line[name] for name in ("level", "factors", "low_resolution")}
        yield label(part, line["cell"], **known), pairs(part)
    for kind, part in both.groupby("kind", sort=False):
        if len(part) > 1:
            factors = "" if kind == LOW else kind
            yield label(part, f"{POOLED}/{kind}", factors=factors), pairs(part)
    yield label(both, POOLED), pairs(both)
