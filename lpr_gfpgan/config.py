"""The study's settings: params.yaml as typed, checked, immutable values.

params.yaml is the only source of every hyper-parameter. This module holds no defaults; it names
what a setting means, in which unit, and refuses a key it does not know.
"""

import dataclasses
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from .errors import ConfigError

PARAMS = "params.yaml"
_TOP = {"profile", "variants", "seeds", "degradations", "classical", "ablations", "profiles"}
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class FrameSettings:
    """Size of the image every network works on.

    The frame is (base_height, base_width) times a power of two; the base is the size of StyleGAN2's
    learnt constant.
    """

    height: int
    width: int
    base_height: int
    base_width: int

    def __post_init__(self) -> None:
        """Refuse frames that are not the base times one power of two."""
        ratio = self.height // self.base_height
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

    train: int
    judge: int
    validation: int
    test: int
    styles: dict[str, float]

    @property
    def counts(self) -> dict[str, int]:
        """Scenes by split."""
        names = ("train", "judge", "validation", "test")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """One plate reader: its network, its data and its training.

    `variety`, from 0 to 1, is how much colours and corners are varied (see `training.augment`).
    """

    architecture: str
    channels: list[int]
    split: str
    degradation: str
    seed: int
    steps: int
    batch: int
    learning_rate: float
    slot_weight: float
    variety: float


@dataclass(frozen=True, kw_only=True)
class ReadersSettings:
    """The three readers and the size, in pixels, of the plate crop they read."""

    crop_height: int
    crop_width: int
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

    channels: list[int]
    learning_rate: float
    beta1: float
    beta2: float
    r1: float
    r1_every: int


@dataclass(frozen=True, kw_only=True)
class PriorSettings:
    """The StyleGAN2 prior and its training (Karras et al. 2020)."""

    channels: list[int]
    code_size: int
    mapping_layers: int
    steps: int
    batch: int
    learning_rate: float
    path_length: float
    path_every: int
    path_shrink: int
    mixing: float
    ema_images: float
    discriminator: AdversarySettings


@dataclass(frozen=True, kw_only=True)
class RegionSettings:
    """The region discriminator and the sizes, in pixels, of what it looks at."""

    plate_height: int
    plate_width: int
    character_height: int
    character_width: int
    discriminator: AdversarySettings


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weight of each term of the restorer's objective; 0 leaves the term out entirely."""

    l1: float
    pyramid: float
    perceptual: float
    style: float
    adversarial: float
    region: float
    region_style: float
    recognition: float


@dataclass(frozen=True, kw_only=True)
class RestorerSettings:
    """The restorer, its warm-up and its training.

    `decoder` is "frozen" (the published recipe) or "tuned". `recognition` is "slots" (cross-entropy
    where character boxes are known) or "ctc". `pyramid_steps`: the pyramid loss ends there, counted
    from the first step after the warm-up. `perceptual_weights`: a VGG19 file, or null for the
    features of the prior's frozen discriminator.
    """

    channels: list[int]
    pool_codes: bool
    decoder: str
    warmup_steps: int
    steps: int
    batch: int
    warmup_learning_rate: float
    learning_rate: float
    beta1: float
    beta2: float
    ema_images: float
    pyramid_steps: int
    recognition: str
    perceptual_weights: str | None
    weights: LossWeights
    discriminator: AdversarySettings
    region: RegionSettings

    def __post_init__(self) -> None:
        """Refuse unknown choices."""
        _one_of("restorer.decoder", self.decoder, ("frozen", "tuned"))
        _one_of("restorer.recognition", self.recognition, ("slots", "ctc"))


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """The test: plates per condition, conditions (keys of `degradations`), bootstrap draws.

    `grid_plates`: plates per cell of the paper's grid, in either protocol.
    """

    plates: int
    grid_plates: int
    kid_plates: int
    conditions: list[str]
    bootstrap: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class ClassicalSettings:
    """Strengths of the classical methods, the same for every plate and condition.

    Lengths are fractions of the frame's width, so that one setting serves every frame size.
    `unsharp_radius` is the sigma of the mask's Gaussian. `wiener_balance` weighs roughness against
    the data. `richardson_lucy_damping` is in grey levels, 0 for none. `fixed_sigma` is the sigma of
    the Gaussian that deconvolution assumes where it is not told the kernel.
    """

    unsharp_radius: float
    unsharp_amount: float
    wiener_balance: float
    richardson_lucy_iterations: int
    richardson_lucy_damping: float
    fixed_sigma: float

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name in ("unsharp_radius", "fixed_sigma"):
            _within(f"classical.{name}", getattr(self, name), 0, 0.25, open_below=True)
        _within("classical.unsharp_amount", self.unsharp_amount, 0, 100)
        _within("classical.wiener_balance", self.wiener_balance, 0, 1e6, open_below=True)
        _within("classical.richardson_lucy_iterations", self.richardson_lucy_iterations, 1, 10_000)
        _within("classical.richardson_lucy_damping", self.richardson_lucy_damping, 0, 255)


