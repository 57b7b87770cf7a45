"""`restore`: pictures into a folder."""

from __future__ import annotations

import argparse
import errno
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..alone import alone_in, along_in, let_in
from ..errors import LprError
from .arguments import Commands, add_command, add_overwrite, add_pictures, path, whole_number
from .exit_codes import SKIPPED
from .leftovers import remove_leftovers
from .lines import json_line
from .outputs import OutputFolder, targets_of
from .parts import gather_parts
from .pictures import batches, given_place, is_readable, pictures_of, report, report_skipped
from .processes import Processes, started
from .provenance import open_restorer, warn_of_restoration
from .readings import Readings

ITS_OWN = (errno.ENAMETOOLONG, errno.ENOENT, errno.EISDIR)
"""Errors of the system that are one picture's own: its name is too long, or it went away."""
READ_ALOUD = 20
"""Given at most so many pictures, their readings are printed too; of more none is."""

if TYPE_CHECKING:
    from ..restore import LocatedPlates, RestoredPlate, Restorer


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = add_command(commands, restore)
    add_pictures(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=path,
        required=True,
        metavar="DIR",
        help="a picture NAME becomes DIR/NAME.png: the plate, or the photograph with "
        "NAME-plate1.png and so on. A picture in a given folder keeps its place below it: "
        "FOLDER/SUB/NAME becomes DIR/SUB/NAME.png. Two pictures that would become one file are "
        "refused. DIR/readings.jsonl gets a line for each plate. Where DIR lies in a searched "
        "folder, it is left out of the search",
    )
    parser.add_argument(
        "--samples",
        type=whole_number,
        default=0,
        metavar="K",
        help="also so many other restorations of each plate that fit the picture as well",
    )
    existing = parser.add_mutually_exclusive_group()
    add_overwrite(existing)
    existing.add_argument(
        "--skip-existing",
        action="store_true",
        help="go on with a run that was stopped: leave a picture whose files and lines are all "
        "there, whatever weights and --samples made them, and restore the others",
    )


def restore(options: argparse.Namespace) -> int:
    """Restores pictures into a folder: one PNG each, and their readings as JSON lines.

    A picture that no plate fills is a photograph: its plates are searched for. Under torchrun the
    processes share the pictures; none ends before the others have, since torchrun ends all where
    one skipped a picture.
    """
    with started() as processes, ExitStack() as stack:
        lock = processes.agree(partial(_go_in, options.output, processes, stack))
        work = processes.agree(partial(_prepare, options, processes, lock, stack))
        counts = _restore_all(work, options) if work.restorer else Counter(failed=work.failed)
        counts["existing"] = len(work.targets) - work.folder.count
        replaced = work.folder.readings.has_replaced
        said = processes.exchange((counts, replaced))
        counts = sum((each for each, _ in said), Counter())
        processes.agree(partial(_finish, work, counts, any(each for _, each in said)))
    return SKIPPED if counts["failed"] else 0


class _Work(NamedTuple):
    """What a process has to do; without a restorer, nothing.

    `failed` is 1 where the only picture of the run cannot be read, which was said then.
    """

    processes: Processes
    targets: dict[str, str]
    folder: OutputFolder
    restorer: Restorer | None
    facts: dict[str, Any]
    read_aloud: bool
    failed: int


def _go_in(folder: Path, processes: Processes, stack: ExitStack) -> int | None:
    """The first process keeps other runs out, and gathers what one that was killed left."""
    from ..files import refuse_file

    if processes.rank:
        return None
    refuse_file(folder)
    lock = stack.enter_context(alone_in(folder))
    gather_parts(folder)
    if processes.count > 1:
        let_in(lock, folder)
    return lock


def _prepare(
    options: argparse.Namespace, processes: Processes, lock: int | None, stack: ExitStack
) -> _Work:
    """Lists this process's pictures, refuses what would be lost, opens what is needed."""
    if lock is None:
        stack.enter_context(along_in(options.output))
    total = 0

    def counted() -> Iterator[tuple[str, str]]:
        nonlocal total
        for found in pictures_of(options, options.output):
            total += 1
            yield found

    targets = targets_of(counted(), options.output, processes)
    folder = OutputFolder(
        options.output,
        targets,
        processes=processes,
        inputs=lambda: (picture for picture, _ in pictures_of(options, options.output)),
        overwrite=options.overwrite,
        skip_existing=options.skip_existing,
    )
    restorer, facts = None, {}
    failed = int(total == folder.count == 1 and not is_readable(*targets.values()))
    if folder.count and not failed:
        options.device = processes.device(options.device)
        restorer, facts = open_restorer(options)
        remove_leftovers(options.output, (name for group in folder.groups for name in group))
    return _Work(processes, targets, folder, restorer, facts, total <= READ_ALOUD, failed)


