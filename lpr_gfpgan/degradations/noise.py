"""Sensor noise: a constant part (read-out) and a part that grows with the light (photon counting).

Shape legend: B samples, H x W image.
"""

import torch
from torch import Tensor

from lpr_gfpgan.randomness import normal

LEVELS = 255.0  # strengths are given for images of 0..255
HALF_RANGE = 127.5  # one unit of [-1, 1] in those levels


def add_noise(image: Tensor, sigma: Tensor, gain: Tensor, key: Tensor) -> Tensor:
    """Adds noise of variance sigma^2 + gain * intensity, independent per pixel and channel.

    The variance that grows linearly with intensity is the usual model of photon noise under a
    sensor's gain (Foi et al., "Practical Poissonian-Gaussian noise modeling", IEEE TIP 2008).

    Args:
        image: float32 [B, C, H, W] in [-1, 1].
        sigma: [B] standard deviation in levels of 0..255.
        gain: [B] variance per level of intensity, in levels of 0..255: at intensity I the standard
            deviation of this part is sqrt(gain * I).
        key: int64 [B], names each sample's noise field (`lpr_gfpgan.randomness.keys`).

    Returns:
        float32 [B, C, H, W], clamped to [-1, 1] as a sensor saturates.
    """
    intensity = (image + 1).clamp(min=0) * HALF_RANGE
    variance = sigma.square()[:, None, None, None] + gain[:, None, None, None] * intensity
    field = normal(key, tuple(image.shape[1:]), image.device)
    return (image + field * torch.sqrt(variance) / HALF_RANGE).clamp(-1, 1)
