"""The study's tables and figures as files, and what the page says first; `views` shows tables."""

from pathlib import Path

import pandas as pd

from ..config import Study
from ..errors import DataError
from ..files import read_image
from .check import new_figures
from .claims import claim_table
from .compared import method_names
from .confidence import calibration_table, reliability_table, risk_coverage_table
from .confidence_figures import false_read_figure, reliability_figure, risk_coverage_figure
from .consistency import consistency_table, read_distances
from .contributions import adjusted_contributions
from .emphasis import emphasis_difference_table, emphasis_table
from .failures import failure_table
from .features import read_features
from .figure_style import save
from .figures import accuracy_figure, forest_plot, position_figure
from .gains import compared_with, gain_table
from .grid import PROTOCOLS
from .grid_report import CURVE_METHODS, PANEL_METHODS
from .grid_run import grid_name
from .honesty import adjust, false_read_table, threshold_table, thresholds
from .judges import reader_table
from .kernel_distance import kid_difference_table, kid_table, method_pairs
from .method_style import first_of_each
from .methods import DIRECT, DIRECT_READING, JUDGE
from .prior_quality import read_prior_table
from .recoverability import recoverability_table
from .recoverability_figures import recoverability_figure
from .restoration_figures import restoration_grid
from .rows import read_rows, write_table
from .run import (
    CLEAN,
    CONSISTENCY,
    FILTERS,
    RECOVERABILITY,
    cut_sheet,
    examples_path,
    features_path,
    rows_path,
)
from .summary import CLAIMS_NOTHING, claims_nothing
from .tables import (
    accuracy_table,
    difference_table,
    image_table,
    position_table,
    seen_table,
)
from .training_figures import learning_curves, prior_figure
from .views import TITLE


