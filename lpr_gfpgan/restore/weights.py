"""Which weights are opened when none are named, and what lies beside them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..config import find_root
from ..errors import ConfigError, LprError, WeightsError
from ..files import sha256_of
from ..readers import Reader, load_reader
from ..trust import Calibration

RELEASED = Path(__file__).parents[1] / "weights" / "restorer.safetensors"
SCALES = ("paper", "gpu", "release", "quick", "smoke")
"""Profiles, the largest scale first."""
FULL = re.compile(r"restorer-full-(?P<seed>\d+)\.safetensors")
READER = "reader-direct.safetensors"
CALIBRATION = "calibration.json"


def find_weights() -> Path:
    """The released weights, else those of the study's `full` model at the largest scale trained.

    What can only restore never hides what can also read: folders that hold the direct reader come
    first. Among them a run of seconds never hides one of hours: the profiles rank as in SCALES,
    whenever each was trained. Profiles of other names stand before the last of them, the newest
    first. Of the seeds of one profile, it is the lowest: the calibration is made for one seed of a
    profile, which in params.yaml as it comes is the lowest.

    Raises:
        WeightsError: there are neither; names the command that trains.
    """
    if RELEASED.exists():
        return RELEASED
    try:
        output = Path(os.environ.get("LPR_GFPGAN_OUTPUT") or find_root())
        found = [path for path in output.glob("models/*/*") if FULL.fullmatch(path.name)]
    except ConfigError:
        found = []
    if not found:
        raise WeightsError(
            f"no weights: {RELEASED} is missing and no trained model was found; install the "
            "package again, run `make reproduce` or `lpr-gfpgan train` in a clone, or name a "
            "weights file"
        )
    return min(found, key=_preference)


def _preference(path: Path) -> tuple[bool, float, int, str, int]:
    """What is least for the weights to take."""
    unread = not path.with_name(READER).exists()
    profile, seed = path.parent.name, int(FULL.fullmatch(path.name)["seed"])
    if profile in SCALES:
        return unread, SCALES.index(profile), 0, profile, seed
    newest = max(each.stat().st_mtime_ns for each in path.parent.iterdir())
    return unread, len(SCALES) - 1.5, -newest, profile, seed


def reader_beside(weights: Path) -> Reader | None:
    """The direct reader in the folder of a restorer's weights, if there is one.

    Raises:
        WeightsError: the file is damaged or holds something else.
    """
    path = weights.with_name(READER)
    return load_reader(path, "direct") if path.exists() else None


def calibration_beside(weights: Path) -> Calibration | None:
    """The calibration in the folder of a restorer's weights.

    One that was made for other weights says nothing of these: it is passed over, since several
    restorers share a folder.

    Returns:
        None where there is none for this restorer and the reader beside it.

    Raises:
        LprError: the file is damaged.
    """
    path, reader = weights.with_name(CALIBRATION), weights.with_name(READER)
    if not path.exists() or not reader.exists():
        return None
    calibration = Calibration.load(path)
    try:
        calibration.check(sha256_of(weights), sha256_of(reader))
    except LprError:
        return None
    return calibration
