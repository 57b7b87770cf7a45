"""Times this package against the published GFP-GAN in one run, side by side, A B A B.

Both are built with GFP-GAN's channel table (channel multiplier 1). For each case, size and number
format it writes medians, spread, the ratio "speedup" (reference time over ours), the peak memory of
each side, the day and the commit, to reports/benchmarks/reference.json. Lines measured earlier on
the same machine are kept there until the same case is measured again.

Usage: python -m benchmarks.published [--sizes 128 512] [--precisions float32 bfloat16]
           [--rounds 5] [--cases forward gan_step ...]
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from lpr_gfpgan.files import write_json
from lpr_gfpgan.training.stage import precision_on

from ..kept import RESULTS, earlier, machine, stamp
from . import counted, measuring, reference, sides


def main() -> int:
    """Measures what is asked for and writes it after every line."""
    options = _options()
    if not reference.installed():
        names = " and ".join(f"{name} {v}" for name, v in reference.VERSIONS.items())
        print(f"bench: {names} are not in this environment; run `make bench`", file=sys.stderr)
        return 1
    reference.prepare()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    of_now = stamp()
    found = earlier(options.out, {"machine": machine() | {"reference": reference.VERSIONS}})
    for networks in ("restorers", "discriminators"):
        found.setdefault(networks, {})
    found.setdefault("lines", [])
    for size in options.sizes:
        torch.set_num_threads(options.threads)
        found["restorers"][str(size)] = _restorers(size) | of_now
        found["discriminators"][str(size)] = _discriminators(size) | of_now
        for precision in options.precisions:
            cases = options.cases or list(sides.CASES)
            for about in measuring.wanted(cases, size, precision, device, options.threads):
                torch.set_num_threads(about.threads)
                line = measuring.timed(about, options.rounds) | of_now
                print(json.dumps(line), flush=True)
                measuring.put(found["lines"], about, line)
                write_json(options.out, found)
        for mean, line in measuring.means(found["lines"], size, options.threads, device):
            measuring.put(found["lines"], mean, line)
        write_json(options.out, found)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = tuple(measuring.BATCHES)
    parser.add_argument("--sizes", type=int, nargs="+", choices=sizes, default=sizes)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # Where a CPU has no instructions for bfloat16 a step of either side takes minutes.
    own = [p for p in sides.PRECISIONS if p in ("float32", precision_on(device, on_cpu=True))]
    parser.add_argument("--precisions", nargs="+", choices=tuple(sides.PRECISIONS), default=own)
    parser.add_argument("--cases", nargs="+", choices=tuple(sides.CASES), help="default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=RESULTS / "reference.json")
    return parser.parse_args()


def _restorers(size: int) -> dict[str, Any]:
    """Parameters, operations and the share of resampling of the restorers, for one image."""
    image = sides.images(size, 1, "cpu")
    found: dict[str, Any] = {}
    for side in (sides.OURS, sides.REFERENCE):
        network = sides.restorer(side, size).eval().requires_grad_(False)
        found[side] = counted.report(network, lambda n=network, s=side: sides.restore(s, n, image))
    return found


def _discriminators(size: int) -> dict[str, Any]:
    """Parameters and operations of the discriminators, for one image and its region."""
    found: dict[str, Any] = {}
    for side in (sides.OURS, sides.REFERENCE):
        networks = [n.eval().requires_grad_(False) for n in sides.adversaries(side, size)]
        whole, region = sides.images(size, 1, "cpu"), torch.zeros(1, 3, *sides.region_size(size))
        inputs = {"image": whole, "region": region}
        found[side] = {
            name: counted.size_of(network, lambda n=network, x=x: n(x))[0]
            for network, (name, x) in zip(networks, inputs.items(), strict=True)
        }
    return found


if __name__ == "__main__":
    raise SystemExit(main())
