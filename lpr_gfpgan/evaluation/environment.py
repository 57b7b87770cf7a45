"""What the page was made with, so that it can be traced: machine, libraries, seeds, hashes.

Only what changes with the inputs is named. The time and the commit are left out: the page is kept
in git itself, so it cannot name the commit that holds it, and a run without a change must give the
same page. The hash of the package's sources and those of the weights take their place.
"""

import dataclasses
import hashlib
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
import torch

from ..config import Study
from ..files import sha256_of
from ..training.reader import NAMES
from .methods import baseline_names, restorer_names

LIBRARIES = (
    *("torch", "torchvision", "numpy", "scipy", "pandas", "opencv-python", "scikit-image"),
    *("matplotlib", "seaborn", "dvc", "papermill"),
)
PACKAGE = Path(__file__).parents[1]
DECIDES = (
    *("plates", "degradations", "networks", "readers", "losses", "metrics", "training"),
    *("evaluation", "randomness.py", "ranges.py"),
)
"""What decides figures; widgets and the command line do not."""
NOT_INSTALLED = "not installed"
MISSING = "missing"


def environment_table(study: Study) -> pd.DataFrame:
    """Python, libraries and machine of this page, and the seeds of the study.

    The machine is the one that made the page; weights may come from another.

    Args:
        study: the study.

    Returns:
        One column, `value`, by what it is.
    """
    evaluation = study.settings.evaluation
    threads = study.settings.cpu_threads
    facts = {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: _version(name) for name in LIBRARIES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "accelerator": accelerator(),
        "CPU threads of a stage": "all" if threads is None else str(threads),
        "profile": study.profile,
        "training seeds of the restorers": ", ".join(map(str, study.seeds)),
        **{
            f"training seed of reader {name}": str(getattr(study.settings.readers, name).seed)
            for name in NAMES
        },
        "seed of plates, degradations and resamples of the test": str(evaluation.seed),
        "bootstrap resamples": str(evaluation.bootstrap),
    }
    return _as_table(facts)


def hash_table(study: Study) -> pd.DataFrame:
    """SHA-256 of the package's sources, the settings, the plates' manifest and all weights.

    Args:
        study: the study.

    Returns:
        One column, `value`, by file: the weights are those that the study names, whatever else is
        in their folder; MISSING where a file is not on this machine.
    """
    plates = study.paths.plates / "manifest.json"
    facts = {
        "sources of the package": source_hash(),
        "settings of the profile": settings_hash(study),
        f"data/synthetic/{study.profile}/manifest.json": _hash(plates),
        **{f"models/{study.profile}/{path.name}": _hash(path) for path in weights_of(study)},
    }
    return _as_table(facts)


def weights_of(study: Study) -> list[Path]:
    """The weights that the study's figures rest on, in the order of training."""
    paths = study.paths
    return [
        *(paths.reader(name) for name in NAMES),
        paths.prior,
        paths.prior_discriminator,
        paths.warmup,
        *(paths.restorer(variant, seed) for _, variant, seed in restorer_names(study)),
        *(paths.baseline(kind, seed) for _, kind, seed in baseline_names(study)),
    ]


def source_hash(folder: Path = PACKAGE) -> str:
    """SHA-256 over names and contents of the Python files that decide figures, in order."""
    digest = hashlib.sha256()
    files = (path for place in DECIDES for path in _sources(folder / place))
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        digest.update(f"{name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def settings_hash(study: Study) -> str:
    """SHA-256 of all that params.yaml says about this profile."""
    said = {key: value for key, value in vars(study).items() if key != "paths"}
    text = json.dumps(said, sort_keys=True, default=dataclasses.asdict)
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(path: Path) -> str:
    return sha256_of(path) if path.is_file() else MISSING


def _sources(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.rglob("*.py"))


def processor() -> str:
    """The processor's model, and how many of its cores this process may use."""
    name = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # only Linux has it
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    cores = len(affinity(0)) if affinity else os.cpu_count()
    return f"{named[0] if named else name or 'unknown'}, {cores} cores"


def accelerator() -> str:
    """The first CUDA device's name, or "none"."""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NOT_INSTALLED


def _as_table(facts: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"value": facts}, index=pd.Index(facts, name=""))
