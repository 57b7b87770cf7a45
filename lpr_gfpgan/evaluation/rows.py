"""One row per (plate, condition, method, reader): the only source of every table."""

import gzip
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError
from ..files import atomic_path
from ..metrics import (
    crop_box,
    mean_squared_error,
    psnr,
    psnr_of_error,
    ringing,
    score,
    ssim,
)
from ..readers import Reading
from .failures import Failures
from .protocol import PlateTest

KEYS = ("condition", "method", "reader", "plate")
COLUMNS = {
    "condition": "str",
    "method": "str",
    "variant": "str",
    "training_seed": "str",
    "reader": "str",
    "plate": "int64",
    "text": "str",
    "reading": "str",
    "confidence": "float64",
    "exact": "int64",
    "exact6": "int64",
    "cer": "float64",
    "cer6": "float64",
    "matches": "str",
    "psnr_plate": "float64",
    "psnr_frame": "float64",
    "psnr_surroundings": "float64",
    "ssim_plate": "float64",
    "ssim_frame": "float64",
    "mse_plate": "float64",
    "mse_frame": "float64",
    "mse_surroundings": "float64",
    "ringing_plate": "float64",
    "failure": "str",
    "retried": "str",
    "style": "str",
    "seen_typeface": "int64",
    "seen_surroundings": "int64",
    "tight": "int64",
}
"""Columns of the rows and their types.

`variant` and `training_seed` are empty for baselines. `exact6` and `cer6` leave the province out.
`matches` has one digit per character of the text, 1 where the reading has it. PSNR is in decibels,
infinite for identical images, MSE in squared levels of 0..255, ringing in levels; `_plate` is the
plate's box, `_frame` the whole frame, `_surroundings` the frame without the pixels that the box
touches. `failure` says why a method or reader failed on the plate and is empty otherwise; such a
reading is empty and such an image black. `retried` says why a batch failed whose plate then
succeeded alone. Measures of the surroundings are NaN where there are none since the plate fills the
frame, and where the method made no image.
"""
MAY_LACK = ("psnr_surroundings", "mse_surroundings")
"""Columns that may be NaN, stored as empty fields."""


def reading_rows(
    plates: PlateTest, readings: Sequence[Reading], failures: Failures
) -> pd.DataFrame:
    """Scores of one reader's readings of one method's images, plate by plate.

    Args:
        plates: what was read.
        readings: one per plate.
        failures: of the method and the reader.
    """
    texts = plates.table["text"].tolist()
    scores = [score(text, r.text) for text, r in zip(texts, readings, strict=True)]
    return pd.DataFrame(
        {
            "plate": plates.batch.index.numpy(),
            "text": texts,
            "reading": [r.text for r in readings],
            "confidence": [r.confidence for r in readings],
            "exact": [int(s.exact) for s in scores],
            "exact6": [int(s.exact6) for s in scores],
            "cer": [s.cer for s in scores],
            "cer6": [s.cer6 for s in scores],
            "matches": ["".join(str(int(m)) for m in s.matches) for s in scores],
            "failure": [failures.failed.get(place, "") for place in range(len(texts))],
            "retried": [failures.retried.get(place, "") for place in range(len(texts))],
            "style": plates.table["style"].to_numpy(),
            **{
                name: plates.table[name].to_numpy().astype(int)
                for name in ("seen_typeface", "seen_surroundings", "tight")
            },
        }
    )


def image_columns(
    plates: PlateTest, images: np.ndarray, missing: Collection[int] = ()
) -> pd.DataFrame:
    """Image measures against the originals, plate by plate; see COLUMNS.

    Args:
        plates: the plates.
        images: uint8 [N, H, W, 3] of them.
        missing: places of black images that stand for what a method failed to make.
    """
    measures = {"psnr": psnr, "ssim": ssim, "mse": mean_squared_error}
    measured = []
    boxes = plates.batch.box.numpy()
    for place, (original, image, box) in enumerate(zip(plates.image, images, boxes, strict=True)):
        regions = {
            "plate": (crop_box(original, box), crop_box(image, box)),
            "frame": (original, image),
        }
        line = {
            f"{name}_{region}": measure(*pair)
            for name, measure in measures.items()
            for region, pair in regions.items()
        }
        # Emphasis sets the surroundings against the plate; black must not pass for an emphasis.
        gone = place in missing
        error = np.nan if gone else surroundings_error(original, image, box)
        line |= {
            "mse_surroundings": error,
            "psnr_surroundings": psnr_of_error(error),
            "ringing_plate": ringing(original, image, box=box),
        }
        measured.append(line)
    return pd.DataFrame(measured)


def surroundings_error(original: np.ndarray, image: np.ndarray, box: ArrayLike) -> float:
    """Mean squared difference of the frame without the pixels that the plate's box touches.

    Args:
        original: uint8 [H, W, 3].
        image: uint8 of the same shape.
        box: (x0, y0, x1, y1) in pixels.

    Returns:
        Squared levels of 0..255; NaN where the box touches the whole frame.

    Raises:
        ImageError: the images are not uint8, differ in shape, or the box does not meet them.
    """
    inside = crop_box(original, box)
    left = original.size - inside.size
    if not left:
        return float("nan")
    # Sums of whole numbers, exact in float64.
    total = mean_squared_error(original, image) * original.size
    plate = mean_squared_error(inside, crop_box(image, box)) * inside.size
    return round(total - plate) / left


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV, gzipped where the name ends in .gz; equal tables give equal bytes."""
    text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    data = text.encode()
    with atomic_path(path) as temporary:
        # Without a time in its header the archive's bytes depend on the content alone.
        temporary.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def read_rows(path: Path) -> pd.DataFrame:
    """Reads the rows of an evaluation.

    Raises:
        DataError: the file is missing, damaged or lacks a column, or a row occurs twice.
    """
    return check_rows(read_columns(path, COLUMNS, made_by="make reproduce"), str(path))


def read_columns(path: Path, columns: Mapping[str, str], *, made_by: str) -> pd.DataFrame:
    """Reads a table of rows whose columns have these types; those it lacks are not missed.

    Args:
        path: of `write_table`.
        columns: types by name, as in COLUMNS.
        made_by: the command that makes the file.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        # Texts such as "NA" and empty readings are what they are, not missing values.
        return pd.read_csv(
            path,
            dtype=columns,
            keep_default_na=False,
            na_values={column: [""] for column in MAY_LACK},
        )
    except FileNotFoundError:
        raise DataError(f"no rows in {path}; run `{made_by}` first") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is damaged ({reason}); run `{made_by}` again") from None


def check_rows(rows: pd.DataFrame, name: str = "rows") -> pd.DataFrame:
    """Returns the rows if their columns are complete and no key occurs twice; else a DataError."""
    missing = [column for column in COLUMNS if column not in rows]
    if missing:
        raise DataError(f"{name}: no column {missing[0]!r}; run `make reproduce` again")
    if rows.duplicated(list(KEYS)).any():
        raise DataError(f"{name}: a row occurs twice; run `make reproduce` again")
    return rows
