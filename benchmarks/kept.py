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
UNKNOWN = "unknown"


def machine() -> dict[str, str]:
    """What figures depend on beside the code."""
    return {
        "processor": processor(),
        "accelerator": accelerator(),
        "system": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
    }


def stamp(root: Path = ROOT) -> dict[str, str]:
    """The day, and the commit of the code; a plus says that other code than its was measured.

    Ask before anything is measured. Results do not count as code. Without a history, as in an
    archive, the commit is UNKNOWN.
    """
    day = datetime.date.today().isoformat()
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return {"date": day, "commit": UNKNOWN}  # of a repository around an archive
        commit = _git(root, "rev-parse", "--short", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", ".", ":!reports")
    except (OSError, subprocess.CalledProcessError):
        return {"date": day, "commit": UNKNOWN}
    return {"date": day, "commit": commit + "+" * bool(changed)}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


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
