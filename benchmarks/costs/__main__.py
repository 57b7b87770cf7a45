"""Where time goes: each training stage against what the machine can do, and curves of cost.

Run: python -m benchmarks.costs [--profile quick] [--steps 16] [--only stages curves]

Writes reports/benchmarks/costs-PROFILE.json and .png. A stage needs the plates and the networks
that it begins with, as `make reproduce` leaves them; LPR_GFPGAN_OUTPUT names their folder, as
everywhere. What was measured before stays, where the machine is the same.
"""

import argparse
import json
from pathlib import Path

import torch

from lpr_gfpgan.config import load_study
from lpr_gfpgan.evaluation.figure_style import save
from lpr_gfpgan.files import write_json
from lpr_gfpgan.training.stage import begin

from ..kept import RESULTS, earlier, machine, stamp
from ..timing import four_digits
from .curves import CURVES
from .figure import drawn
from .limits import attainable
from .stages import stages

LAZY = 16
"""A multiple of all intervals between lazy penalties in params.yaml."""


def main() -> None:
    """Measures what is asked for and writes it after every stage and curve."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--steps", type=int, default=LAZY, help="of each measurement")
    parser.add_argument("--only", nargs="+", choices=("stages", "curves"))
    parser.add_argument("--out", type=Path, help="default: reports/benchmarks/costs-PROFILE.json")
    options = parser.parse_args()
    if options.steps < LAZY or options.steps % LAZY:
        parser.error(
            f"--steps {options.steps}: take a multiple of {LAZY}, so that all penalties fall due"
        )
    of_now = stamp()
    study = load_study(options.profile)
    device = begin(study)
    out = options.out or RESULTS / f"costs-{study.profile}.json"
    about = {"profile": study.profile, "threads": torch.get_num_threads()} | machine()
    found = earlier(out, about)
    wanted = options.only or ("stages", "curves")
    if "stages" in wanted:
        limits = attainable(device)
        found["attainable"] = {name: four_digits(value) for name, value in limits.items()}
        kept = {line["stage"]: line for line in found.get("stages", ())}
        for line in stages(study, limits, steps=options.steps):
            print(json.dumps(line), flush=True)
            kept[line["stage"]] = line | of_now
            found["stages"] = list(kept.values())
            write_json(out, found)
    if "curves" in wanted:
        for name, measure in CURVES.items():
            lines = [
                line | {"seconds": four_digits(line["seconds"])} | of_now
                for line in measure(study, device)
            ]
            print(name, json.dumps(lines), flush=True)
            found.setdefault("curves", {})[name] = lines
            write_json(out, found)
        save(drawn(found["curves"]), out.with_suffix(".png"))


if __name__ == "__main__":
    main()
