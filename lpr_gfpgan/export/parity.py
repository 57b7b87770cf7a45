"""Whether an exported network gives what torch gives, on plates as they come from a camera."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..degradations import DegradationRanges, degrade, draw
from ..plates import image_tensor, scene_of
from ..training.pictures import to_pixels

BATCHES = (1, 2, 5)
SEED = 20
STYLES = {"blue": 0.6, "yellow": 0.2, "green": 0.2}
MIXED = DegradationRanges(
    motion_probability=0.7,
    motion_length=(0.02, 0.12),
    motion_angle=(0, 180),
    defocus_probability=0.8,
    defocus_sigma=(0.004, 0.02),
    defocus_kinds={"isotropic": 1, "anisotropic": 1, "disk": 1},
    downsample_probability=0.5,
    downsample_width=(36, 128),
    noise_probability=0.8,
    noise_sigma=(0.5, 4),
    signal_noise=(0, 0.1),
    jpeg_probability=0.5,
    jpeg_quality=(60, 95),
    jpeg_clamped=False,
    order="physical",
)
"""About what the restorer and the direct reader are trained on, each factor more often."""


def degraded_plates(size: tuple[int, int]) -> np.ndarray:
    """Draws one plate for each place in the batches and degrades it; always the same ones.

    Args:
        size: (H, W) of the frame.

    Returns:
        uint8 RGB [sum(BATCHES), H, W, 3].
    """
    height, width = size
    samples = torch.arange(sum(BATCHES))
    scenes = [
        scene_of("validation", n, seed=SEED, height=height, width=width, styles=STYLES)
        for n in samples.tolist()
    ]
    sharp = image_tensor(np.stack([scene.image for scene in scenes]))
    widths = torch.full((len(samples),), float(width))
    parameters = draw(MIXED, seed=SEED, step=0, samples=samples, plate_width=widths, size=size)
    return to_pixels(degrade(sharp, parameters, codec="exact"))


def open_session(content: bytes) -> Any:
    """An onnxruntime session on the CPU, with as many threads as torch uses here."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors only
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run_in_batches(session: Any, inputs: Tensor) -> Tensor:
    """Runs pictures [N, 3, H, W] in batches of 1, 2, 5, 1, 2, ... and joins what comes out."""
    name = session.get_inputs()[0].name
    return torch.cat(
        [torch.from_numpy(session.run(None, {name: part.numpy()})[0]) for part in _parts(inputs)]
    )


def largest_difference(module: nn.Module, session: Any, inputs: Tensor) -> float:
    """The largest absolute difference between a module and its exported form.

    Args:
        module: what was exported; sees all pictures as one batch.
        session: of the exported form; sees them in batches of 1, 2 and 5.
        inputs: float32 [N, 3, H, W].

    Returns:
        In the units of the result; infinite where a shape differs or a value is no number.
    """
    with torch.inference_mode():
        expected = module(inputs)
    given = run_in_batches(session, inputs)
    if given.shape != expected.shape:
        return float("inf")
    difference = (given - expected).abs().max().item()
    return difference if np.isfinite(difference) else float("inf")


def _parts(inputs: Tensor) -> Iterator[Tensor]:
    start = 0
    for count in cycle(BATCHES):
        if start >= len(inputs):
            return
        yield inputs[start : start + count].contiguous()
        start += count
