"""Runs the test: degrade, restore, read, score, write."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..config import Study
from ..errors import WeightsError
from ..files import named_writes, write_json, write_png
from ..readers import HyperLPR, Reader, load_hyperlpr, load_reader
from .compared import begin_on, compared_methods
from .consistency import WRONG, consistency_rows, wrong_plates
from .failures import apply_method, read_images
from .features import PlateFeatures, gather_features, plate_features, write_features
from .filters import filter_methods
from .headline import headline, short_headline
from .methods import JUDGE, ORIGINAL, READERS, Method
from .protocol import (
    VALIDATION,
    Condition,
    DegradedSet,
    PlateTest,
    degraded_set,
    load_plates,
    study_conditions,
    validation_conditions,
    validation_plates,
)
from .rows import COLUMNS, check_rows, image_columns, reading_rows, write_table
from .sets import kept_degraded_set

EXAMPLES = 8
CLEAN, FILTERS = "clean", "filters"
CONSISTENCY, RECOVERABILITY = "consistency", "recoverability"


@dataclass(frozen=True)
class Evaluation:
    """What a test yields.

    Attributes:
        rows: see `rows.COLUMNS`.
        sets: the degraded set of each condition, those of `filters` too.
        examples: by condition, uint8 [plates, methods, H, W, 3] of the first plates.
        methods: the methods' names in order.
        consistency: see `consistency.consistency_rows`; empty where it was not asked for.
        clean: rows of the untouched validation plates, on which thresholds are set and readers
            admitted; likewise.
        filters: rows of the degraded validation plates as the classical filters restore them, on
            which the best of these is chosen; their conditions begin with "validation"; likewise.
        features: of every image, see `features.PlateFeatures`; None where they were not asked for.
    """

    rows: pd.DataFrame
    sets: list[DegradedSet]
    examples: dict[str, np.ndarray]
    methods: list[str]
    consistency: pd.DataFrame = field(default_factory=pd.DataFrame)
    clean: pd.DataFrame = field(default_factory=pd.DataFrame)
    filters: pd.DataFrame = field(default_factory=pd.DataFrame)
    features: PlateFeatures | None = None


def evaluate(study: Study, *, device: torch.device | str | None = None) -> Evaluation:
    """Runs the study's test with its trained networks on the degraded sets on disk.

    Sets that are missing are made, see `sets`. The paper's reader, where its package is installed,
    reads the clean validation plates only.

    Args:
        study: settings and paths.
        device: where networks run; a CUDA device if there is one, when not given.

    Raises:
        ConfigError: this machine has no such device.
        DataError: the plates are missing, damaged or too few, or a degraded set is not what its
            hashes, the plates and params.yaml say.
        WeightsError: a reader or restorer is missing or damaged.
    """
    device = begin_on(study, device)
    readers = open_readers(study, device)
    judge = readers[READERS.index(JUDGE)]
    methods = compared_methods(study, device)
    start = time.perf_counter()
    tested = compare(
        load_plates(study),
        study_conditions(study),
        methods,
        readers,
        device=device,
        consistent=True,
        featured=judge,
        degrade=stored_sets(study),
    )
    chosen_on = compare(
        validation_plates(study),
        validation_conditions(study),
        filter_methods(study, device),
        [judge],
        device=device,
        degrade=stored_sets(study),
    )
    result = replace(
        tested,
        clean=clean_rows(study, [*readers, *open_hyperlpr()], device=device),
        filters=chosen_on.rows,
        sets=[*tested.sets, *chosen_on.sets],
        features=replace(tested.features, others=clean_features(study, judge, device=device)),
    )
    seconds = time.perf_counter() - start
    images = sum(
        len(made.methods) * len(s.bicubic) for made in (tested, chosen_on) for s in made.sets
    )
    write_json(
        study.paths.timing("evaluation"),
        {"seconds": round(seconds, 1), "images_per_second": round(images / seconds, 1)},
    )
    return result


def open_readers(study: Study, device: torch.device | str) -> list[Reader]:
    """The readers that may judge; raises WeightsError if one is missing or damaged."""
    return [load_reader(study.paths.reader(name), name).to(device) for name in READERS]


def open_hyperlpr(*, refine: bool = False) -> list[HyperLPR]:
    """The paper's reader where its package is installed, otherwise none.

    Args:
        refine: see `HyperLPR`; for plates whose corners are not exact.
    """
    try:
        return [load_hyperlpr(refine=refine)]
    except WeightsError:
        return []


def stored_sets(study: Study) -> Callable[[PlateTest, Condition], DegradedSet]:
    """Where `compare` finds the study's degraded sets: on disk, see `sets.kept_degraded_set`."""
    return partial(kept_degraded_set, study.paths.degraded)


def clean_rows(
    study: Study, readers: Sequence[Reader | HyperLPR], *, device: torch.device | str = "cpu"
) -> pd.DataFrame:
    """Readings of all untouched validation plates: what thresholds are set on, before any test."""
    plates = validation_plates(study)
    labels = {"condition": VALIDATION, "method": ORIGINAL, "variant": "", "training_seed": ""}
    quality = image_columns(plates, plates.image)
    rows = [
        pd.concat(
            [
                reading_rows(plates, *read_images(reader, plates.image, plates, device=device)),
                quality,
            ],
            axis=1,
        ).assign(**labels, reader=reader.name)
        for reader in readers
    ]
    return check_rows(pd.concat(rows, ignore_index=True)[list(COLUMNS)].astype(COLUMNS))


def clean_features(
    study: Study, reader: Reader, *, device: torch.device | str = "cpu"
) -> np.ndarray:
    """Features float32 [N, F] of all untouched validation plates: a control for the test's."""
    plates = validation_plates(study)
    return plate_features(reader, plates.image, plates, device=device)


