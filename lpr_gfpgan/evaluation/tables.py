"""Tables of the test, each computed from its rows; every figure with its n and 95 % interval.

Tables are long: one figure per line, with the columns `n` (plates), `estimate`, `low`, `high` and
`interval` (how the ends were found). Within one condition a plate occurs once and the share of
plates read has a Wilson interval; figures pooled over conditions resample plates (bootstrap).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import (
    Interval,
    aligned_matches,
    bootstrap_mean,
    majority_text,
    mcnemar,
    wilson,
)
from .lines import POOLED, by_condition, no_spread, share_over_plates, table_line, unanimous
from .measures import DIFFERENCES, IMAGE_MEASURES, MEASURES, NUMBERS, READING_MEASURES, SHARES
from .methods import DEGRADED, DIRECT, JUDGE, ORIGINAL

MAJORITY = "majority guess"

GROUPS = {
    "typeface seen in training": ("seen_typeface", 1),
    "typeface held out": ("seen_typeface", 0),
    "surroundings seen in training": ("seen_surroundings", 1),
    "surroundings held out": ("seen_surroundings", 0),
}


def figure(rows: pd.DataFrame, measure: str, *, draws: int, seed: int) -> tuple[Interval, str]:
    """One figure of one method and reader, with its interval and how that was found.

    PSNR is infinite for an image identical to its original. Where all are, so is the figure;
    where some are, it is the mean of the others, and n counts those. Plates without surroundings
    (NaN) are left out; where there are no others, the figure is undefined.

    Args:
        rows: rows of one method and one reader.
        measure: a key of MEASURES.
        draws: bootstrap resamples.
        seed: of the resamples; the same plates are drawn for every figure.

    Raises:
        DataError: there are no rows.
    """
    if rows.empty:
        raise DataError(f"{measure}: no rows to summarise; check the method's and reader's names")
    values = MEASURES[measure](rows).to_numpy(dtype=float)
    plates = rows["plate"].to_numpy()
    if measure in SHARES and rows["condition"].nunique() == 1:
        return wilson(int(values.sum()), len(values)), "Wilson"
    finite = np.isfinite(values)
    if np.isnan(values).all():
        return Interval(np.nan, np.nan, np.nan, 0), "undefined"
    if not finite.any():
        known = np.unique(plates[~np.isnan(values)])
        return Interval(np.inf, np.inf, np.inf, len(known)), "identical"
    _, place = np.unique(plates[finite], return_inverse=True)
    counts = np.bincount(place)
    sums = np.bincount(place, weights=values[finite])
    if measure in READING_MEASURES:
        return share_over_plates(sums, counts, draws=draws, seed=seed)
    rng = np.random.default_rng(seed)
    return bootstrap_mean(sums, counts=counts, draws=draws, rng=rng), "bootstrap"


def accuracy_table(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Reading measures per condition, and pooled over conditions, per method and reader."""
    lines = []
    for condition, part in by_condition(rows):
        for (method, reader), group in part.groupby(["method", "reader"], sort=False):
            for measure in READING_MEASURES:
                found = figure(group, measure, draws=draws, seed=seed)
                lines.append(table_line(found, condition, method, reader, measure))
    return pd.DataFrame(lines)


