"""The stages in order: each makes what it lacks, then its own result if that is missing.

A result counts as missing too where its file was made with other settings, plates or weights.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..config import Study, load_study
from ..plates import prepare
from ..settings import BASELINES, one_of
from . import distributed
from .baseline import PLAIN_UNET, baseline_identity, train_baseline
from .loop import Task
from .prior import PriorTask, prior_identity, train_prior
from .reader import DIRECT, NAMES, ReaderTask, reader_identity, train_reader
from .restorer import WARMUP, RestorerTask, restorer_identity, train_restorer
from .stage import begin, is_trained


class Deadline:
    """A wall-clock limit shared by several stages.

    Args:
        seconds: from now; None for no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.perf_counter() + seconds

    def left(self) -> float | None:
        """Seconds left, at least 0; None without a limit."""
        return None if self._end is None else max(0.0, self._end - time.perf_counter())


def ensure_plates(study: Study) -> None:
    """Draws the synthetic plates unless they are there (the main process alone)."""
    begin(study)
    settings = study.settings
    if distributed.rank() == 0:
        prepare(
            study.paths.plates,
            height=settings.frame.height,
            width=settings.frame.width,
            seed=settings.plates.seed,
            counts=settings.plates.counts,
            styles=settings.plates.styles,
            standard=settings.plates.standard_typeface,
        )
    distributed.barrier()


def ensure_reader(
    study: Study, name: str, deadline: Deadline | None = None, *, start: Path | None = None
) -> None:
    """Trains the reader `name` (loss, judge or direct) unless it is trained.

    With `start`, a reader's weights, it goes on from these. Not for `loss`: restorers ask for that
    one as the profile trains it.
    """
    ensure_plates(study)
    if not is_trained(study.paths.reader(name), reader_identity(study, name, start)):
        train_reader(study, name, max_seconds=_left(deadline), start=start)


def ensure_prior(study: Study, deadline: Deadline | None = None) -> None:
    """Trains the prior unless it is trained."""
    ensure_plates(study)
    identity, paths = prior_identity(study, study.seeds[0]), study.paths
    if not all(is_trained(path, identity) for path in (paths.prior, paths.prior_discriminator)):
        train_prior(study, seed=study.seeds[0], max_seconds=_left(deadline))


def ensure_warmup(
    study: Study, deadline: Deadline | None = None, *, start: Path | None = None
) -> None:
    """Trains the warm-up, which all variants and seeds share, unless it is trained.

    With `start`, a restorer's weights, it goes on from these in place of the prior's.
    """
    if study.settings.restorer.warmup.recognition_loss:
        ensure_reader(study, "loss", deadline)
    ensure_prior(study, deadline)
    identity = restorer_identity(study, WARMUP, study.seeds[0], start)
    if not is_trained(study.paths.warmup, identity):
        train_restorer(study, WARMUP, seed=study.seeds[0], max_seconds=_left(deadline), start=start)


def ensure_restorer(
    study: Study,
    variant: str,
    seed: int,
    deadline: Deadline | None = None,
    *,
    start: Path | None = None,
) -> None:
    """Trains one variant with one seed unless it is trained; `start` as in `ensure_warmup`."""
    study.ablation(variant)
    ensure_reader(study, "loss", deadline)
    ensure_warmup(study, deadline, start=start)
    if not is_trained(study.paths.restorer(variant, seed), restorer_identity(study, variant, seed)):
        train_restorer(study, variant, seed=seed, max_seconds=_left(deadline))


def ensure_baseline(study: Study, name: str, seed: int, deadline: Deadline | None = None) -> None:
    """Trains one of the networks without a prior with one seed unless it is trained.

    The prior is trained first where the recipe compares features of its discriminator.
    """
    if name == PLAIN_UNET:
        ensure_plates(study)
    else:
        ensure_prior(study, deadline)
    if not is_trained(study.paths.baseline(name, seed), baseline_identity(study, name, seed)):
        train_baseline(study, name, seed=seed, max_seconds=_left(deadline))


def stage_tasks(
    study: Study, variant: str, start: Path | None = None, direct: Path | None = None
) -> dict[str, tuple[Callable[[], Task], int]]:
    """What the training of one variant consists of: by stage, how to build its task, and its steps.

    Nothing is trained or written. Building a task whose inputs are not trained raises LprError.

    Args:
        study: its plates must be drawn.
        variant: a key of `ablations` in params.yaml.
        start: as in `ensure_warmup`.
        direct: `start` of the reader `direct`, as in `ensure_reader`.
    """
    device, settings, seed = begin(study), study.settings, study.seeds[0]
    restorer, tasks = settings.restorer, {}
    for name in NAMES:
        own, begin_with = getattr(settings.readers, name), direct if name == DIRECT else None
        tasks[f"reader-{name}"] = partial(ReaderTask, study, own, device, begin_with), own.steps
    tasks["prior"] = lambda: PriorTask(study, seed, device), settings.prior.steps
    tasks[WARMUP] = lambda: RestorerTask(study, WARMUP, seed, device, start), restorer.warmup_steps
    tasks[variant] = lambda: RestorerTask(study, variant, seed, device), restorer.steps
    return tasks


def ensure_all(study: Study, deadline: Deadline | None = None) -> None:
    """Trains whatever of the whole study is missing: readers, variants and baselines, all seeds."""
    for name in NAMES:
        ensure_reader(study, name, deadline)
    for seed in study.seeds:
        for variant in study.variants:
            ensure_restorer(study, variant, seed, deadline)
        for name in study.baselines:
            ensure_baseline(study, name, seed, deadline)


def train(
    profile: str | None = None,
    variant: str = "full",
    seed: int = 0,
    *,
    max_seconds: float | None = None,
) -> None:
    """Trains a restorer from nothing: plates, the loss reader, prior, warm-up, variant.

    A stage whose weights exist is not run again; an unfinished one goes on from its checkpoint.

    Args:
        profile: smoke, quick, release, gpu or paper; params.yaml's own when not given.
        variant: a key of `ablations` in params.yaml, "warmup" to stop after the shared warm-up, or
            a network without a prior, "plain_unet" or "rrdb".
        seed: of the variant's draws; readers, prior and warm-up are shared by all seeds.
        max_seconds: pause when so many seconds have passed in all.

    Raises:
        Paused: the time limit was reached; call again to go on.
        LprError: bad settings, data or checkpoint.
    """
    study, deadline = load_study(profile), Deadline(max_seconds)
    one_of("variant", variant, (*study.ablations, *BASELINES, WARMUP))
    if variant == WARMUP:
        ensure_warmup(study, deadline)
    elif variant in BASELINES:
        ensure_baseline(study, variant, seed, deadline)
    else:
        ensure_restorer(study, variant, seed, deadline)


def _left(deadline: Deadline | None) -> float | None:
    return None if deadline is None else deadline.left()
