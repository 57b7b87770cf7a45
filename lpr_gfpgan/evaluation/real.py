"""The test on photographed plates, apart for each source.

A folder of labelled photographs takes the place of the drawn plates; conditions, methods, readers
and figures are those of the study's own test. Only aggregates are written among the reports;
pictures and single readings go to a folder that git ignores.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml

from ..config import Study, find_root
from ..errors import ConfigError, DataError
from ..files import IMAGE_SUFFIXES, sha256_of, write_json
from ..metrics import bootstrap_mean, character_accuracy, majority_text, score
from ..plates import Photo, frame_batch, layout_of, read_folder, read_frame
from ..restore import choose_device
from ..settings import build
from .classical import TRUE_KERNEL
from .compared import compared_methods
from .headline import as_json
from .judges import admitted
from .measures import READING_MEASURES
from .methods import DEGRADED, DIRECT, FULL, JUDGE, ORIGINAL, Method, baselines, restorers
from .protocol import Condition, MixedCondition, PlateTest, degraded_set, study_conditions
from .rows import write_table
from .run import Evaluation, compare, open_hyperlpr, open_readers
from .tables import POOLED, accuracy_table, difference_table

VARIABLE = "LPR_GFPGAN_REAL_PLATES"
SETTINGS = Path("real") / "plates.yaml"
UNTOUCHED = "untouched"
LEFT_OUT = "train"
GRID = 16
KEPT = ("plate_accuracy", "character_accuracy", "character_accuracy_without_province")
"""The measures among the aggregates."""


@dataclass(frozen=True, kw_only=True)
class RealSettings:
    """real/plates.yaml: which photographs are scored.

    Attributes:
        labels_sha256: of the folder's labels, see `labels_hash`.
        plates_per_source: at most so many plates of each source are scored.
        seed: of the choice among a source's plates.
    """

    labels_sha256: str
    plates_per_source: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class RealPlates:
    """The photographs of a test.

    Attributes:
        plates: the test's plates; the table also has each one's `source`.
        listed: plates in the folder.
        left_out: plates of these whose text belongs to the training split.
    """

    plates: PlateTest
    listed: int
    left_out: int

    @property
    def sources(self) -> list[str]:
        """The sources in order."""
        return list(dict.fromkeys(self.plates.table["source"]))


def load_settings(path: Path | None = None) -> RealSettings:
    """Reads real/plates.yaml of the study, or another file.

    Raises:
        ConfigError: the file is missing or unreadable, or a key unknown, missing or of the wrong
            type.
    """
    path = find_root() / SETTINGS if path is None else path
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: cannot be read ({reason}); mend it") from None
    return build(RealSettings, content, str(SETTINGS))


def real_folder() -> Path:
    """The folder that LPR_GFPGAN_REAL_PLATES names.

    Raises:
        DataError: the variable is not set, or names no folder.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        raise DataError(f"{VARIABLE} is not set; let it name a folder with labelled photographs")
    if not Path(name).is_dir():
        raise DataError(f"{VARIABLE} names {name}, which is no folder; correct it")
    return Path(name)


def labels_hash(folder: Path) -> str:
    """SHA-256 of labels.csv, or, in a folder without one, of the sorted names of its images.

    Raises:
        DataError: the folder is missing or holds neither.
    """
    table = folder / "labels.csv"
    if table.is_file():
        return sha256_of(table)
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES
    )
    if not names:
        raise DataError(f"{folder}: neither labels.csv nor images; give labelled photographs")
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def check_folder(folder: Path, settings: RealSettings) -> None:
    """Refuses a folder whose labels are not those the settings name.

    Raises:
        DataError: the labels differ; says what to write where.
    """
    found = labels_hash(folder)
    if found != settings.labels_sha256:
        raise DataError(
            f"{folder}: other labels than {SETTINGS} names; to score this folder, write there "
            f"labels_sha256: {found}"
        )


def choose(photos: Sequence[Photo], settings: RealSettings) -> tuple[list[Photo], int]:
    """Leaves out texts of the training split, then draws at most so many plates of each source.

    Returns:
        The plates, source by source, each source in the folder's order; and how many plates
        belong to the training split.

    Raises:
        DataError: no plate is left.
    """
    kept = [photo for photo in photos if photo.split != LEFT_OUT]
    if not kept:
        raise DataError(
            f"all {len(photos)} plates belong to the training split by their texts; add others"
        )
    chosen: list[Photo] = []
    for source in sorted({photo.source for photo in kept}):
        own = [photo for photo in kept if photo.source == source]
        order = np.random.default_rng(settings.seed).permutation(len(own))
        chosen += [own[i] for i in sorted(order[: settings.plates_per_source])]
    return chosen, len(photos) - len(kept)


