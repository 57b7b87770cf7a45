"""Times this package against the published GFP-GAN in one run, side by side, A B A B.

Both are built with GFP-GAN's channel table (channel multiplier 1). For each case, size and number
format it writes medians, spread, the ratio "speedup" (reference time over ours) and the peak memory
of each side, to reports/benchmarks/reference.json. Lines measured earlier on the same machine are
kept there until the same case is measured again.

Usage: python tools/bench/run.py [--sizes 128 512] [--precisions float32 bfloat16] [--rounds 5]
           [--cases forward gan_step ...]
"""

import argparse
import dataclasses
import itertools
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clock
import counted
import reference
import sides
import torch

from lpr_gfpgan.evaluation.environment import processor
from lpr_gfpgan.files import write_json

OUT = Path(__file__).parents[2] / "reports" / "benchmarks" / "reference.json"
BATCHES = {
    128: {"forward": (1, 8), "degradations": (8,)},
    512: {"forward": (1, 8), "degradations": (2,)},
}
"""Images of a call, by size and case."""
OTHERWISE = {128: (4,), 512: (2,)}


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What one line of the result is about.

    Attributes:
        case: a key of `sides.CASES`, or of `sides.MEANS`.
        size: px, of the square image.
        batch: images of a call.
        precision: a key of `sides.PRECISIONS`.
        device: "cpu" or "cuda".
        threads: of the CPU.
    """

    case: str
    size: int
    batch: int
    precision: str
    device: str
    threads: int

    def of(self, line: dict[str, Any]) -> bool:
        """Whether a line of the result is about the same."""
        return all(line.get(key) == value for key, value in dataclasses.asdict(self).items())

    def work(self, side: str) -> sides.Work:
        """What one side does."""
        work = sides.CASES[self.case](side, self.size, self.batch, self.device)
        return sides.in_precision(work, self.precision, self.device)


def main() -> int:
    """Runs the cases asked for, or one side of one of them to see how much memory it takes."""
    arguments = _arguments()
    if not reference.installed():
        names = " and ".join(f"{name} {v}" for name, v in reference.VERSIONS.items())
        print(f"bench: {names} are not in this environment; run `make bench`", file=sys.stderr)
        return 1
    reference.prepare()
    torch.set_num_threads(arguments.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if arguments.memory_of:
        case, side = arguments.memory_of
        size, precision = arguments.sizes[0], arguments.precisions[0]
        print(_peak(Measurement(case, size, arguments.batch, precision, device, 0), side))
        return 0
    found = _earlier(arguments.out, _machine(device))
    for size in arguments.sizes:
        torch.set_num_threads(arguments.threads)
        found["restorers"][str(size)] = _sizes(size)
        for precision in arguments.precisions:
            for wanted in _wanted(arguments, size, precision, device):
                torch.set_num_threads(wanted.threads)
                line = _timed(wanted, arguments.rounds)
                print(json.dumps(line), flush=True)
                _put(found["lines"], wanted, line)
                write_json(arguments.out, found)
        for mean, line in _means(found["lines"], size, arguments.threads, device):
            _put(found["lines"], mean, line)
        write_json(arguments.out, found)
    return 0


def _wanted(
    arguments: argparse.Namespace, size: int, precision: str, device: str
) -> list[Measurement]:
    """What to measure at one size in one number format."""
    cases = arguments.cases or sides.CASES
    return [
        Measurement(
            case, size, batch, precision, device, 1 if case == "degradations" else arguments.threads
        )
        for case in cases
        if precision == "float32" or case in sides.IN_BFLOAT16
        for batch in BATCHES[size].get(case, OTHERWISE[size])
    ]


def _earlier(path: Path, machine: dict[str, Any]) -> dict[str, Any]:
    """What an earlier run on this machine left; nothing of another machine."""
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("machine") == machine:
            return found
    return {"machine": machine, "restorers": {}, "lines": []}


def _put(lines: list[dict[str, Any]], about: Measurement, line: dict[str, Any]) -> None:
    """Adds a line, in place of the one about the same."""
    lines[:] = [other for other in lines if not about.of(other)] + [line]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=tuple(BATCHES), default=[128, 512])
    parser.add_argument(
        "--precisions", nargs="+", choices=tuple(sides.PRECISIONS), default=list(sides.PRECISIONS)
    )
    parser.add_argument("--cases", nargs="+", choices=tuple(sides.CASES), help="default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--memory-of", nargs=2, metavar=("CASE", "SIDE"), help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def _timed(about: Measurement, rounds: int) -> dict[str, Any]:
    works = {side: about.work(side) for side in (sides.OURS, sides.REFERENCE)}
    took = clock.alternate(works, rounds=rounds)
    line = dataclasses.asdict(about) | {"rounds": rounds}
    line |= clock.speedup(took[sides.OURS], took[sides.REFERENCE])
    line["seconds"] = {side: clock.summary(values) for side, values in took.items()}
    line["peak_memory_mib"] = {side: _memory(about, side) for side in works}
    return line


def _means(
    lines: list[dict[str, Any]], size: int, threads: int, device: str
) -> Iterator[tuple[Measurement, dict[str, Any]]]:
    """The mean step of each game, from the medians of its parts; without those not measured.

    The lazy penalties are in float32 whatever the step is in, as in training.
    """
    (batch,) = OTHERWISE[size]
    for precision, (name, shares) in itertools.product(sides.PRECISIONS, sides.MEANS.items()):
        parts = {}
        for case in shares:
            own = precision if case in sides.IN_BFLOAT16 else "float32"
            about = Measurement(case, size, batch, own, device, threads)
            parts.update((case, line) for line in lines if about.of(line))
        if len(parts) < len(shares):
            continue
        seconds = {
            side: sum(share * parts[p]["seconds"][side]["median"] for p, share in shares.items())
            for side in (sides.OURS, sides.REFERENCE)
        }
        ratio = seconds[sides.REFERENCE] / seconds[sides.OURS]
        mean = Measurement(name, size, batch, precision, device, threads)
        numbers = {side: float(f"{value:.4g}") for side, value in seconds.items()}
        yield mean, dataclasses.asdict(mean) | {"speedup": round(ratio, 3), "seconds": numbers}


def _memory(about: Measurement, side: str) -> float:
    """Peak memory of two calls of one side in a process of its own, MiB."""
    command = [sys.executable, __file__, "--memory-of", about.case, side]
    command += ["--batch", str(about.batch), "--sizes", str(about.size)]
    command += ["--precisions", about.precision, "--threads", str(about.threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _peak(about: Measurement, side: str) -> float:
    work = about.work(side)
    for _ in range(2):
        work()
    clock.settle()
    if about.device == "cuda":
        return round(torch.cuda.max_memory_allocated() / 2**20, 1)
    # Not getrusage: its figure is inherited from the process that started this one.
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return round(
        next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10, 1
    )


def _sizes(size: int) -> dict[str, Any]:
    """Parameters, operations and the share of resampling of the restorers, for one image."""
    image = sides.images(size, 1, "cpu")
    found: dict[str, Any] = {}
    for side in (sides.OURS, sides.REFERENCE):
        network = sides.restorer(side, size).eval().requires_grad_(False)
        found[side] = counted.report(network, lambda n=network, s=side: sides.restore(s, n, image))
    return found


def _machine(device: str) -> dict[str, Any]:
    accelerator = torch.cuda.get_device_name() if device == "cuda" else None
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "accelerator": accelerator,
        "system": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
        "reference": reference.VERSIONS,
    }


if __name__ == "__main__":
    raise SystemExit(main())
