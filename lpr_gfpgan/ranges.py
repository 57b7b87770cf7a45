"""What a degradation may draw: probabilities and ranges, checked where they enter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real

from lpr_gfpgan.errors import ConfigError

DEFOCUS_KINDS = ("isotropic", "anisotropic", "disk")
ORDERS = ("physical", "motion_last")

# Lowest and highest value a range may reach, by field.
LIMITS = {
    "motion_length": (0, 1),
    "motion_angle": (0, 180),
    "defocus_sigma": (0, 1),
    "downsample_width": (1, math.inf),
    "noise_sigma": (0, 255),
    "signal_noise": (0, 255),
    "jpeg_quality": (1, 100),
}
CLAMPED_QUALITY = 1000  # where a range that is clamped must end, far above any published one

Range = tuple[float, float]


def _number(value: object, kind: type = Real) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, kw_only=True)
class DegradationRanges:
    """Probabilities and ranges of every factor. Pairs may come as lists; they become tuples.

    Lengths are relative to the plate's width in the frame, so that the same ranges mean the same
    illegibility at every frame size.

    Attributes:
        motion_probability: 0..1.
        motion_length: fraction of the plate's width, 0..1.
        motion_angle: degrees 0..180, 0 = horizontal, counter-clockwise as seen, uniform.
        defocus_probability: 0..1.
        defocus_sigma: fraction of the plate's width, 0..1; a disk of the same strength has
            twice the sigma as its radius.
        defocus_kinds: weight of each of "isotropic", "anisotropic", "disk"; missing means 0.
        downsample_probability: 0..1.
        downsample_width: the plate's width in px on the small image, log-uniform; a draw at or
            above the width the plate has in the frame leaves the image at its own resolution.
        noise_probability: 0..1, of both kinds of noise together.
        noise_sigma: standard deviation in levels of 0..255.
        signal_noise: gain; variance per level of intensity, in levels of 0..255, uniform.
        jpeg_probability: 0..1.
        jpeg_quality: whole numbers 1..100, uniform, both ends included.
        jpeg_clamped: whether the range may exceed 100 and draws above it act as 100, as in the
            published code. Otherwise such a range is refused.
        order: "physical", or "motion_last" (motion after noise and JPEG, the published order).
        strength_power: motion_length, defocus_sigma and noise_sigma are lowest + u^power (highest -
            lowest), u uniform: 1 draws them evenly, 2 draws half of them in the lowest quarter.

    Raises:
        ConfigError: names the field and what it accepts.
    """

    motion_probability: float
    motion_length: Range
    motion_angle: Range
    defocus_probability: float
    defocus_sigma: Range
    defocus_kinds: Mapping[str, float]
    downsample_probability: float
    downsample_width: Range
    noise_probability: float
    noise_sigma: Range
    signal_noise: Range
    jpeg_probability: float
    jpeg_quality: tuple[int, int]
    jpeg_clamped: bool
    order: str
    strength_power: float = 1.0

    def __post_init__(self) -> None:
        """Checks every field."""
        if not isinstance(self.jpeg_clamped, bool):
            raise ConfigError(f"jpeg_clamped {self.jpeg_clamped!r}: use true or false")
        for field in fields(self):
            if field.name.endswith("_probability"):
                self._check_probability(field.name)
            elif field.name in LIMITS:
                self._check_range(field.name)
        self._check_kinds()
        if self.order not in ORDERS:
            raise ConfigError(f"order {self.order!r}: use one of {', '.join(ORDERS)}")
        if not _number(self.strength_power) or self.strength_power <= 0:
            raise ConfigError(f"strength_power {self.strength_power!r}: use a number above 0")

    def _check_probability(self, name: str) -> None:
        value = getattr(self, name)
        if not _number(value) or not 0 <= value <= 1:
            raise ConfigError(f"{name} {value!r}: use a number from 0 to 1")

    def _check_range(self, name: str) -> None:
        value, (low, high) = getattr(self, name), LIMITS[name]
        if name == "jpeg_quality" and self.jpeg_clamped:
            high = CLAMPED_QUALITY
        kind = Integral if name == "jpeg_quality" else Real
        what = "whole numbers" if kind is Integral else "numbers"
        pair = isinstance(value, list | tuple) and len(value) == 2
        if not pair or not all(_number(end, kind) for end in value):
            raise ConfigError(f"{name} {value!r}: use a pair [lowest, highest] of {what}")
        if value[0] > value[1]:
            raise ConfigError(f"{name} {value!r}: the lowest exceeds the highest; swap them")
        if value[0] < low or value[1] > high:
            raise ConfigError(f"{name} {value!r}: stay within {low} to {high}")
        object.__setattr__(self, name, tuple(value))

    def _check_kinds(self) -> None:
        value = self.defocus_kinds
        if not isinstance(value, Mapping):
            raise ConfigError(f"defocus_kinds {value!r}: use a weight for each kind of defocus")
        unknown = sorted(map(str, set(value) - set(DEFOCUS_KINDS)))
        if unknown:
            raise ConfigError(
                f"defocus_kinds {unknown[0]!r} is unknown: use {', '.join(DEFOCUS_KINDS)}"
            )
        for kind, weight in value.items():
            if not _number(weight) or weight < 0:
                raise ConfigError(f"defocus_kinds {kind} {weight!r}: use a number from 0 upwards")
        if sum(value.values()) <= 0:
            raise ConfigError("defocus_kinds: give at least one kind a weight above 0")
        weights = {kind: float(value.get(kind, 0)) for kind in DEFOCUS_KINDS}
        object.__setattr__(self, "defocus_kinds", weights)
