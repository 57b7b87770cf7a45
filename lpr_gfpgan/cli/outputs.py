"""The folder that restored pictures go to: their names, their metadata, and nothing lost."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from .lines import restored_fields
from .pictures import beginning, grouped
from .processes import Processes
from .provenance import RESTORED, is_untouched, png_facts
from .readings import Readings

if TYPE_CHECKING:
    import numpy as np

    from ..restore import RestoredPhotograph, RestoredPlate


_MEND = "give --overwrite, --skip-existing or another place"


def targets_of(
    pictures: Iterable[tuple[str, str]], folder: Path, processes: Processes
) -> dict[str, str]:
    """The pictures of this process, by the PNG in `folder` that each becomes.

    Args:
        pictures: each with its place below the folder, see `pictures_of`.
        folder: where they go.
        processes: this one and the others of the run.

    Raises:
        DataError: two pictures would become one, or one would become itself.
    """
    targets: dict[str, str] = {}
    begin = beginning(folder)
    for picture, place in pictures:
        name = os.path.splitext(place)[0] + ".png"
        if not processes.owns(name):
            continue
        target = begin + name
        first = targets.setdefault(target, picture)
        if first != picture and os.path.abspath(first) != os.path.abspath(picture):
            mend = "rename one"
            if os.path.dirname(first) != os.path.dirname(picture):
                mend += ", or give the folder above both, below which every picture keeps its place"
            raise DataError(f"{first} and {picture} would both become {target}; {mend}")
        if os.path.exists(target) and os.path.exists(picture) and os.path.samefile(target, picture):
            raise DataError(f"{picture} would be replaced by its restoration; give another folder")
    return targets


class OutputFolder:
    """Restored pictures as PNG files, and what is known of them as lines of readings.jsonl.

    A plate that fills its picture NAME becomes NAME.png. A photograph becomes NAME.png with its
    plates put back, and each plate NAME-plate1.png and so on. Samples are NAME-sample1.png,
    NAME-plate1-sample1.png. With `overwrite`, what an earlier run made of the same input, and this
    one does not make again, is removed if its lines and the file itself say so, and it was not
    edited since. Of a picture whose files cannot all be written, none is
    left that was not there before.

    A picture is finished when all its lines are there, and the files that they name. Files come
    first: those of a run that was killed before it wrote their lines are known by what they say of
    their input.

    Args:
        folder: where they go.
        targets: the pictures of this process by what they become, see `targets_of`.
        processes: this one and the others of the run.
        inputs: gives all pictures of the run anew. None of them is removed.
        overwrite: whether to replace what is there.
        skip_existing: whether to leave finished pictures as they are, and replace what is there of
            unfinished ones.

    Attributes:
        path: the folder.
        groups: what is still to be made, as keys of `targets`, by batches.
        count: how many these are.

    Raises:
        DataError: something is there already, or the folder's readings are damaged.
    """

    def __init__(
        self,
        folder: Path,
        targets: Mapping[str, str],
        *,
        processes: Processes,
        inputs: Callable[[], Iterable[str]],
        overwrite: bool,
        skip_existing: bool,
    ) -> None:
        self.path, self._targets, self._every = folder, targets, inputs
        self._overwrite, self._skip_existing = overwrite, skip_existing
        self.readings = Readings(folder, processes)
        self.groups = grouped(targets, self._is_to_be_made)
        self.count = sum(map(len, self.groups))

    @cached_property
    def _inputs(self) -> set[str]:
        return set(map(os.path.realpath, self._every()))

    def _is_to_be_made(self, name: str) -> bool:
        """Whether a picture is not finished.

        Raises:
            DataError: something is in its place.
        """
        target, picture = Path(name), self._targets[name]
        if self._skip_existing and self.readings.is_finished(target, picture):
            return False
        self._refuse_existing([target], picture)
        if self.readings.is_known(target) and not (self._overwrite or self._skip_existing):
            raise DataError(f"{self.readings.path} has a line for {target} already; {_MEND}")
        return True

    def keep_plate(
        self, target: Path, plate: RestoredPlate, facts: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Writes the plate that fills a picture, or whose corners were given.

        Args:
            target: what the picture becomes.
            plate: restored; also where it was refused, since the user named it.
            facts: what restored it, see `open_restorer`.

        Returns:
            Its line.

        Raises:
            DataError: a sample's file is there already.
        """
        head = {"photograph": None, "plates": None, "plate": None, "score": None}
        lines = [head | self._plate_line(target, plate)]
        return self._keep(target, _plate_files(target, plate), lines, facts)

    def keep_photograph(
        self, target: Path, restored: RestoredPhotograph, facts: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Writes a photograph and the plates in it; of one that was refused, its line alone.

        Returns:
            The lines.

        Raises:
            DataError: the file of a plate or sample is there already.
        """
        files, lines = {target: restored.image}, []
        for number, plate in enumerate(restored.plates, start=1):
            place = None
            if plate.is_plate is not False:
                place = target.with_stem(f"{target.stem}-plate{number}")
                files |= _plate_files(place, plate)
            head = {"photograph": self._name(target), "plates": len(restored.plates)}
            head |= {"plate": number, "score": restored.scores[number - 1]}
            lines.append(head | self._plate_line(place, plate))
        return self._keep(target, files, lines, facts)

    def _keep(
        self,
        target: Path,
        files: dict[Path, np.ndarray],
        lines: list[dict[str, Any]],
        facts: dict[str, Any],
    ) -> list[dict[str, Any]]:
        from ..files import sha256_of, write_png

        picture = self._targets[str(target)]
        added = [path for path in files if path != target]
        for path in added:
            if str(path) in self._targets:
                raise DataError(f"{path} of {picture} would also be another picture's; rename one")
        self._refuse_existing(added, picture)
        digest = sha256_of(picture)
        with _none_in_part(files):
            # The longest name first: one too long for the system stops this before it begins.
            for path in sorted(files, key=lambda path: len(os.fsencode(path)), reverse=True):
                write_png(path, files[path], png_facts(facts, digest, files[path]))
        if self._overwrite:
            self._remove_former(target, digest, kept=files)
        origin = {"input": picture, "input_sha256": digest}
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
            others = self.readings.is_known(path) or os.path.realpath(path) in self._inputs
            if not others and is_untouched(path, digest):
                path.unlink()

    def _refuse_existing(self, paths: Sequence[Path], picture: str) -> None:
        """Refuses what would be lost: all but what an unfinished run left of the same picture.

        Raises:
            DataError: names the first.
        """
        from ..files import sha256_of

        for path in paths:
            if not path.exists() or self._overwrite:
                continue
            if not (self._skip_existing and is_untouched(path, sha256_of(picture))):
                raise DataError(f"{path} is there already; {_MEND}")

    def _name(self, path: Path) -> str:
        """A file as readings.jsonl names it."""
        return path.relative_to(self.path).as_posix()

    def _plate_line(self, place: Path | None, plate: RestoredPlate) -> dict[str, Any]:
        samples = [] if place is None else _sample_paths(place, plate)
        return {
            "output": place and self._name(place),
            "samples": [self._name(path) for path in samples],
            **restored_fields(plate),
        }


@contextlib.contextmanager
def _none_in_part(paths: Collection[Path]) -> Iterator[None]:
    """Removes what the block wrote anew if it fails: no line would name it."""
    new = [path for path in paths if not os.path.lexists(path)]
    try:
        yield
    except BaseException:
        for path in new:
            with contextlib.suppress(OSError):
                path.unlink()
        raise


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
