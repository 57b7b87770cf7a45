"""Tables of the test on photographed plates, each source apart, with intervals and n.

They are the tables of the study's own test, made of each source's rows and of all together
(POOLED). Conditions are not pooled: one of them is no degradation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..metrics import majority_text, mcnemar, score, wilson
from .confidence import calibration_table
from .failures import failure_table
from .honesty import FAMILY, adjust, false_read_table
from .judges import admitted
from .lines import POOLED, as_json, by_condition, table_line
from .measures import READING_MEASURES
from .methods import DEGRADED, DIRECT, FULL, JUDGE, ORIGINAL
from .real_plates import RealPlates
from .tables import accuracy_table, difference_table, figure, image_table

UNTOUCHED = "untouched"
"""The condition under which photographs are as they are."""
CONFIDENCE_MEASURES = ("confidence_gap", "ece", "ece_if_calibrated", "aurc")
PHOTO_MEASURES = ("psnr_plate", "ssim_plate", "ringing_plate")
MAIN_VARIANTS = ("", FULL, "face_recipe")
"""Whose confidences, false reads and images are told: all methods but the single ablations."""
GAINED, LOST = "gained", "lost"
COLUMNS = (
    *("source", "condition", "method", "reader", "measure"),
    *("n", "estimate", "low", "high", "interval"),
)
"""Of a table by source, also of one without lines."""


def may_judge(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The readers that `judges.admitted` admits by a source's untouched plates, by source.

    What the others say of restored plates of that source is shown, but judges nothing.
    """
    clean = rows[(rows["condition"] == UNTOUCHED) & (rows["method"] == ORIGINAL)]
    return {str(source): admitted(part) for source, part in clean.groupby("source", sort=False)}


def judges_everywhere(readers: Mapping[str, Sequence[str]]) -> list[str]:
    """The readers that may judge every source, in order: those that may judge all sources together.

    Args:
        readers: of `may_judge`.
    """
    first, *others = readers.values()
    return [reader for reader in first if all(reader in names for names in others)]


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each source whose reader may judge there, see `may_judge`."""
    readers = may_judge(rows)
    pairs = zip(rows["source"], rows["reader"], strict=True)
    return rows[[reader in readers.get(str(source), ()) for source, reader in pairs]]


def accuracy_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Reading measures per source and condition, as `tables.accuracy_table`."""
    return _by_source(rows, lambda part: accuracy_table(part, draws=draws, seed=seed))


