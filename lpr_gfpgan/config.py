"""The study's settings: params.yaml as typed, checked, immutable values.

params.yaml is the only source of every hyper-parameter. This module holds no defaults; it names
what a setting means, in which unit, and refuses unknown keys and values that cannot work.
"""

import dataclasses
import math
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml

from .errors import ConfigError
from .ranges import DegradationRanges

PARAMS = "params.yaml"
SPLITS = ("train", "judge", "validation", "test")
TRAINING = "training"
"""The degradations that every restorer is trained on."""

_TOP = {
    "profile",
    "variants",
    "baselines",
    "seeds",
    "degradations",
    "classical",
    "ablations",
    "profiles",
}
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
        _one_of(where, value, self.choices)


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
    """How many synthetic scenes each split holds, and in which plate styles."""

    train: Count
    judge: Count
    validation: Count
    test: Count
    styles: dict[str, NonNegative]

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
class RestorerSettings:
    """The restorer, its warm-up and its training.

    `decoder` is "frozen" (the published recipe) or "tuned". `recognition` is "slots" (cross-entropy
    where character boxes are known) or "ctc". `pyramid_steps`: the pyramid loss ends there, counted
    from the first step after the warm-up. `perceptual_weights`: a VGG19 file, or null for the
    features of the prior's frozen discriminator.
    """

    channels: list[Count]
    pool_codes: bool
    decoder: Annotated[str, OneOf(("frozen", "tuned"))]
    warmup_steps: Count
    steps: Count
    batch: Count
    warmup_learning_rate: Positive
    learning_rate: Positive
    beta1: Decay
    beta2: Decay
    ema_images: Positive
    pyramid_steps: Natural
    recognition: Annotated[str, OneOf(("slots", "ctc"))]
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

    L1 alone for as many steps as the restorer's warm-up; then `perceptual` and `adversarial` weigh
    in beside an L1 of weight 1 (published: 1 and 0.1).
    """

    channels: Count
    growth: Count
    blocks: Count
    shuffle: Count
    learning_rate: Positive
    perceptual: NonNegative
    adversarial: NonNegative


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
            _convert(kind, getattr(self, name), f"classical.{name}")


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


BASELINES = tuple(field.name for field in dataclasses.fields(BaselinesSettings))


@dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """One scale of the study: smoke, quick, gpu or paper.

    `cpu_threads`: of each process where there is no GPU; null for as many as there are cores.
    Results repeat bit for bit only at the same number, and small networks are no faster on two
    than on one.
    """

    cpu_threads: Count | None
    frame: FrameSettings
    plates: PlatesSettings
    readers: ReadersSettings
    prior: PriorSettings
    restorer: RestorerSettings
    baselines: BaselinesSettings
    evaluation: EvaluationSettings


@dataclass(frozen=True)
class Paths:
    """Where a profile's files live. Nothing is created by asking."""

    output: Path
    profile: str

    @property
    def plates(self) -> Path:
        """The synthetic plates."""
        return self.output / "data" / "synthetic" / self.profile

    @property
    def degraded(self) -> Path:
        """The degraded sets of the test."""
        return self.output / "data" / "degraded" / self.profile

    @property
    def models(self) -> Path:
        """Trained weights."""
        return self.output / "models" / self.profile

    @property
    def runs(self) -> Path:
        """Checkpoints of unfinished runs; never declared to DVC, deleted on success."""
        return self.output / "runs" / self.profile

    @property
    def reports(self) -> Path:
        """Metrics, curves, figures and pages."""
        return self.output / "reports" / self.profile

    def reader(self, name: str) -> Path:
        """Weights of a reader."""
        return self.models / f"reader-{name}.safetensors"

    @property
    def prior(self) -> Path:
        """Weights of the prior's generator."""
        return self.models / "prior.safetensors"

    @property
    def prior_discriminator(self) -> Path:
        """Weights of the prior's discriminator."""
        return self.models / "prior-discriminator.safetensors"

    @property
    def warmup(self) -> Path:
        """Weights of the restorer after the shared warm-up."""
        return self.models / "warmup.safetensors"

    def restorer(self, variant: str, seed: int) -> Path:
        """Weights of a trained restorer."""
        return self.models / f"restorer-{variant}-{seed}.safetensors"

    def baseline(self, name: str, seed: int) -> Path:
        """Weights of a restoring network without a prior."""
        return self.models / f"baseline-{name}-{seed}.safetensors"

    def metrics(self, name: str) -> Path:
        """A metrics file."""
        return self.reports / "metrics" / f"{name}.json"

    def curve(self, name: str) -> Path:
        """A learning curve."""
        return self.reports / "curves" / f"{name}.csv"

    def timing(self, name: str) -> Path:
        """Seconds and images per second of a stage on this machine; kept out of git and DVC."""
        return self.runs / "timings" / f"{name}.json"

    def samples(self, name: str) -> Path:
        """A fixed sample grid, redrawn while training."""
        return self.reports / "samples" / f"{name}.png"


