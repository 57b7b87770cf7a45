"""Several restorations of one input, to see what of it is the prior's guess.

Each sample varies the generator's noise, its codes, and the input itself, which is degraded once
more by very little. What survives all of these is more likely to have been in the input.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..degradations import DegradationRanges, degrade, draw
from ..errors import ConfigError
from ..networks import Restorer
from ..plates import image_tensor
from ..randomness import keys, normal
from ..training.pictures import to_pixels

CHUNK = 16
CODE_SPREAD = 0.1
"""Standard deviation of a code's disturbance, against the code's own root mean square."""
AGAIN = DegradationRanges(
    order="physical",
    motion_probability=0.5,
    motion_length=(0.005, 0.02),
    motion_angle=(0.0, 180.0),
    defocus_probability=0.5,
    defocus_sigma=(0.001, 0.005),
    defocus_kinds={"isotropic": 1.0},
    downsample_probability=0.0,
    downsample_width=(128, 128),
    noise_probability=1.0,
    noise_sigma=(1.0, 4.0),
    signal_noise=(0.0, 0.0),
    jpeg_probability=0.0,
    jpeg_quality=(95, 95),
    jpeg_clamped=False,
)
"""The small further degradation: up to 2 % of the plate's width of motion, 4 levels of noise."""


@torch.inference_mode()
def sample_restorations(
    network: Restorer, frames: Sequence[np.ndarray], k: int, seed: int = 0
) -> list[list[np.ndarray]]:
    """Restores each frame k times, each time a little otherwise.

    A frame's samples depend on its pixels, the seed and their number alone: not on the frames
    beside it, nor on how many samples are asked for.

    Args:
        network: a trained restorer.
        frames: uint8 RGB [H, W, 3] each, of the network's size.
        k: samples of each frame, 0 or more.
        seed: of all draws.

    Returns:
        k lists of N restored frames, uint8 [H, W, 3] each.

    Raises:
        ConfigError: k is negative.
        LprError: a frame has another size.
    """
    if k < 0:
        raise ConfigError(f"samples: {k}; ask for 0 or more")
    device = next(network.parameters()).device
    numbers = torch.tensor([_number(frame) for frame in frames], dtype=torch.int64)
    found: list[list[np.ndarray]] = []
    for sample in range(k):
        restored: list[np.ndarray] = []
        for start in range(0, len(frames), CHUNK):
            part = slice(start, start + CHUNK)
            image = image_tensor(np.stack(frames[part]), device)
            restored += list(to_pixels(_restored(network, image, numbers[part], seed, sample)))
        found.append(restored)
    return found


def _number(frame: np.ndarray) -> int:
    """A number made from a frame's pixels, below 2^31."""
    digest = hashlib.sha256(np.ascontiguousarray(frame).tobytes()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _restored(network: Restorer, image: Tensor, numbers: Tensor, seed: int, sample: int) -> Tensor:
    """One sample of a batch [B, 3, H, W]: the restorer's own steps, its codes disturbed."""
    height, width = image.shape[-2:]
    parameters = draw(
        AGAIN,
        seed=seed,
        step=sample,
        samples=numbers,
        plate_width=torch.full((len(image),), float(width)),
        size=(height, width),
    )
    again = degrade(image, parameters.to(image.device), codec="fast")
    bottleneck, features = network.unet(again)
    conditions = [make(x) for make, x in zip(network.transforms, features, strict=True)]
    codes = network.encoder(bottleneck)
    noise = normal(keys(seed, sample, numbers, "sample-codes"), codes.shape[1:], codes.device)
    size = codes.square().mean(2, keepdim=True).sqrt()
    codes = codes + CODE_SPREAD * size * noise.to(codes.dtype)
    fields = keys(seed, sample, numbers, "sample-noise")
    return network.decoder.synthesise(codes, noise=fields, conditions=conditions)
