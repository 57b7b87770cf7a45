"""Checkpoints: the whole state of an unfinished run, written whole or not at all."""

import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from ..errors import CheckpointError
from ..files import atomic_path


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes `state` (tensors, numbers, strings, lists, dicts) whole or not at all.

    Raises:
        OSError: it could not be written; the former file is as it was.
    """
    # A file of Python's: given a path, PyTorch does not say why a write failed.
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        torch.save(state, file)


def restore_parts(path: Path, parts: dict[str, Any], state: dict[str, Any]) -> None:
    """Loads every part of a checkpoint's state; an empty state leaves the parts as they are.

    Args:
        path: where the state was read from, for messages.
        parts: networks, averages and optimisers by name.
        state: what `load_checkpoint` gave, or an empty dict.

    Raises:
        CheckpointError: a part is missing or has another shape.
    """
    if not state:
        return
    try:
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
    except (KeyError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{path}: checkpoint of another shape ({reason}); delete it to start that run again"
        ) from None


def load_checkpoint(path: Path, *, fingerprint: str) -> dict[str, Any] | None:
    """Reads a checkpoint, without executing code.

    Args:
        path: the file; absent means the run starts from nothing.
        fingerprint: of the run that asks.

    Returns:
        The state, or None if there is no file.

    Raises:
        CheckpointError: the file is damaged or belongs to a run with other settings.
    """
    if not path.exists():
        return None
    try:
        # PyTorch writes the archive's checksums and never compares them.
        with zipfile.ZipFile(path) as archive:
            if (broken := archive.testzip()) is not None:
                raise zipfile.BadZipFile(f"the checksum of {broken} is wrong")
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = state["fingerprint"]
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, UnpicklingError):  # whose words say how to run the code in it
            reason = "it holds more than numbers and text"
        raise CheckpointError(
            f"{path}: damaged checkpoint ({reason}); delete it to start that run again"
        ) from None
    if found != fingerprint:
        raise CheckpointError(
            f"{path}: checkpoint of a run with other settings; delete it to start that run again"
        )
    return state
