"""The order in which a run sees its scenes: a function of the seed and the step alone."""

import time
from collections.abc import Callable, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError
from ..plates import PlateBatch
from . import distributed


class Plates(Sized, Protocol):
    """A set of labelled frames, drawn or photographed."""

    def batch(self, indices: np.ndarray) -> PlateBatch:
        """The frames with these numbers."""


Prepare = Callable[[PlateBatch, int, Tensor], tuple[PlateBatch, Tensor]]


class SceneStream:
    """Batches of scenes with what the network is given, made ready while the current one is used.

    Sample number s (counted over the whole run and all processes) is scene s mod N of the
    permutation of epoch s div N. Every variant with the same seed therefore sees the same scenes
    in the same order, and N processes together see what one would.

    Args:
        plates: the set to draw from.
        batch: images per step over all processes; must be a multiple of their number.
        seed: of the permutations.
        device: where batches go.
        prepare: makes the step's batch (as it is, or changed) and the network's input,
            [local batch, ...], from a batch, its step and its samples' numbers. It runs in the
            thread that fetches, beside the training.

    Raises:
        ConfigError: the batch cannot be shared equally.
    """

    def __init__(
        self,
        plates: Plates,
        *,
        batch: int,
        seed: int,
        device: torch.device,
        prepare: Prepare = lambda batch, step, samples: (batch, batch.image),
    ) -> None:
        world = distributed.world_size()
        if batch % world:
            raise ConfigError(
                f"batch: {batch} does not divide by {world} processes; choose a multiple"
            )
        self.plates = plates
        self.batch = batch
        self.seed = seed
        self.device = device
        self.prepare = prepare
        self.waited = 0.0
        self._local = batch // world
        self._offset = distributed.rank() * self._local
        self._permutations: dict[int, np.ndarray] = {}
        self._pool = ThreadPoolExecutor(1)
        self._ahead: tuple[int, Future[tuple[PlateBatch, Tensor]]] | None = None

    def samples(self, step: int) -> Tensor:
        """Global numbers, int64 [local batch], of this process's samples at `step`."""
        start = step * self.batch + self._offset
        return torch.arange(start, start + self._local)

    def __call__(self, step: int) -> tuple[PlateBatch, Tensor]:
        """This process's scenes at `step` and what `prepare` made of them.

        The seconds spent waiting are added to `waited`.
        """
        start = time.perf_counter()
        if self._ahead is None or self._ahead[0] != step:
            self._ahead = (step, self._pool.submit(self.fetch, step))
        ready = self._ahead[1].result()
        self._ahead = (step + 1, self._pool.submit(self.fetch, step + 1))
        self.waited += time.perf_counter() - start
        return ready

    def close(self) -> None:
        """Ends the fetching thread."""
        self._pool.shutdown(wait=True)

    def fetch(self, step: int) -> tuple[PlateBatch, Tensor]:
        """What a call gives, made now and in this thread."""
        count, samples = len(self.plates), self.samples(step)
        indices = [self._permutation(s // count)[s % count] for s in samples.tolist()]
        batch = self.plates.batch(np.asarray(indices)).to(self.device)
        return self.prepare(batch, step, samples)

    def _permutation(self, epoch: int) -> np.ndarray:
        if epoch not in self._permutations:
            self._permutations = {e: p for e, p in self._permutations.items() if e >= epoch - 1}
            rng = np.random.default_rng((self.seed, epoch))
            self._permutations[epoch] = rng.permutation(len(self.plates))
        return self._permutations[epoch]
