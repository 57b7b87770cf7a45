"""Weights of an earlier training that a new one goes on from, with fresh optimisers."""

import json
from pathlib import Path
from typing import Any

from torch import nn

from ..errors import ConfigError
from ..files import sha256_of
from ..networks import load_weights

STARTED_FROM = "started_from"
KEPT = ("variant", "steps", "images", "identity", "draws_seed", "precision", STARTED_FROM)


def load_start(path: Path, kind: str, expected: dict[str, Any]) -> nn.Module:
    """The network in a weights file that a training may begin with.

    Args:
        path: the file.
        kind: see `networks.load_weights`.
        expected: the config that the profile's network has.

    Raises:
        ConfigError: it is built otherwise than the profile's.
        WeightsError: the file is missing, damaged or of another kind.
    """
    started, _ = load_weights(path, expect_kind=kind)
    config, expected = (json.loads(json.dumps(c)) for c in (started.config, expected))
    if config != expected:
        raise ConfigError(
            f"{path}: a {kind} built as {config}, the profile's as {expected}; "
            f"start from a {kind} of this profile"
        )
    return started


def draws_after(path: Path) -> int:
    """The seed of draws of a training that begins with these weights.

    The profile's own seed would show once more what has trained them.
    """
    return int(sha256_of(path)[:8], 16)


def origin(path: Path) -> dict[str, Any]:
    """Which training a file of weights came from, and what that one began with in turn."""
    _, about = load_weights(path)
    provenance = about["provenance"]
    return {"sha256": sha256_of(path)} | {n: provenance[n] for n in KEPT if n in provenance}
