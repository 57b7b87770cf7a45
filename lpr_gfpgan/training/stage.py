"""What every training stage shares: its data, its degradations, its identity, its weights."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..config import Study
from ..degradations import DegradationRanges, degrade, draw
from ..files import sha256_of
from ..networks import load_weights, save_weights
from ..plates import PlateBatch, PlateSet
from . import distributed


def begin(study: Study) -> torch.device:
    """Joins other processes, sets the number of CPU threads, names this process's device."""
    distributed.start()
    if study.settings.cpu_threads is not None:
        torch.set_num_threads(study.settings.cpu_threads)
    return distributed.device()


def open_plates(study: Study, split: str) -> PlateSet:
    """The study's synthetic plates of one split; raises DataError if they were not prepared."""
    return PlateSet(study.paths.plates, split)


def degradation_ranges(study: Study, name: str, *, motion_blur: bool = True) -> DegradationRanges:
    """The ranges called `name` in params.yaml, with motion blur left out on request.

    Every other factor draws the same numbers with and without motion blur.
    """
    ranges = DegradationRanges(**study.ranges(name))
    return ranges if motion_blur else dataclasses.replace(ranges, motion_probability=0.0)


def plate_width(quad: Tensor) -> Tensor:
    """Mean length [B], in pixels, of the upper and lower edges of plates with corners [B, 4, 2]."""
    upper = (quad[:, 1] - quad[:, 0]).norm(dim=1)
    lower = (quad[:, 2] - quad[:, 3]).norm(dim=1)
    return (upper + lower) / 2


def degraded(
    batch: PlateBatch, ranges: DegradationRanges, *, seed: int, step: int, samples: Tensor
) -> Tensor:
    """Degrades a batch with draws keyed by (seed, step, sample); JPEG by the fast stand-in.

    Returns:
        float32 [B, 3, H, W] in [-1, 1], on the batch's device.
    """
    size = batch.image.shape[-2:]
    parameters = draw(
        ranges,
        seed=seed,
        step=step,
        samples=samples,
        plate_width=plate_width(batch.quad),
        size=tuple(size),
    )
    return degrade(batch.image, parameters.to(batch.image.device), codec="fast")


def identity_of(study: Study, *parts: Any, inputs: tuple[Path, ...] = ()) -> str:
    """Identity of a trained network: its settings, its plates and the weights it starts from.

    Kept with the weights, so that a file made with other settings is known as such.

    Args:
        study: the study; its plates' manifest enters.
        parts: dataclasses, dicts, strings and numbers that decide the result.
        inputs: weights files the run starts from or learns from.

    Returns:
        16 hexadecimal digits.

    Raises:
        DataError: the plates or an input are missing.
    """
    values = [dataclasses.asdict(p) if dataclasses.is_dataclass(p) else p for p in parts]
    files = [sha256_of(p) for p in (study.paths.plates / "manifest.json", *inputs)]
    return _digest([study.profile, values, files])


def fingerprint(study: Study, identity: str) -> str:
    """Identity of an unfinished run: what it trains, and the code, torch and threads it uses.

    A checkpoint of other code is another run's; finished weights are not doubted for an edit. Where
    the profile asks for bfloat16 on a CPU, a CPU that has it does not go on for one that lacks it.
    """
    code = [sha256_of(p) for p in _sources()]
    precision = precision_on(distributed.device(), on_cpu=study.settings.restorer.warmup.bfloat16)
    return _digest([identity, code, study.settings.cpu_threads, torch.__version__, precision])


def is_trained(path: Path, identity: str) -> bool:
    """Whether `path` holds the weights with this identity; False too where there is no file.

    Raises:
        WeightsError: the file is damaged.
    """
    return path.exists() and load_weights(path)[1]["provenance"].get("identity") == identity


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sources() -> list[Path]:
    """The code that decides what a training gives: a checkpoint of other code is another run's."""
    package = Path(__file__).parents[1]
    rooms = ("plates", "degradations", "networks", "readers", "losses", "training")
    files = [path for room in rooms for path in (package / room).rglob("*.py")]
    return sorted([*files, package / "randomness.py"])


def store(
    study: Study, path: Path, module: nn.Module, *, kind: str, identity: str, **facts: Any
) -> None:
    """Writes trained weights with their own config and where they come from (main process only).

    Args:
        study: the study.
        path: the weights file.
        module: what to write, usually an exponential moving average.
        kind: the network's kind, see `networks.weights`.
        identity: see `identity_of`.
        facts: seed, steps and the like, kept with the weights.
    """
    if distributed.rank() == 0:
        manifest = sha256_of(study.paths.plates / "manifest.json")
        provenance = {
            "identity": identity,
            "profile": study.profile,
            "plates": manifest,
            "processes": distributed.world_size(),
            **facts,
        }
        save_weights(path, module, kind=kind, config=module.config, provenance=provenance)
    distributed.barrier()


def to_device(module: nn.Module, device: torch.device) -> nn.Module:
    """Moves a network to `device` in the layout its convolutions are fastest in."""
    return module.to(device, memory_format=torch.channels_last)


def cpu_has_bfloat16() -> bool:
    """Whether this CPU has instructions for products of bfloat16, as far as torch can tell.

    Without them torch goes other ways: with AVX2 alone, ten times slower than in float32.
    """
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # an older torch has no such
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def precision_on(device: torch.device, *, on_cpu: bool = False) -> str:
    """bfloat16 on a GPU, and on request on a CPU that has instructions for it; else float32."""
    mixed = device.type == "cuda" or (on_cpu and cpu_has_bfloat16())
    return "bfloat16" if mixed else "float32"


def mixed_precision(device: torch.device, *, on_cpu: bool = False) -> torch.autocast:
    """Products and convolutions in the format that `precision_on` names."""
    enabled = precision_on(device, on_cpu=on_cpu) == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
