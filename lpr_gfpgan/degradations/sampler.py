"""Draws degradation parameters, each factor from a stream of its own.

A factor's switch and values are read from fixed places of its own stream, so that switching it off
or narrowing its range changes nothing about the others: variants of a study stay paired.

Shape legend: B samples, S steps of the ladder.
"""

import torch
from torch import Tensor

from lpr_gfpgan.degradations.parameters import DegradationParameters
from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.randomness import keys, uniform
from lpr_gfpgan.ranges import DEFOCUS_KINDS, DegradationRanges

LADDER_STEPS = 8
# The detector's scale and tilt leave a plate at least this share of its frame; the ladder reaches
# as much further up as such plates need.
SMALLEST_SHARE = 0.8


def _between(u: Tensor, pair: tuple[float, float]) -> Tensor:
    return pair[0] + (pair[1] - pair[0]) * u


def ladder(pair: tuple[float, float], width: int) -> Tensor:
    """The small images' widths: at most 8, in geometric steps, the same for every batch.

    Args:
        pair: lowest and highest plate width on the small image, px.
        width: the frame's width, px.

    Returns:
        int64 [S] ascending, S <= 8, each from 1 to `width`.
    """
    low, high = (min(end, width) for end in (pair[0], pair[1] / SMALLEST_SHARE))
    steps = low * (high / low) ** torch.linspace(0, 1, LADDER_STEPS, dtype=torch.float64)
    return steps.round().clamp(1, width).long().unique()


def _small_widths(
    drawn: Tensor, plate_width: Tensor, pair: tuple[float, float], width: int
) -> Tensor:
    """Grid widths int64 [B] for drawn plate widths [B]: the nearest step that stays in the range.

    A range narrower than the ladder's steps (a fixed test condition) may hold none; then the grid
    is the drawn one to the nearest pixel.
    """
    target = width * drawn / plate_width
    steps = ladder(pair, width)[None, :].to(drawn.device)
    plate = steps * plate_width[:, None] / width
    inside = (plate >= pair[0]) & (plate <= pair[1])
    distance = (steps.double().log() - target[:, None].log()).abs().where(inside, torch.inf)
    nearest = steps[0, distance.argmin(dim=1)]
    return torch.where(inside.any(dim=1), nearest, target.round().long()).clamp(1, width)


def draw(
    ranges: DegradationRanges,
    *,
    seed: int,
    step: int,
    samples: Tensor,
    plate_width: Tensor,
    size: tuple[int, int],
) -> DegradationParameters:
    """Draws the parameters of a batch; a sample's depend on (seed, step, sample) alone.

    Args:
        ranges: what may be drawn.
        seed: the run's seed.
        step: the training step, or the number of a draw.
        samples: int64 [B], indices in the data set.
        plate_width: [B] px, width of each plate in its frame.
        size: (H, W) of the frame, px.

    Returns:
        Parameters of B samples on the device of `samples`.

    Raises:
        ConfigError: there is not one positive plate width for each sample.
    """
    if plate_width.shape != samples.shape or not bool((plate_width > 0).all()):
        raise ConfigError("plate_width: give one width above 0 px for each sample")
    height, width = size
    plate = plate_width.to(samples.device, torch.float64)

    def stream(factor: str, n: int) -> tuple[Tensor, Tensor]:
        u = uniform(keys(seed, step, samples, f"degradations/{factor}"), n + 1)
        return u[:, 0] < getattr(ranges, f"{factor}_probability"), u[:, 1:]

    def strength(u: Tensor, pair: tuple[float, float]) -> Tensor:
        return _between(u**ranges.strength_power, pair)

    on, u = stream("motion", 2)
    motion_length = strength(u[:, 0], ranges.motion_length) * plate * on
    motion_angle = _between(u[:, 1], ranges.motion_angle) * on

    on, u = stream("defocus", 4)
    weights = torch.tensor([ranges.defocus_kinds[k] for k in DEFOCUS_KINDS], dtype=torch.float64)
    bounds = (weights.cumsum(0) / weights.sum()).to(u.device)
    isotropic = on & (u[:, 0] < bounds[0])
    disk = on & (u[:, 0] >= bounds[1])
    sigma, other = (strength(u[:, i], ranges.defocus_sigma) * plate * on for i in (1, 2))
    other = torch.where(isotropic, sigma, other)
    sigma_angle = torch.where(on & ~isotropic & ~disk, u[:, 3] * 180, 0)

    on, u = stream("downsample", 1)
    low, high = ranges.downsample_width
    drawn = low * (high / low) ** u[:, 0]
    small = _small_widths(drawn, plate, ranges.downsample_width, width)
    small = torch.where(on & (drawn < plate), small, width)

    noisy, u_noise = stream("noise", 2)
    on, u = stream("jpeg", 1)
    low, high = ranges.jpeg_quality
    quality = _between(u[:, 0], (low, high + 1)).floor().clamp(max=min(high, 100)).long() * on

    return DegradationParameters(
        motion_length=motion_length.float(),
        motion_angle=motion_angle.float(),
        motion_last=torch.full_like(on, ranges.order == "motion_last"),
        sigma_major=torch.maximum(sigma, other).where(~disk, 0).float(),
        sigma_minor=torch.minimum(sigma, other).where(~disk, 0).float(),
        sigma_angle=sigma_angle.float(),
        disk_radius=(2 * sigma * disk).float(),
        small_width=small,
        small_height=(height * small / width).round().clamp(1, height).long(),
        noise_sigma=(strength(u_noise[:, 0], ranges.noise_sigma) * noisy).float(),
        signal_gain=(_between(u_noise[:, 1], ranges.signal_noise) * noisy).float(),
        jpeg_quality=quality,
        noise_key=keys(seed, step, samples, "degradations/noise field"),
    )
