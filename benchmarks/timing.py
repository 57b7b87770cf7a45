"""Seconds of a call, on whichever device it works."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

ROUNDS = 5


def settle() -> None:
    """Waits for the accelerator, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work: Callable[[], Any]) -> float:
    """Wall-clock seconds of one call, until the device has finished."""
    settle()
    start = time.perf_counter()
    work()
    settle()
    return time.perf_counter() - start


def median_seconds(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Median of some calls; one more comes first and does not count."""
    work()
    return statistics.median(seconds(work) for _ in range(rounds))


def four_digits(value: float) -> float:
    """A figure as it is kept: rounded to four significant digits."""
    return float(f"{value:.4g}")
