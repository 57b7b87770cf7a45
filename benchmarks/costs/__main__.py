"""Where time goes: each training stage against what the machine can do, and curves of cost.

Run: python -m benchmarks.costs [--profile quick] [--steps 16] [--only stages curves]

Writes reports/benchmarks/costs-PROFILE.json and .png. A stage needs the plates and the networks
that it begins with, as `make reproduce` leaves them; LPR_GFPGAN_OUTPUT names their folder, as
everywhere. What was measured before stays, where the machine is the same.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from lpr_gfpgan.config import Study, load_study
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
    """Measures what is asked for and writes it after every line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--steps", type=int, default=16, help="of each measurement of a stage")
    parser.add_argument("--only", nargs="+", choices=("stages", "curves"))
    parser.add_argument("--out", type=Path, help="default: reports/benchmarks/costs-PROFILE.json")
    options = parser.parse_args()
    if options.steps % LAZY:
        parser.error(
            f"--steps {options.steps}: take a multiple of {LAZY}, so that all penalties fall due"
        )
    study = load_study(options.profile)
    device = begin(study)
    out = options.out or RESULTS / f"costs-{study.profile}.json"
    about = {"profile": study.profile, "threads": torch.get_num_threads()} | machine()
    found = earlier(out, about)
    wanted = options.only or ("stages", "curves")
    if "stages" in wanted:
        limits = attainable(device)
        found["attainable"] = {name: four_digits(value) for name, value in limits.items()}
        found["stages"], found["stages_measured"] = [], stamp()
        for line in stages(study, limits, steps=options.steps):
            print(json.dumps(line), flush=True)
            found["stages"].append(line)
            write_json(out, found)
    if "curves" in wanted:
        found["curves"], found["curves_measured"] = measured_curves(study, device), stamp()
        write_json(out, found)
        save(drawn(found["curves"]), out.with_suffix(".png"))


def measured_curves(study: Study, device: torch.device) -> dict[str, list[dict[str, Any]]]:
    """Each curve of `CURVES`, its seconds to four digits."""
    found = {}
    for name, measure in CURVES.items():
        lines = measure(study, device)
        found[name] = [line | {"seconds": four_digits(line["seconds"])} for line in lines]
        print(name, json.dumps(found[name]), flush=True)
    return found


if __name__ == "__main__":
    main()
