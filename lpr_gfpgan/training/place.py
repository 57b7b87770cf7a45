"""Where an unfinished training keeps its checkpoint: one run at a time, and gone when done."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..alone import alone_in
from ..config import Study
from ..files import named_writes
from . import distributed
from .stage import fingerprint


@contextlib.contextmanager
def run_folder(study: Study, name: str, identity: str) -> Iterator[tuple[Path, str]]:
    """The folder of an unfinished run, kept from other runs of its name, and then removed.

    It is kept by name and not by settings, since runs of other settings write the same outputs. It
    stays where the block fails or pauses: the next run goes on from it.

    Args:
        study: the study.
        name: of the training: of its curve, samples and metrics.
        identity: see `stage.identity_of`.

    Yields:
        The folder, which may not exist yet, and the run's fingerprint (see `stage.fingerprint`).

    Raises:
        DataError: another run of this name goes on, or a file of this one could not be written.
    """
    found = fingerprint(study, identity)
    home = study.paths.runs / name
    main = distributed.rank() == 0  # the others only compute
    with named_writes(), alone_in(home) if main else contextlib.nullcontext():
        yield home / found, found
        if main:
            shutil.rmtree(home / found, ignore_errors=True)
