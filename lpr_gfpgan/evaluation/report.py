"""The study's tables and figures as files, and what the page says about them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from ..config import Study
from ..errors import DataError
from ..files import read_image
from .check import new_figures
from .compared import method_names
from .confidence import calibration_table, reliability_table, risk_coverage_table
from .confidence_figures import false_read_figure, reliability_figure, risk_coverage_figure
from .consistency import consistency_table, read_distances
from .emphasis import emphasis_difference_table, emphasis_table
from .failures import failure_table
from .features import read_features
from .figure_style import save
from .figures import accuracy_figure, forest_plot, position_figure
from .grid_report import PANELS, SHOWN
from .honesty import adjust, false_read_table, threshold_table, thresholds
from .judges import ABSENT, reader_table
from .kernel_distance import kid_difference_table, kid_table, method_pairs
from .method_style import first_of_each
from .methods import DEGRADED, DIRECT, DIRECT_READING, JUDGE
from .recoverability import recoverability_table
from .recoverability_figures import recoverability_figure
from .restoration_figures import restoration_grid
from .rows import read_rows, write_table
from .run import (
    CLEAN,
    CONSISTENCY,
    RECOVERABILITY,
    cut_sheet,
    examples_path,
    features_path,
    rows_path,
)
from .summary import CLAIMS_NOTHING, claims_nothing
from .tables import (
    POOLED,
    accuracy_table,
    difference_table,
    image_table,
    position_table,
    readable,
    seen_table,
)
from .training_figures import learning_curves, prior_figure


def make_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Computes every table from the rows and writes each as reports/<profile>/tables/<name>.csv.

    Returns:
        Long tables: accuracy, images, seen, positions, failures, differences; readers, thresholds,
        false_reads, calibration, reliability, risk_coverage, consistency, recoverability; kid,
        kid_differences, emphasis, emphasis_differences.

    Raises:
        DataError: there are no rows or features.
    """
    rows, clean = read_rows(rows_path(study)), read_rows(rows_path(study, CLEAN))
    features = read_features(features_path(study))
    settings = study.settings.evaluation
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    own = clean[clean["reader"].isin(rows["reader"])]  # others accept nothing in the test
    tables = {
        "accuracy": accuracy_table(rows, **options),
        "images": image_table(rows, **options),
        "seen": seen_table(rows, **options),
        "positions": position_table(rows, **options),
        "failures": failure_table(rows),
        "differences": adjust(difference_table(rows, **options)),
        "readers": reader_table(clean, **options),
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
    for name, table in tables.items():
        write_table(study.paths.reports / "tables" / f"{name}.csv", table)
    return tables


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
        tables["risk_coverage"], methods=first_of_each(known, SHOWN)
    )
    drawn["reliability"] = reliability_figure(
        tables["reliability"], methods=first_of_each(known, PANELS)
    )
    drawn["false-reads"] = false_read_figure(tables["false_reads"], readers=(JUDGE, DIRECT))
    drawn["recoverability"] = recoverability_figure(tables["recoverability"])
    samples = read_image(study.paths.samples("prior"))
    drawn["prior"] = prior_figure(samples, _json(study.paths.metrics("prior")))
    for name, curves in _curves(study).items():
        drawn[f"curves-{name}"] = learning_curves(curves, title=name)
    folder = study.paths.reports / "figures"
    return {name: save(figure, folder / f"{name}.png") for name, figure in drawn.items()}


def opening(study: Study) -> str:
    """What the page must say first, in Markdown: what its figures are worth."""
    settings = study.settings
    text = (
        f"Profile `{study.profile}`: frames of {settings.frame.height} x {settings.frame.width} "
        f"pixels, {settings.evaluation.plates} test plates under "
        f"{len(settings.evaluation.conditions)} conditions; training seeds: "
        f"{', '.join(map(str, study.seeds))}."
    )
    return f"> **{CLAIMS_NOTHING}**\n\n{text}" if claims_nothing(study.profile) else text


