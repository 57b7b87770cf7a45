"""What the three contributions together bring on photographs, from the rows that `recipes` keeps.

reports/recipes holds, beside those rows:

- recipes.json: `plates`; `may_judge.<source>`, the readers that `judges.admitted` admits by the
  untouched plates; `failures` as `recipes.read_recipes` has them;
  `accuracy.<source>.<condition>.<method>.<reader>.<measure>`;
  `gain.<second>.<source>.<condition>.<reader>.<measure>`, `full` less `face_recipe`, `bicubic` and
  `degraded`, paired by plate, whole plates with McNemar's exact p and Holm's over the conditions;
  `overall.<second>.<source>.<reader>.<measure>`, the same differences, the mean of all degraded
  conditions, photographs resampled whole: the one figure that says which recipe reads more;
  `recovered` as in `released_real_report`. Figures are {"estimate", "low", "high", "n"} as shares;
  the source "all" is all photographs.
- recipes.png: plates read per condition by each reader; a star marks one that may not judge.

One checkpoint of each recipe is compared: what another training would give is in no interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ..config import Paths, Study
from ..errors import DataError
from ..files import named_writes, write_text
from .figure_style import WIDTH, interval_note, method_legend, method_points, named, save
from .lines import POOLED
from .measures import READING_MEASURES
from .methods import BICUBIC, DEGRADED, FULL
from .real_report import compact, nested_figures
from .real_tables import UNTOUCHED, accuracy_by_source, judges_everywhere, may_judge
from .recipes import FACE, NAME
from .released_real_tables import paired_by_source, recovered_by_source
from .tables import difference_table

SECONDS = (FACE, BICUBIC, DEGRADED)
SHOWN = (DEGRADED, BICUBIC, FACE, FULL)
LEVELS = ("source", "condition", "method", "reader", "measure")


def report_study(study: Study) -> Study:
    """The study whose reports lie in reports/recipes; of its networks none is needed."""
    return replace(study, profile=NAME, paths=Paths(study.paths.output, NAME))


def make_recipes_tables(rows: pd.DataFrame, study: Study) -> dict[str, pd.DataFrame]:
    """Computes the tables.

    Args:
        rows: of `recipes.read_recipes`.
        study: of `report_study`; gives bootstrap resamples and their seed.

    Returns:
        `accuracy`, `recovered`, and `gain` and `overall` with the column `second`.
    """
    settings = study.settings.evaluation
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    gains = [paired_by_source(rows, name, **options).assign(second=name) for name in SECONDS]
    return {
        "accuracy": accuracy_by_source(rows, **options),
        "gain": pd.concat(gains, ignore_index=True),
        "overall": overall_by_source(rows, **options),
        "recovered": recovered_by_source(rows, **options, methods=(FULL, FACE, BICUBIC)),
    }


def overall_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """`full` less each of SECONDS, the mean of all conditions but the untouched photographs.

    Every condition has all photographs, so that it weighs as much as any other; a photograph is
    resampled with all of its rows.

    Args:
        rows: of `recipes.read_recipes`.
        draws: bootstrap resamples.
        seed: of the resamples.

    Returns:
        The lines of `tables.difference_table` of all conditions together, with the columns
        `source`, POOLED for all photographs, `reader` and `second`; n counts photographs.

    Raises:
        DataError: a condition lacks a photograph.
    """
    degraded = rows[rows["condition"] != UNTOUCHED]
    if degraded.groupby("condition")["plate"].nunique().nunique() > 1:
        raise DataError("a condition lacks a photograph; run `make recipes` again")
    tables = []
    for source, own in [*degraded.groupby("source", sort=False), (POOLED, degraded)]:
        for reader in own["reader"].unique():
            for second in SECONDS:
                table = difference_table(
                    own,
                    draws=draws,
                    seed=seed,
                    pairs=[((FULL, reader), (second, reader))],
                    measures=tuple(READING_MEASURES),
                )
                tables.append(table.assign(source=source, reader=reader, second=second))
    found = pd.concat(tables, ignore_index=True)
    return found[found["condition"] == POOLED].reset_index(drop=True)


def recipes_figure(
    accuracy: pd.DataFrame,
    judges: Sequence[str],
    *,
    measure: str = "plate_accuracy_without_province",
) -> Figure:
    """Plates read under each condition, one panel for each reader.

    Args:
        accuracy: of `make_recipes_tables`.
        judges: readers that may judge every source; the others have a star.
        measure: of reading.
    """
    own = accuracy[
        (accuracy["source"] == POOLED)
        & (accuracy["measure"] == measure)
        & (accuracy["condition"] != POOLED)
        & accuracy["method"].isin(SHOWN)
    ]
    readers = list(dict.fromkeys(own["reader"]))
    figure = Figure(figsize=(WIDTH, 2.4 * len(readers) + 0.9), layout="constrained")
    panels = figure.subplots(len(readers), 1, sharex=True, squeeze=False)[:, 0]
    for axes, reader in zip(panels, readers, strict=True):
        read = own[own["reader"] == reader]
        method_points(axes, read, across="condition", order=SHOWN, scale=100)
        axes.set_ylim(0, 102)
        name = reader if reader in judges else f"{reader} *"
        axes.set_ylabel(f"{name}\n{named(measure)}", fontsize=8)
        axes.grid(axis="y", alpha=0.3)
    figure.suptitle(
        f"photographs that no training saw, by both recipes; {interval_note(own)}", fontsize=9
    )
    method_legend(figure, SHOWN)
    return figure


def figure_path(study: Study) -> Path:
    """The picture of plates read."""
    return study.paths.reports / f"{NAME}.png"


@named_writes()
def write_report(
    rows: pd.DataFrame, facts: Mapping[str, Any], tables: dict[str, pd.DataFrame], study: Study
) -> dict[str, Any]:
    """Writes recipes.json and recipes.png.

    Args:
        rows: of `recipes.read_recipes`.
        facts: likewise.
        tables: of `make_recipes_tables`.
        study: of `report_study`.

    Returns:
        What recipes.json holds.

    Raises:
        DataError: a file could not be written; each one is the former or the new one.
    """
    folder, gain, admitted = study.paths.reports, tables["gain"], may_judge(rows)
    figures: dict[str, Any] = {
        "plates": int(rows["plate"].nunique()),
        "may_judge": admitted,
        "failures": facts["failures"],
        "accuracy": nested_figures(tables["accuracy"], LEVELS),
        "gain": nested_figures(gain, ("second", "source", "condition", "reader", "measure")),
        "overall": nested_figures(tables["overall"], ("second", "source", "reader", "measure")),
        "recovered": nested_figures(tables["recovered"], LEVELS),
    }
    write_text(folder / f"{NAME}.json", compact(figures) + "\n")
    figure = recipes_figure(tables["accuracy"], judges_everywhere(admitted))
    save(figure, figure_path(study))
    return figures
