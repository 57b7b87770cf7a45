"""What params.yaml may say: typed, checked, immutable values, and how a block becomes one.

This module holds no defaults; it names what a setting means, in which unit, and refuses unknown
keys and values that cannot work.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from .errors import ConfigError

PARAMS = "params.yaml"
SPLITS = ("train", "judge", "validation", "test")
T = TypeVar("T")


@dataclass(frozen=True)
class Interval:
    """Values that a number may take, as metadata of its type: `Annotated[float, Interval(...)]`."""

    low: float
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def check(self, where: str, value: float) -> None:
        """Raises ConfigError, which names `where`, unless the value is finite and inside."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        if not (above and below and math.isfinite(value)):
            limits = f"{'above' if self.open_low else 'from'} {self.low:g}"
            if self.high < math.inf:
                limits += f" to {'below ' if self.open_high else ''}{self.high:g}"
            raise ConfigError(f"{where}: {value!r} is out of range; give a number {limits}")


@dataclass(frozen=True)
class OneOf:
    """Names that a setting may take, as metadata of its type."""

    choices: tuple[str, ...]

    def check(self, where: str, value: str) -> None:
        """Raises ConfigError, which names `where`, unless the value is a choice."""
        one_of(where, value, self.choices)


Count = Annotated[int, Interval(1)]
Natural = Annotated[int, Interval(0)]
Positive = Annotated[float, Interval(0, open_low=True)]
NonNegative = Annotated[float, Interval(0)]
Share = Annotated[float, Interval(0, 1)]
Decay = Annotated[float, Interval(0, 1, open_high=True)]


