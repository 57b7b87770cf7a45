"""The paper's evaluation grid: four factors on or off at three levels, and low resolution.

Two protocols. `as_published` keeps the ranges, the order and the quirks of the public code (see
`degradations.as_published`). `corrected` has the same strengths of blur and noise, JPEG qualities
that exist, motion in every direction, and the physical order of `degradations`.

A plate's draws depend on (seed, factor, plate) alone. A factor therefore reads the same numbers in
every on/off combination; at another level, or in the other protocol, it takes the same quantiles of
its other range, and the noise field is the same. So any two conditions can be compared plate by
plate, and what differs between them is what their names say.

Source: Huang and Wei (2024), doi 10.21203/rs.3.rs-4798789/v1, with ranges as in its public code.

Shape legend: B samples, H x W frame.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import torch
from torch import Tensor

from ..degradations import DegradationParameters, degrade, degrade_as_published
from ..degradations.as_published import PUBLISHED_WIDTH
from ..degradations.downsampling import ENLARGEMENTS
from ..errors import ConfigError
from ..plates.geometry import plate_box
from ..randomness import keys, uniform

AS_PUBLISHED, CORRECTED = "as_published", "corrected"
PROTOCOLS = (AS_PUBLISHED, CORRECTED)
FACTORS = ("gaussian", "noise", "jpeg", "motion")
# Gaussian sigma and motion length in px at 512, noise sigma in levels of 0..255, JPEG quality in
# whole numbers. Qualities above 100 act as 100.
_STRENGTHS = {
    1: {"gaussian": (0.1, 10), "noise": (0, 40), "motion": (10, 20)},
    2: {"gaussian": (9, 10), "noise": (30, 40), "motion": (19, 20)},
    3: {"gaussian": (19, 20), "noise": (79, 80), "motion": (39, 40)},
}
_QUALITIES = {
    AS_PUBLISHED: {1: (80, 160), 2: (150, 160), 3: (300, 310)},
    CORRECTED: {1: (60, 95), 2: (30, 60), 3: (5, 30)},
}
LEVELS = {
    protocol: {level: {**_STRENGTHS[level], "jpeg": quality} for level, quality in by_level.items()}
    for protocol, by_level in _QUALITIES.items()
}
"""Range of each factor, by protocol and level: uniform between its ends."""
MOTION_ANGLE = {AS_PUBLISHED: (0, 90), CORRECTED: (0, 180)}
LOW_RESOLUTION = (20, 25, 30, 40, 50)
"""Width of the plate on the small image, px."""
ISOTROPIC_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class GridCondition:
    """One cell of the grid: factors at a level, or low resolution, or neither (the clean plate).

    Attributes:
        protocol: "as_published" or "corrected".
        level: 1, 2 or 3 where factors are on, otherwise None.
        factors: those that are on, in the order of `FACTORS`.
        low_resolution: the plate's width in px on the small image, or None.
        seed: of the draws; a plate's draw depends on (seed, factor, plate) alone.

    Raises:
        ConfigError: the protocol, level or a factor is unknown, or the cell does not exist.
    """

    protocol: str
    level: int | None = None
    factors: tuple[str, ...] = ()
    low_resolution: int | None = None
    seed: int

    def __post_init__(self) -> None:
        """Checks the cell and puts its factors in order."""
        if self.protocol not in PROTOCOLS:
            raise ConfigError(f"protocol {self.protocol!r}: use {' or '.join(PROTOCOLS)}")
        unknown = sorted(set(self.factors) - set(FACTORS))
        if unknown:
            raise ConfigError(f"factor {unknown[0]!r}: use {', '.join(FACTORS)}")
        if self.factors and self.level not in LEVELS[self.protocol]:
            raise ConfigError(f"level {self.level!r}: use 1, 2 or 3")
        if self.level is not None and not self.factors:
            raise ConfigError(f"level {self.level} without a factor: name one, or leave it out")
        if self.low_resolution is not None and (self.factors or self.low_resolution < 1):
            raise ConfigError(
                f"low_resolution {self.low_resolution}: use 1 px or more, without other factors"
            )
        ordered = tuple(factor for factor in FACTORS if factor in self.factors)
        object.__setattr__(self, "factors", ordered)

    @property
    def name(self) -> str:
        """For example "corrected/2/gaussian+motion", "corrected/low-40", "corrected/clean"."""
        if self.factors:
            return f"{self.protocol}/{self.level}/{'+'.join(self.factors)}"
        kind = "clean" if self.low_resolution is None else f"low-{self.low_resolution}"
        return f"{self.protocol}/{kind}"

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """What each factor that is on is drawn from, in the units of `LEVELS`."""
        levels = LEVELS[self.protocol]
        return MappingProxyType({factor: levels[self.level][factor] for factor in self.factors})

    @property
    def enlargements(self) -> tuple[str, ...]:
        """The kernels that `degrade` can enlarge by; the public code knows the bilinear one."""
        return ("bilinear",) if self.protocol == AS_PUBLISHED else ENLARGEMENTS

    def draw(
        self, samples: Tensor, *, plate_width: Tensor, size: tuple[int, int]
    ) -> DegradationParameters:
        """Draws the parameters of a batch; lengths scale with the frame's width / 512.

        Args:
            samples: int64 [B], the plates' numbers in their set.
            plate_width: [B] px, width of each plate in its frame. Low resolution brings it to
                `low_resolution` px; a plate no wider than that keeps its own resolution.
            size: (H, W) of the frame, px.

        Returns:
            Parameters of B samples on the device of `samples`; jpeg_quality exceeds 100 where the
            published range does.
        """
        none = DegradationParameters.none(len(samples), *size, device=samples.device)
        gaussian, motion = self._stream("gaussian", samples, 4), self._stream("motion", samples, 2)
        scale = size[1] / PUBLISHED_WIDTH
        sigma, other = (self._between("gaussian", gaussian[:, i]) * scale for i in (0, 1))
        isotropic = gaussian[:, 2] < ISOTROPIC_SHARE
        other = torch.where(isotropic, sigma, other)
        low, high = MOTION_ANGLE[self.protocol]
        angle = (low + (high - low) * motion[:, 1]) * ("motion" in self.factors)
        small_width, small_height = self._grid(plate_width.to(samples.device), size)
        quality = self._between("jpeg", self._stream("jpeg", samples, 1)[:, 0], whole=1)
        return DegradationParameters(
            motion_length=(self._between("motion", motion[:, 0]) * scale).float(),
            motion_angle=angle.float(),
            motion_last=torch.full_like(none.motion_last, self.protocol == AS_PUBLISHED),
            sigma_major=torch.maximum(sigma, other).float(),
            sigma_minor=torch.minimum(sigma, other).float(),
            sigma_angle=torch.where(sigma == other, 0, gaussian[:, 3] * 180).float(),
            disk_radius=none.disk_radius,
            small_width=small_width,
            small_height=small_height,
            noise_sigma=self._between("noise", self._stream("noise", samples, 1)[:, 0]).float(),
            signal_gain=none.signal_gain,
            jpeg_quality=quality.floor().long(),
            noise_key=keys(self.seed, 0, samples, "grid/noise field"),
        )

    def degrade(self, image: Tensor, parameters: DegradationParameters, *, enlarge: str) -> Tensor:
        """Degrades a batch [B, 3, H, W] in [-1, 1] with the real JPEG codec.

        Args:
            image: the originals.
            parameters: from `draw`.
            enlarge: one of `enlargements`; `as_published` enlarges bilinearly in any case.
        """
        if self.protocol == AS_PUBLISHED:
            return degrade_as_published(image, parameters)
        return degrade(image, parameters, codec="exact", enlarge=enlarge)

    def _stream(self, factor: str, samples: Tensor, n: int) -> Tensor:
        return uniform(keys(self.seed, 0, samples, f"grid/{factor}"), n)

    def _between(self, factor: str, u: Tensor, whole: int = 0) -> Tensor:
        """Uniform between the factor's ends (both included for whole numbers), 0 if it is off."""
        if factor not in self.factors:
            return torch.zeros_like(u)
        low, high = self.ranges[factor]
        return low + (high + whole - low) * u

    def _grid(self, plate_width: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Width and height, int64 [B] each, of the small images of whole frames."""
        height, width = size
        if self.low_resolution is None:
            small = torch.full_like(plate_width, width, dtype=torch.float64)
        else:
            small = (width * self.low_resolution / plate_width.double()).clamp(max=width).round()
        return small.long(), (height * small / width).round().clamp(1, height).long()


def conditions(protocol: str, *, seed: int = 0) -> list[GridCondition]:
    """The 51 published conditions: clean, 3 levels x 15 combinations of factors, 5 resolutions.

    Args:
        protocol: "as_published" or "corrected".
        seed: of all their draws.

    Returns:
        The clean plate; by level and number of factors, the combinations; low resolution upwards.

    Raises:
        ConfigError: the protocol is unknown.
    """
    switches = product((False, True), repeat=len(FACTORS))
    combinations = [
        tuple(factor for factor, on in zip(FACTORS, switch, strict=True) if on)
        for switch in switches
    ]
    combinations.sort(key=lambda on: (len(on), [FACTORS.index(factor) for factor in on]))
    cells = [GridCondition(protocol=protocol, seed=seed)]
    cells += [
        GridCondition(protocol=protocol, level=level, factors=on, seed=seed)
        for level in LEVELS[protocol]
        for on in combinations
        if on
    ]
    cells += [GridCondition(protocol=protocol, low_resolution=n, seed=seed) for n in LOW_RESOLUTION]
    return cells


def skipped(cells: Iterable[GridCondition], size: tuple[int, int]) -> dict[str, str]:
    """The conditions that a frame cannot show, because its plate is no wider than the small one.

    Args:
        cells: conditions of the grid.
        size: (H, W) of the frame, px.

    Returns:
        The reason, by the condition's name.
    """
    left, _, right, _ = plate_box(*size)
    plate = right - left
    return {
        cell.name: f"the frame's plate is {plate:g} px wide, no wider than {cell.low_resolution} px"
        for cell in cells
        if cell.low_resolution is not None and cell.low_resolution >= plate
    }
