"""What the test on photographed plates leaves behind: aggregates for git, the rest in private.

reports/<profile>/real.json is described here and nowhere else. It holds no text of a plate. A
*figure* is {"estimate", "low", "high", "n"}, shares as 0 to 1 and n in plates; `low` and `high` are
left out where there is no interval, and what is undefined or infinite is left out whole. <source>
is a source of the folder or "all"; <condition> is "untouched" or one of the study's.

- plates: labels_sha256 of the folder; images_sha256 of the images that were read; how many plates
  are `listed`, `left_out_as_training_texts` and `scored`; how many are scored by source
  (`sources`); `reference`: how many of those left out were read to set a threshold.
- sets.<condition>: `set_sha256` of the texts and drawn degradations, the same on any machine, and
  `pixels_sha256` of the degraded images, in which rounding may differ between processors.
- may_judge.<source>: the readers that read at least 90 % of its untouched plates whole.
- accuracy.<source>.<condition>.<method>.<reader>.<measure>: whole plates and characters read, with
  the province and without; of the reader `direct` only where nothing was restored.
- differences.<source>.<condition>.<reader>.<first>.<second>.<measure>: first less second of the
  same measures, paired; of readers where they may judge, "all" of those that may judge every
  source. Those of whole plates also have `mcnemar_p` and `holm_p` (see
  `real_tables.differences_by_source`). Where both were trained once, they compare these two
  checkpoints; what another training would give is not in the interval.
- changes.<source>.<condition>.<method>.<reader>: `gained` and `lost` as shares of all plates, each
  a figure with `count`, `mcnemar_p` and `holm_p` (see `real_tables.changes_by_source`).
- thresholds.<reader>: `set_on`, which clean plates; `threshold`, null where the reader accepts
  nothing; and, of these plates, the figures `accepted`, `right_of_accepted` and `false_reads`.
- false_reads.<source>.<condition>.<method>.<reader>: the same three figures of the test.
- confidence.<source>.<condition>.<method>.<reader>: confidence_gap, ece, ece_if_calibrated, aurc,
  of readers where they may judge, "all" of those that may judge every source.
- images.<source>.<condition>.<method>: psnr_plate (decibels), ssim_plate, ringing_plate (levels)
  against the untouched photograph, which is no ideal.
- acceptance.<source>.<condition>: the share that the calibration takes for plates.
- majority_guess.<source>: what an answer that looks at no picture reaches, by measure of reading.
- failures.<source>: readings that failed and count as wrong.

By position, KID, consistency and emphasis have no part here; the notebook says why.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..config import Study
from ..files import write_text
from .honesty import threshold_table, thresholds
from .lines import POOLED, as_json
from .methods import DEGRADED, DIRECT, ORIGINAL
from .real_acceptance import acceptance_table
from .real_plates import RealPlates
from .real_tables import (
    accuracy_by_source,
    changes_by_source,
    confidence_by_source,
    differences_by_source,
    failures_by_source,
    false_reads_by_source,
    images_by_source,
    judges_everywhere,
    majority_guess,
    may_judge,
)
from .rows import write_table
from .run import Evaluation

LEVELS = {
    "accuracy": ("source", "condition", "method", "reader", "measure"),
    "differences": ("source", "condition", "reader", "first", "second", "measure"),
    "changes": ("source", "condition", "method", "reader", "measure"),
    "false_reads": ("source", "condition", "method", "reader", "measure"),
    "confidence": ("source", "condition", "method", "reader", "measure"),
    "images": ("source", "condition", "method", "measure"),
    "acceptance": ("source", "condition"),
}
"""How the long tables are nested in real.json."""


def report_path(study: Study) -> Path:
    """The aggregates, which git keeps."""
    return study.paths.reports / "real.json"


def private_folder(study: Study) -> Path:
    """Where single readings and pictures go; git ignores it."""
    return study.paths.output / "private" / study.profile


def make_real_tables(
    evaluation: Evaluation, acceptance: pd.DataFrame, study: Study
) -> dict[str, pd.DataFrame]:
    """Computes every table of the test on photographs.

    Args:
        evaluation: of `real.evaluate_real`.
        acceptance: of `real_acceptance.acceptance_rows`.
        study: the study.

    Returns:
        Long tables: those of LEVELS, and `thresholds` (see `honesty.threshold_table`) with the
        column `set_on`.
    """
    settings, rows, clean = study.settings.evaluation, evaluation.rows, evaluation.clean
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    set_on = clean.drop_duplicates("reader").set_index("reader")["condition"]
    found = threshold_table(clean, **options)
    return {
        "accuracy": accuracy_by_source(rows, **options),
        "differences": differences_by_source(rows, **options),
        "changes": changes_by_source(rows),
        "thresholds": found.assign(set_on=found["reader"].map(set_on)),
        "false_reads": false_reads_by_source(rows, thresholds(clean), **options),
        "confidence": confidence_by_source(rows, **options),
        "images": images_by_source(rows, **options),
        "acceptance": acceptance_table(acceptance),
    }


def write_real(
    evaluation: Evaluation,
    acceptance: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    real: RealPlates,
    study: Study,
    *,
    labels_sha256: str,
) -> dict[str, Any]:
    """Writes the aggregates among the reports, rows to the private folder.

    Args:
        evaluation: of `real.evaluate_real`.
        acceptance: of `real_acceptance.acceptance_rows`.
        tables: of `make_real_tables`.
        real: the plates.
        study: the study.
        labels_sha256: of the folder, see `real_plates.labels_hash`.

    Returns:
        What reports/<profile>/real.json holds, see the module.
    """
    settings = study.settings.evaluation
    rows = evaluation.rows
    write_table(private_folder(study) / "rows.csv.gz", rows)
    write_table(private_folder(study) / "clean.csv.gz", evaluation.clean)
    write_table(private_folder(study) / "acceptance.csv.gz", acceptance)
    sources = real.plates.table["source"].value_counts()
    judges = may_judge(rows)
    figures = {
        "plates": {
            "labels_sha256": labels_sha256,
            "images_sha256": real.images_sha256,
            "listed": real.listed,
            "left_out_as_training_texts": real.left_out,
            "scored": len(real.plates),
            "sources": {source: int(sources[source]) for source in real.sources},
            "reference": 0 if real.reference is None else len(real.reference),
        },
        "sets": {
            s.condition: {"set_sha256": s.set_sha256, "pixels_sha256": s.pixels_sha256}
            for s in evaluation.sets
        },
        "may_judge": judges,
        **nest(tables, judges),
        "majority_guess": majority_guess(real, draws=settings.bootstrap, seed=settings.seed),
        "failures": failures_by_source(rows),
    }
    write_text(report_path(study), compact(figures) + "\n")
    return figures


def nest(tables: dict[str, pd.DataFrame], judges: dict[str, list[str]]) -> dict[str, Any]:
    """The tables as real.json holds them.

    Args:
        tables: of `make_real_tables`.
        judges: of `real_tables.may_judge`.
    """
    admitted = {(source, reader) for source, readers in judges.items() for reader in readers}
    admitted |= {(POOLED, reader) for reader in judges_everywhere(judges)}
    accuracy, differences = tables["accuracy"], tables["differences"]
    restored = ~accuracy["method"].isin([ORIGINAL, DEGRADED])
    pairs = zip(differences["source"], differences["reader"], strict=True)
    kept = tables | {
        "accuracy": accuracy[~(restored & (accuracy["reader"] == DIRECT))],
        "differences": differences[[pair in admitted for pair in pairs]],
    }
    nested = {name: nested_figures(kept[name], levels) for name, levels in LEVELS.items()}
    return {**nested, "thresholds": _thresholds(tables["thresholds"])}


def compact(figures: dict[str, Any]) -> str:
    """JSON with each innermost list or figure on one line, so that git shows a change as one."""
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    for inner in (r"(\[)\s+([^\[\]]*?)\s+(\])", r"(\{)\s+([^{}]*?)\s+(\})"):
        text = re.sub(inner, lambda m: m[1] + re.sub(r"\n\s+", " ", m[2]) + m[3], text)
    return text


def _thresholds(table: pd.DataFrame) -> dict[str, Any]:
    """Each reader's threshold and what it accepts of the plates that it was set on."""
    return {
        str(reader): {
            "set_on": lines["set_on"].iloc[0],
            # JSON has no infinity, the threshold of a reader that accepts nothing.
            "threshold": t if np.isfinite(t := float(lines["threshold"].iloc[0])) else None,
            **nested_figures(lines, ["measure"]),
        }
        for reader, lines in table.groupby("reader", sort=False)
    }


def nested_figures(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, Any]:
    """A long table as dictionaries within dictionaries, one level for each key."""
    result: dict[str, Any] = {}
    for line in table[np.isfinite(table["estimate"].astype(float))].to_dict("records"):
        place = result
        for key in keys[:-1]:
            place = place.setdefault(line[key], {})
        place[line[keys[-1]]] = _figure(line)
    return result


def _figure(line: dict[str, Any]) -> dict[str, Any]:
    """A line as a figure of real.json, see the module."""
    figure = {key: value for key, value in as_json(line).items() if np.isfinite(value)}
    if "count" in line:
        figure["count"] = int(line["count"])
    p_values = {key: line[key] for key in ("mcnemar_p", "holm_p") if key in line}
    tested = {key: float(f"{p:.3g}") for key, p in p_values.items() if np.isfinite(p)}
    return figure | tested