@dataclass(frozen=True, kw_only=True)
class FrameSettings:
    """Size of the image every network works on.

    The frame is (base_height, base_width) times a power of two; the base is the size of StyleGAN2's
    learnt constant.
    """

    height: Count
    width: Count
    base_height: Count
    base_width: Count

    def __post_init__(self) -> None:
        """Refuse frames that are not the base times one power of two."""
        ratio = self.height // max(self.base_height, 1)
        if (
            ratio < 1
            or ratio & (ratio - 1)
            or (self.height, self.width) != (ratio * self.base_height, ratio * self.base_width)
        ):
            raise ConfigError(
                f"frame: {self.height} x {self.width} is not {self.base_height} x {self.base_width}"
                " times a power of two; change height and width together"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def base(self) -> tuple[int, int]:
        """(height, width) of the learnt constant."""
        return self.base_height, self.base_width


@dataclass(frozen=True, kw_only=True)
class PlatesSettings:
    """How many synthetic scenes each split holds, in which plate styles, drawn with which seed.

    `standard_typeface` is the share of training scenes in the plates' own face, see
    `plates.dataset.scene_of`.
    """

    seed: Natural
    train: Count
    judge: Count
    validation: Count
    test: Count
    styles: dict[str, NonNegative]
    standard_typeface: Share

    @property
    def counts(self) -> dict[str, int]:
        """Scenes by split."""
        return {name: getattr(self, name) for name in SPLITS}


@dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """One plate reader: its network, its data and its training.

    `variety`, from 0 to 1, is how much colours and corners are varied (see `training.augment`).
    """

    architecture: str
    channels: list[Count]
    split: Annotated[str, OneOf(SPLITS)]
    degradation: str
    seed: Natural
    steps: Count
    batch: Count
    learning_rate: Positive
    slot_weight: NonNegative
    variety: Share


@dataclass(frozen=True, kw_only=True)
class ReadersSettings:
    """The three readers and the size, in pixels, of the plate crop they read."""

    crop_height: Count
    crop_width: Count
    loss: ReaderSettings
    judge: ReaderSettings
    direct: ReaderSettings

    @property
    def crop(self) -> tuple[int, int]:
        """(height, width) of the crop in pixels."""
        return self.crop_height, self.crop_width


@dataclass(frozen=True, kw_only=True)
class AdversarySettings:
    """A discriminator, its optimiser and its lazy R1 penalty (weight gamma / 2, every n steps)."""

    channels: list[Count]
    learning_rate: Positive
    beta1: Decay
    beta2: Decay
    r1: NonNegative
    r1_every: Count


@dataclass(frozen=True, kw_only=True)
class PriorSettings:
    """The StyleGAN2 prior and its training (Karras et al. 2020)."""

    channels: list[Count]
    code_size: Count
    mapping_layers: Count
    steps: Count
    batch: Count
    learning_rate: Positive
    path_length: NonNegative
    path_every: Count
    path_shrink: Count
    mixing: Share
    ema_images: Positive
    discriminator: AdversarySettings


@dataclass(frozen=True, kw_only=True)
class RegionSettings:
    """The region discriminator and the sizes, in pixels, of what it looks at."""

    plate_height: Count
    plate_width: Count
    character_height: Count
    character_width: Count
    discriminator: AdversarySettings


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weight of each term of the restorer's objective; 0 leaves the term out entirely."""

    l1: NonNegative
    pyramid: NonNegative
    perceptual: NonNegative
    style: NonNegative
    adversarial: NonNegative
    region: NonNegative
    region_style: NonNegative
    recognition: NonNegative


@dataclass(frozen=True, kw_only=True)
class WarmupSettings:
    """What the warm-up has beside reconstruction: motion blur in its scenes, a recognition loss.

    With either in it, the variants that lack that contribution have had a taste of it: false where
    variants are to be compared. `bfloat16`: mixed precision on a CPU as well, where it has
    instructions for it (see `training.stage.cpu_has_bfloat16`); a GPU has it always.
    """

    motion_blur: bool
    recognition_loss: bool
    bfloat16: bool


@dataclass(frozen=True, kw_only=True)
class RestorerSettings:
    """The restorer, its warm-up and its training.

    `decoder` is "frozen" (the published recipe) or "tuned". `recognition` is "slots" (cross-entropy
    where character boxes are known) or "ctc". `pyramid_steps`: the pyramid loss ends there, counted
    from the first step after the warm-up. `perceptual_weights`: a VGG19 file, or null for the
    features of the prior's frozen discriminator. `low_contrast`, from 0 to 1, is the share of
    scenes and photographs shown, true and degraded alike, with less contrast (see
    `training.augment`). `recognition_on`: whether the recognition loss asks for pixels of the
    "characters" alone or of the whole "plate" (see `losses.on_characters`).
    """

    channels: list[Count]
    pool_codes: bool
    decoder: Annotated[str, OneOf(("frozen", "tuned"))]
    warmup: WarmupSettings
    warmup_steps: Count
    steps: Count
    batch: Count
    low_contrast: Share
    warmup_learning_rate: Positive
    learning_rate: Positive
    beta1: Decay
    beta2: Decay
    ema_images: Positive
    pyramid_steps: Natural
    recognition: Annotated[str, OneOf(("slots", "ctc"))]
    recognition_on: Annotated[str, OneOf(("characters", "plate"))]
    perceptual_weights: str | None
    weights: LossWeights
    discriminator: AdversarySettings
    region: RegionSettings


@dataclass(frozen=True, kw_only=True)
class PlainUNetSettings:
    """A U-Net that restores by itself, trained with L1 alone; see `networks.PlainUNet`."""

    channels: list[Count]
    learning_rate: Positive


@dataclass(frozen=True, kw_only=True)
class RrdbSettings:
    """Real-ESRGAN's network and recipe; see `networks.RRDBNet`.

    L1 alone for the share `l1_share` of all steps; then `perceptual` and `adversarial` weigh in
    beside an L1 of weight 1 (published: 1 and 0.1), and `discriminator` is the opponent.
    """

    channels: Count
    growth: Count
    blocks: Count
    shuffle: Count
    learning_rate: Positive
    l1_share: Share
    perceptual: NonNegative
    adversarial: NonNegative
    discriminator: AdversarySettings


@dataclass(frozen=True, kw_only=True)
class BaselinesSettings:
    """Restoring networks without a generative prior, for as many steps and images as a variant."""

    plain_unet: PlainUNetSettings
    rrdb: RrdbSettings


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """The test: plates per condition, conditions (keys of `degradations`), bootstrap draws.

    `grid_plates`: plates per cell of the paper's grid, in either protocol.
    """

    plates: Count
    grid_plates: Count
    kid_plates: Count
    conditions: list[str]
    bootstrap: Count
    seed: Natural


@dataclass(frozen=True, kw_only=True)
class ClassicalSettings:
    """Strengths of the classical methods, the same for every plate and condition.

    Lengths are fractions of the frame's width, so that one setting serves every frame size.
    `unsharp_radius` is the sigma of the mask's Gaussian. `wiener_balance` weighs roughness against
    the data. `richardson_lucy_damping` is in grey levels, 0 for none. `fixed_sigma` is the sigma of
    the Gaussian that deconvolution assumes where it is not told the kernel.
    """

    unsharp_radius: Annotated[float, Interval(0, 0.25, open_low=True)]
    unsharp_amount: Annotated[float, Interval(0, 100)]
    wiener_balance: Annotated[float, Interval(0, 1e6, open_low=True)]
    richardson_lucy_iterations: Annotated[int, Interval(1, 10_000)]
    richardson_lucy_damping: Annotated[float, Interval(0, 255)]
    fixed_sigma: Annotated[float, Interval(0, 0.25, open_low=True)]

    def __post_init__(self) -> None:
        """Refuse values out of range, wherever they come from."""
        for name, kind in typing.get_type_hints(type(self), include_extras=True).items():
            convert(kind, getattr(self, name), f"classical.{name}")


@dataclass(frozen=True, kw_only=True)
class AblationSettings:
    """What one variant is trained with: the paper's three contributions, one key each.

    `degradation` names the block of `degradations` it is trained on; `motion_blur: false` leaves
    motion out of it. `region` is "aligned" (to each sample's plate), "fixed" (the same canonical
    rows for every sample, as in the published code) or "none".
    """

    degradation: str
    motion_blur: bool
    recognition_loss: bool
    region: Annotated[str, OneOf(("aligned", "fixed", "none"))]


@dataclass(frozen=True, kw_only=True)
class PhotographsSettings:
    """Photographed crops that stand beside the drawn scenes in training.

    Only crops of these `sources` whose text belongs to the training split enter. `reader` and
    `restorer` are crops per step, in addition to the batch. They teach the restorer by their text
    and, with the weight `l1`, by their pixels made as small as `l1_width` pixels of plate: at their
    own size, where they are not sharp, they would teach blur.
    """

    sources: list[str]
    reader: Natural
    restorer: Natural
    l1: NonNegative
    l1_width: Count


BASELINES = tuple(field.name for field in dataclasses.fields(BaselinesSettings))


@dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """One scale of the study: smoke, quick, release, gpu or paper.

    `cpu_threads`: of each process where there is no GPU; null for as many as there are cores.
    Results repeat bit for bit only at the same number, and small networks are no faster on two
    than on one. `training`: the block of `degradations` that takes the place of "training" in this
    profile. `photographs`: null where drawn scenes alone are trained on.
    """

    cpu_threads: Count | None
    training: str
    photographs: PhotographsSettings | None
    frame: FrameSettings
    plates: PlatesSettings
    readers: ReadersSettings
    prior: PriorSettings
    restorer: RestorerSettings
    baselines: BaselinesSettings
    evaluation: EvaluationSettings


def build(cls: type[T], values: Any, where: str) -> T:
    """Makes the dataclass `cls` from a mapping, strictly.

    Args:
        cls: a dataclass whose fields are numbers, strings, booleans, lists, dicts or dataclasses.
        values: what params.yaml holds at `where`.
        where: dotted place of `values` in the file, for messages.

    Raises:
        ConfigError: not a mapping, an unknown or missing key, an empty list, or a value of the
            wrong type, not finite, or outside its `Interval` or `OneOf`.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected a block of settings, got {values!r}")
    hints = typing.get_type_hints(cls, include_extras=True)
    names = {field.name for field in dataclasses.fields(cls)}
    only_keys(where, values, names)
    return cls(**{key: convert(hints[key], values[key], f"{where}.{key}") for key in names})


def convert(kind: Any, value: Any, where: str) -> Any:
    """Checks `value` against the annotation `kind`; whole numbers pass as floats."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        value = convert(arguments[0], value, where)
        for limit in arguments[1:]:
            limit.check(where, value)
        return value
    if dataclasses.is_dataclass(kind):
        return build(kind, value, where)
    if origin in (types.UnionType, typing.Union):
        if value is None and types.NoneType in arguments:
            return None
        return convert(next(a for a in arguments if a is not types.NoneType), value, where)
    if origin is list and isinstance(value, list):
        if not value:
            raise ConfigError(f"{where}: the list is empty; give at least one value")
        return [convert(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, Mapping):
        return {key: convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    plain = origin or kind
    if plain is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, plain) or (isinstance(value, bool) and plain is not bool):
        raise ConfigError(f"{where}: expected {plain.__name__}, got {value!r}; mend it in {PARAMS}")
    if plain is float and not math.isfinite(value):
        raise ConfigError(f"{where}: {value!r} is out of range; give a finite number")
    return value


def only_keys(where: str, values: Mapping[str, Any], names: set[str]) -> None:
    """Raises ConfigError, which names `where`, unless the keys are these names, all of them."""
    for key in values:
        if key not in names:
            raise ConfigError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(names))}")
    for key in sorted(names):
        if key not in values:
            raise ConfigError(f"{where}: {key!r} is missing; add it to {PARAMS}")


def one_of(where: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raises ConfigError, which names `where`, unless the value is a choice."""
    if value not in choices:
        raise ConfigError(f"{where}: {value!r} is not one of {', '.join(map(str, choices))}")
