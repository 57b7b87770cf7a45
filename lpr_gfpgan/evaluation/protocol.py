"""The test: which plates, degraded how.

A condition is a value: a name, degradation ranges and a seed. The degraded set of a condition is
made once; every method works on the same pixels and every reader reads what the methods made of
them.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from ..config import Study
from ..degradations import DegradationRanges, degrade, draw
from ..errors import DataError
from ..plates import PlateBatch, PlateSet
from ..training.pictures import to_pixels
from ..training.stage import degradation_ranges, plate_width

CHUNK = 64


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How the plates of a test are degraded.

    Attributes:
        name: how tables refer to it.
        ranges: what the degradation of each plate is drawn from.
        seed: of the draws; a plate's draw depends on (seed, name, plate) alone.
    """

    name: str
    ranges: DegradationRanges
    seed: int

    @property
    def step(self) -> int:
        """A number made from the name, so that adding a condition changes no other one's draws."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "big") >> 1


@dataclass(frozen=True, kw_only=True)
class PlateTest:
    """The plates of the test.

    Attributes:
        batch: images, corners and labels of N plates, on the CPU.
        image: uint8 [N, H, W, 3], the originals.
        table: N rows with the text of each plate and how its scene was made.
    """

    batch: PlateBatch
    image: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        """Number of plates."""
        return len(self.table)


@dataclass(frozen=True, kw_only=True)
class DegradedSet:
    """The test plates under one condition.

    Attributes:
        condition: the condition's name.
        bilinear: uint8 [N, H, W, 3], the small image enlarged as a reader's own resize would.
        bicubic: uint8 [N, H, W, 3], the same small image enlarged bicubically; what restorers get.
        lanczos: uint8 [N, H, W, 3], the same small image enlarged by Lanczos's kernel.
        parameters: N rows, what was drawn for each plate.
        set_sha256: of the texts and the drawn parameters, to six digits; the same on any machine.
        pixels_sha256: of the first two images; rounding may differ between processors.
    """

    condition: str
    bilinear: np.ndarray
    bicubic: np.ndarray
    lanczos: np.ndarray
    parameters: pd.DataFrame
    set_sha256: str
    pixels_sha256: str


def conditions(study: Study) -> list[Condition]:
    """The study's conditions, in the order of params.yaml.

    Raises:
        ConfigError: a condition is not among the degradations, or its ranges are wrong.
    """
    settings = study.settings.evaluation
    return [
        Condition(name=name, ranges=degradation_ranges(study, name), seed=settings.seed)
        for name in settings.conditions
    ]


def load_plates(study: Study) -> PlateTest:
    """The first `evaluation.plates` plates of the test split.

    Raises:
        DataError: the set is missing, damaged, or smaller than asked for.
    """
    plates = PlateSet(study.paths.plates, "test", verify=True)
    wanted = study.settings.evaluation.plates
    if not 0 < wanted <= len(plates):
        raise DataError(
            f"evaluation.plates: {wanted} wanted, the test split has {len(plates)}; lower it or "
            "raise plates.test in params.yaml"
        )
    index = np.arange(wanted)
    return PlateTest(
        batch=plates.batch(index),
        image=np.array(plates.images[index]),
        table=plates.table.iloc[index].reset_index(drop=True),
    )


def degraded_set(plates: PlateTest, condition: Condition) -> DegradedSet:
    """Degrades the plates with the real JPEG codec, always on the CPU.

    Args:
        plates: the originals.
        condition: how to degrade them.
    """
    batch = plates.batch
    parameters = draw(
        condition.ranges,
        seed=condition.seed,
        step=condition.step,
        samples=batch.index,
        plate_width=plate_width(batch.quad),
        size=tuple(batch.image.shape[-2:]),
    )
    enlarged = {
        kind: np.concatenate(
            [
                to_pixels(
                    degrade(batch.image[part], parameters.select(part), codec="exact", enlarge=kind)
                )
                for part in torch.arange(len(plates)).split(CHUNK)
            ]
        )
        for kind in ("bilinear", "bicubic", "lanczos")
    }
    drawn = pd.DataFrame(parameters.to_rows())
    drawn.insert(0, "plate", batch.index.numpy())
    stored = drawn.assign(text=plates.table["text"].to_numpy()).to_csv(
        index=False, float_format="%.6g", lineterminator="\n"
    )
    return DegradedSet(
        condition=condition.name,
        **enlarged,
        parameters=drawn,
        set_sha256=_sha256(condition.name.encode(), stored.encode()),
        pixels_sha256=_sha256(enlarged["bilinear"].tobytes(), enlarged["bicubic"].tobytes()),
    )


def _sha256(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