def accuracy_view(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One reading measure in per cent: methods down, conditions across.

    Every method is read by the judge; direct reading, the reader trained on degraded images, has a
    line of its own.

    Args:
        table: `accuracy` of `make_tables`.
        measure: one of `tables.READING_MEASURES`.
    """
    chosen = table[table["measure"] == measure]
    direct = chosen[(chosen["reader"] == DIRECT) & (chosen["method"] == DEGRADED)]
    judged = chosen[chosen["reader"] == JUDGE]
    return readable(
        pd.concat([judged, direct.assign(method=DIRECT_READING)]),
        index=["method"],
        columns="condition",
    )


def reader_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled reading measures of every method by both readers.

    Args:
        table: `accuracy` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return readable(pooled, index=["method", "reader"], columns="measure")


def judging_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each reader on the clean validation plates in per cent, n, and whether it may judge.

    Args:
        table: `readers` of `make_tables`.
    """
    wide = readable(table, index=["reader"], columns="measure")
    lines = table.drop_duplicates("reader").set_index("reader").loc[wide.index]
    wide.insert(0, "n", lines["n"])
    words = lines["may_judge"].map({True: "yes", False: "no"})
    wide["may judge"] = words.mask(lines["interval"] == ABSENT, ABSENT)
    return wide


def image_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled image measures of every method: decibels, SSIM, squared grey levels, grey levels.

    Args:
        table: `images` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return readable(pooled, index=["method"], columns="measure")


def seen_view(table: pd.DataFrame) -> pd.DataFrame:
    """Character accuracy by the judge where typeface or surroundings were seen, or held out.

    Args:
        table: `seen` of `make_tables`.
    """
    chosen = table[(table["measure"] == "character_accuracy") & (table["reader"] == JUDGE)]
    sizes = chosen.groupby("group")["n"].max()
    named = chosen.assign(group=[f"{g} (n = {sizes[g]})" for g in chosen["group"]])
    return readable(named, index=["method"], columns="group")


def position_view(table: pd.DataFrame) -> pd.DataFrame:
    """Characters read at each position in per cent; position 0 is all of them.

    Args:
        table: `positions` of `make_tables`.
    """
    return readable(table, index=["method"], columns="position").rename(columns={0: "all"})


def difference_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled paired differences: percentage points, decibels for PSNR.

    Args:
        table: `differences` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return readable(pooled, index=["first", "second"], columns="measure")


def threshold_view(table: pd.DataFrame) -> pd.DataFrame:
    """Each reader's threshold and what it accepts of the clean validation plates, in per cent.

    Args:
        table: `thresholds` of `make_tables`.
    """
    named = table.assign(threshold=[f"{t:.4f}" for t in table["threshold"]])
    return readable(named, index=["reader", "threshold"], columns="measure")


def false_read_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled shares of plates accepted, and accepted though wrong, in per cent.

    Args:
        table: `false_reads` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return readable(pooled, index=["method", "reader"], columns="measure")


def calibration_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled figures of the confidences, times 100.

    Args:
        table: `calibration` of `make_tables`.
    """
    return readable(table, index=["method", "reader"], columns="measure")


def consistency_view(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios of distances to the original's: methods down, conditions across.

    Args:
        table: `consistency` of `make_tables`.
    """
    return readable(table, index=["method"], columns="condition")


def ringing_view(table: pd.DataFrame) -> pd.DataFrame:
    """Ringing on the plate in grey levels: methods down, conditions across.

    Args:
        table: `images` of `make_tables`.
    """
    chosen = table[table["measure"] == "ringing_plate"]
    return readable(chosen, index=["method"], columns="condition")


def kid_view(table: pd.DataFrame) -> pd.DataFrame:
    """KID of the originals and each method's images: methods down, conditions across.

    Args:
        table: `kid` of `make_tables`.
    """
    return readable(table, index=["method"], columns="condition")


def pair_view(table: pd.DataFrame) -> pd.DataFrame:
    """Differences of KID, or of emphasis in decibels: pairs down, conditions across.

    Args:
        table: `kid_differences` or `emphasis_differences` of `make_tables`.
    """
    return readable(table, index=["first", "second"], columns="condition")


def emphasis_view(table: pd.DataFrame) -> pd.DataFrame:
    """Pooled gains in PSNR on plate and surroundings, and their difference, in decibels.

    Args:
        table: `emphasis` of `make_tables`.
    """
    pooled = table[table["condition"] == POOLED]
    return readable(pooled, index=["method"], columns="measure")


def set_view(study: Study) -> pd.DataFrame:
    """The degraded sets and the first 16 digits of their SHA-256; evaluation.json has all 64.

    Raises:
        DataError: there is no evaluation yet.
    """
    sets = new_figures(study.paths.metrics("evaluation"))["sets"]
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


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(f"no metrics in {path}; run `make reproduce` first") from None
