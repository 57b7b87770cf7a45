"""The one kernel that stands for all of a sample's blur.

Shape legend: B samples, K kernel side (odd).
"""

import torch
from torch import Tensor

from lpr_gfpgan.degradations.defocus import disk_reach, gaussian_reach
from lpr_gfpgan.degradations.motion import reach as motion_reach
from lpr_gfpgan.degradations.parameters import DegradationParameters
from lpr_gfpgan.degradations.pipeline import apply_blur
from lpr_gfpgan.errors import ConfigError


def point_spread_reach(parameters: DegradationParameters) -> Tensor:
    """Radius in whole pixels beyond which each sample's point spread function is zero.

    Returns:
        int64 [B]; 0 where the sample is not blurred.
    """
    p = parameters
    return motion_reach(p.motion_length) + gaussian_reach(p.sigma_major) + disk_reach(p.disk_radius)


def point_spread(parameters: DegradationParameters, size: int) -> Tensor:
    """Point spread functions: what `degrade` makes of a point of light before the sensor.

    Motion, Gaussian and disk convolved with each other. What the sensor's pixels average and what
    enlarging them spreads is not part of it. Motion that comes last is taken as if it came first,
    which is the same blur on another grid's noise. The kernels are those of `degrade`, not those
    of `degrade_as_published`.

    Args:
        parameters: of B samples.
        size: K, odd; at least 2 max(point_spread_reach(parameters)) + 1.

    Returns:
        float32 [B, K, K], not negative, each with sum 1.

    Raises:
        ConfigError: the size is even or too small.
    """
    need = int(point_spread_reach(parameters).max()) if len(parameters) else 0
    if size % 2 == 0 or size // 2 < need:
        raise ConfigError(f"point spread of {size} px: use an odd size of at least {2 * need + 1}")
    p = parameters
    # One pixel more to each side, so that nothing of the mirrored point comes back in.
    point = torch.zeros(len(p), 1, size + 2, size + 2, device=p.motion_length.device)
    point[:, :, size // 2 + 1, size // 2 + 1] = 1
    kernel = apply_blur(
        point,
        p.motion_length,
        p.motion_angle,
        p.sigma_major,
        p.sigma_minor,
        p.sigma_angle,
        p.disk_radius,
    )[:, 0, 1:-1, 1:-1].clamp(min=0)
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)
