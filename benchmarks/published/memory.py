"""Peak memory of one side: a process of its own does its work twice and nothing else.

Usage, by the benchmark: python -m benchmarks.published.memory MEASUREMENT SIDE
"""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import torch

from ..kept import ROOT
from ..timing import settle
from . import reference
from .measurement import Measurement

MIB = 2**20


def of_side(about: Measurement, side: str) -> float:
    """Peak memory in MiB, the interpreter and its libraries included."""
    what = json.dumps(dataclasses.asdict(about))
    command = [sys.executable, "-m", "benchmarks.published.memory", what, side]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Does the work and prints the peak."""
    about, side = Measurement(**json.loads(sys.argv[1])), sys.argv[2]
    if reference.installed():
        reference.prepare()
    torch.set_num_threads(about.threads)
    work = about.work(side)
    for _ in range(2):
        work()
    settle()
    if about.device == "cuda":
        peak = torch.cuda.max_memory_allocated() / MIB
    else:
        # Not getrusage: its figure is inherited from the process that started this one.
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10
    print(round(peak, 1))


if __name__ == "__main__":
    main()
