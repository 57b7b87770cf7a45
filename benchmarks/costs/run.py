"""Where time goes: each training stage against what the machine can do, and curves of cost.

Run: python benchmarks/costs/run.py [--profile quick] [--steps 16] [--only stages curves]

Writes reports/benchmarks/costs-PROFILE.json and .png. A stage needs the plates and the networks
that it begins with, as `make reproduce` leaves them; LPR_GFPGAN_OUTPUT names their folder, as
everywhere. What was measured before stays, where the machine is the same.
"""

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import torch
from curves import CURVES
from machine import attainable
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter
from stages import stages

from lpr_gfpgan.config import Study, load_study
from lpr_gfpgan.evaluation.environment import accelerator, processor
from lpr_gfpgan.evaluation.figure_style import WIDTH, save
from lpr_gfpgan.files import write_json
from lpr_gfpgan.training.stage import begin

RESULTS = Path(__file__).parents[2] / "reports" / "benchmarks"
LAZY = 16
"""A multiple of all intervals between lazy penalties in params.yaml."""
LABELS = {
    "pixels": "pixels of one image",
    "batch": "images in a batch",
    "plates": "plates in a list",
}


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
    found = earlier(out, {"profile": study.profile} | machine())
    wanted = options.only or ("stages", "curves")
    if "stages" in wanted:
        limits = attainable(device)
        found["attainable"] = {name: float(f"{value:.4g}") for name, value in limits.items()}
        found["stages"] = []
        for line in stages(study, limits, steps=options.steps):
            print(json.dumps(line), flush=True)
            found["stages"].append(line)
            write_json(out, found)
    if "curves" in wanted:
        found["curves"] = measured_curves(study, device)
        write_json(out, found)
        save(drawn(found["curves"]), out.with_suffix(".png"))


def measured_curves(study: Study, device: torch.device) -> dict[str, list[dict[str, Any]]]:
    """Each curve of `CURVES`, its seconds to four digits."""
    found = {}
    for name, measure in CURVES.items():
        lines = measure(study, device)
        found[name] = [line | {"seconds": float(f"{line['seconds']:.4g}")} for line in lines]
        print(name, json.dumps(found[name]), flush=True)
    return found


def drawn(curves: dict[str, list[dict[str, Any]]]) -> Figure:
    """One panel a curve, both axes logarithmic: slope 1 is a cost in proportion."""
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    panels = figure.subplots(1, len(curves))
    for axes, (name, lines) in zip(panels, curves.items(), strict=True):
        for what in dict.fromkeys(line["what"] for line in lines):
            points = [(line["x"], 1000 * line["seconds"]) for line in lines if line["what"] == what]
            axes.loglog(*zip(*points, strict=True), marker="o", label=what)
        axes.set_xlabel(LABELS[name])
        places = sorted({line["x"] for line in lines})
        axes.set_xticks(places, [f"{x:,}" if x < 1000 else f"{x / 1000:.0f} k" for x in places])
        axes.minorticks_off()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.legend()
        axes.grid(visible=True, alpha=0.3)
    panels[0].set_ylabel("milliseconds an image")
    return figure


def earlier(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """What an earlier run about the same left, else what this one is about alone."""
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if all(found.get(key) == value for key, value in about.items()):
            return found
    return about


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": processor(),
        "accelerator": accelerator(),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    main()
