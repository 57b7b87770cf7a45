"""Trained weights as they ship: half precision, in the package, each with where it comes from."""

import json
import os
import platform
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..config import ShippedPaths, Study
from ..errors import WeightsError
from ..files import TEMPORARY, sha256_of
from ..networks import load_weights, save_weights
from .photographs import photograph_inputs
from .reader import NAMES

VARIANT = "full"
LARGEST = 15 * 2**20
"""Bytes that no shipped file may exceed."""


def shipped(study: Study, folder: Path) -> Study:
    """The study with the networks in `folder` as its own: for calibrating and measuring them."""
    paths = ShippedPaths(study.paths.output, study.paths.profile, folder)
    return replace(study, paths=paths)


def ship(study: Study, folder: Path) -> list[Path]:
    """Writes the restorer `full` and the readers of a trained study, as float16.

    Each file carries, beside what training kept with it: parameters, images per second, hardware
    and the SHA-256 of the float32 file and of the photographs that trained.

    Args:
        study: with trained networks.
        folder: where they go.

    Returns:
        The files.

    Raises:
        WeightsError: a network is not trained, damaged, has a value that float16 cannot hold, or
            its file is larger than `LARGEST`.
        DataError: the photographs are missing.
    """
    seed = study.seeds[0]
    target = shipped(study, folder).paths
    files = {
        study.paths.restorer(VARIANT, seed): (
            target.restorer(VARIANT, seed),
            f"restorer-{VARIANT}-{seed}",
        )
    }
    files |= {study.paths.reader(n): (target.reader(n), f"reader-{n}") for n in NAMES}
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as temporary:
        made = {path: Path(temporary) / path.name for path, _ in files.values()}
        for source, (path, run) in files.items():
            _write(study, source, made[path], run)
        for path, whole in made.items():  # all are good: an error has left the former ones
            os.replace(whole, path)
    return list(made)


def _write(study: Study, source: Path, path: Path, run: str) -> None:
    module, about = load_weights(source)
    _refuse_overflow(source, module)
    save_weights(
        path,
        module,
        kind=about["kind"],
        config=about["config"],
        provenance={**about["provenance"], **_facts(study, source, module, run)},
        dtype=torch.float16,
    )
    if (size := path.stat().st_size) > LARGEST:
        raise WeightsError(
            f"{source}: {size} bytes as float16, more than {LARGEST}; train fewer channels"
        )


def _facts(study: Study, source: Path, module: torch.nn.Module, run: str) -> dict[str, Any]:
    timing = study.paths.timing(run)
    speed = json.loads(timing.read_text("utf-8"))["images_per_second"] if timing.exists() else None
    return {
        "parameters": sum(p.numel() for p in module.parameters()),
        "images_per_second": speed,
        "hardware": _hardware(study),
        "torch": torch.__version__,
        "float32_sha256": sha256_of(source),
        "photographs_sha256": [sha256_of(path) for path in photograph_inputs(study)],
    }


def _hardware(study: Study) -> str:
    """Of the machine that ships, which is taken to be the one that trained."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    threads = study.settings.cpu_threads or torch.get_num_threads()
    return f"{platform.machine()} CPU, a process of {threads} threads"


def _refuse_overflow(path: Path, module: torch.nn.Module) -> None:
    largest = torch.finfo(torch.float16).max
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and not (tensor.abs() <= largest).all():
            raise WeightsError(f"{path}: {name} does not fit float16; train it again")
