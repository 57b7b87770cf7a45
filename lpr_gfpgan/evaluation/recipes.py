"""Two recipes, trained side by side and tested on photographs that no training saw.

`full` is trained with motion blur and the recognition loss from its first step, and ends with the
aligned region discriminators; `face_recipe` is GFP-GAN without the three. Each has a profile of its
own in params.yaml with the networks, plates and photographs of profile `release`, fewer steps, and
another warm-up; both go on from one prior with the same draws (`tools/recipes.py` trains and tests
them). The recognition loss alone is taught what the training photographs say, and costs time: the
steps are equal, the labels and the seconds are not.

What a test leaves, reports/recipes/rows/recipes.csv.gz and provenance.json, is kept: the figures
are computed from it anywhere (`recipes_report`), without the photographs and the weights. A row
says whether a plate was read, not which photograph it is.
"""

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ..config import Paths, ShippedPaths, Study
from ..errors import DataError
from ..files import named_writes, sha256_of, write_json
from ..networks import load_weights
from ..readers import HyperLPR
from ..readers.hyperlpr_models import PACKAGE
from ..training.photographs import photograph_inputs
from .compared import begin_on
from .methods import FULL, READERS, baselines, restorers
from .real import real_conditions
from .real_plates import RealPlates
from .released_real import released_real_study
from .rows import COLUMNS, read_columns, write_table
from .run import compare, open_hyperlpr, open_readers, rows_path

NAME = "recipes"
"""Takes the place of a profile's name in folders: reports/recipes."""
FACE = "face_recipe"
RECIPES = {FULL: "recipe_full", FACE: "recipe_face"}
"""The profile that trains each variant."""
MADE_BY = "make recipes"
RESULTS = ("exact", "exact6", "cer", "cer6")
KEPT = {"source": "str"} | {
    name: COLUMNS[name]
    for name in (
        *("condition", "method", "variant", "training_seed", "reader", "plate"),
        *RESULTS,
    )
}
"""Columns that are kept, with their types: whether and how well each plate was read."""
FAILURE_KEYS = ("source", "condition", "method", "reader")


@dataclass(frozen=True)
class RecipePaths(ShippedPaths):
    """The readers in `folder`, and each restorer where its own profile trained it."""

    def restorer(self, variant: str, seed: int) -> Path:
        """The weights that the variant's own profile trained."""
        return Paths(self.output, RECIPES[variant]).restorer(variant, seed)


def recipes_study(study: Study, weights: Path | str | None = None) -> Study:
    """The study of both recipes on photographs, under the conditions of real/released.yaml.

    Args:
        study: as in `released_real.released_real_study`.
        weights: a folder with the readers, and a restorer of the frame; the released ones when not
            given. Of its restorer nothing else is used.

    Raises:
        ConfigError: the conditions cannot be read.
        WeightsError: the folder holds no restorer, or it is damaged.
    """
    released = released_real_study(study, weights)
    return replace(
        released,
        profile=NAME,
        variants=list(RECIPES),
        seeds=study.seeds[:1],
        paths=RecipePaths(released.paths.output, NAME, released.paths.folder),
    )


def evaluate_recipes(
    study: Study, real: RealPlates, *, device: torch.device | str | None = None
) -> pd.DataFrame:
    """Restores and reads the photographs under every condition.

    Args:
        study: of `recipes_study`, both restorers trained.
        real: of `released_real.load_plates_no_training_saw`.
        device: where networks run; a CUDA device if there is one, when not given.

    Returns:
        `rows.COLUMNS` of `original`, `degraded`, `bicubic` and both recipes, with the column
        `source`. HyperLPR reads too where its package is installed.

    Raises:
        ConfigError: this machine has no such device.
        WeightsError: a network is missing or damaged.
    """
    device = begin_on(study, device)
    readers = [*open_readers(study, device), *open_hyperlpr(refine=True)]
    methods = [*baselines(), *restorers(study, device)]
    rows = compare(real.plates, real_conditions(study), methods, readers, device=device).rows
    return real.with_source(rows)