def _finish(work: _Work, counts: Counter[str], replaced: bool) -> None:
    """The first process makes one file of all lines, and says what was done."""
    if work.processes.rank:
        return
    if work.processes.count == 1:
        work.folder.readings.close()
    else:
        gather_parts(work.folder.path)
        if replaced:
            Readings(work.folder.path).close()
    _print_summary(counts, work.folder)


def _restore_all(work: _Work, options: argparse.Namespace) -> Counter[str]:
    """Restores a process's pictures, batch by batch; counts what became of them."""
    counts: Counter[str] = Counter()
    place, locator = given_place(options), work.restorer.locator

    def locate(name: str) -> LocatedPlates:
        picture = Path(work.targets[name])
        warn_of_restoration(picture)
        return locator.locate(picture, plate=place, every=True)

    try:
        for batch in batches(work.folder.groups, locate, shown=work.processes.rank == 0):
            try:
                for lines in _restore_batch(batch, work, options):
                    counts[_outcome(lines)] += 1
                    if work.read_aloud:
                        _print_readings(lines, options.output)
            finally:
                # What is done is kept, whatever stopped the rest.
                work.folder.readings.write()
    except BaseException:
        work.folder.readings.close()
        raise
    return counts


def _restore_batch(
    batch: Sequence[tuple[str, LocatedPlates | None]], work: _Work, options: argparse.Namespace
) -> Iterator[list[dict[str, Any]]]:
    """Restores and keeps pictures; gives each one's lines, none of one that failed."""
    placed = [plate for _, there in batch if there for plate in there.plates]
    restored = iter(work.restorer.restore_placed(placed, samples=options.samples))
    for name, there in batch:
        picture = work.targets[name]
        lines: list[dict[str, Any]] = []
        try:
            if there is not None:
                plates = list(islice(restored, len(there.plates)))
                lines = _keep(Path(name), Path(picture), there, plates, work)
        except LprError as error:
            report_skipped(error)
        except OSError as error:
            if error.errno not in ITS_OWN:
                raise
            report_skipped(error)
        for line in lines:
            if line["accepted"] is False:
                which = f", plate {line['plate']}" if (line["plates"] or 1) > 1 else ""
                report(f"{picture}{which}: {line['note']}")
        yield lines


def _keep(
    target: Path,
    picture: Path,
    there: LocatedPlates,
    plates: list[RestoredPlate],
    work: _Work,
) -> list[dict[str, Any]]:
    """Writes what a picture became; gives its lines."""
    from ..restore import RestoredPhotograph, to_array
    from ..restore.photographs import paste_plates

    if not there.photograph:
        return work.folder.keep_plate(target, plates[0], work.facts)
    # Opened again: a batch of photographs may be too large to be held.
    pasted = paste_plates(to_array(picture)[0], plates)
    photograph = RestoredPhotograph(image=pasted, plates=plates, scores=list(there.scores))
    return work.folder.keep_photograph(target, photograph, work.facts)


def _outcome(lines: Sequence[dict[str, Any]]) -> str:
    if not lines:
        return "failed"
    refused = all(line["accepted"] is False for line in lines)
    return "refused" if refused else "restored"


def _print_readings(lines: Sequence[dict[str, Any]], folder: Path) -> None:
    """The readings of a picture, in the words of `read`; readings.jsonl says more."""
    words = ("text", "complete", "confidence", "confidences", "accepted", "note", "notice")
    for line in lines:
        output = line["output"] and str(folder / line["output"])
        print(json_line({"output": output, **{word: line[word] for word in words}}), flush=True)


def _print_summary(counts: Counter[str], folder: OutputFolder) -> None:
    number = counts["restored"]
    text = f"{number} picture{'' if number == 1 else 's'} restored"
    text += f", {counts['refused']} refused as no plate, {counts['failed']} failed"
    if counts["existing"]:
        text += f", {counts['existing']} there already"
    if folder.readings.path.exists():
        text += f"; readings: {folder.readings.path}"
    report(text)
