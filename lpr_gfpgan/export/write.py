"""Exports all networks, measures each against torch, and writes them only if all agree."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import networks
from ..errors import ExportError
from ..files import atomic_path, refuse_existing, refuse_file, sha256_of, write_json
from ..plates import CLASSES, canonical_quad, image_tensor, plate_box
from ..readers import Reader
from ..restore import Restorer, find_weights
from ..training.pictures import to_pixels
from . import graph, parity

FORMAT = "lpr_gfpgan onnx 1"
MANIFEST = "manifest.json"
NOTICE = "A restoration shows what is likely, which need not be what was there: it is no evidence."
LEVELS = "grey levels of 0..255"
LOGARITHMS = "natural logarithm of a probability"
TOLERANCES = {LEVELS: 0.05, LOGARITHMS: 1e-3}
"""Largest difference from torch that is let through, by unit."""


@dataclass(frozen=True, kw_only=True)
class ExportedNetwork:
    """One network that was written.

    Attributes:
        path: the file.
        largest_difference: between onnxruntime and torch, over all outputs that were compared.
        unit: of the difference.
        tolerance: the largest difference that would have been let through.
    """

    path: Path
    largest_difference: float
    unit: str
    tolerance: float

    def __str__(self) -> str:
        size = self.path.stat().st_size / 1e6
        return (
            f"{self.path} ({size:.1f} MB): at most {self.largest_difference:.1e} from torch "
            f"({self.unit}; {self.tolerance:g} allowed)"
        )


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What an export wrote; `str` of it is a line for each file.

    Attributes:
        restorer: the restorer.
        readers: the readers, in the order of their names; empty where none lay beside it.
        manifest: the file that describes them.
    """

    restorer: ExportedNetwork
    readers: tuple[ExportedNetwork, ...]
    manifest: Path

    def __str__(self) -> str:
        return "\n".join(map(str, (self.restorer, *self.readers, self.manifest)))


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A network with its exported form and its entry in the manifest."""

    name: str
    content: bytes
    entry: dict[str, Any]


def export(
    folder: Path | str, *, restorer_path: Path | str | None = None, overwrite: bool = False
) -> ExportReport:
    """Writes the restorer, the readers beside it and their manifest.

    Every network is run in onnxruntime on drawn, degraded plates in batches of 1, 2 and 5 before
    anything is written. The files appear one by one, each whole, the manifest last: it holds the
    SHA-256 of the others.

    Args:
        folder: where to; made if missing.
        restorer_path: a restorer's weights; those that `restore.find_weights` finds, when None.
        overwrite: whether files that are there already are replaced.

    Raises:
        ExportError: a package is missing, a network cannot be translated, or its exported form
            differs from torch by more than `TOLERANCES`; nothing is written.
        WeightsError: there are no weights, or a file is damaged.
        DataError: a file is there already, or the folder is a file.
    """
    graph.require_onnx()
    weights = find_weights() if restorer_path is None else Path(restorer_path)
    readers = sorted(weights.parent.glob("reader-*.safetensors"))
    folder = Path(folder)
    names = ["restorer.onnx", *(f"{path.stem}.onnx" for path in readers), MANIFEST]
    refuse_file(folder)
    refuse_existing([folder / name for name in names], overwrite=overwrite)

    part, degraded, pixels = _export_restorer(weights)
    parts = [part, *(_export_reader(path, degraded, pixels) for path in readers)]
    manifest = {
        "format": FORMAT,
        "notice": NOTICE,
        "versions": {
            name: version(name) for name in ("torch", "onnx", "onnxscript", "onnxruntime")
        },
        "opset": graph.OPSET,
        "parity": {
            "batches": list(parity.BATCHES),
            "inputs": f"{len(degraded)} drawn plates, degraded, seed {parity.SEED}; the readers "
            "see these and their restorations",
        },
        "networks": {part.name: part.entry for part in parts},
    }
    for part in parts:
        with atomic_path(folder / part.entry["file"]) as temporary:
            temporary.write_bytes(part.content)
    write_json(folder / MANIFEST, manifest)
    restorer, *others = (_report(folder, part) for part in parts)
    return ExportReport(restorer=restorer, readers=tuple(others), manifest=folder / MANIFEST)


def _export_restorer(path: Path) -> tuple[_Part, Tensor, Tensor]:
    """Exports the restorer; also the frames it was compared on and what it made of them."""
    network, about = networks.load_weights(path, expect_kind="restorer")
    module = graph.restored(network)
    content = graph.to_onnx(
        module, network.size, input_name="frame", output_name="restored", notes=_notes(path)
    )
    frames = parity.degraded_plates(network.size)
    inputs = image_tensor(frames)
    session = parity.open_session(content)
    difference = parity.largest_difference(module, session, inputs) * 127.5  # in grey levels
    entry = _entry(path, "restorer.onnx", content, about, difference, LEVELS)

    # The public door, on weights of its own: it arranges them otherwise in memory.
    door = Restorer(networks.load_weights(path)[0], device="cpu")
    expected = torch.stack([torch.from_numpy(f) for f in door.network_frames(list(frames))])
    given = torch.from_numpy(to_pixels(parity.run_in_batches(session, inputs)))
    apart = (given.int() - expected.int()).abs()
    if apart.max() > 1:
        raise ExportError(
            f"{path}: as ONNX a pixel lies {int(apart.max())} grey levels from the restorer's; "
            "use the versions of requirements.lock"
        )
    height, width = network.size
    entry |= {
        "values_rounded_otherwise": (apart > 0).float().mean().item(),
        "input": _picture("frame", height, width),
        "output": _picture("restored", height, width),
        "plate_box": list(plate_box(height, width)),
        "noise": "fixed with the weights and part of the graph; the same input gives the same "
        "output",
    }
    return _Part(name="restorer", content=content, entry=entry), inputs, image_tensor(given.numpy())


def _export_reader(path: Path, degraded: Tensor, restored: Tensor) -> _Part:
    """Exports a reader, compared on plates as they are and restored."""
    network, about = networks.load_weights(path, expect_kind="reader")
    module = graph.log_probabilities(network)
    height, width = network.input_size
    content = graph.to_onnx(
        module,
        network.input_size,
        input_name="crop",
        output_name="log_probabilities",
        notes=_notes(path),
    )
    frames = torch.cat([degraded, restored])
    size = tuple(frames.shape[2:])
    quad = torch.from_numpy(canonical_quad(*size)).float().expand(len(frames), 4, 2)
    crops = Reader(network, name=path.stem).crop(frames, quad)
    difference = parity.largest_difference(module, parity.open_session(content), crops)
    entry = _entry(path, f"{path.stem}.onnx", content, about, difference, LOGARITHMS)
    entry |= {
        "input": _picture("crop", height, width)
        | {"crop": "the plate's four corners at the crop's, sampled bilinearly, edge repeated"},
        "output": {
            "name": "log_probabilities",
            "shape": [graph.BATCH, network.steps, network.num_classes],
            "dtype": "float32",
            "range": [None, 0.0],
        },
        "blank": networks.ctc.BLANK,
        "alphabet": CLASSES,
        "decoding": "the best class of each step; runs of one class merged; the blank dropped; "
        "class c is character c - 1 of the alphabet, counted from 0",
    }
    return _Part(name=path.stem, content=content, entry=entry)


def _entry(
    path: Path, file: str, content: bytes, about: dict[str, Any], difference: float, unit: str
) -> dict[str, Any]:
    """What the manifest says of every network.

    Raises:
        ExportError: the difference is above the unit's tolerance.
    """
    tolerance = TOLERANCES[unit]
    if not difference <= tolerance:
        raise ExportError(
            f"{path}: as ONNX it differs from torch by {difference:.2g} ({unit}), more than "
            f"{tolerance:g}; nothing was written; use the versions of requirements.lock"
        )
    return {
        "file": file,
        "sha256": hashlib.sha256(content).hexdigest(),
        "weights": path.name,
        "weights_sha256": sha256_of(path),
        "provenance": about["provenance"],
        "largest_difference": difference,
        "unit": unit,
        "tolerance": tolerance,
    }


def _picture(name: str, height: int, width: int) -> dict[str, Any]:
    return {
        "name": name,
        "shape": [graph.BATCH, 3, height, width],
        "dtype": "float32",
        "range": [-1.0, 1.0],
        "colours": "RGB",
        "from_levels": "level / 127.5 - 1",
    }


def _notes(path: Path) -> dict[str, str]:
    return {"notice": NOTICE, "weights_sha256": sha256_of(path)}


def _report(folder: Path, part: _Part) -> ExportedNetwork:
    fields = ("largest_difference", "unit", "tolerance")
    return ExportedNetwork(
        path=folder / part.entry["file"], **{name: part.entry[name] for name in fields}
    )
