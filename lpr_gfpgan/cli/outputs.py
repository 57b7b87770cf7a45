"""The folder that restored pictures go to: their names, their metadata, and nothing lost."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from .lines import restored_fields
from .provenance import RESTORED, png_facts
from .readings import Readings

if TYPE_CHECKING:
    import numpy as np

    from ..restore import RestoredPhotograph, RestoredPlate


def targets_of(pictures: Sequence[tuple[Path, Path]], folder: Path) -> dict[Path, Path]:
    """The PNG in `folder` that each picture becomes, by picture.

    Args:
        pictures: each with its place below the folder, see `pictures_of`.
        folder: where they go.

    Raises:
        DataError: the folder is a file, two pictures would become one, or one would become itself.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; give a folder")
    targets: dict[Path, Path] = {}
    origin: dict[Path, Path] = {}
    for picture, place in pictures:
        target = (folder / place).with_suffix(".png")
        first = origin.setdefault(target, picture)
        if first != picture:
            raise DataError(f"{first} and {picture} would both become {target}; rename one")
        if target.resolve() == picture.resolve():
            raise DataError(f"{picture} would be replaced by its restoration; give another folder")
        targets[picture] = target
    return targets


class OutputFolder:
    """Restored pictures as PNG files, and what is known of them as lines of readings.jsonl.

    A plate that fills its picture NAME becomes NAME.png. A photograph becomes NAME.png with its
    plates put back, and each plate NAME-plate1.png and so on. Samples are NAME-sample1.png,
    NAME-plate1-sample1.png. What has no successor in a later run with `overwrite` stays.

    Args:
        folder: where they go.
        targets: what each picture of this run becomes, see `targets_of`.
        overwrite: whether to replace what is there.

    Raises:
        DataError: something is there already, or the folder's readings are damaged.
    """

    def __init__(self, folder: Path, targets: Mapping[Path, Path], *, overwrite: bool) -> None:
        from ..files import refuse_existing

        refuse_existing(targets.values(), overwrite=overwrite)
        self._targets, self._overwrite = targets, overwrite
        self._taken = set(targets.values())
        self._readings = Readings(folder)
        if not overwrite:
            self._readings.refuse_known(targets.values())

    def keep_plate(self, picture: Path, plate: RestoredPlate, facts: dict[str, Any]) -> None:
        """Writes the plate that fills a picture, or whose corners were given.

        Args:
            picture: where it comes from.
            plate: restored; also where it was refused, since the user named it.
            facts: what restored it, see `open_restorer`.

        Raises:
            DataError: a sample's file is there already.
        """
        target = self._targets[picture]
        line = {"photograph": None, "plate": None, "score": None, **_plate_line(target, plate)}
        self._keep(picture, target, _plate_files(target, plate), [line], facts)
        _report_refused(picture, plate)

    def keep_photograph(
        self, picture: Path, restored: RestoredPhotograph, facts: dict[str, Any]
    ) -> None:
        """Writes a photograph and the plates in it; of one that was refused, its line alone.

        Raises:
            DataError: the file of a plate or sample is there already.
        """
        target = self._targets[picture]
        files, lines = {target: restored.image}, []
        for number, plate in enumerate(restored.plates, start=1):
            place = None
            if plate.is_plate is not False:
                place = target.with_stem(f"{target.stem}-plate{number}")
                files |= _plate_files(place, plate)
            score = restored.scores[number - 1]
            head = {"photograph": str(target), "plate": number, "score": score}
            lines.append(head | _plate_line(place, plate))
        self._keep(picture, target, files, lines, facts)
        for plate in restored.plates:
            _report_refused(picture, plate)

    def write_readings(self) -> None:
        """Writes the lines of all pictures kept so far."""
        self._readings.write()

    def _keep(
        self,
        picture: Path,
        target: Path,
        files: dict[Path, np.ndarray],
        lines: list[dict[str, Any]],
        facts: dict[str, Any],
    ) -> None:
        from ..files import refuse_existing, sha256_of, write_png

        added = [path for path in files if path != target]
        refuse_existing(added, overwrite=self._overwrite)
        for path in added:
            if path in self._taken:
                raise DataError(f"{path} of {picture} would also be another picture's; rename one")
        digest = sha256_of(picture)
        for path, image in files.items():
            write_png(path, image, png_facts(facts, digest))
        origin = {"input": str(picture), "input_sha256": digest}
        notice = {**facts, "notice": RESTORED}
        self._readings.put(target, [origin | line | notice for line in lines])


def _plate_files(place: Path, plate: RestoredPlate) -> dict[Path, np.ndarray]:
    """The plate and its samples, cut out as the plate is."""
    from ..metrics import crop_box
    from ..plates import plate_box

    files = {place: plate.image}
    for sample, path in zip(plate.samples, _sample_paths(place, plate), strict=True):
        files[path] = crop_box(sample, plate_box(*sample.shape[:2]))
    return files


def _sample_paths(place: Path, plate: RestoredPlate) -> list[Path]:
    numbers = range(1, len(plate.samples) + 1)
    return [place.with_stem(f"{place.stem}-sample{number}") for number in numbers]


def _plate_line(place: Path | None, plate: RestoredPlate) -> dict[str, Any]:
    samples = [] if place is None else [str(path) for path in _sample_paths(place, plate)]
    output = None if place is None else str(place)
    return {"output": output, "samples": samples, **restored_fields(plate)}


def _report_refused(picture: Path, plate: RestoredPlate) -> None:
    from tqdm import tqdm

    if plate.is_plate is False:
        tqdm.write(f"lpr-gfpgan: {picture}: {plate.note}", file=sys.stderr)
