"""The order in which a run sees its scenes: a function of the seed and the step alone."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError
from ..plates import PlateBatch, PlateSet
from . import distributed


class SceneStream:
    """Batches of scenes, the next one fetched while the current one is used.

    Sample number s (counted over the whole run and all processes) is scene s mod N of the
    permutation of epoch s div N. Every variant with the same seed therefore sees the same scenes
    in the same order, and N processes together see what one would.

    Args:
        plates: the set to draw from.
        batch: images per step over all processes; must be a multiple of their number.
        seed: of the permutations.
        device: where batches go.

    Raises:
        ConfigError: the batch cannot be shared equally.
    """

    def __init__(self, plates: PlateSet, *, batch: int, seed: int, device: torch.device) -> None:
        world = distributed.world_size()
        if batch % world:
            raise ConfigError(
                f"batch: {batch} does not divide by {world} processes; choose a multiple"
            )
        self.plates = plates
        self.batch = batch
        self.seed = seed
        self.device = device
        self.waited = 0.0
        self._local = batch // world
        self._offset = distributed.rank() * self._local
        self._permutations: dict[int, np.ndarray] = {}
        self._pool = ThreadPoolExecutor(1)
        self._ahead: tuple[int, Future[PlateBatch]] | None = None

    def samples(self, step: int) -> Tensor:
        """Global numbers, int64 [local batch], of this process's samples at `step`."""
        start = step * self.batch + self._offset
        return torch.arange(start, start + self._local)

    def __call__(self, step: int) -> PlateBatch:
        """This process's scenes at `step`; counts the seconds spent waiting in `waited`."""
        start = time.perf_counter()
        if self._ahead is None or self._ahead[0] != step:
            self._ahead = (step, self._pool.submit(self.fetch, step))
        batch = self._ahead[1].result()
        self._ahead = (step + 1, self._pool.submit(self.fetch, step + 1))
        batch = batch.to(self.device)
        self.waited += time.perf_counter() - start
        return batch

    def close(self) -> None:
        """Ends the fetching thread."""
        self._pool.shutdown(wait=True)

    def fetch(self, step: int) -> PlateBatch:
        """This process's scenes at `step`, on the CPU."""
        count = len(self.plates)
        indices = [self._permutation(s // count)[s % count] for s in self.samples(step).tolist()]
        return self.plates.batch(np.asarray(indices))

    def _permutation(self, epoch: int) -> np.ndarray:
        if epoch not in self._permutations:
            self._permutations = {e: p for e, p in self._permutations.items() if e >= epoch - 1}
            rng = np.random.default_rng((self.seed, epoch))
            self._permutations[epoch] = rng.permutation(len(self.plates))
        return self._permutations[epoch]
