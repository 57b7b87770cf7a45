"""What trainings of restoring networks share: the plates they are looked at on, and their end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ..config import TRAINING, Study
from ..degradations import DegradationRanges
from ..files import write_json
from ..metrics import psnr
from ..plates import PlateBatch
from ..randomness import keys
from . import distributed
from .augment import lower_contrast
from .data import Prepare
from .loop import Task, run
from .optimise import Ema
from .pictures import side_by_side, to_pixels
from .place import run_folder
from .stage import degradation_ranges, degraded, open_plates, store

PLATES = 64
GRID_PLATES = 8


def restoring_pairs(ranges: DegradationRanges, *, low_contrast: float, seed: int) -> Prepare:
    """What restoring networks learn from, for `SceneStream`: true frames and degraded ones.

    Args:
        ranges: of the degradation.
        low_contrast: the share of frames with less contrast, true and degraded alike; see
            `lower_contrast`.
        seed: of both draws.
    """

    def prepare(batch: PlateBatch, step: int, samples: Tensor) -> tuple[PlateBatch, Tensor]:
        batch = lower_contrast(batch, keys(seed, step, samples, "low-contrast"), low_contrast)
        return batch, degraded(batch, ranges, seed=seed, step=step, samples=samples)

    return prepare


class Validation:
    """Validation plates, degraded as the full method's training scenes are.

    Args:
        study: the study.
        restore: a batch [B, 3, H, W] in [-1, 1] on `device` to its restoration.
        seed: of the degradation.
        device: where `restore` works.
    """

    def __init__(
        self, study: Study, restore: Callable[[Tensor], Tensor], seed: int, device: torch.device
    ) -> None:
        self.study, self.restore, self.seed, self.device = study, restore, seed, device

    @torch.no_grad()
    def __call__(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """The first `count` plates degraded, restored and as they are, on the CPU."""
        plates = open_plates(self.study, "validation")
        samples = torch.arange(min(count, len(plates)))
        batch = plates.batch(samples.numpy()).to(self.device)
        ranges = degradation_ranges(self.study, TRAINING)
        image = degraded(batch, ranges, seed=self.seed, step=-1, samples=samples)
        return image.cpu(), self.restore(image).clamp(-1, 1).cpu(), batch.image.cpu()

    def grid(self) -> Tensor:
        """A few plates side by side: degraded, restored, true."""
        return side_by_side(list(self(GRID_PLATES)))

    def metrics(self) -> dict[str, float]:
        """n, psnr_degraded and psnr_restored (dB, over all pixels of all frames)."""
        image, restored, target = self(PLATES)
        return {
            "n": len(target),
            "psnr_degraded": _pooled_psnr(target, image),
            "psnr_restored": _pooled_psnr(target, restored),
        }


class RestoringTask(Task, Protocol):
    """A training whose average network restores.

    Attributes:
        steps: of the whole training.
        ema: the average that is judged and stored.
        validation: what it is looked at on.
    """

    steps: int
    ema: Ema
    validation: Validation

    def close(self) -> None:
        """Ends the fetching of scenes."""


def train_to_the_end(
    study: Study,
    task: RestoringTask,
    *,
    name: str,
    path: Path,
    kind: str,
    identity: str,
    max_seconds: float | None,
    **facts: Any,
) -> dict[str, float]:
    """Trains a task to its last step; writes weights (average), curve, grid and metrics.

    The last average is the result: nothing is selected.

    Args:
        study: the study.
        task: what to train.
        name: of curve, grid, timing and metrics.
        path: of the weights.
        kind: of the network, see `networks.weights`.
        identity: see `stage.identity_of`.
        max_seconds: pause after so many seconds.
        facts: kept with the weights.

    Returns:
        See `Validation.metrics`.

    Raises:
        Paused: the time limit was reached; call again to go on.
        LprError: bad checkpoint, another run of this name, too little memory or space, or a loss
            that is no longer finite.
    """
    paths = study.paths
    with run_folder(study, name, identity) as (folder, fingerprint):
        run(
            task,
            name=name,
            steps=task.steps,
            setting=f"profiles.{study.profile}.restorer.batch",
            folder=folder,
            fingerprint=fingerprint,
            curve=paths.curve(name),
            grid=paths.samples(name),
            timing=paths.timing(name),
            max_seconds=max_seconds,
        )
        task.close()
        metrics = task.validation.metrics()
        if distributed.rank() == 0:
            write_json(paths.metrics(name), metrics)
        # Last: what has its weights counts as trained, and nothing else of it is made again.
        store(
            study,
            path,
            task.ema.module,
            kind=kind,
            identity=identity,
            steps=task.steps,
            images=task.steps * task.batch,
            **facts,
        )
    return metrics


def _pooled_psnr(target: Tensor, image: Tensor) -> float:
    """PSNR of all images as one: a mean over images would be infinite where one is untouched."""
    return round(psnr(np.concatenate(to_pixels(target)), np.concatenate(to_pixels(image))), 3)