@dataclass(frozen=True, kw_only=True)
class AblationSettings:
    """What one variant switches off: the paper's three contributions, one key each.

    `region` is "aligned" (to each sample's plate), "fixed" (the same canonical rows for every
    sample, as in the published code) or "none".
    """

    motion_blur: bool
    recognition_loss: bool
    region: str

    def __post_init__(self) -> None:
        """Refuse unknown choices."""
        _one_of("ablations.*.region", self.region, ("aligned", "fixed", "none"))


@dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """One scale of the study: smoke, quick, gpu or paper.

    `cpu_threads`: of each process where there is no GPU; null for as many as there are cores.
    Results repeat bit for bit only at the same number, and small networks are no faster on two
    than on one.
    """

    cpu_threads: int | None
    frame: FrameSettings
    plates: PlatesSettings
    readers: ReadersSettings
    prior: PriorSettings
    restorer: RestorerSettings
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

    `variants` are the restorers to train and compare, `seeds` the training seeds of each.
    """

    profile: str
    variants: list[str]
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
        """The raw degradation ranges called `name`; raises ConfigError if there are none."""
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
    """Reads params.yaml and checks every key of the chosen profile.

    Args:
        profile: smoke, quick, gpu or paper; when not given, LPR_GFPGAN_PROFILE, else the file's
            own.
        params: the file; when not given, the one of `find_root()`.

    The results go below LPR_GFPGAN_OUTPUT where that is set, else below the file's folder.

    Raises:
        ConfigError: the file is missing or unreadable, a key is unknown or missing, a value has the
            wrong type, or the profile does not exist.
    """
    path = Path(params) if params is not None else find_root() / PARAMS
    content = _read(path)
    _only_keys(PARAMS, content, _TOP)
    name = profile or os.environ.get("LPR_GFPGAN_PROFILE") or content["profile"]
    _one_of("profile", name, tuple(content["profiles"]))
    settings = build(ProfileSettings, content["profiles"][name], f"profiles.{name}")
    ablations = {
        variant: build(AblationSettings, values, f"ablations.{variant}")
        for variant, values in content["ablations"].items()
    }
    variants = _convert(list[str], content["variants"], "variants")
    for variant in variants:
        _one_of("variants", variant, tuple(ablations))
    output = Path(os.environ.get("LPR_GFPGAN_OUTPUT") or path.resolve().parent)
    return Study(
        profile=name,
        variants=variants,
        seeds=_convert(list[int], content["seeds"], "seeds"),
        settings=settings,
        classical=build(ClassicalSettings, content["classical"], "classical"),
        ablations=ablations,
        degradations=content["degradations"],
        paths=Paths(output, name),
    )


def build(cls: type[T], values: Any, where: str) -> T:
    """Makes the dataclass `cls` from a mapping, strictly.

    Args:
        cls: a dataclass whose fields are numbers, strings, booleans, lists, dicts or dataclasses.
        values: what params.yaml holds at `where`.
        where: dotted place of `values` in the file, for messages.

    Raises:
        ConfigError: not a mapping, an unknown or missing key, or a value of the wrong type.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected a block of settings, got {values!r}")
    hints = typing.get_type_hints(cls)
    names = {field.name for field in dataclasses.fields(cls)}
    _only_keys(where, values, names)
    return cls(**{key: _convert(hints[key], values[key], f"{where}.{key}") for key in names})


def _convert(kind: Any, value: Any, where: str) -> Any:
    """Checks `value` against the annotation `kind`; whole numbers pass as floats."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return build(kind, value, where)
    if origin is types.UnionType:
        if value is None and types.NoneType in arguments:
            return None
        return _convert(next(a for a in arguments if a is not types.NoneType), value, where)
    if origin is list and isinstance(value, list):
        return [_convert(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, Mapping):
        return {key: _convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    plain = origin or kind
    if plain is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, plain) or (isinstance(value, bool) and plain is not bool):
        raise ConfigError(f"{where}: expected {plain.__name__}, got {value!r}; mend it in {PARAMS}")
    return value


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


def _within(where: str, value: float, low: float, high: float, *, open_below: bool = False) -> None:
    above = value > low if open_below else value >= low
    if not (above and value <= high):
        from_low = f"above {low:g}" if open_below else f"from {low:g}"
        raise ConfigError(
            f"{where}: {value!r} is out of range; give a number {from_low} to {high:g}"
        )
