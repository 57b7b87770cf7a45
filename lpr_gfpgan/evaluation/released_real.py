"""The released weights on photographed plates: which plates, and degraded how.

It is the test on photographs (`real`) with other conditions and all plates there are: every plate
whose text belongs to the training split is left out, whatever its source, since the released
readers were trained on photographs with such texts. real/released.yaml names the conditions: each
degrades in one way that a camera does, so that what is given back can be said by cause.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from ..config import Study, find_root
from ..errors import ConfigError
from ..ranges import DegradationRanges
from ..settings import only_keys
from .protocol import study_conditions
from .real_plates import RealPlates, load_real, load_settings
from .real_tables import UNTOUCHED
from .released import released_study

SETTINGS = Path("real") / "released.yaml"
KEY = "conditions"
BLURS = ("motion", "defocus", "noise", "jpeg")
"""The factors that a condition of low resolution alone leaves out."""


def load_conditions(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Reads real/released.yaml of the study, or another file.

    Returns:
        The checked values of `DegradationRanges` of each condition, by its name.

    Raises:
        ConfigError: the file is missing or unreadable, a key unknown or missing, or a range wrong.
    """
    path = find_root() / SETTINGS if path is None else path
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: cannot be read ({reason}); mend it") from None
    conditions = content.get(KEY) if isinstance(content, Mapping) else None
    if not isinstance(conditions, Mapping) or not conditions or set(content) != {KEY}:
        raise ConfigError(f"{SETTINGS}: expected {KEY!r} alone, with named blocks; mend it")
    for name, values in conditions.items():
        _check(name, values)
    return dict(conditions)


def released_real_study(
    study: Study, weights: Path | str | None = None, *, conditions: Path | None = None
) -> Study:
    """The study of the released weights, with the conditions for photographs in place of its own.

    Args:
        study: as in `released.released_study`.
        weights: likewise.
        conditions: a file for `load_conditions`.

    Raises:
        ConfigError: the conditions cannot be read.
        WeightsError: the folder holds no restorer, or it is damaged.
    """
    released, found = released_study(study, weights), load_conditions(conditions)
    settings = released.settings
    evaluation = replace(settings.evaluation, conditions=list(found))
    return replace(
        released,
        degradations=found,
        settings=replace(settings, evaluation=evaluation),
    )


def load_plates_no_training_saw(folder: Path, study: Study) -> RealPlates:
    """All photographs whose text is not of the training split, in the restorer's frame.

    No more of a source than the study's test has plates, which in a profile of hours is all.

    Args:
        folder: of labelled photographs, see `real_plates`.
        study: of `released_real_study`.

    Raises:
        DataError: the folder is missing or empty, or no plate is left.
        LabelError: a label is malformed.
        ImageError: an image is missing, damaged, no image or too large.
    """
    most = study.settings.evaluation.plates
    return load_real(folder, study, replace(load_settings(), plates_per_source=most))


def low_resolution(study: Study) -> list[str]:
    """The conditions under which every plate is smaller, and nothing else is done to it.

    Args:
        study: of `released_real_study`.
    """
    return [
        condition.name
        for condition in study_conditions(study)
        if condition.ranges.downsample_probability == 1
        and all(getattr(condition.ranges, f"{factor}_probability") == 0 for factor in BLURS)
    ]


def _check(name: Any, values: Any) -> None:
    """Refuses a name that is taken, and a block that `DegradationRanges` would not take."""
    where = f"{SETTINGS}: {KEY}.{name}"
    if not isinstance(name, str) or name == UNTOUCHED:
        raise ConfigError(f"{where}: give a name in words, other than {UNTOUCHED!r}")
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: expected a block of settings, got {values!r}")
    only_keys(where, values, {field.name for field in fields(DegradationRanges)})
    try:
        DegradationRanges(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from None
