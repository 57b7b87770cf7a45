"""What the test compares: the original, the plain enlargements and the trained networks.

A method turns one degraded set into images; the readers then read them. Direct reading is no method
of its own: it is the reader `direct`, trained on degraded images, on the method `degraded`.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..config import Study
from ..networks import Restoration, load_weights
from ..plates import image_tensor
from ..training.pictures import to_pixels
from ..training.stage import to_device
from .protocol import CHUNK, DegradedSet, PlateTest

ORIGINAL, DEGRADED, BICUBIC = "original", "degraded", "bicubic"
BASELINES = (ORIGINAL, DEGRADED, BICUBIC)
JUDGE, DIRECT = "judge", "direct"
READERS = (JUDGE, DIRECT)
FULL = "full"
DIRECT_READING = "direct reading"
"""The reader `direct` on the degraded image, where figures and tables put it beside methods."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of every table.

    Attributes:
        name: how tables refer to it.
        apply: makes uint8 [N, H, W, 3] from the test plates and one degraded set of them.
        variant: the restorer's variant; empty for a baseline.
        training_seed: the trained network's seed; None where nothing was trained.
    """

    name: str
    apply: Callable[[PlateTest, DegradedSet], np.ndarray]
    variant: str = ""
    training_seed: int | None = None


def baselines() -> list[Method]:
    """The original and what needs no network: bilinear ("degraded") and bicubic enlargement."""
    return [
        Method(name=ORIGINAL, apply=lambda plates, degraded: plates.image),
        Method(name=DEGRADED, apply=lambda plates, degraded: degraded.bilinear),
        Method(name=BICUBIC, apply=lambda plates, degraded: degraded.bicubic),
    ]


def restorer(
    network: nn.Module,
    *,
    name: str,
    variant: str,
    training_seed: int,
    device: torch.device | str = "cpu",
) -> Method:
    """A trained network as a method; it works on the bicubic enlargement, with fixed noise.

    Args:
        network: called with [B, 3, H, W] in [-1, 1]; gives the restoration, or an answer whose
            `image` it is.
        name: how tables refer to it.
        variant: the restorer's variant; empty for a network without a prior.
        training_seed: its seed.
        device: where it runs.
    """
    network = to_device(network, torch.device(device)).eval()

    def restored(image: Tensor) -> np.ndarray:
        answer = network(image)
        return to_pixels(answer.image if isinstance(answer, Restoration) else answer)

    @torch.inference_mode()
    def apply(plates: PlateTest, degraded: DegradedSet) -> np.ndarray:
        parts = [
            restored(image_tensor(degraded.bicubic[start : start + CHUNK], device))
            for start in range(0, len(plates), CHUNK)
        ]
        return np.concatenate(parts)

    return Method(name=name, apply=apply, variant=variant, training_seed=training_seed)


def restorers(
    study: Study,
    device: torch.device | str = "cpu",
    *,
    variants: Collection[str] | None = None,
) -> list[Method]:
    """Every trained variant of every seed.

    Args:
        study: the study.
        device: where the networks run.
        variants: only these; all of the study when not given.

    Raises:
        WeightsError: a restorer is missing or damaged.
    """
    methods = []
    for name, variant, seed in restorer_names(study):
        if variants is not None and variant not in variants:
            continue
        network, _ = load_weights(study.paths.restorer(variant, seed), expect_kind="restorer")
        methods.append(
            restorer(network, name=name, variant=variant, training_seed=seed, device=device)
        )
    return methods


def learned_baselines(study: Study, device: torch.device | str = "cpu") -> list[Method]:
    """Every trained network without a prior, of every seed.

    Raises:
        WeightsError: one is missing or damaged.
    """
    methods = []
    for name, kind, seed in baseline_names(study):
        network, _ = load_weights(study.paths.baseline(kind, seed), expect_kind=kind)
        methods.append(restorer(network, name=name, variant="", training_seed=seed, device=device))
    return methods


def restorer_names(study: Study) -> list[tuple[str, str, int]]:
    """(name, variant, seed) of each restorer; names hold the seed only if there are several."""
    return _named(study.variants, study.seeds)


def baseline_names(study: Study) -> list[tuple[str, str, int]]:
    """(name, kind, seed) of each network without a prior, named as restorers are."""
    return _named(study.baselines, study.seeds)


def base_name(name: str) -> str:
    """A method's name without its training seed: "full" of "full-1"."""
    return re.sub(r"-\d+$", "", name)


def _named(kinds: Sequence[str], seeds: Sequence[int]) -> list[tuple[str, str, int]]:
    return [
        (kind if len(seeds) == 1 else f"{kind}-{seed}", kind, seed)
        for kind in kinds
        for seed in seeds
    ]
