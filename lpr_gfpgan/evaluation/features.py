"""Features of every image of the test, for the kernel distance (KID) of sets of plates.

The features are the pooled trunk of the reader `judge`, which no loss has seen, scaled to mean
square 1. The plate is cut out at its known corners, as for reading (`prior_quality` compares other
pictures, cut out at the canonical place). Images exist only while the test runs, so their features
are kept in a file beside the rows.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from ..errors import DataError
from ..files import atomic_path
from ..plates import image_tensor
from ..readers import Reader
from .protocol import CHUNK, PlateTest


@dataclass(frozen=True, kw_only=True)
class PlateFeatures:
    """Features of what each method made of each plate under each condition.

    Plates of which some method made no image under some condition are left out, see `failures`.

    Attributes:
        values: float32 [C, M, N, F].
        conditions: C names.
        methods: M names.
        plates: int64 [N], the plates' numbers.
        others: float32 [R, F], features of the untouched validation plates; R is 0 where they were
            not taken.
    """

    values: np.ndarray
    conditions: list[str]
    methods: list[str]
    plates: np.ndarray
    others: np.ndarray

    def of(self, condition: str, method: str) -> np.ndarray:
        """Features [N, F] of one method under one condition.

        Raises:
            DataError: there are none.
        """
        if condition not in self.conditions or method not in self.methods:
            raise DataError(
                f"no features of {method!r} under {condition!r}; run `make reproduce` again"
            )
        return self.values[self.conditions.index(condition), self.methods.index(method)]


def plate_features(
    reader: Reader, images: np.ndarray, plates: PlateTest, *, device: torch.device | str = "cpu"
) -> np.ndarray:
    """Features float32 [N, F] of uint8 [N, H, W, 3] at the plates' known corners, in chunks."""
    parts = [
        reader.features(
            image_tensor(images[start : start + CHUNK], device),
            plates.batch.quad[start : start + CHUNK].to(device),
        )
        for start in range(0, len(images), CHUNK)
    ]
    return torch.cat(parts).float().cpu().numpy()


def gather_features(
    found: Mapping[str, Mapping[str, np.ndarray]], plates: PlateTest, kept: np.ndarray
) -> PlateFeatures:
    """Puts features by condition and method in one array.

    Args:
        found: [N, F] of all plates, by condition and method, the same methods in each.
        plates: whose features they are.
        kept: places [K] of the plates to keep: those of which every method made an image, see
            `failures`.
    """
    conditions = list(found)
    methods = list(found[conditions[0]])
    values = np.stack([np.stack([found[c][m][kept] for m in methods]) for c in conditions])
    return PlateFeatures(
        values=values,
        conditions=conditions,
        methods=methods,
        plates=plates.batch.index.numpy()[kept].astype(np.int64),
        others=np.empty((0, values.shape[-1]), np.float32),
    )


def write_features(path: Path, features: PlateFeatures) -> None:
    """Writes features as a compressed .npz without pickles; equal features give equal bytes."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            values=features.values,
            conditions=np.array(features.conditions),
            methods=np.array(features.methods),
            plates=features.plates,
            others=features.others,
        )


def read_features(path: Path) -> PlateFeatures:
    """Reads what `write_features` wrote.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            features = PlateFeatures(
                values=stored["values"],
                conditions=stored["conditions"].tolist(),
                methods=stored["methods"].tolist(),
                plates=stored["plates"],
                others=stored["others"],
            )
    except FileNotFoundError:
        raise DataError(f"no features in {path}; run `make reproduce` first") from None
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is damaged ({reason}); run `make reproduce` again") from None
    sizes = (len(features.conditions), len(features.methods), len(features.plates))
    if features.values.ndim != 4 or features.values.shape[:3] != sizes:
        raise DataError(f"{path} is damaged (its sizes differ); run `make reproduce` again")
    return features
