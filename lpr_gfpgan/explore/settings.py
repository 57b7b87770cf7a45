"""What the sliders say, and the degradation of one frame that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..degradations import DegradationParameters
from ..errors import ConfigError
from ..plates import quad_size
from ..randomness import keys


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the sliders say. Lengths are fractions of the plate's width.

    Attributes:
        motion_length: fraction of the plate's width; 0 = no motion.
        motion_angle: degrees 0 to 180, 0 = horizontal, counter-clockwise as seen.
        defocus: standard deviation of the Gaussian, fraction of the plate's width; 0 = none.
        resolution: the plate's width in pixels on the small image; 0 = as it is.
        noise: standard deviation in levels of 0..255.
        jpeg: quality 1 to 100; 0 = none.
        seed: of the noise.
    """

    motion_length: float = 0.08
    motion_angle: float = 0.0
    defocus: float = 0.01
    resolution: int = 0
    noise: float = 3.0
    jpeg: int = 0
    seed: int = 0


NONE = Settings(motion_length=0.0, defocus=0.0, noise=0.0)
"""Leaves a picture as it is."""

LIMITS: dict[str, tuple[float, float, float]] = {
    "motion_length": (0.0, 0.2, 0.01),
    "motion_angle": (0.0, 180.0, 5.0),
    "defocus": (0.0, 0.05, 0.0025),
    "resolution": (0, 128, 4),
    "noise": (0.0, 40.0, 1.0),
    "jpeg": (0, 100, 5),
}
"""Lowest and highest value and step of each slider."""


def parameters_of(
    settings: Settings, quad: np.ndarray, size: tuple[int, int]
) -> DegradationParameters:
    """The degradation of one frame.

    Args:
        settings: what the sliders say.
        quad: [4, 2], the plate's corners in the frame, px.
        size: (H, W) of the frame, px.

    Returns:
        Parameters of one sample, lengths in pixels.

    Raises:
        ConfigError: a setting is out of its slider's range.
    """
    for name, (low, high, _) in LIMITS.items():
        if not low <= getattr(settings, name) <= high:
            raise ConfigError(f"{name} {getattr(settings, name)}: stay within {low} to {high}")
    height, width = size
    plate_width, _ = quad_size(quad)
    small = width
    if settings.resolution:
        small = min(width, max(1, round(width * settings.resolution / plate_width)))
    row = DegradationParameters.none(1, height, width).to_rows()[0]
    row |= {
        "motion_length": settings.motion_length * plate_width,
        "motion_angle": settings.motion_angle,
        "sigma_major": settings.defocus * plate_width,
        "sigma_minor": settings.defocus * plate_width,
        "small_width": small,
        "small_height": max(1, round(height * small / width)),
        "noise_sigma": settings.noise,
        "jpeg_quality": settings.jpeg,
        "noise_key": keys(settings.seed, 0, torch.tensor([0]), "explore").item(),
    }
    return DegradationParameters.from_rows([row])