def make_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Computes every table from the rows and writes each as reports/<profile>/tables/<name>.csv.

    Returns:
        Long tables: accuracy, filters (accuracy on validation plates), images, seen, positions,
        failures, failures_before (on validation plates), differences; readers, thresholds,
        false_reads, calibration, reliability, risk_coverage, consistency, recoverability; kid,
        kid_differences, emphasis, emphasis_differences; gains, contributions; prior.

    Raises:
        DataError: there are no rows or features.
    """
    names = rows_path(study), rows_path(study, CLEAN), rows_path(study, FILTERS)
    rows, clean, filtered = map(read_rows, names)
    features = read_features(features_path(study))
    settings = study.settings.evaluation
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    own = clean[clean["reader"].isin(rows["reader"])]  # others accept nothing in the test
    tables = {
        "accuracy": accuracy_table(rows, **options),
        "filters": accuracy_table(filtered, **options),
        "images": image_table(rows, **options),
        "seen": seen_table(rows, **options),
        "positions": position_table(rows, **options),
        "failures": failure_table(rows),
        "failures_before": failure_table(pd.concat([clean, filtered])),
        "differences": adjust(difference_table(rows, **options)),
        "readers": reader_table(clean, rows, **options),
        "thresholds": threshold_table(own, **options),
        "false_reads": false_read_table(rows, thresholds(own), **options),
        "calibration": calibration_table(rows, **options, pooled_only=True),
        "reliability": reliability_table(rows, **options),
        "risk_coverage": risk_coverage_table(rows, **options),
        "consistency": consistency_table(read_distances(rows_path(study, CONSISTENCY)), **options),
        "recoverability": recoverability_table(
            study, read_rows(rows_path(study, RECOVERABILITY)), **options
        ),
        "kid": kid_table(features, **options),
        "kid_differences": kid_difference_table(features, method_pairs(rows), **options),
        "emphasis": emphasis_table(rows, **options),
        "emphasis_differences": emphasis_difference_table(rows, method_pairs(rows), **options),
    }
    tables["gains"] = gain_table(rows, others=compared_with(rows, tables["filters"]), **options)
    tables["contributions"] = adjusted_contributions(rows, **options)
    tables["prior"] = read_prior_table(study.paths.metrics("prior"))
    for name, table in tables.items():
        write_table(study.paths.reports / "tables" / f"{name}.csv", table)
    return tables


def make_claims(
    study: Study, tables: dict[str, pd.DataFrame], grid: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """The paper's claims and their verdicts; written as reports/<profile>/tables/claims.csv.

    Args:
        study: the study.
        tables: of `make_tables`.
        grid: of `grid_report.make_grid_tables`.
    """
    table = claim_table(tables, grid, profile=study.profile)
    write_table(study.paths.reports / "tables" / "claims.csv", table)
    return table


def make_figures(study: Study, tables: dict[str, pd.DataFrame]) -> dict[str, Path]:
    """Draws every figure to reports/<profile>/figures.

    Args:
        study: the study.
        tables: of `make_tables`.

    Returns:
        The files by name: restorations-<condition>, accuracy, positions, differences, risk,
        reliability, false-reads, recoverability, prior, and curves-<readers, prior, warmup,
        restorers, baselines>.

    Raises:
        DataError: something the figures need was not made.
        ImageError: a sample grid or example sheet is missing or damaged.
    """
    rows = read_rows(rows_path(study))
    methods = method_names(study)
    known = [*methods, DIRECT_READING]
    drawn = {}
    for condition in study.settings.evaluation.conditions:
        sheet = read_image(examples_path(study, condition))
        examples = cut_sheet(sheet, methods, study.settings.frame.size)
        drawn[f"restorations-{condition}"] = restoration_grid(
            examples, methods, rows, condition=condition
        )
    drawn["accuracy"] = accuracy_figure(tables["accuracy"], tables["images"])
    drawn["positions"] = position_figure(tables["positions"])
    drawn["differences"] = forest_plot(tables["differences"])
    drawn["risk"] = risk_coverage_figure(
        tables["risk_coverage"], methods=first_of_each(known, CURVE_METHODS)
    )
    drawn["reliability"] = reliability_figure(
        tables["reliability"], methods=first_of_each(known, PANEL_METHODS)
    )
    drawn["false-reads"] = false_read_figure(tables["false_reads"], readers=(JUDGE, DIRECT))
    drawn["recoverability"] = recoverability_figure(tables["recoverability"])
    samples = read_image(study.paths.samples("prior"))
    drawn["prior"] = prior_figure(samples)
    for name, curves in _curves(study).items():
        drawn[f"curves-{name}"] = learning_curves(curves, title=name)
    folder = study.paths.reports / "figures"
    return {name: save(figure, folder / f"{name}.png") for name, figure in drawn.items()}


def opening(study: Study) -> str:
    """What the page must say first, in Markdown: what its figures are worth."""
    settings, seeds = study.settings, [str(seed) for seed in study.seeds]
    conditions = len(settings.evaluation.conditions)
    trained = "each network trained once, the restorers and baselines with seed " + seeds[0]
    if len(seeds) > 1:
        named = f"{', '.join(seeds[:-1])} and {seeds[-1]}"
        trained = (
            f"each restorer and baseline trained {len(seeds)} times, with the seeds {named}, every "
            "other network once"
        )
    text = (
        f"Profile `{study.profile}`: frames of {settings.frame.height} x {settings.frame.width} "
        f"pixels, {settings.evaluation.plates} test plates under {conditions} "
        f"condition{'s' if conditions > 1 else ''}; {trained}."
    )
    return f"> **{CLAIMS_NOTHING}**\n\n{text}" if claims_nothing(study.profile) else text


def set_view(study: Study) -> pd.DataFrame:
    """The degraded sets and the first 16 digits of their SHA-256; evaluation.json has all 64.

    Raises:
        DataError: there is no evaluation yet.
    """
    return _sets(study, "evaluation")


def grid_set_view(study: Study) -> pd.DataFrame:
    """The degraded sets of both protocols of the grid, likewise.

    Raises:
        DataError: a protocol was not run.
    """
    table = pd.concat([_sets(study, grid_name(protocol)) for protocol in PROTOCOLS])
    table.attrs[TITLE] = "the sets of the grid"
    return table


def _sets(study: Study, name: str) -> pd.DataFrame:
    sets = new_figures(study.paths.metrics(name))["sets"]
    table = pd.DataFrame.from_dict(sets, orient="index").rename_axis("condition")
    return table.map(lambda digits: digits[:16])


def _curves(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    """The learning curves of the study's own runs, by kind."""
    runs = {
        "readers": [f"reader-{name}" for name in ("loss", "judge", "direct")],
        "prior": ["prior"],
        "warmup": ["warmup"],
        "restorers": [f"restorer-{v}-{s}" for v in study.variants for s in study.seeds],
        "baselines": [f"baseline-{b}-{s}" for b in study.baselines for s in study.seeds],
    }
    return {kind: {name: _curve(study, name) for name in names} for kind, names in runs.items()}


def _curve(study: Study, name: str) -> pd.DataFrame:
    try:
        return pd.read_csv(study.paths.curve(name))
    except (OSError, ValueError):
        raise DataError(
            f"no learning curve in {study.paths.curve(name)}; run `make reproduce` first"
        ) from None
