"""The loop every training runs in: resume, step, report, save, pause."""

import time
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from torch import Tensor
from tqdm import tqdm

from ..files import atomic_path, write_json, write_png
from . import distributed
from .checkpoint import load_checkpoint, restore_parts, save_checkpoint
from .curve import Curve, refuse_nonfinite
from .memory import named_memory
from .pictures import to_pixels

CHECKPOINT_SECONDS = 30.0
GO_ON, SAVE, PAUSE = range(3)
REPORTS = 50
GRIDS = 5


class Paused(Exception):
    """The time limit was reached; the checkpoint is written and the same call goes on from it."""

    exit_code = 75


class Task(Protocol):
    """What a training must offer to run in the loop.

    Attributes:
        parts: everything a checkpoint holds: networks, averages, optimisers (state_dict,
            load_state_dict).
        batch: images per step over all processes.
    """

    parts: dict[str, Any]
    batch: int

    def step(self, step: int) -> dict[str, Tensor]:
        """Takes step number `step` (from 0) and returns its losses by name, without gradient."""

    def grid(self) -> Tensor | None:
        """A picture [3, H, W] in [-1, 1] of how far training is, the same samples each time."""

    def waited(self) -> float:
        """Seconds spent waiting for data so far."""


def run(
    task: Task,
    *,
    name: str,
    steps: int,
    setting: str,
    folder: Path,
    fingerprint: str,
    curve: Path,
    grid: Path | None = None,
    timing: Path | None = None,
    max_seconds: float | None = None,
) -> None:
    """Trains `task` up to `steps`, from its checkpoint if there is one.

    The result depends on the number of steps alone: a run that was paused or killed and started
    again ends with the same weights and curve; on a CPU bit for bit, at a fixed number of threads.

    Args:
        task: networks, optimisers and one step.
        name: shown beside the progress bar.
        steps: where training ends.
        setting: where params.yaml gives the batch.
        folder: holds the checkpoint, and `grid.png`, while the run is unfinished.
        fingerprint: identifies settings and data; a checkpoint with another one is refused.
        curve: CSV of the mean losses between reports, one row a report.
        grid: PNG of `task.grid()` after the last step. On the way it is drawn a few times inside
            `folder`: an unfinished run writes none of its outputs.
        timing: JSON of seconds, over all pauses, images per second and the share of time spent
            waiting for data.
        max_seconds: pause after so many seconds.

    Raises:
        Paused: the time limit was reached.
        CheckpointError: the checkpoint is damaged or another run's.
        ConfigError: a step asked for more memory than there is; it names `setting`.
        LprError: a loss or weight is no longer finite; the last checkpoint, from before, is kept.
        OSError: a file could not be written; the last checkpoint is kept.
    """
    path = folder / "checkpoint.pt"
    state = load_checkpoint(path, fingerprint=fingerprint) or {}
    restore_parts(path, task.parts, state)
    first, losses = state.get("step", 0), Curve(name, state)
    report_every, grid_every = max(1, steps // REPORTS), max(1, steps // GRIDS)
    main = distributed.rank() == 0

    def spent() -> dict[str, float]:
        now = {"seconds": time.perf_counter() - start, "waited": task.waited() - waited}
        return {key: before[key] + value for key, value in now.items()}

    def save(step: int) -> None:
        losses.check()
        parts = {part: value.state_dict() for part, value in task.parts.items()}
        refuse_nonfinite(name, step, parts)
        content = {"fingerprint": fingerprint, "step": step, "parts": parts, "spent": spent()}
        content |= losses.state()
        if main:
            save_checkpoint(path, content)

    start = saved = time.perf_counter()
    waited, before = task.waited(), state.get("spent", {"seconds": 0.0, "waited": 0.0})
    bar = tqdm(total=steps, initial=first, desc=name, unit="step", disable=None if main else True)
    for step in range(first, steps):
        done = step + 1
        with named_memory(setting, task.batch):
            losses.add(done, task.step(step))
        bar.update()
        if done % report_every == 0 or done == steps:
            row = losses.report(done, done * task.batch)
            bar.set_postfix({key: f"{value:.3g}" for key, value in list(row.items())[2:6]})
        if main and grid is not None and done % grid_every == 0 and done < steps:
            _write_grid(task, folder / "grid.png")
        now = time.perf_counter()
        turn = SAVE if now - saved >= CHECKPOINT_SECONDS else GO_ON
        if max_seconds is not None and now - start >= max_seconds and done < steps:
            turn = PAUSE
        turn = distributed.from_main(turn)
        if turn != GO_ON:
            save(done)
            saved = now
        if turn == PAUSE:
            bar.close()
            distributed.barrier()
            raise Paused(f"{name}: paused at step {done} of {steps}; run the same command to go on")
    bar.close()
    save(steps)
    if main and grid is not None:  # also when only what follows the last step was cut off
        _write_grid(task, grid)
    if main:
        with atomic_path(curve) as temporary:
            pd.DataFrame(losses.rows).to_csv(temporary, index=False, float_format="%.6g")
        if timing is not None:
            seconds, waiting = spent().values()
            write_json(
                timing,
                {
                    "seconds": round(seconds, 1),
                    "steps": steps,
                    "images_per_second": round(steps * task.batch / seconds, 1),
                    "waiting_for_data": round(waiting / seconds, 4),
                },
            )
    distributed.barrier()


def _write_grid(task: Task, path: Path) -> None:
    picture = task.grid()
    if picture is not None:
        write_png(path, to_pixels(picture[None])[0])
