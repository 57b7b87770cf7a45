"""Degraded sets on disk: made once, kept losslessly, checked on every reading.

A file is a NumPy archive without pickled objects: the pixels, what was drawn, and the hashes of
both and of the originals. PNG and JPEG are not used, so what is read is what was made; nor is the
archive compressed, which would save a tenth of noisy pixels in several times the time.

The files of a study lie below `Paths.degraded`, each named by its condition: the study's own
mixtures, for the test plates and for the validation plates, and both protocols of the paper's grid.
A set takes 3 H W bytes a plate, three times that where images were enlarged by three kernels: about
50 MB in all for profile quick, 3.1 GB for gpu (1000 plates of 64 x 128 under 108 conditions) and
97 GB for paper.
"""

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..config import Study
from ..errors import DataError
from ..files import atomic_path
from .grid import PROTOCOLS
from .protocol import (
    Condition,
    DegradedSet,
    PlateTest,
    degraded_set,
    draw_parameters,
    grid_conditions,
    load_plates,
    pixels_hash,
    rows_of,
    set_hash,
    study_conditions,
    validation_conditions,
    validation_plates,
)

NOTEBOOK = "notebooks/1_conditions.ipynb"
_DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


def write_degraded_set(path: Path, degraded: DegradedSet, plates: PlateTest) -> None:
    """Writes a degraded set, whole or not at all; equal sets give equal bytes.

    Args:
        path: the file, ending in .npz; missing folders are created.
        degraded: what to write.
        plates: the originals it was made from.
    """
    arrays = {
        "condition": np.array(degraded.condition),
        "originals_sha256": np.array(pixels_hash(plates.image)),
        "set_sha256": np.array(degraded.set_sha256),
        "pixels_sha256": np.array(degraded.pixels_sha256),
        "parameters": degraded.parameters.to_records(index=False),
        "bilinear": degraded.bilinear,
    }
    for kind in ("bicubic", "lanczos"):
        if not np.array_equal(getattr(degraded, kind), degraded.bilinear):
            arrays[kind] = getattr(degraded, kind)
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)


def read_degraded_set(path: Path, plates: PlateTest, condition: Condition) -> DegradedSet:
    """Reads a degraded set and checks it against its hashes, the plates and the condition.

    Args:
        path: the file.
        plates: the originals.
        condition: how they were degraded.

    Raises:
        DataError: the file is missing or damaged; it holds another condition, other plates, or
            draws of another seed or other ranges; or its parameters or pixels are not those that
            its hashes name.
    """
    mend = f"delete it, or make all sets again with {NOTEBOOK}"
    try:
        with np.load(path, allow_pickle=False) as stored:
            held = {name: stored[name] for name in stored.files}
        bilinear = held["bilinear"]
        bicubic, lanczos = (held.get(kind, bilinear) for kind in ("bicubic", "lanczos"))
        drawn = pd.DataFrame.from_records(held["parameters"])
        name, originals, set_sha256, pixels_sha256 = (
            str(held[key])
            for key in ("condition", "originals_sha256", "set_sha256", "pixels_sha256")
        )
    except FileNotFoundError:
        raise DataError(f"no degraded set in {path}; {NOTEBOOK} makes them all") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is damaged ({reason}); {mend}") from None
    if name != condition.name:
        raise DataError(f"{path} holds condition {name}, not {condition.name}; {mend}")
    if originals != pixels_hash(plates.image):
        raise DataError(f"{path} was made from other plates than these; {mend}")
    pictures = (bilinear, bicubic, lanczos)
    if any(image.dtype != np.uint8 or image.shape != plates.image.shape for image in pictures):
        raise DataError(f"{path}: the pixels are not of shape {plates.image.shape}; {mend}")
    if len(drawn) != len(plates) or set_hash(name, drawn, plates) != set_sha256:
        raise DataError(f"{path}: the parameters are not those of its hash; {mend}")
    if pixels_hash(*pictures) != pixels_sha256:
        raise DataError(f"{path}: the pixels are not those of its hash; {mend}")
    expected = rows_of(plates, draw_parameters(plates, condition))
    if set_hash(name, expected, plates) != set_sha256:
        raise DataError(f"{path} was drawn with another seed or other ranges; {mend}")
    return DegradedSet(
        condition=name,
        bilinear=bilinear,
        bicubic=bicubic,
        lanczos=lanczos,
        parameters=drawn,
        set_sha256=set_sha256,
        pixels_sha256=pixels_sha256,
    )


def degraded_path(folder: Path, condition: Condition) -> Path:
    """The file of a condition's set; the slashes in a name of the grid are folders."""
    return folder / f"{condition.name}.npz"


def kept_degraded_set(folder: Path, plates: PlateTest, condition: Condition) -> DegradedSet:
    """The plates under a condition: read from the folder; made and written first if missing.

    Args:
        folder: where the sets of these plates are, see `degraded_path`.
        plates: the originals.
        condition: how to degrade them.

    Raises:
        DataError: the file is there but is not this set.
    """
    path = degraded_path(folder, condition)
    if not path.exists():
        write_degraded_set(path, degraded_set(plates, condition), plates)
    return read_degraded_set(path, plates, condition)


def write_study_sets(study: Study) -> pd.DataFrame:
    """Makes and writes every degraded set of a study; replaces those that are there.

    Returns:
        One line per set, the study's own conditions first, then the same for the validation plates,
        then each protocol of the grid:
        condition, plates, set_sha256, pixels_sha256, file (below `Paths.degraded`) and bytes.

    Raises:
        ConfigError: a condition's ranges are wrong.
        DataError: the plates are missing, damaged or too few.
    """
    settings, folder = study.settings.evaluation, study.paths.degraded
    tests: list[tuple[PlateTest, Sequence[Condition]]] = [
        (load_plates(study), study_conditions(study)),
        (validation_plates(study), validation_conditions(study)),
    ]
    few = load_plates(study, count=settings.grid_plates)
    tests += [(few, grid_conditions(study, protocol)) for protocol in PROTOCOLS]
    lines = []
    for plates, conditions in tests:
        for condition in conditions:
            degraded, path = degraded_set(plates, condition), degraded_path(folder, condition)
            write_degraded_set(path, degraded, plates)
            lines.append(
                {
                    "condition": condition.name,
                    "plates": len(plates),
                    "set_sha256": degraded.set_sha256,
                    "pixels_sha256": degraded.pixels_sha256,
                    "file": path.relative_to(folder).as_posix(),
                    "bytes": path.stat().st_size,
                }
            )
    return pd.DataFrame(lines)
