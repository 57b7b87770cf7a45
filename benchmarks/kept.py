"""Figures in reports/benchmarks: of which machine, of which code, and what an earlier run left."""

import datetime
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from lpr_gfpgan.evaluation.environment import accelerator, processor

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "reports" / "benchmarks"


def machine() -> dict[str, str]:
    """What figures depend on beside the code."""
    return {
        "processor": processor(),
        "accelerator": accelerator(),
        "system": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
    }


def stamp() -> dict[str, str]:
    """The day, and the commit of the code: with a plus where files differ from it."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    commit = found.stdout.strip() or "unknown"  # an archive of the code has no history
    return {"date": datetime.date.today().isoformat(), "commit": commit}


def earlier(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """What an earlier run about the same left, else what this one is about alone.

    Args:
        path: the file.
        about: must be in it as it stands here, or nothing of it counts.
    """
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if all(found.get(key) == value for key, value in about.items()):
            return found
    return about
