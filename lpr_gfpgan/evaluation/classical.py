"""Classical methods beside ours: nothing here has seen a plate.

Each works on what the restorers work on. The two deconvolutions come twice: told each plate's own
blur, which no camera tells, they show what inverting it could bring at best; with one fixed
Gaussian they stand for their use in practice. All strengths are `ClassicalSettings`, chosen once on
validation plates and the same under every condition.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from skimage.filters import unsharp_mask
from torch import Tensor

from ..degradations import (
    DegradationParameters,
    gaussian_kernel,
    gaussian_reach,
    point_spread,
    point_spread_reach,
)
from ..plates import image_tensor
from ..settings import ClassicalSettings
from ..training.pictures import to_pixels
from .deconvolution import richardson_lucy, wiener
from .methods import Method
from .protocol import CHUNK, DegradedSet, PlateTest

LANCZOS, UNSHARP = "lanczos", "unsharp"
WIENER_TRUE, WIENER_FIXED = "wiener true kernel", "wiener fixed kernel"
RICHARDSON_LUCY_TRUE = "richardson-lucy true kernel"
RICHARDSON_LUCY_FIXED = "richardson-lucy fixed kernel"
CLASSICAL = (
    LANCZOS,
    UNSHARP,
    WIENER_TRUE,
    WIENER_FIXED,
    RICHARDSON_LUCY_TRUE,
    RICHARDSON_LUCY_FIXED,
)
TRUE_KERNEL = (WIENER_TRUE, RICHARDSON_LUCY_TRUE)
REACH_STEP = 8  # px; a sample's canvas follows from its own reach alone, whatever the batch

Deconvolution = Callable[[Tensor, Tensor], Tensor]


def classical_methods(
    settings: ClassicalSettings, device: torch.device | str = "cpu"
) -> list[Method]:
    """Lanczos enlargement, unsharp mask, Wiener's filter and Richardson-Lucy, named as `CLASSICAL`.

    Args:
        settings: their strengths.
        device: where the deconvolutions run.
    """
    filters: dict[str, Deconvolution] = {
        "wiener": partial(wiener, balance=settings.wiener_balance),
        "richardson-lucy": partial(
            richardson_lucy,
            iterations=settings.richardson_lucy_iterations,
            damping=settings.richardson_lucy_damping / 255,
        ),
    }

    def true_kernel(name: str) -> Callable[[PlateTest, DegradedSet], np.ndarray]:
        def apply(plates: PlateTest, degraded: DegradedSet) -> np.ndarray:
            drawn = DegradationParameters.from_rows(degraded.parameters.to_dict("records"))
            return undo_blur(degraded.bicubic, drawn, filters[name], device)

        return apply

    def fixed_kernel(name: str) -> Callable[[PlateTest, DegradedSet], np.ndarray]:
        def apply(plates: PlateTest, degraded: DegradedSet) -> np.ndarray:
            sigma = settings.fixed_sigma * degraded.bicubic.shape[2]
            return undo_gaussian(degraded.bicubic, sigma, filters[name], device)

        return apply

    def sharpen(plates: PlateTest, degraded: DegradedSet) -> np.ndarray:
        radius = settings.unsharp_radius * degraded.bicubic.shape[2]
        return unsharp(degraded.bicubic, radius=radius, amount=settings.unsharp_amount)

    return [
        Method(name=LANCZOS, apply=lambda plates, degraded: degraded.lanczos),
        Method(name=UNSHARP, apply=sharpen),
        Method(name=WIENER_TRUE, apply=true_kernel("wiener")),
        Method(name=WIENER_FIXED, apply=fixed_kernel("wiener")),
        Method(name=RICHARDSON_LUCY_TRUE, apply=true_kernel("richardson-lucy")),
        Method(name=RICHARDSON_LUCY_FIXED, apply=fixed_kernel("richardson-lucy")),
    ]


def unsharp(images: np.ndarray, *, radius: float, amount: float) -> np.ndarray:
    """Unsharp mask: the image plus `amount` times what a Gaussian of sigma `radius` takes from it.

    Args:
        images: uint8 [N, H, W, 3].
        radius: px.
        amount: 0 changes nothing.

    Returns:
        uint8 [N, H, W, 3].
    """
    sharp = [unsharp_mask(image, radius=radius, amount=amount, channel_axis=2) for image in images]
    return (np.reshape(sharp, images.shape) * 255).round().astype(np.uint8)


def undo_blur(
    images: np.ndarray,
    parameters: DegradationParameters,
    deconvolve: Deconvolution,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Deconvolves each image with the kernel that blurred it.

    Args:
        images: uint8 [N, H, W, 3].
        parameters: what was drawn for them; an image without blur is returned as it is.
        deconvolve: makes [B, 3, H, W] in [0, 1] from as much and kernels [B, K, K].
        device: where to compute.

    Returns:
        uint8 [N, H, W, 3].
    """
    result = images.copy()
    steps = (point_spread_reach(parameters) + REACH_STEP - 1) // REACH_STEP
    for step in steps[steps > 0].unique().tolist():
        for part in (steps == step).nonzero()[:, 0].split(CHUNK):
            kernel = point_spread(parameters.select(part).to(device), 2 * step * REACH_STEP + 1)
            result[part.numpy()] = _restored(images[part.numpy()], kernel, deconvolve)
    return result


def undo_gaussian(
    images: np.ndarray,
    sigma: float,
    deconvolve: Deconvolution,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Deconvolves all images with one Gaussian.

    Args:
        images: uint8 [N, H, W, 3].
        sigma: px.
        deconvolve: as in `undo_blur`; the kernel is [1, K, K].
        device: where to compute.

    Returns:
        uint8 [N, H, W, 3].
    """
    one = torch.tensor([sigma], device=device)
    kernel = gaussian_kernel(one, one, torch.zeros_like(one), 2 * int(gaussian_reach(one)) + 1)
    parts = [
        _restored(images[start : start + CHUNK], kernel, deconvolve)
        for start in range(0, len(images), CHUNK)
    ]
    return np.concatenate(parts)


def _restored(images: np.ndarray, kernel: Tensor, deconvolve: Deconvolution) -> np.ndarray:
    found = deconvolve((image_tensor(images, kernel.device) + 1) / 2, kernel)
    return to_pixels(found * 2 - 1)