def differences_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Paired differences of reading measures per source, condition and reader.

    The readers are those that read restored plates: `judge`, and HyperLPR where it is installed.

    Returns:
        As `tables.difference_table`, with the columns `source` and `reader`, and `holm_p`:
        McNemar's p of shares of plates, adjusted over the conditions of one comparison by one
        reader in one source and measure.
    """

    def make(part: pd.DataFrame) -> pd.DataFrame:
        tables = []
        for reader in part["reader"].unique():
            if reader != DIRECT:  # it reads what was not restored, beside the others
                # What is compared, and its names, speak of the judge: each reader takes its place.
                as_judge = part[part["reader"].isin([reader, DIRECT])].replace(
                    {"reader": {reader: JUDGE}}
                )
                table = difference_table(as_judge, draws=draws, seed=seed)
                tables.append(table.assign(reader=reader))
        return pd.concat(tables)

    table = _by_source(rows, make)
    table = table[table["measure"].isin(list(READING_MEASURES))].reset_index(drop=True)
    return adjust(table, family=("source", "reader", *FAMILY))


def false_reads_by_source(
    rows: pd.DataFrame, thresholds: Mapping[str, float], *, draws: int, seed: int
) -> pd.DataFrame:
    """What each reader accepts, and what of it is wrong, as `honesty.false_read_table`.

    A reader that may not judge a source is told, too: whether its threshold holds on photographs is
    a question about the reader.

    Args:
        rows: of the test on photographs.
        thresholds: by reader; a reader without one is left out.
        draws: bootstrap resamples.
        seed: of the resamples.
    """
    known = _main(rows[rows["reader"].isin(list(thresholds))])
    return _by_source(
        known, lambda part: false_read_table(part, thresholds, draws=draws, seed=seed)
    )


def confidence_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """CONFIDENCE_MEASURES of `confidence.calibration_table`, of readers where they may judge.

    POOLED has lines of the readers that may judge every source, so that it pools the same plates
    for all. There are no lines where no reader may judge.
    """
    table = _by_source(
        _main(judged(rows)), lambda part: calibration_table(part, draws=draws, seed=seed)
    )
    whole = table["reader"].isin(judges_everywhere(may_judge(rows)))
    return table[table["measure"].isin(CONFIDENCE_MEASURES) & ((table["source"] != POOLED) | whole)]


def images_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """PHOTO_MEASURES against the untouched photograph, of degraded plates and what became of them.

    A photograph has blur, noise and compression of its own. So a restoration that removes these
    loses by these measures, and what they reward is the photograph, not the plate.
    """
    degraded = rows[(rows["condition"] != UNTOUCHED) & (rows["method"] != ORIGINAL)]
    table = _by_source(_main(degraded), lambda part: image_table(part, draws=draws, seed=seed))
    return table[table["measure"].isin(PHOTO_MEASURES)]


def changes_by_source(rows: pd.DataFrame) -> pd.DataFrame:
    """Plates gained and lost by restoring with `full`, per source, condition and reader.

    GAINED is read wholly after restoring and not before; LOST is read before and not after. Before
    is the degraded plate, under UNTOUCHED the photograph itself.

    Returns:
        A long table whose measures are GAINED and LOST, as shares of all plates with Wilson's
        interval, and columns `count` (plates), `mcnemar_p` (exact, of both counts within the
        condition) and `holm_p` (adjusted over a source's conditions for one reader and method).
    """

    def make(part: pd.DataFrame) -> pd.DataFrame:
        lines = []
        for condition, own in by_condition(part)[:-1]:
            fulls = own.loc[own["variant"] == FULL, "method"].unique()
            right = own.pivot(index=["reader", "plate"], columns="method", values="exact") == 1
            for method in fulls:
                for reader, read in right.groupby("reader", sort=False):
                    before, after = (read[name].to_numpy() for name in (DEGRADED, method))
                    test = mcnemar(after, before)
                    for measure, count in ((GAINED, test.only_first), (LOST, test.only_second)):
                        found = wilson(count, len(read)), "Wilson"
                        line = table_line(found, condition, method, str(reader), measure)
                        lines.append({**line, "count": count, "mcnemar_p": test.p})
        return pd.DataFrame(lines)

    return adjust(_by_source(rows, make), family=("source", "method", "reader", "measure"))


def majority_guess(real: RealPlates, *, draws: int, seed: int) -> dict[str, dict[str, Any]]:
    """READING_MEASURES of the best answer that looks at no picture, per source.

    It reads every plate as the most frequent character at each position of its own source.
    """
    guesses = {}
    for source, part in real.plates.table.groupby("source"):
        guess = majority_text(part["text"])
        scores = pd.DataFrame([vars(score(text, guess[: len(text)])) for text in part["text"]])
        rows = scores.assign(plate=part.index, condition=UNTOUCHED)
        guesses[str(source)] = {
            measure: as_json(vars(figure(rows, measure, draws=draws, seed=seed)[0]))
            for measure in READING_MEASURES
        }
    return guesses


def failure_table_by_source(rows: pd.DataFrame) -> pd.DataFrame:
    """What failed and why, as `failures.failure_table`, per source.

    Plates are named by their number among the scored plates of their source, from 0.

    Returns:
        Its lines with the column `source`. `left_out` is 0: nothing here leaves out a plate.
    """
    tables = []
    for source, part in rows.groupby("source", sort=False):
        number = part["plate"].rank(method="dense").astype(int) - 1
        table = failure_table(part.assign(plate=number))
        tables.append(table.assign(source=source, left_out=0))
    return pd.concat(tables, ignore_index=True)


def failures_by_source(rows: pd.DataFrame) -> dict[str, int]:
    """Readings for which a method or reader failed, by source; they count as wrong.

    The rows in the private folder say which and why.
    """
    return {str(s): int((part["failure"] != "").sum()) for s, part in rows.groupby("source")}


def _main(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of MAIN_VARIANTS, and of the reader `direct` those where nothing was restored."""
    unrestored = rows["method"].isin([ORIGINAL, DEGRADED])
    return rows[rows["variant"].isin(MAIN_VARIANTS) & ((rows["reader"] != DIRECT) | unrestored)]


def _by_source(rows: pd.DataFrame, make: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """The table of each source's rows and of all, without its lines over several conditions."""
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    parts = [(str(name), part) for name, part in rows.groupby("source", sort=False)]
    tables = [make(part).assign(source=name) for name, part in [*parts, (POOLED, rows)]]
    table = pd.concat(tables, ignore_index=True)
    return table[table["condition"] != POOLED].reset_index(drop=True)
