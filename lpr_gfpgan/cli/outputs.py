"""The folder that restored pictures go to: their names, their metadata, and nothing lost."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from .lines import restored_fields
from .provenance import RESTORED, is_restoration, png_facts
from .readings import Readings

if TYPE_CHECKING:
    import numpy as np

    from ..restore import RestoredPhotograph, RestoredPlate


_MEND = "give --overwrite, --skip-existing or another place"


def targets_of(pictures: Sequence[tuple[Path, Path]], folder: Path) -> dict[Path, Path]:
    """The PNG in `folder` that each picture becomes, by picture.

    Args:
        pictures: each with its place below the folder, see `pictures_of`.
        folder: where they go.

    Raises:
        DataError: the folder is a file, two pictures would become one, or one would become itself.
    """
    from ..files import refuse_file

    refuse_file(folder)
    targets: dict[Path, Path] = {}
    origin: dict[Path, Path] = {}
    for picture, place in pictures:
        target = (folder / place).with_suffix(".png")
        first = origin.setdefault(target, picture)
        if os.path.abspath(first) != os.path.abspath(picture):
            mend = "rename one"
            if first.parent != picture.parent:
                mend += ", or give the folder above both, below which every picture keeps its place"
            raise DataError(f"{first} and {picture} would both become {target}; {mend}")
        if target.exists() and picture.exists() and target.samefile(picture):
            raise DataError(f"{picture} would be replaced by its restoration; give another folder")
        targets[first] = target
    return targets


class OutputFolder:
    """Restored pictures as PNG files, and what is known of them as lines of readings.jsonl.

    A plate that fills its picture NAME becomes NAME.png. A photograph becomes NAME.png with its
    plates put back, and each plate NAME-plate1.png and so on. Samples are NAME-sample1.png,
    NAME-plate1-sample1.png. With `overwrite`, what an earlier run made of the same input, and this
    one does not make again, is removed if its lines and the file itself say so.

    A picture is finished when all its lines are there, and the files that they name. Files come
    first: those of a run that was killed before it wrote their lines are known by what they say of
    their input.

    Args:
        folder: where they go.
        targets: what each picture of this run becomes, see `targets_of`.
        overwrite: whether to replace what is there.
        skip_existing: whether to leave finished pictures as they are, and replace what is there of
            unfinished ones.

    Attributes:
        pictures: those that are still to be restored, in order.

    Raises:
        DataError: something is there already, or the folder's readings are damaged.
    """

    def __init__(
        self,
        folder: Path,
        targets: Mapping[Path, Path],
        *,
        overwrite: bool,
        skip_existing: bool,
    ) -> None:
        self._folder, self._targets = folder, targets
        self._overwrite, self._skip_existing = overwrite, skip_existing
        self._taken = set(targets.values())
        self._inputs = {picture.resolve() for picture in targets}
        self.readings = Readings(folder)
        finished = self.readings.is_finished
        self.pictures = [
            picture
            for picture, target in targets.items()
            if not (skip_existing and finished(target, picture))
        ]
        for picture in self.pictures:
            target = targets[picture]
            self._refuse_existing([target], picture)
            if self.readings.is_known(target) and not (overwrite or skip_existing):
                raise DataError(f"{self.readings.path} has a line for {target} already; {_MEND}")

    def keep_plate(
        self, picture: Path, plate: RestoredPlate, facts: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Writes the plate that fills a picture, or whose corners were given.

        Args:
            picture: where it comes from.
            plate: restored; also where it was refused, since the user named it.
            facts: what restored it, see `open_restorer`.

        Returns:
            Its line.

        Raises:
            DataError: a sample's file is there already.
        """
        target = self._targets[picture]
        head = {"photograph": None, "plates": None, "plate": None, "score": None}
        lines = [head | self._plate_line(target, plate)]
        return self._keep(picture, target, _plate_files(target, plate), lines, facts)

    def keep_photograph(
        self, picture: Path, restored: RestoredPhotograph, facts: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Writes a photograph and the plates in it; of one that was refused, its line alone.

        Returns:
            The lines.

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
            head = {"photograph": self._name(target), "plates": len(restored.plates)}
            head |= {"plate": number, "score": restored.scores[number - 1]}
            lines.append(head | self._plate_line(place, plate))
        return self._keep(picture, target, files, lines, facts)

    def _keep(
        self,
        picture: Path,
        target: Path,
        files: dict[Path, np.ndarray],
        lines: list[dict[str, Any]],
        facts: dict[str, Any],
    ) -> list[dict[str, Any]]:
        from ..files import sha256_of, write_png

        added = [path for path in files if path != target]
        self._refuse_existing(added, picture)
        for path in added:
            if path in self._taken:
                raise DataError(f"{path} of {picture} would also be another picture's; rename one")
        digest = sha256_of(picture)
        for path, image in files.items():
            write_png(path, image, png_facts(facts, digest))
        if self._overwrite:
            self._remove_former(target, digest, kept=files)
        origin = {"input": str(picture), "input_sha256": digest}
        notice = {**facts, "notice": RESTORED}
        lines = [origin | line | notice for line in lines]
        self.readings.put(lines)
        return lines

    def _remove_former(self, target: Path, digest: str, *, kept: Collection[Path]) -> None:
        """Removes what an earlier run made of the same input, but for what was made again.

        Before the new lines are written: a run that is killed in between leaves the picture
        unfinished, and not a file that no line names.
        """
        for path in self.readings.files_of(target, digest).difference(kept):
            others = self.readings.is_known(path) or path.resolve() in self._inputs
            if not others and is_restoration(path, digest):
                path.unlink()

    def _refuse_existing(self, paths: Sequence[Path], picture: Path) -> None:
        """Refuses what would be lost: all but what an unfinished run left of the same picture.

        Raises:
            DataError: names the first.
        """
        from ..files import sha256_of

        for path in paths:
            if not path.exists() or self._overwrite:
                continue
            if not (self._skip_existing and is_restoration(path, sha256_of(picture))):
                raise DataError(f"{path} is there already; {_MEND}")

    def _name(self, path: Path) -> str:
        """A file as readings.jsonl names it."""
        return path.relative_to(self._folder).as_posix()

    def _plate_line(self, place: Path | None, plate: RestoredPlate) -> dict[str, Any]:
        samples = [] if place is None else _sample_paths(place, plate)
        return {
            "output": place and self._name(place),
            "samples": [self._name(path) for path in samples],
            **restored_fields(plate),
        }


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