@named_writes()
def write_recipes(
    rows: pd.DataFrame, study: Study, trained: Study, *, images_sha256: str, labels_sha256: str
) -> None:
    """Keeps the rows, and what trained, read and was tested.

    Args:
        rows: of `evaluate_recipes`.
        study: of `recipes_study`.
        trained: the study of one of the profiles of RECIPES, for what both were trained on.
        images_sha256: of the photographs, see `real_plates.images_hash`.
        labels_sha256: of their folder, see `real_plates.labels_hash`.

    Raises:
        DataError: a file could not be written; each one is the former or the new one.
        WeightsError: a network is missing or damaged.
    """
    facts = {
        "recipes": {variant: _weights(study, variant) for variant in RECIPES},
        "trained_on": _inputs(trained),
        "readers": {name: sha256_of(study.paths.reader(name)) for name in READERS},
        "hyperlpr": version(PACKAGE) if HyperLPR.name in set(rows["reader"]) else None,
        "conditions": {n: study.ranges(n) for n in study.settings.evaluation.conditions},
        "labels_sha256": labels_sha256,
        "images_sha256": images_sha256,
        "failures": _failures(rows),
    }
    path = rows_path(study, NAME)
    write_table(path, without_names(rows))
    write_json(provenance_path(study), {**facts, "rows_sha256": sha256_of(path)})


def without_names(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns KEPT, each source's plates numbered anew by how they were read.

    The order of the photographs would tell which of a public collection each row is of.

    Args:
        rows: of `evaluate_recipes`.
    """
    kept = rows[list(KEPT)]
    keys = ["condition", "method", "reader"]
    wide = kept.pivot(index=["source", "plate"], columns=keys, values=list(RESULTS))
    wide = wide.sort_index(axis=1)
    order = wide.sort_values(list(wide.columns), kind="stable").sort_index(
        level="source", sort_remaining=False, kind="stable"
    )
    numbers = pd.Series(range(len(order)), index=order.index.get_level_values("plate"))
    tables = kept.groupby(keys, sort=False).ngroup()
    anew = kept.assign(plate=kept["plate"].map(numbers), table=tables)
    return anew.sort_values(["table", "plate"], ignore_index=True).drop(columns="table")


def provenance_path(study: Study) -> Path:
    """What trained, read and was tested, beside the rows."""
    return study.paths.reports / "provenance.json"


def read_recipes(study: Study) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows that are kept, and what `write_recipes` wrote beside them.

    `recipes.<variant>`: what training kept with its weights, their SHA-256 and parameters;
    `trained_on`: SHA-256 of prior, reader `loss` and photographs; `readers.<name>`: SHA-256;
    `hyperlpr`: its version, null where it did not read; `conditions.<name>`: ranges;
    `labels_sha256`, `images_sha256`, `rows_sha256`; `failures`: how often a method or reader
    failed and was counted as wrong, one entry for each source, condition, method and reader.

    Args:
        study: of `recipes_study` or `recipes_report.report_study`.

    Raises:
        DataError: a file is missing or damaged, lacks a column, or they are of different tests.
    """
    path, beside = rows_path(study, NAME), provenance_path(study)
    rows = read_columns(path, KEPT, made_by=MADE_BY)
    if missing := [name for name in KEPT if name not in rows]:
        raise DataError(f"{path}: no column {missing[0]!r}; run `{MADE_BY}` again")
    try:
        facts = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{beside}: cannot be read ({error}); run `{MADE_BY}` again") from None
    if facts.get("rows_sha256") != sha256_of(path):
        raise DataError(f"{beside} is not of the rows in {path}; run `{MADE_BY}` again")
    return rows, facts


def _weights(study: Study, variant: str) -> dict[str, Any]:
    path = study.paths.restorer(variant, study.seeds[0])
    network, about = load_weights(path, expect_kind="restorer")
    return {
        **about["provenance"],
        "weights_sha256": sha256_of(path),
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def _inputs(trained: Study) -> dict[str, Any]:
    return {
        "prior": sha256_of(trained.paths.prior),
        "reader-loss": sha256_of(trained.paths.reader("loss")),
        "photographs": [sha256_of(path) for path in photograph_inputs(trained)],
    }


def _failures(rows: pd.DataFrame) -> list[dict[str, Any]]:
    failed = rows[rows["failure"] != ""].groupby(list(FAILURE_KEYS), sort=False).size()
    return [{**dict(zip(FAILURE_KEYS, k, strict=True)), "n": int(n)} for k, n in failed.items()]
