"""Trains the weights that ship in the package, stage after stage, and puts them there.

Each stage is skipped where its weights exist and goes on from its checkpoint where it was cut off:
the same command again goes on. Under torchrun all processes train together.

Usage: LPR_GFPGAN_REAL_PLATES=<folder> python tools/release.py [--profile release]
           [--dry-run | --max-seconds S] [--from restorer.safetensors]
           [--from-direct reader-direct.safetensors]
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lpr_gfpgan.config import Study, load_study
from lpr_gfpgan.errors import ConfigError, LprError
from lpr_gfpgan.evaluation.real_plates import real_folder
from lpr_gfpgan.restore.weights import RELEASED
from lpr_gfpgan.training import Paused, distributed
from lpr_gfpgan.training.photographs import prepare_photographs, refuse_uneven
from lpr_gfpgan.training.reader import DIRECT, NAMES, reader_start
from lpr_gfpgan.training.restorer import restorer_start
from lpr_gfpgan.training.shipping import VARIANT, ship, shipped
from lpr_gfpgan.training.stages import (
    Deadline,
    ensure_plates,
    ensure_prior,
    ensure_reader,
    ensure_restorer,
    stage_tasks,
)
from lpr_gfpgan.trust.calibrate import calibrate

STEPS = 8  # of each stage in a dry run, after as many that warm up


@dataclass(frozen=True)
class Starts:
    """Weights of an earlier training to go on from; None where there are none.

    Attributes:
        restorer: of the warm-up, in place of the prior's.
        direct: of the reader `direct`.
    """

    restorer: Path | None = None
    direct: Path | None = None

    def check(self, study: Study, folder: Path) -> None:
        """Refuses, before hours of training, what could not be gone on from.

        Raises:
            ConfigError: a file lies in a folder that new weights go to, in training or in the end,
                which would replace it: the same command could not go on. Or it is built otherwise
                than the profile's.
            WeightsError: a file is missing, damaged or of another kind.
        """
        for option, path in (("--from", self.restorer), ("--from-direct", self.direct)):
            replaced = folder.resolve(), study.paths.models.resolve()
            if path is not None and path.resolve().parent in replaced:
                raise ConfigError(
                    f"{option} {path}: the new weights will replace it, and the same command could "
                    "not go on; copy it elsewhere and give the copy"
                )
        if self.restorer is not None:
            restorer_start(study, self.restorer)
        if self.direct is not None:
            reader_start(study, study.settings.readers.direct, self.direct)


def train(study: Study, deadline: Deadline, starts: Starts) -> None:
    """Trains what is missing; raises Paused where the deadline comes first."""
    for name in NAMES:
        start = starts.direct if name == DIRECT else None
        ensure_reader(study, name, deadline, start=start)
    ensure_prior(study, deadline)
    ensure_restorer(study, VARIANT, study.seeds[0], deadline, start=starts.restorer)


def rehearse(study: Study, starts: Starts) -> Iterator[str]:
    """Some steps of every stage that can begin: images per second, waiting, minutes in all.

    No weights are written; crops and plates are, where they are missing. A stage whose inputs are
    not trained yet is named and passed over.
    """
    for name, (build, steps) in stage_tasks(study, VARIANT, starts.restorer, starts.direct).items():
        try:
            task = build()
        except LprError as error:
            yield f"{name}: not yet ({error})"
            continue
        with closing(task):
            for step in range(STEPS):
                task.step(step)
            begun, waited = time.perf_counter(), task.waited()
            for step in range(STEPS, 2 * STEPS):
                {
                    key: float(value.detach()) for key, value in task.step(step).items()
                }  # waits for a GPU
            seconds = (time.perf_counter() - begun) / STEPS
        share = (task.waited() - waited) / STEPS / seconds
        yield (
            f"{name}: {task.batch / seconds:.0f} images/s, {share:.0%} of the time waiting for "
            f"data, {steps} steps in {steps * seconds / 60:.1f} min"
        )


def main() -> int:
    """Trains, ships and calibrates."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profile", default="release", help="a profile with photographs")
    parser.add_argument("--dry-run", action="store_true", help="a few steps of each stage")
    parser.add_argument("--max-seconds", type=float, help="pause after so many seconds")
    parser.add_argument(
        "--from",
        dest="start",
        type=Path,
        help="a restorer's weights of this profile, to go on from in place of the prior's",
    )
    parser.add_argument(
        "--from-direct",
        dest="direct",
        type=Path,
        help="weights of the reader `direct` of this profile, to go on from",
    )
    parser.add_argument("--to", type=Path, default=RELEASED.parent, help="where the weights go")
    options = parser.parse_args()
    try:
        study = load_study(options.profile)
        distributed.start()
        refuse_uneven(study)
        starts = Starts(options.start, options.direct)
        starts.check(study, options.to)
        if distributed.rank() == 0 and not study.paths.photographs.exists():
            prepare_photographs(study, real_folder())
        distributed.barrier()
        ensure_plates(study)
        if options.dry_run:
            for line in rehearse(study, starts):
                if distributed.rank() == 0:
                    print(line, flush=True)
            return 0
        train(study, Deadline(options.max_seconds), starts)
        if distributed.rank() == 0:
            for path in ship(study, options.to):
                print(path)
            calibrate(shipped(study, options.to))
    except Paused as pause:
        print(pause)
        return pause.exit_code
    except LprError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
