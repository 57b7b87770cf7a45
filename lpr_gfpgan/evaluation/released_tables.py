"""Tables of the test of the released weights: those of the study's own test, and a headline."""

import pandas as pd

from ..config import Study
from .honesty import adjust, false_read_table, threshold_table, thresholds
from .judges import reader_table
from .lines import POOLED
from .methods import BICUBIC, DEGRADED, FULL, JUDGE, ORIGINAL
from .run import Evaluation
from .tables import accuracy_table, comparisons, difference_table, image_table

SHOWN = (ORIGINAL, DEGRADED, BICUBIC, FULL)
"""The methods that the headline tells of every reader; of the filters it tells of the judge."""


def make_released_tables(evaluation: Evaluation, study: Study) -> dict[str, pd.DataFrame]:
    """Computes the tables from the rows.

    Args:
        evaluation: of `released.evaluate_released`.
        study: of `released.released_study`.

    Returns:
        Long tables: accuracy, images, differences, readers, thresholds, false_reads; and
        `headline`, the lines of accuracy and false reads that `in_headline` names.
    """
    settings, rows, clean = study.settings.evaluation, evaluation.rows, evaluation.clean
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    accuracy = accuracy_table(rows, **options)
    false_reads = false_read_table(rows, thresholds(clean), **options)
    pairs = [*comparisons(rows), *restored_by_each_reader(rows)]
    figures = pd.concat([accuracy, false_reads], ignore_index=True)
    return {
        "headline": figures[in_headline(figures)].reset_index(drop=True),
        "accuracy": accuracy,
        "images": image_table(rows, **options),
        "differences": adjust(difference_table(rows, **options, pairs=pairs)),
        "readers": reader_table(clean, rows, **options),
        "thresholds": threshold_table(clean, **options),
        "false_reads": false_reads,
    }


def restored_by_each_reader(rows: pd.DataFrame) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """What restoring brings each reader that `tables.comparisons`, of the judge, leaves out.

    Pairs as there: the restored plate less the degraded one, and less the bicubic one, both read by
    that reader.
    """
    return [
        ((FULL, reader), (name, reader))
        for reader in rows["reader"].unique()
        if reader != JUDGE
        for name in (DEGRADED, BICUBIC)
    ]


def in_headline(table: pd.DataFrame) -> pd.Series:
    """Which lines of a long table are of the methods SHOWN, or read by the judge: bool [N]."""
    return table["method"].isin(SHOWN) | (table["reader"] == JUDGE)


def pooled_headline(table: pd.DataFrame) -> pd.DataFrame:
    """The lines of the headline table over all conditions.

    Args:
        table: `headline` of `make_released_tables`.
    """
    return table[table["condition"] == POOLED].reset_index(drop=True)