def load_real(folder: Path, study: Study, settings: RealSettings) -> RealPlates:
    """Reads the photographs to be scored and brings each plate into the study's frame.

    No source has more plates scored than the study's own test has.

    Raises:
        DataError: the folder is missing or empty, or no plate is left.
        LabelError: a label is malformed.
        ImageError: an image is missing, damaged, no image or too large.
    """
    photos = read_folder(folder)
    most = min(settings.plates_per_source, study.settings.evaluation.plates)
    chosen, left_out = choose(photos, replace(settings, plates_per_source=most))
    frames = [read_frame(photo, *study.settings.frame.size) for photo in chosen]
    table = pd.DataFrame(
        {
            "text": [photo.text for photo in chosen],
            "source": [photo.source for photo in chosen],
            "style": [layout_of(photo.text).name for photo in chosen],
            "seen_typeface": False,
            "seen_surroundings": False,
            "tight": [frame.tight for frame in frames],
        }
    )
    plates = PlateTest(
        batch=frame_batch(frames), image=np.stack([frame.image for frame in frames]), table=table
    )
    return RealPlates(plates=plates, listed=len(photos), left_out=left_out)


def real_conditions(study: Study) -> list[MixedCondition]:
    """The photographs as they are, then the study's conditions."""
    given = study_conditions(study)
    off = {
        f"{factor}_probability": 0.0
        for factor in ("motion", "defocus", "downsample", "noise", "jpeg")
    }
    nothing = replace(given[0].ranges, **off)
    return [MixedCondition(name=UNTOUCHED, ranges=nothing, seed=given[0].seed), *given]


def evaluate_real(
    study: Study, real: RealPlates, *, device: torch.device | str | None = None
) -> Evaluation:
    """Restores, reads and scores the photographs with the study's trained networks.

    Under the condition "untouched" the methods `degraded` and `bicubic` are the photograph itself.

    Returns:
        As the study's own test, and each row's `source`.

    Raises:
        WeightsError: a reader or restorer is missing or damaged.
    """
    device = choose_device(device)
    readers = [*open_readers(study, device), *open_hyperlpr(refine=True)]
    # A fixed kernel serves photographs as it serves drawn plates; the true one would be an oracle.
    methods = [m for m in compared_methods(study, device) if m.name not in TRUE_KERNEL]
    result = compare(real.plates, real_conditions(study), methods, readers, device=device)
    source = real.plates.table["source"].to_numpy()
    return replace(result, rows=result.rows.assign(source=source[result.rows["plate"]]))


