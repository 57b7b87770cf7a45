"""What the machine can do at most: the floor under every other figure."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

SIDE = 2048  # of the square matrices
NUMBERS = 2**26  # of the copied array: 256 MiB, more than any cache holds
ROUNDS = 5


def seconds(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Median wall-clock seconds of a call, until the device has finished; the first is left out."""
    times = []
    for _ in range(rounds + 1):
        settle()
        start = time.perf_counter()
        work()
        settle()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def settle() -> None:
    """Waits for the accelerator, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def attainable(device: torch.device) -> dict[str, float]:
    """What large calls reach with this many threads.

    Returns:
        "float32" and "bfloat16", FLOP/s of a product of two large matrices (a multiply-add is
        two), and "bandwidth", bytes/s read and written by a copy.
    """
    found = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a, b = (torch.randn(SIDE, SIDE, device=device, dtype=dtype) for _ in range(2))
        found[name] = 2 * SIDE**3 / seconds(lambda a=a, b=b: a @ b)
    there = torch.zeros(NUMBERS, device=device)
    back = torch.ones_like(there)
    found["bandwidth"] = (
        2 * there.numel() * there.element_size() / seconds(lambda: there.copy_(back))
    )
    return found
