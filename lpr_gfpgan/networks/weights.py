"""Weights on disk: safetensors files that carry what is needed to build their network again.

A file holds tensors and text, no code: opening one from elsewhere cannot run anything. safetensors
keeps no checksum, so the text holds one of all that the file says.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import LprError, WeightsError
from ..files import atomic_path
from .ctc import PlateReader
from .discriminator import Discriminator
from .plain_unet import PlainUNet
from .region import RegionDiscriminator
from .restorer import Restorer
from .rrdb import RRDBNet
from .stylegan2 import Generator

FORMAT = "lpr_gfpgan weights 2"
UNCHECKED = "lpr_gfpgan weights 1"
"""The former format, without a checksum."""
KINDS: dict[str, type[nn.Module]] = {
    "generator": Generator,
    "discriminator": Discriminator,
    "restorer": Restorer,
    "region_discriminator": RegionDiscriminator,
    "reader": PlateReader,
    "plain_unet": PlainUNet,
    "rrdb": RRDBNet,
}


def _build(path: Path, kind: str, config: Mapping[str, Any]) -> nn.Module:
    """The network of a kind and configuration, without memory for its weights."""
    if kind not in KINDS:
        raise WeightsError(f"{path}: unknown kind {kind!r}; known are {', '.join(KINDS)}")
    try:
        with torch.device("meta"):
            return KINDS[kind](**config)
    except (TypeError, LprError) as error:
        raise WeightsError(f"{path}: no {kind} can be built from its config: {error}") from None


def _compare(path: Path, module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Refuse weights that are not exactly those of `module`, naming the first difference."""
    wanted = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    given = {name: list(tensor.shape) for name, tensor in state.items()}
    for name in [*wanted, *given]:
        if wanted.get(name) != given.get(name):
            raise WeightsError(
                f"{path}: {name} is {given.get(name, 'absent')} but its config asks for "
                f"{wanted.get(name, 'none')}; use weights and config of one run"
            )


def _checksum(about: Mapping[str, Any], state: Mapping[str, Tensor]) -> str:
    """SHA-256 of what a file says, in an order of its own, as 64 hexadecimal digits.

    Args:
        about: kind, config and provenance as JSON gives them back.
        state: the tensors as they are stored, on the CPU, each contiguous.
    """
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(state.items()):
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def save_weights(
    path: str | Path,
    module: nn.Module,
    *,
    kind: str,
    config: Mapping[str, Any],
    provenance: Mapping[str, Any],
    dtype: torch.dtype | None = None,
) -> None:
    """Write a network's weights, whole or not at all.

    Args:
        path: the file to write, usually `*.safetensors`.
        module: the network.
        kind: one of `KINDS`.
        config: the arguments that build the network; its `config` attribute.
        provenance: how the weights came about (data, steps, seed, versions), for the model card.
        dtype: for the floating-point tensors in the file; as they are when None. `load_weights`
            gives float32 from a narrower file.

    Raises:
        WeightsError: kind and config do not build this module, or config or provenance is not JSON.
    """
    path = Path(path)
    state = {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else None).contiguous()
        for name, tensor in module.state_dict().items()
    }
    _compare(path, _build(path, kind, config), state)
    try:
        about = {"kind": kind, "config": config, "provenance": provenance}
        about = json.loads(json.dumps(about, allow_nan=False))  # as it is read: lists, no tuples
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{path}: config and provenance must be JSON: {error}") from None
    stored = about | {"sha256": _checksum(about, state)}
    # One entry only: safetensors writes several in an order that differs from run to run.
    metadata = {FORMAT: json.dumps(stored, sort_keys=True)}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata)


def load_weights(
    path: str | Path, expect_kind: str | None = None
) -> tuple[nn.Module, dict[str, Any]]:
    """Build a network from its file.

    Args:
        path: a file that `save_weights` wrote.
        expect_kind: the kind it must be of; any when None.

    Returns:
        The network on the CPU in evaluation mode, float32 where the file is narrower; and the
        metadata: kind, config, provenance.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or does not fit its config.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(
            f"no weights file {path}; check the path, or train the network (`make reproduce`)"
        )
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if UNCHECKED in metadata:
                raise WeightsError(
                    f"{path} is of the former format, without a checksum; delete it and train "
                    "it again"
                )
            if FORMAT not in metadata:
                raise WeightsError(f"{path} holds no weights of this package; give one that does")
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            stored = json.loads(metadata[FORMAT])
            about = {name: stored[name] for name in ("kind", "config", "provenance")}
            kept = stored["sha256"]
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise WeightsError(
            f"{path} is damaged, or no weights file at all ({error}); copy or train it again"
        ) from None
    if _checksum(about, state) != kept:
        raise WeightsError(f"{path} is damaged (its checksum is wrong); copy or train it again")
    if expect_kind is not None and about["kind"] != expect_kind:
        raise WeightsError(f"{path} holds a {about['kind']}; give the file of a {expect_kind}")
    module = _build(path, about["kind"], about["config"])
    _compare(path, module, state)
    narrow = (torch.float16, torch.bfloat16)
    state = {name: t.float() if t.dtype in narrow else t for name, t in state.items()}
    module.load_state_dict(state, assign=True)
    return module.eval(), about