def may_judge(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The readers that `judges.admitted` admits by a source's untouched plates, by source.

    What the others say of restored plates of that source is shown, but judges nothing.
    """
    clean = rows[(rows["condition"] == UNTOUCHED) & (rows["method"] == ORIGINAL)]
    return {str(source): admitted(part) for source, part in clean.groupby("source", sort=False)}


def accuracy_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Reading measures per source and condition, as `tables.accuracy_table`; `all` pools sources.

    Conditions are not pooled: one of them is no degradation.
    """
    return _by_source(rows, lambda part: accuracy_table(part, draws=draws, seed=seed))


def differences_by_source(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Paired differences of reading measures per source, condition and reader.

    The readers are those that read restored plates: `judge`, and HyperLPR where it is installed.
    """

    def make(part: pd.DataFrame) -> pd.DataFrame:
        tables = []
        for reader in part["reader"].unique():
            if reader != DIRECT:  # it reads what was not restored, beside the others
                as_judge = part[part["reader"].isin([reader, DIRECT])].replace(
                    {"reader": {reader: JUDGE}}
                )
                table = difference_table(as_judge, draws=draws, seed=seed)
                tables.append(table.assign(reader=reader))
        return pd.concat(tables)

    table = _by_source(rows, make)
    return table[table["measure"].isin(list(READING_MEASURES))]


def majority_guess(real: RealPlates, *, draws: int, seed: int) -> dict[str, dict[str, Any]]:
    """Character accuracy of the best answer that looks at no picture, per source.

    It reads every plate as the most frequent character at each position of its own source.
    """
    guesses = {}
    for source, part in real.plates.table.groupby("source"):
        guess = majority_text(part["text"])
        scores = [score(text, guess[: len(text)]) for text in part["text"]]
        guesses[str(source)] = {
            name: as_json(
                vars(
                    bootstrap_mean(
                        [character_accuracy(getattr(s, field)) for s in scores],
                        draws=draws,
                        rng=np.random.default_rng(seed),
                    )
                )
            )
            for name, field in (
                ("character_accuracy", "cer"),
                ("character_accuracy_without_province", "cer6"),
            )
        }
    return guesses


def failures_by_source(rows: pd.DataFrame) -> dict[str, int]:
    """Readings for which a method or reader failed, by source; they count as wrong.

    The rows in the private folder say which and why.
    """
    return {str(s): int((part["failure"] != "").sum()) for s, part in rows.groupby("source")}


def report_path(study: Study) -> Path:
    """The aggregates, which git keeps."""
    return study.paths.reports / "real.json"


def private_folder(study: Study) -> Path:
    """Where single readings and pictures go; git ignores it."""
    return study.paths.output / "private" / study.profile


def write_real(
    evaluation: Evaluation, real: RealPlates, study: Study, *, labels_sha256: str
) -> dict[str, Any]:
    """Writes the aggregates among the reports, rows to the private folder.

    Returns:
        What reports/<profile>/real.json holds.
    """
    settings = study.settings.evaluation
    options = {"draws": settings.bootstrap, "seed": settings.seed}
    rows = evaluation.rows
    write_table(private_folder(study) / "rows.csv.gz", rows)
    sources = real.plates.table["source"].value_counts()
    figures = {
        "plates": {
            "labels_sha256": labels_sha256,
            "listed": real.listed,
            "left_out_as_training_texts": real.left_out,
            "scored": len(real.plates),
            "sources": {source: int(sources[source]) for source in real.sources},
        },
        "sets": {s.condition: s.set_sha256 for s in evaluation.sets},
        "accuracy": _nested(
            _kept(accuracy_by_source(rows, **options)),
            ["source", "condition", "method", "reader", "measure"],
        ),
        "differences": _nested(
            _kept(differences_by_source(rows, **options)),
            ["source", "condition", "reader", "first", "second", "measure"],
        ),
        "majority_guess": majority_guess(real, **options),
        "may_judge": may_judge(rows),
        "failures": failures_by_source(rows),
    }
    write_json(report_path(study), figures)
    return figures


def draw_grid(
    evaluation: Evaluation,
    real: RealPlates,
    study: Study,
    *,
    condition: str,
    device: torch.device | str | None = None,
) -> Path:
    """Draws 16 plates, from each source alike: degraded, restored by `full`, original, readings.

    Returns:
        The picture, in the private folder.

    Raises:
        DataError: no such condition, or no `full` model.
    """
    from . import figure_style, restoration_figures

    methods = [
        method
        for method in [*baselines(), *restorers(study, choose_device(device))]
        if method.name in (DEGRADED, ORIGINAL) or method.variant == FULL
    ]
    wanted = [c for c in real_conditions(study) if c.name == condition]
    if not wanted or len(methods) < 3:
        missing = f"condition {condition!r}" if not wanted else f"variant {FULL!r}"
        raise DataError(f"no {missing} to draw; name one of params.yaml")
    rank = real.plates.table.groupby("source").cumcount()
    shown = np.sort(np.argsort(rank.to_numpy(), kind="stable")[:GRID])
    plates = real.plates.select(shown)
    examples = _restored(plates, wanted[0], methods)
    rows = evaluation.rows[evaluation.rows["plate"].isin(shown)]
    names = [method.name for method in methods]
    figure = restoration_figures.restoration_grid(examples, names, rows, condition=condition)
    return figure_style.save(figure, private_folder(study) / "grid.png")


def _restored(plates: PlateTest, condition: Condition, methods: Sequence[Method]) -> np.ndarray:
    """What each method makes of the plates, uint8 [plates, methods, H, W, 3]."""
    degraded = degraded_set(plates, condition)
    return np.stack([method.apply(plates, degraded) for method in methods], axis=1)


def _by_source(rows: pd.DataFrame, make: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    parts = [(str(name), part) for name, part in rows.groupby("source", sort=False)]
    tables = [make(part).assign(source=name) for name, part in [*parts, (POOLED, rows)]]
    table = pd.concat(tables, ignore_index=True)
    return table[table["condition"] != POOLED]


def _kept(table: pd.DataFrame) -> pd.DataFrame:
    """What the aggregates hold: all readers but `direct`, and that where nothing was restored."""
    kept = table["measure"].isin(KEPT)
    if "method" in table:
        kept &= (table["reader"] != DIRECT) | table["method"].isin([ORIGINAL, DEGRADED])
    return table[kept]


def _nested(table: pd.DataFrame, keys: Sequence[str]) -> dict[str, Any]:
    """A long table as dictionaries within dictionaries, one level for each key."""
    result: dict[str, Any] = {}
    for line in table.to_dict("records"):
        place = result
        for key in keys[:-1]:
            place = place.setdefault(line[key], {})
        place[line[keys[-1]]] = as_json(line)
    return result
