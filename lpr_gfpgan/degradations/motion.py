"""Motion blur: what a straight, even movement during the exposure does to a point of light.

Shape legend: B samples, K kernel side (odd).
"""

import torch
from torch import Tensor

from lpr_gfpgan.errors import ConfigError


def offsets(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Pixel offsets of a K x K kernel from its centre.

    Args:
        size: K, odd.
        device: where to put them.

    Returns:
        x float32 [1, K] to the right and y float32 [K, 1] downwards.

    Raises:
        ConfigError: the size is even, so that the kernel would have no centre.
    """
    if size % 2 == 0 or size < 1:
        raise ConfigError(f"kernel size {size}: use an odd number, so that the kernel has a centre")
    span = torch.arange(size, dtype=torch.float32, device=device) - size // 2
    return span[None, :], span[:, None]


def direction(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vector of an angle, counter-clockwise as seen: y points down, hence the minus.

    Args:
        angle: [B] degrees.

    Returns:
        x and y, each float32 [B].
    """
    radians = torch.deg2rad(angle.double())
    return radians.cos().float(), -radians.sin().float()


def reach(length: Tensor) -> Tensor:
    """Radius in whole pixels beyond which a motion kernel is zero: int64, same shape."""
    return (length / 2).ceil().long()


def motion_kernel(length: Tensor, angle: Tensor, size: int) -> Tensor:
    """Kernel of a straight line of exact length and direction, anti-aliased, with sum 1.

    The blurred pixel is the mean of the bilinearly interpolated image along the line, so the weight
    of offset q is the line's mean of tent(q_x - s L u_x) tent(q_y - s L u_y), s from -1/2 to 1/2.
    The integrand is a piecewise quadratic in s whose pieces end where an argument is -1, 0 or 1;
    two Gauss points a piece integrate it exactly. Along the line the second moment is L^2 / 12 plus
    the tent's own (1/6 square pixel on average), across it the tent's alone.

    Args:
        length: [B] px, 0 gives the identity.
        angle: [B] degrees, 0 = horizontal, counter-clockwise as seen.
        size: K, odd; the line must fit: K >= 2 ceil(length / 2) + 1.

    Returns:
        float32 [B, K, K].

    Raises:
        ConfigError: the size is even, or too small for the longest line.
    """
    x_1K, y_K1 = offsets(size, length.device)
    if length.numel() and int(reach(length).max()) > size // 2:
        raise ConfigError(f"motion kernel of {size} px: too small for {float(length.max()):.1f} px")
    u_x, u_y = direction(angle)
    x = (length.float() * u_x)[:, None, None, None]
    y = (length.float() * u_y)[:, None, None, None]
    q_x, q_y = x_1K[None, :, :, None], y_K1[None, :, :, None]

    corners = torch.tensor([-1.0, 0.0, 1.0], device=length.device)
    shape = (len(length), size, size, 3)
    # A line that does not move along an axis crosses no corner there: 0 / 0 and 1 / 0 both become
    # an end of the line, which adds an empty piece.
    breaks = torch.cat(
        [
            ((q_x + corners) / x).nan_to_num(0.5).expand(shape),
            ((q_y + corners) / y).nan_to_num(0.5).expand(shape),
            torch.full((*shape[:3], 1), -0.5, device=length.device),
            torch.full((*shape[:3], 1), 0.5, device=length.device),
        ],
        dim=3,
    )
    breaks = breaks.clamp_(-0.5, 0.5).sort(dim=3).values
    middle, half = (breaks[..., 1:] + breaks[..., :-1]) / 2, breaks.diff(dim=3) / 2
    kernel = torch.zeros(shape[:3], device=length.device)
    for sign in (-1, 1):
        s = middle + sign * half * 3**-0.5
        tents = (1 - (q_x - s * x).abs()).clamp_(min=0) * (1 - (q_y - s * y).abs()).clamp_(min=0)
        kernel += (tents * half).sum(dim=3)
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)