def compare(
    plates: PlateTest,
    conditions: Sequence[Condition],
    methods: Sequence[Method],
    readers: Sequence[Reader | HyperLPR],
    *,
    device: torch.device | str = "cpu",
    consistent: bool = False,
    featured: Reader | None = None,
    degrade: Callable[[PlateTest, Condition], DegradedSet] = degraded_set,
) -> Evaluation:
    """Scores every method under every condition with every reader.

    Each set is degraded once and each network runs once on it; all readers read the same pixels,
    rounded to 8 bits as if they had been stored. A plate on which a method or reader fails counts
    as wrong; features and consistency leave it out for every method, see `failures`.

    Args:
        plates: the test plates.
        conditions: how they are degraded.
        methods: what is compared.
        readers: who reads.
        device: where the readers are.
        consistent: whether every image is degraded again and compared with what was seen; for
            conditions that `degradations.degrade` makes.
        featured: the reader whose features of every image are kept; none are when not given.
        degrade: gives the plates under a condition: degrades them, or reads them from disk
            (`stored_sets`).
    """
    rows, sets, examples, consistency, features = [], [], {}, [], {}
    missing: set[int] = set()  # places of plates of which some method made no image
    wrong = {WRONG: wrong_plates(plates)} if consistent else {}
    for condition in conditions:
        degraded = degrade(plates, condition)
        sets.append(degraded)
        applied = {method.name: apply_method(method, plates, degraded) for method in methods}
        made = {name: images for name, (images, _) in applied.items()}
        missing.update(place for _, found in applied.values() for place in found.failed)
        if consistent:
            consistency.append(consistency_rows(plates, degraded, {**made, **wrong}, device=device))
        if featured is not None:
            features[condition.name] = {
                name: plate_features(featured, images, plates, device=device)
                for name, images in made.items()
            }
        for method in methods:
            images, failures = applied[method.name]
            quality = image_columns(plates, images, failures.failed)
            for reader in readers:
                found = read_images(reader, images, plates, device=device, made=failures)
                scores = reading_rows(plates, *found)
                labels = {
                    "condition": condition.name,
                    "method": method.name,
                    "variant": method.variant,
                    "training_seed": "" if method.training_seed is None else method.training_seed,
                    "reader": reader.name,
                }
                rows.append(pd.concat([scores, quality], axis=1).assign(**labels))
        examples[condition.name] = np.stack([images[:EXAMPLES] for images in made.values()], axis=1)
    table = pd.concat(rows, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)
    kept = np.setdiff1d(np.arange(len(plates)), sorted(missing))
    return Evaluation(
        check_rows(table),
        sets,
        examples,
        [method.name for method in methods],
        consistency=_of_plates(consistency, plates.batch.index.numpy()[kept]),
        features=gather_features(features, plates, kept) if features else None,
    )


def rows_path(study: Study, name: str = "evaluation") -> Path:
    """The rows of the study's test, or others by their name."""
    return study.paths.reports / "rows" / f"{name}.csv.gz"


def features_path(study: Study) -> Path:
    """The features of the study's test, beside its rows."""
    return rows_path(study).with_name("features.npz")


def examples_path(study: Study, condition: str) -> Path:
    """A sheet of the first plates under a condition: one row per plate, one column per method."""
    return study.paths.reports / "examples" / f"{condition}.png"


@named_writes()
def write(evaluation: Evaluation, study: Study) -> dict:
    """Writes rows, features, drawn parameters, example sheets, and the metrics of evaluation.

    The metrics are metrics/evaluation.json and, for its few main figures, metrics/headline.json.

    Returns:
        What metrics/evaluation.json holds.

    Raises:
        DataError: a file could not be written; each one is the former or the new one.
    """
    write_table(rows_path(study), evaluation.rows)
    write_table(rows_path(study, CLEAN), evaluation.clean)
    write_table(rows_path(study, FILTERS), evaluation.filters)
    write_table(rows_path(study, CONSISTENCY), evaluation.consistency)
    if evaluation.features is not None:
        write_features(features_path(study), evaluation.features)
    drawn = [s.parameters.assign(condition=s.condition) for s in evaluation.sets]
    write_table(rows_path(study).with_name("degradations.csv.gz"), pd.concat(drawn))
    for condition, images in evaluation.examples.items():
        count, methods, height, width, _ = images.shape
        sheet = images.transpose(0, 2, 1, 3, 4).reshape(count * height, methods * width, 3)
        write_png(examples_path(study, condition), sheet)
    settings = study.settings.evaluation
    figures = {
        "sets": {
            s.condition: {"set_sha256": s.set_sha256, "pixels_sha256": s.pixels_sha256}
            for s in evaluation.sets
        },
        **headline(evaluation.rows, draws=settings.bootstrap, seed=settings.seed),
    }
    write_json(study.paths.metrics("evaluation"), figures)
    write_json(study.paths.metrics("headline"), short_headline(figures))
    return figures


def _of_plates(tables: Sequence[pd.DataFrame], numbers: np.ndarray) -> pd.DataFrame:
    """The tables' rows of these plates, one table below the other; empty where there is none."""
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    return table[table["plate"].isin(numbers)].reset_index(drop=True)


def cut_sheet(sheet: np.ndarray, methods: Iterable[str], size: tuple[int, int]) -> np.ndarray:
    """The inverse of how `write` lays out examples.

    Args:
        sheet: uint8 [plates * H, methods * W, 3].
        methods: the methods' names, one per column.
        size: (H, W) of the frame.

    Returns:
        uint8 [plates, methods, H, W, 3].
    """
    height, width = size
    columns = len(list(methods))
    return sheet.reshape(-1, height, columns, width, 3).transpose(0, 2, 1, 3, 4)
