"""One network as one ONNX file in memory, with a free batch size."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ExportError
from ..networks import PlateReader, Restorer

OPSET = 18
BATCH = "batch"


def require_onnx() -> None:
    """Refuses to go on where a package for exporting is missing.

    Raises:
        ExportError: names it, and what installs it.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(
            f"exporting needs {error.name}; install it with: pip install onnx onnxruntime "
            'onnxscript (in a clone: pip install ".[export]")'
        ) from None


class _Restored(nn.Module):
    def __init__(self, network: Restorer) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> Tensor:
        # The noise fixed with the weights, which the graph then holds: nothing is drawn at random.
        return self.network(frame, noise="fixed").image.clamp(-1, 1)


class _LogProbabilities(nn.Module):
    def __init__(self, network: PlateReader) -> None:
        super().__init__()
        self.network = network

    def forward(self, crop: Tensor) -> Tensor:
        return self.network(crop).log_softmax(2)


def restored(network: Restorer) -> nn.Module:
    """The restorer's image alone: [B, 3, H, W] in [-1, 1] -> the same shape, clamped to [-1, 1]."""
    return _Restored(network).eval()


def log_probabilities(network: PlateReader) -> nn.Module:
    """A reader's classes: [B, 3, h, w] in [-1, 1] -> natural logarithms [B, T, C]."""
    return _LogProbabilities(network).eval()


def to_onnx(
    module: nn.Module,
    size: tuple[int, int],
    *,
    input_name: str,
    output_name: str,
    notes: Mapping[str, str],
) -> bytes:
    """Translates a module that takes one batch of pictures.

    Args:
        module: float32 [B, 3, H, W] to one tensor whose first dimension is B, for any B.
        size: (H, W).
        input_name: of the picture in the graph.
        output_name: of the result.
        notes: kept in the file as its metadata.

    Returns:
        The content of an .onnx file, weights included. It names no path of this machine.

    Raises:
        ExportError: onnx or onnxscript is missing, or the module cannot be translated.
    """
    require_onnx()
    import onnx

    example = torch.zeros(2, 3, *size)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about its own parts
            # Strict: the networks ask for len(batch), which only this mode keeps free.
            program = torch.export.export(
                module, (example,), dynamic_shapes=({0: torch.export.Dim(BATCH)},), strict=True
            )
            translated = torch.onnx.export(
                program,
                (),
                input_names=[input_name],
                output_names=[output_name],
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except RuntimeError as error:  # the base of all that tracing and translating raise
        reason = str(error).strip().splitlines()[0]
        raise ExportError(
            f"{output_name}: torch {torch.__version__} cannot translate it ({reason}); "
            "use the versions of requirements.lock"
        ) from error
    model = translated.model_proto
    _tidy(model, notes)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _tidy(model: Any, notes: Mapping[str, str]) -> None:
    """Names the batch's dimension; drops source paths and inner shapes; adds the notes."""
    graph = model.graph
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    del graph.value_info[:]
    for holder in (*graph.node, *graph.input, *graph.output, *graph.initializer, graph, model):
        del holder.metadata_props[:]
        holder.doc_string = ""
    for key, value in notes.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
