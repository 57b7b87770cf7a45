"""Which photographed plates are scored, which set thresholds, and how they are loaded.

A folder of labelled photographs takes the place of the drawn plates; `real` is the test on them.
Plates whose text belongs to the training split are never scored: the split by text is one for all
sources, and where photographs were trained on, they had such texts. They serve as reference plates
instead: what must be fixed on photographs before the test is fixed on them.

real/plates.yaml names one folder by the hash of its labels, and another takes its place: let
LPR_GFPGAN_REAL_PLATES name it and write its `labels_sha256` there (the refusal says which). So
also for data/photos, the crops that `make photos` fetches, whose texts are their names.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from ..config import Study, find_root
from ..errors import ConfigError, DataError
from ..files import IMAGE_SUFFIXES, sha256_of
from ..plates import Photo, frame_batch, layout_of, read_folder, read_frame
from ..settings import build
from .protocol import PlateTest

VARIABLE = "LPR_GFPGAN_REAL_PLATES"
SETTINGS = Path("real") / "plates.yaml"
LEFT_OUT = "train"


@dataclass(frozen=True, kw_only=True)
class RealSettings:
    """real/plates.yaml: which photographs are scored.

    Attributes:
        labels_sha256: of the folder's labels, see `labels_hash`.
        plates_per_source: at most so many plates of each source are scored, and at most so many
            serve as reference.
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
        photos: where each of them comes from, in the same order.
        reference: plates of the training split's texts, which are not scored; likewise. None where
            there are none.
        listed: plates in the folder.
        left_out: plates of these whose text belongs to the training split.
        images_sha256: of `photos` and the reference plates' pictures, see `images_hash`.
    """

    plates: PlateTest
    photos: list[Photo]
    reference: PlateTest | None
    listed: int
    left_out: int
    images_sha256: str

    @property
    def sources(self) -> list[str]:
        """The sources in order."""
        return list(dict.fromkeys(self.plates.table["source"]))

    def with_source(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of these plates (see `rows.COLUMNS`) with the column `source`."""
        source = self.plates.table["source"].to_numpy()
        return rows.assign(source=source[rows["plate"]])


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


def images_hash(photos: Sequence[Photo]) -> str:
    """SHA-256 of the hashes of the pictures' bytes, in order; a changed byte changes it.

    Raises:
        DataError: a picture is missing.
    """
    return hashlib.sha256("\n".join(sha256_of(p.path) for p in photos).encode()).hexdigest()


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


def choose(photos: Sequence[Photo], settings: RealSettings) -> tuple[list[Photo], list[Photo], int]:
    """Parts off texts of the training split, then draws at most so many plates of each source.

    Returns:
        The plates to be scored and the reference plates, each source by source and each source in
        the folder's order; and how many plates belong to the training split.

    Raises:
        DataError: no plate is left to be scored.
    """
    kept = [photo for photo in photos if photo.split != LEFT_OUT]
    if not kept:
        raise DataError(
            f"all {len(photos)} plates belong to the training split by their texts; add others"
        )
    others = [photo for photo in photos if photo.split == LEFT_OUT]
    return _drawn(kept, settings), _drawn(others, settings), len(others)


def load_real(folder: Path, study: Study, settings: RealSettings) -> RealPlates:
    """Reads the chosen photographs and brings each plate into the study's frame.

    No source has more plates scored than the study's own test has.

    Raises:
        DataError: the folder is missing or empty, or no plate is left.
        LabelError: a label is malformed.
        ImageError: an image is missing, damaged, no image or too large.
    """
    listed = read_folder(folder)
    most = min(settings.plates_per_source, study.settings.evaluation.plates)
    chosen, others, left_out = choose(listed, replace(settings, plates_per_source=most))
    return RealPlates(
        plates=_loaded(chosen, study),
        photos=chosen,
        reference=_loaded(others, study) if others else None,
        listed=len(listed),
        left_out=left_out,
        images_sha256=images_hash([*chosen, *others]),
    )


def _drawn(photos: Sequence[Photo], settings: RealSettings) -> list[Photo]:
    """At most `plates_per_source` of each source, sources in the order of their names."""
    chosen: list[Photo] = []
    for source in sorted({photo.source for photo in photos}):
        own = [photo for photo in photos if photo.source == source]
        order = np.random.default_rng(settings.seed).permutation(len(own))
        chosen += [own[i] for i in sorted(order[: settings.plates_per_source])]
    return chosen


def _loaded(photos: Sequence[Photo], study: Study) -> PlateTest:
    """Photographs as the plates of a test, with each one's source in the table."""
    frames = [read_frame(photo, *study.settings.frame.size) for photo in photos]
    table = pd.DataFrame(
        {
            "text": [photo.text for photo in photos],
            "source": [photo.source for photo in photos],
            "style": [layout_of(photo.text).name for photo in photos],
            "seen_typeface": False,
            "seen_surroundings": False,
            "tight": [frame.tight for frame in frames],
        }
    )
    return PlateTest(
        batch=frame_batch(frames), image=np.stack([frame.image for frame in frames]), table=table
    )