@dataclass(frozen=True, kw_only=True)
class Study:
    """Everything a stage needs to know: one profile, its shared degradations and its ablations.

    `variants` are the restorers to train and compare, `baselines` the networks without a prior,
    `seeds` the training seeds of each.
    """

    profile: str
    variants: list[str]
    baselines: list[str]
    seeds: list[int]
    settings: ProfileSettings
    classical: ClassicalSettings
    ablations: dict[str, AblationSettings]
    degradations: dict[str, dict[str, Any]]
    paths: Paths

    def ablation(self, variant: str) -> AblationSettings:
        """The switches of a variant; raises ConfigError if params.yaml does not name it."""
        _one_of("variant", variant, tuple(self.ablations))
        return self.ablations[variant]

    def ranges(self, name: str) -> dict[str, Any]:
        """The checked values of `DegradationRanges` called `name`, as params.yaml writes them.

        Raises:
            ConfigError: there are none of that name.
        """
        _one_of("degradation", name, tuple(self.degradations))
        return self.degradations[name]


def find_root(start: Path | str | None = None) -> Path:
    """Folder of the study: the nearest one at or above `start` that holds params.yaml and dvc.yaml.

    Args:
        start: where to begin; the working directory, then this package's folder, when not given.
            The environment variable LPR_GFPGAN_ROOT overrides both.

    Raises:
        ConfigError: no such folder.
    """
    if start is None and (named := os.environ.get("LPR_GFPGAN_ROOT")):
        start = named
    starts = [Path(start)] if start is not None else [Path.cwd(), Path(__file__).parent]
    for begin in starts:
        for folder in (begin.resolve(), *begin.resolve().parents):
            if (folder / PARAMS).is_file() and (folder / "dvc.yaml").is_file():
                return folder
    raise ConfigError(
        f"{PARAMS}: not found at or above {starts[0]}; run inside a clone of the repository or set "
        "LPR_GFPGAN_ROOT"
    )