def image_table(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """IMAGE_MEASURES per condition, and pooled, per method; readers have no part in them."""
    rows = _one_reader(rows)
    lines = []
    for condition, part in by_condition(rows):
        for method, group in part.groupby("method", sort=False):
            for measure in IMAGE_MEASURES:
                found = figure(group, measure, draws=draws, seed=seed)
                lines.append(table_line(found, condition, method, "", measure))
    return pd.DataFrame(lines)


def seen_table(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Pooled reading measures of plates whose typeface or surroundings training saw, or not."""
    parts = []
    for name, (column, value) in GROUPS.items():
        group = rows[rows[column] == value]
        if len(group):
            table = accuracy_table(group, draws=draws, seed=seed)
            table = table[table["condition"] == POOLED]
            parts.append(table.assign(group=name))
    if not parts:
        raise DataError("no rows to summarise; run `make reproduce` first")
    return pd.concat(parts, ignore_index=True)


def position_table(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Share of characters read at each position, pooled over conditions, by the judge.

    The majority guess reads every plate as the most frequent character at each position of these
    same plates: what a constant answer can reach. It is aligned with the truth as every reading is
    (`metrics.aligned_matches`). Position 0 stands for all together.
    """
    judged = rows[rows["reader"] == JUDGE]
    texts = judged.drop_duplicates("plate").set_index("plate")["text"]
    guess = majority_text(texts)
    guessed = pd.DataFrame(
        {
            "method": MAJORITY,
            "plate": texts.index,
            "matches": [
                "".join(str(int(match)) for match in aligned_matches(text, guess)) for text in texts
            ],
        }
    )
    lines = []
    everything = pd.concat([guessed, judged[["method", "plate", "matches"]]])
    for method, group in everything.groupby("method", sort=False):
        for position in range(len(guess) + 1):
            has = group[group["matches"].str.len() >= position]
            hits = has["matches"].map(lambda m, p=position: m if p == 0 else m[p - 1])
            _, place = np.unique(has["plate"], return_inverse=True)
            found = share_over_plates(
                np.bincount(place, weights=hits.str.count("1")),
                np.bincount(place, weights=hits.str.len()),
                draws=draws,
                seed=seed,
            )
            line = table_line(found, POOLED, method, JUDGE, "characters_read")
            lines.append({"position": position, **line})
    return pd.DataFrame(lines)


def comparisons(rows: pd.DataFrame) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The paired differences worth a line, as ((method, reader), (method, reader)).

    The full model (the first variant where there is no `full`), judged, less: the degraded image
    and every other method without training, the direct reading of the degraded image, and every
    network without a prior and every other variant that was trained with the same seed.
    """
    known = rows.drop_duplicates("method")
    trained = known[known["variant"] != ""]
    if trained.empty:
        return []
    main = "full" if "full" in set(trained["variant"]) else trained["variant"].iloc[0]
    pairs = []
    for full in trained[trained["variant"] == main].itertuples():
        first = (full.method, JUDGE)
        paired = known[known["training_seed"].isin(["", full.training_seed])]
        plain = paired[(paired["variant"] == "") & (paired["method"] != ORIGINAL)]["method"]
        pairs += [(first, (name, JUDGE)) for name in plain] + [(first, (DEGRADED, DIRECT))]
        others = paired[~paired["variant"].isin(["", main])]
        pairs += [(first, (name, JUDGE)) for name in others["method"]]
    return pairs


def difference_table(
    rows: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]] | None = None,
    measures: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Paired differences, first less second, resampled by plate.

    Where all plates differ alike, as where neither method reads any, resampling would claim
    certainty. Differences of reading measures then have the ends of `lines.unanimous`; those of
    image measures, which have no natural bound, have none (NaN).

    Within one condition the share of plates read also has McNemar's exact p-value. A difference
    between restorers of one training seed compares these two checkpoints; what another training
    run would give is not in the interval.

    Args:
        rows: the test's rows.
        draws: bootstrap resamples.
        seed: of the resamples.
        pairs: what to compare; `comparisons(rows)` when not given.
        measures: keys of MEASURES; when not given, those of reading, and those of images where one
            reader read two methods.

    Raises:
        DataError: the two do not have the same plates under the same conditions.
    """
    lines = []
    for first, second in comparisons(rows) if pairs is None else pairs:
        wanted = list(READING_MEASURES if measures is None else measures)
        if measures is None and first[0] != second[0] and first[1] == second[1]:
            wanted += list(IMAGE_MEASURES)
        for condition, part in by_condition(rows):
            a, b = _of(part, first), _of(part, second)
            if not len(a) or not a[["condition", "plate"]].equals(b[["condition", "plate"]]):
                raise DataError(
                    f"{_label(first)} and {_label(second)} do not have the same plates under the "
                    "same conditions; run `make reproduce` again"
                )
            for measure in wanted:
                x, y = (MEASURES[measure](rows).to_numpy(dtype=float) for rows in (a, b))
                line = {
                    "condition": condition,
                    "first": _label(first),
                    "second": _label(second),
                    "measure": measure,
                    **_paired(
                        x,
                        y,
                        a["plate"].to_numpy(),
                        bounds=DIFFERENCES if measure in READING_MEASURES else None,
                        draws=draws,
                        seed=seed,
                    ),
                    "mcnemar_p": np.nan,
                }
                if measure in SHARES and condition != POOLED:
                    line["mcnemar_p"] = mcnemar(x, y).p
                lines.append(line)
    return pd.DataFrame(lines)


def readable(table: pd.DataFrame, *, columns: str | Iterable[str], index: Iterable[str]) -> Any:
    """A wide table of texts such as "71.4 [68.2, 74.5]" (per cent, or as NUMBERS says).

    Args:
        table: a long table of this module.
        columns: the column (or columns) whose values become columns.
        index: the columns that name a line.

    Returns:
        A DataFrame in the order of `table`.
    """
    shown = table.assign(cell=[_cell(line) for line in table.to_dict("records")])
    order = list(dict.fromkeys(map(tuple, shown[list(index)].to_numpy())))
    columns = [columns] if isinstance(columns, str) else list(columns)
    across = list(dict.fromkeys(map(tuple, shown[columns].to_numpy())))
    wide = shown.pivot(index=list(index), columns=columns, values="cell")
    wide = wide.reindex([line if len(line) > 1 else line[0] for line in order])
    return wide[[name if len(name) > 1 else name[0] for name in across]].fillna("")


def _one_reader(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one reader: image measures are repeated for each."""
    return rows[rows["reader"] == rows["reader"].iloc[0]] if len(rows) else rows


def _of(rows: pd.DataFrame, who: tuple[str, str]) -> pd.DataFrame:
    method, reader = who
    chosen = rows[(rows["method"] == method) & (rows["reader"] == reader)]
    return chosen.sort_values(["condition", "plate"], ignore_index=True)


def _label(who: tuple[str, str]) -> str:
    method, reader = who
    if (method, reader) == (DEGRADED, DIRECT):
        return "direct reading"
    return method if reader == JUDGE else f"{method} read by {reader}"


def _paired(
    x: np.ndarray,
    y: np.ndarray,
    plates: np.ndarray,
    *,
    bounds: tuple[float, float] | None,
    draws: int,
    seed: int,
) -> dict[str, Any]:
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        ends, kind = Interval(np.nan, np.nan, np.nan, 0), "undefined"
    else:
        _, place = np.unique(plates[finite], return_inverse=True)
        sums, counts = np.bincount(place, weights=(x - y)[finite]), np.bincount(place)
        if no_spread(sums / counts):
            ends, kind = unanimous(sums.sum() / counts.sum(), len(counts), bounds=bounds)
        else:
            rng = np.random.default_rng(seed)
            ends, kind = bootstrap_mean(sums, counts=counts, draws=draws, rng=rng), "bootstrap"
    found = {"n": ends.n, "estimate": ends.estimate, "low": ends.low, "high": ends.high}
    return {**found, "interval": kind}


def _cell(line: dict[str, Any]) -> str:
    if np.isinf(line["estimate"]):
        return "identical"
    if np.isnan(line["estimate"]):
        return ""
    unit = line["measure"].split("_")[0]
    scale, digits = NUMBERS.get(unit, (100, 1))
    ends = [f"{line[key] * scale:.{digits}f}" for key in ("estimate", "low", "high")]
    return ends[0] if np.isnan(line["low"]) else f"{ends[0]} [{ends[1]}, {ends[2]}]"
