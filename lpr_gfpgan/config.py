"""The study: params.yaml read and checked as a whole, and where its files live.

params.yaml is the only source of every hyper-parameter; `settings` says what it may hold.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigError
from .ranges import DegradationRanges
from .settings import (
    BASELINES,
    PARAMS,
    AblationSettings,
    ClassicalSettings,
    Natural,
    ProfileSettings,
    ReaderSettings,
    ReadersSettings,
    build,
    convert,
    one_of,
    only_keys,
)

TRAINING = "training"
"""The degradations that every restorer is trained on; a profile may put another block there."""

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
    def photographs(self) -> Path:
        """The photographed crops that train, in the profile's frame; never in git."""
        return self.output / "data" / "photographs" / f"{self.profile}.npz"

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

    @property
    def calibration(self) -> Path:
        """What the `full` restorer and the direct reader may be trusted with."""
        return self.models / "calibration.json"

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


@dataclass(frozen=True)
class ShippedPaths(Paths):
    """The paths of a study whose finished networks are those in `folder`.

    Attributes:
        folder: with restorer.safetensors and the readers beside it.
    """

    folder: Path

    @property
    def models(self) -> Path:
        """The shipped weights."""
        return self.folder

    def restorer(self, variant: str, seed: int) -> Path:
        """The one restorer that ships, whatever the variant and seed."""
        return self.folder / "restorer.safetensors"


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
        one_of("variant", variant, tuple(self.ablations))
        return self.ablations[variant]

    def ranges(self, name: str) -> dict[str, Any]:
        """The checked values of `DegradationRanges` called `name`, as params.yaml writes them.

        Raises:
            ConfigError: there are none of that name.
        """
        one_of("degradation", name, tuple(self.degradations))
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
        profile: smoke, quick, release, gpu or paper; when not given, LPR_GFPGAN_PROFILE, else the
            file's own.
        params: the file; when not given, the one of `find_root()`.

    The results go below LPR_GFPGAN_OUTPUT where that is set, else below the file's folder.

    Raises:
        ConfigError: the file is missing or unreadable, a key is unknown or missing, a value has the
            wrong type or cannot work, a name stands for nothing, or the profile does not exist.
    """
    path = Path(params) if params is not None else find_root() / PARAMS
    content = _read(path)
    only_keys(PARAMS, content, _TOP)
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
            one_of(f"profiles.{name}.{where}", used, tuple(degradations))
    own = convert(str, content["profile"], "profile")
    chosen = profile or os.environ.get("LPR_GFPGAN_PROFILE") or own
    one_of("profile", chosen, tuple(profiles))
    ablations = {
        variant: build(AblationSettings, values, f"ablations.{variant}")
        for variant, values in _block(content, "ablations").items()
    }
    variants = convert(list[str], content["variants"], "variants")
    for variant in variants:
        one_of("variants", variant, tuple(ablations))
    doubled = len(set(variants)) < len(variants)
    if "full" not in variants or len(variants) < 2 or doubled:
        # Said before hours of training, not by the tables that compare.
        raise ConfigError(
            f"variants: {', '.join(variants)}: the study compares 'full' with others; name it and "
            "at least one more, each once"
        )
    for name, ablation in ablations.items():
        one_of(f"ablations.{name}.degradation", ablation.degradation, tuple(degradations))
    baselines = convert(list[str], content["baselines"], "baselines")
    for name in baselines:
        one_of("baselines", name, BASELINES)
    degradations[TRAINING] = degradations[profiles[chosen].training]
    output = Path(os.environ.get("LPR_GFPGAN_OUTPUT") or path.resolve().parent)
    return Study(
        profile=chosen,
        variants=variants,
        baselines=baselines,
        seeds=convert(list[Natural], content["seeds"], "seeds"),
        settings=profiles[chosen],
        classical=build(ClassicalSettings, content["classical"], "classical"),
        ablations=ablations,
        degradations=degradations,
        paths=Paths(output, chosen),
    )


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
    only_keys(where, values, {field.name for field in dataclasses.fields(DegradationRanges)})
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
    named.append(("training", settings.training))
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
