"""The curve of a training: mean losses between reports, and the watch that all are finite."""

from typing import Any

import torch
from torch import Tensor

from ..errors import LprError
from . import distributed

KEPT = "(the last good checkpoint is kept)"


class Curve:
    """Rows of mean losses.

    Losses are looked at when asked for, all at once: a look waits for the device to be done. With
    several processes each adds its own; `check`, `report` and `state` are called by all of them.

    Args:
        name: of the training, for messages.
        state: what `state` gave when the run stopped; empty at its start.
    """

    def __init__(self, name: str, state: dict[str, Any]) -> None:
        self.name = name
        self.rows: list[dict[str, float]] = state.get("rows", [])
        self._sums = {key: (_own(sums), n) for key, (sums, n) in state.get("sums", {}).items()}
        self._unseen: list[tuple[int, str, Tensor]] = []

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds of it: its rows, and all processes' sums since the last."""
        sums = {key: (distributed.gather(total), n) for key, (total, n) in self._sums.items()}
        return {"rows": self.rows, "sums": sums}

    def add(self, step: int, losses: dict[str, Tensor]) -> None:
        """Takes the losses of step number `step` (from 1), scalars by name."""
        for key, value in losses.items():
            total, count = self._sums.get(key, (0.0, 0))
            self._sums[key] = (value.detach() + total, count + 1)
            self._unseen.append((step, key, value.detach()))

    def check(self) -> None:
        """Refuses a loss that is not finite, in whichever process.

        Raises:
            LprError: names the first such step and its first such loss; in every process the same.
        """
        if not self._unseen:
            return
        finite = torch.isfinite(torch.stack([value.float() for *_, value in self._unseen]))
        bad = finite.logical_not().nonzero().flatten().tolist()
        first = distributed.smallest(bad[0] if bad else len(finite))
        if first < len(finite):
            step, key, _ = self._unseen[first]
            raise LprError(
                f"{self.name}: the loss {key!r} is no longer finite at step {step}; lower its "
                f"weight or learning rate {KEPT}"
            )
        self._unseen = []

    def report(self, step: int, images: int) -> dict[str, float]:
        """Ends a row: the means since the last one, over all processes.

        Args:
            step: steps done.
            images: images seen.

        Raises:
            LprError: see `check`.
        """
        self.check()
        means = {
            key: float(distributed.mean(torch.as_tensor(total / count)))
            for key, (total, count) in self._sums.items()
        }
        self.rows.append({"step": step, "images": images, **means})
        self._sums = {}
        return self.rows[-1]


def refuse_nonfinite(name: str, step: int, parts: dict[str, Any]) -> None:
    """Refuses to keep what training cannot go on from: finite losses may leave infinite weights.

    Args:
        name: of the training.
        step: steps done.
        parts: states of networks and optimisers by name, nested, tensors among them.

    Raises:
        LprError: names the part that holds a number that is not finite.
    """
    for part, state in parts.items():
        for tensor in _tensors(state):
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise LprError(
                    f"{name}: {part!r} is no longer finite after step {step}; lower its learning "
                    f"rate {KEPT}"
                )


def _own(sums: Tensor) -> Tensor:
    """This process's part of gathered sums; their mean where other processes gathered them."""
    if len(sums) != distributed.world_size():
        return sums.mean(0)
    return sums[distributed.rank()].to(distributed.device())


def _tensors(state: Any) -> list[Tensor]:
    if isinstance(state, Tensor):
        return [state]
    if isinstance(state, dict):
        state = state.values()
    elif not isinstance(state, list | tuple):
        return []
    return [tensor for value in state for tensor in _tensors(value)]
