"""Times this package against the published GFP-GAN in one run, side by side, A B A B.

Both are built with GFP-GAN's channel table (channel multiplier 1). For each case and size it writes
medians, spread, the ratio "speedup" (reference time over ours) and the peak memory of each side, to
reports/benchmarks/reference.json.

Usage: python tools/bench/run.py [--sizes 128 512] [--rounds 5] [--cases forward gan_step ...]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import clock
import reference
import sides
import torch
from torch.utils.flop_counter import FlopCounterMode

from lpr_gfpgan.evaluation.environment import processor
from lpr_gfpgan.files import write_json

OUT = Path(__file__).parents[2] / "reports" / "benchmarks" / "reference.json"
BATCHES = {
    128: {"forward": (1, 8), "degradations": (8,)},
    512: {"forward": (1, 8), "degradations": (2,)},
}
"""Images of a call, by size and case."""
OTHERWISE = {128: (4,), 512: (2,)}


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
        work = sides.CASES[case](side, arguments.sizes[0], arguments.batch, device)
        for _ in range(2):
            work()
        clock.settle()
        print(_peak(device))
        return 0
    found = {"machine": _machine(arguments.threads, device), "parameters": {}, "cases": []}
    for size in arguments.sizes:
        found["parameters"][str(size)] = _sizes(size)
        for case in arguments.cases or sides.CASES:
            threads = 1 if case == "degradations" else arguments.threads
            torch.set_num_threads(threads)
            for batch in BATCHES[size].get(case, OTHERWISE[size]):
                line = _timed(case, size, batch, device, arguments.rounds)
                found["cases"].append(line | {"threads": threads})
                print(json.dumps(line), flush=True)
                write_json(arguments.out, found)
        found["cases"] += _means(found["cases"], size)
        write_json(arguments.out, found)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=tuple(BATCHES), default=[128, 512])
    parser.add_argument("--cases", nargs="+", choices=tuple(sides.CASES), help="default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--memory-of", nargs=2, metavar=("CASE", "SIDE"), help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def _timed(case: str, size: int, batch: int, device: str, rounds: int) -> dict[str, Any]:
    works = {
        side: sides.CASES[case](side, size, batch, device) for side in (sides.OURS, sides.REFERENCE)
    }
    took = clock.alternate(works, rounds=rounds)
    line = {"case": case, "size": size, "batch": batch, "device": device, "rounds": rounds}
    line |= clock.speedup(took["ours"], took["reference"])
    line["seconds"] = {side: clock.summary(values) for side, values in took.items()}
    line["peak_memory_mib"] = {side: _memory(case, side, size, batch) for side in works}
    return line


def _means(lines: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """The mean step of each game, from the medians of its parts; without those not measured."""
    parts = {line["case"]: line for line in lines if line["size"] == size}
    means = []
    for name, shares in sides.MEANS.items():
        if not set(shares) <= set(parts):
            continue
        seconds = {
            side: sum(share * parts[p]["seconds"][side]["median"] for p, share in shares.items())
            for side in (sides.OURS, sides.REFERENCE)
        }
        ratio = seconds[sides.REFERENCE] / seconds[sides.OURS]
        first = parts[next(iter(shares))]
        line = {"case": name, "size": size, "batch": first["batch"], "device": first["device"]}
        means.append(line | {"speedup": round(ratio, 3), "seconds": seconds})
    return means


def _memory(case: str, side: str, size: int, batch: int) -> float:
    """Peak memory of two calls of one side in a process of its own, MiB."""
    command = [sys.executable, __file__, "--memory-of", case, side, "--batch", str(batch)]
    command += ["--sizes", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _peak(device: str) -> float:
    if device == "cuda":
        return round(torch.cuda.max_memory_allocated() / 2**20, 1)
    # Not getrusage: its figure is inherited from the process that started this one.
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return round(
        next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10, 1
    )


def _sizes(size: int) -> dict[str, Any]:
    """Parameters of the restorers, and floating-point operations of restoring one image."""
    found: dict[str, Any] = {}
    image = sides.images(size, 1, "cpu")
    for side in (sides.OURS, sides.REFERENCE):
        network = sides.restorer(side, size)
        # Its hooks want a gradient of every parameter that requires one.
        network.eval().requires_grad_(False)
        with FlopCounterMode(display=False) as counter:
            sides.restore(side, network, image)
        found[side] = {
            "parameters": sum(p.numel() for p in network.parameters()),
            "gflop": round(counter.get_total_flops() / 1e9, 3),
        }
    return found


def _machine(threads: int, device: str) -> dict[str, Any]:
    accelerator = torch.cuda.get_device_name() if device == "cuda" else None
    return {
        "processor": processor(),
        "threads": threads,
        "accelerator": accelerator,
        "system": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
        "reference": reference.VERSIONS,
    }


if __name__ == "__main__":
    raise SystemExit(main())
