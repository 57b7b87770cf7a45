"""Where the time of each stage goes: its largest operations, and how near it is to the machine."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from lpr_gfpgan.config import TRAINING, Study
from lpr_gfpgan.errors import LprError
from lpr_gfpgan.training.loop import Task
from lpr_gfpgan.training.restorer import WARMUP
from lpr_gfpgan.training.restoring import restoring_pairs
from lpr_gfpgan.training.stage import begin, degradation_ranges, open_plates, precision_on
from lpr_gfpgan.training.stages import stage_tasks

from ..timing import settle
from .counting import Counting

VARIANT = "full"
LARGEST = 6


def stages(study: Study, limits: dict[str, float], *, steps: int) -> Iterator[dict[str, Any]]:
    """Measures every training stage that can begin.

    Args:
        study: with plates drawn; a stage whose inputs are not trained is named and passed over.
        limits: of `limits.attainable`.
        steps: of each measurement, a multiple of the lazy penalties' interval.

    Yields:
        One line a stage, see `measured`; or its name and why there is none.
    """
    device = begin(study)
    tasks = {"degradations": (lambda: Degrading(study, device), 4 * steps)}
    tasks |= stage_tasks(study, VARIANT)
    for name, (build, most) in tasks.items():
        if most < 4 * steps:
            yield {"stage": name, "left_out": f"it has {most} steps, {4 * steps} are needed"}
            continue
        try:
            task = build()
        except LprError as error:
            yield {"stage": name, "left_out": str(error)}
            continue
        with contextlib.closing(task):
            precision = precision_of(study, name)
            yield {"stage": name} | measured(task, limits, precision=precision, steps=steps)


class Degrading:
    """The degradations of a batch of the restorer's training, as a task of their own.

    In training they run in a thread beside the step, where no profile of the step shows them.
    """

    def __init__(self, study: Study, device: torch.device) -> None:
        self.batch, self.device = study.settings.restorer.batch, device
        ranges = degradation_ranges(study, TRAINING)
        low_contrast = study.settings.restorer.low_contrast
        self.prepare = restoring_pairs(ranges, low_contrast=low_contrast, seed=0)
        self.plates = open_plates(study, "train").batch(np.arange(self.batch)).to(device)

    def step(self, step: int) -> None:
        """One batch, with draws of its own."""
        samples = torch.arange(self.batch)
        self.prepare(self.plates, step, samples)

    def waited(self) -> float:
        """Nothing is fetched."""
        return 0.0

    def close(self) -> None:
        """Nothing to end."""


def precision_of(study: Study, stage: str) -> str:
    """The number format of the stage's convolutions, a key of `limits.attainable`."""
    if stage == "degradations":
        return "float32"
    on_cpu = stage == WARMUP and study.settings.restorer.warmup.bfloat16
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return precision_on(device, on_cpu=on_cpu)


def measured(task: Task, limits: dict[str, float], *, precision: str, steps: int) -> dict[str, Any]:
    """Times `steps` steps, then counts and profiles as many more of each.

    Returns:
        Seconds and images a second; operations and bytes of a step, and what share of the
        attainable rate they come to; the largest operations by their share of the time.
    """
    numbers = iter(range(4 * steps))

    def run() -> None:
        for _ in range(steps):
            task.step(next(numbers))
        settle()

    run()
    waited, start = task.waited(), time.perf_counter()
    run()
    seconds = (time.perf_counter() - start) / steps
    waiting = (task.waited() - waited) / steps / seconds
    with Counting() as counted:
        run()
    flop, size = counted.flop / steps, counted.bytes / steps
    return {
        "batch": task.batch,
        "format": precision,
        "seconds_a_step": round(seconds, 4),
        "images_a_second": round(task.batch / seconds, 1),
        "share_waiting_for_data": round(waiting, 3),
        "gflop_a_step": round(flop / 1e9, 2),
        "share_of_attainable_flop": round(flop / seconds / limits[precision], 3),
        "gbyte_a_step": round(size / 1e9, 2),
        "share_of_attainable_bandwidth": round(size / seconds / limits["bandwidth"], 3),
        "largest": largest(run),
    }


def largest(run: Callable[[], Any]) -> dict[str, float]:
    """Shares of the largest operations in the time of all operations, the largest first."""
    on_gpu = torch.cuda.is_available()
    activities = [ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]
    with profile(activities=activities) as profiler:
        run()
    times = {
        event.key.removeprefix("aten::"): (
            event.self_device_time_total if on_gpu else event.self_cpu_time_total
        )
        for event in profiler.key_averages()
    }
    whole = sum(times.values())
    ranked = sorted(times.items(), key=lambda item: -item[1])[:LARGEST]
    return {name: round(value / whole, 3) for name, value in ranked}