def load_study(profile: str | None = None, *, params: Path | str | None = None) -> Study:
    """Reads params.yaml and checks all of it, the profiles that are not chosen too.

    Args:
        profile: smoke, quick, gpu or paper; when not given, LPR_GFPGAN_PROFILE, else the file's
            own.
        params: the file; when not given, the one of `find_root()`.

    The results go below LPR_GFPGAN_OUTPUT where that is set, else below the file's folder.

    Raises:
        ConfigError: the file is missing or unreadable, a key is unknown or missing, a value has the
            wrong type or cannot work, a name stands for nothing, or the profile does not exist.
    """
    path = Path(params) if params is not None else find_root() / PARAMS
    content = _read(path)
    _only_keys(PARAMS, content, _TOP)
    degradations = _block(content, "degradations")
    for name, values in degradations.items():
        _check_degradation(values, f"degradations.{name}")
    if TRAINING not in degradations:
        raise ConfigError(f"degradations: {TRAINING!r} is missing; add it to {PARAMS}")
    profiles = {
        name: build(ProfileSettings, values, f"profiles.{name}")
        for name, values in _block(content, "profiles").items()
    }
    for name, settings in profiles.items():
        for where, used in _degradations_of(settings):
            _one_of(f"profiles.{name}.{where}", used, tuple(degradations))
    own = _convert(str, content["profile"], "profile")
    chosen = profile or os.environ.get("LPR_GFPGAN_PROFILE") or own
    _one_of("profile", chosen, tuple(profiles))
    ablations = {
        variant: build(AblationSettings, values, f"ablations.{variant}")
        for variant, values in _block(content, "ablations").items()
    }
    variants = _convert(list[str], content["variants"], "variants")
    for variant in variants:
        _one_of("variants", variant, tuple(ablations))
    for name, ablation in ablations.items():
        _one_of(f"ablations.{name}.degradation", ablation.degradation, tuple(degradations))
    baselines = _convert(list[str], content["baselines"], "baselines")
    for name in baselines:
        _one_of("baselines", name, BASELINES)
    output = Path(os.environ.get("LPR_GFPGAN_OUTPUT") or path.resolve().parent)
    return Study(
        profile=chosen,
        variants=variants,
        baselines=baselines,
        seeds=_convert(list[Natural], content["seeds"], "seeds"),
        settings=profiles[chosen],
        classical=build(ClassicalSettings, content["classical"], "classical"),
        ablations=ablations,
        degradations=degradations,
        paths=Paths(output, chosen),
    )


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
    _only_keys(where, values, names)
    return cls(**{key: _convert(hints[key], values[key], f"{where}.{key}") for key in names})


def _convert(kind: Any, value: Any, where: str) -> Any:
    """Checks `value` against the annotation `kind`; whole numbers pass as floats."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        value = _convert(arguments[0], value, where)
        for limit in arguments[1:]:
            limit.check(where, value)
        return value
    if dataclasses.is_dataclass(kind):
        return build(kind, value, where)
    if origin in (types.UnionType, typing.Union):
        if value is None and types.NoneType in arguments:
            return None
        return _convert(next(a for a in arguments if a is not types.NoneType), value, where)
    if origin is list and isinstance(value, list):
        if not value:
            raise ConfigError(f"{where}: the list is empty; give at least one value")
        return [_convert(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, Mapping):
        return {key: _convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    plain = origin or kind
    if plain is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, plain) or (isinstance(value, bool) and plain is not bool):
        raise ConfigError(f"{where}: expected {plain.__name__}, got {value!r}; mend it in {PARAMS}")
    if plain is float and not math.isfinite(value):
        raise ConfigError(f"{where}: {value!r} is out of range; give a finite number")
    return value


def _block(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The named blocks below the top-level `key`."""
    if not isinstance(content[key], dict):
        raise ConfigError(
            f"{key}: expected named blocks, got {content[key]!r}; mend it in {PARAMS}"
        )
    return content[key]


def _check_degradation(values: Any, where: str) -> None:
    """Refuses a block that `DegradationRanges` would not take."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected a block of settings, got {values!r}")
    _only_keys(where, values, {field.name for field in dataclasses.fields(DegradationRanges)})
    try:
        DegradationRanges(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from None


def _degradations_of(settings: ProfileSettings) -> list[tuple[str, str]]:
    """Every name of degradations that a profile gives, and where it does."""
    readers = {
        f.name: getattr(settings.readers, f.name) for f in dataclasses.fields(ReadersSettings)
    }
    named = [
        (f"readers.{name}.degradation", reader.degradation)
        for name, reader in readers.items()
        if isinstance(reader, ReaderSettings)
    ]
    return named + [("evaluation.conditions", name) for name in settings.evaluation.conditions]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found; restore it from the repository") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: not valid YAML ({reason}); mend it") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected named blocks, got {type(content).__name__}; mend it")
    return content


def _only_keys(where: str, values: Mapping[str, Any], names: set[str]) -> None:
    for key in values:
        if key not in names:
            raise ConfigError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(names))}")
    for key in sorted(names):
        if key not in values:
            raise ConfigError(f"{where}: {key!r} is missing; add it to {PARAMS}")


def _one_of(where: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{where}: {value!r} is not one of {', '.join(map(str, choices))}")
