"""Which weights are opened when none are named, and what lies beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import find_root
from ..errors import ConfigError, LprError, WeightsError
from ..files import sha256_of
from ..readers import Reader, load_reader

if TYPE_CHECKING:
    from ..trust import Calibration

RELEASED = Path(__file__).parents[1] / "weights" / "restorer.safetensors"
READER = "reader-direct.safetensors"
CALIBRATION = "calibration.json"


def find_weights() -> Path:
    """The released weights, else those of the study's last trained `full` model.

    Raises:
        WeightsError: there are neither; names the command that trains.
    """
    if RELEASED.exists():
        return RELEASED
    try:
        output = Path(os.environ.get("LPR_GFPGAN_OUTPUT") or find_root())
        found = list(output.glob("models/*/restorer-full-0.safetensors"))
    except ConfigError:
        found = []
    if not found:
        raise WeightsError(
            "no weights: none come with this version and no trained model was found; run "
            "`make reproduce` or `lpr-gfpgan train` in a clone, or name a weights file"
        )
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path))


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
    from ..trust import Calibration

    calibration = Calibration.load(path)
    try:
        calibration.check(sha256_of(weights), sha256_of(reader))
    except LprError:
        return None
    return calibration
