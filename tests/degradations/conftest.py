import cv2
import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import DegradationRanges


def _plate(height, width, seed=0):
    """A blue plate with white characters on a shaded, coloured surrounding: uint8 RGB."""
    rng = np.random.default_rng(seed)
    big = np.zeros((4 * height, 4 * width, 3), np.float32)
    big += np.linspace(40, 180, 4 * width)[None, :, None] * rng.uniform(0.5, 1, 3)
    top, bottom = int(1.2 * height), int(2.8 * height)
    big[top:bottom] = (20, 50, 160)
    text = "".join(rng.choice(list("ABCDEFGHJK0123456789"), 7))
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1, 2)
    scale = min(3.8 * width / text_width, 0.9 * (bottom - top) / text_height)
    origin = (int(0.1 * width), int((top + bottom + scale * text_height) / 2))
    thickness = max(1, int(2.5 * scale))
    white = (240, 240, 240)
    cv2.putText(big, text, origin, cv2.FONT_HERSHEY_DUPLEX, scale, white, thickness, cv2.LINE_AA)
    small = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA)
    return small.round().clip(0, 255).astype(np.uint8)


@pytest.fixture
def plate():
    return _plate


@pytest.fixture
def plates():
    """A batch of plates in [-1, 1]."""

    def make(batch, height, width):
        images = np.stack([_plate(height, width, seed) for seed in range(batch)])
        return torch.from_numpy(images).permute(0, 3, 1, 2).float().contiguous() / 127.5 - 1

    return make


RANGES = {
    "motion_probability": 0.7,
    "motion_length": [0.02, 0.1],
    "motion_angle": [0, 180],
    "defocus_probability": 0.8,
    "defocus_sigma": [0.004, 0.03],
    "defocus_kinds": {"isotropic": 1, "anisotropic": 1, "disk": 1},
    "downsample_probability": 0.8,
    "downsample_width": [20, 60],
    "noise_probability": 0.7,
    "noise_sigma": [1, 15],
    "signal_noise": [0, 1],
    "jpeg_probability": 0.7,
    "jpeg_quality": [20, 95],
    "jpeg_clamped": False,
    "order": "physical",
}


@pytest.fixture
def ranges():
    """Ranges with some fields changed."""

    def make(**changes):
        return DegradationRanges(**{**RANGES, **changes})

    return make
