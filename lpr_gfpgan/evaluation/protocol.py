"""The test: which plates, degraded how.

A condition is a value that draws a degradation for each plate and applies it: one of the study's
own mixtures, or a cell of the paper's grid. The degraded set of a condition is made once; every
method works on the same pixels and every reader reads what the methods made of them.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..config import Study
from ..degradations import DegradationParameters, DegradationRanges, degrade, draw
from ..degradations.downsampling import ENLARGEMENTS
from ..errors import DataError
from ..plates import PlateBatch, PlateSet
from ..training.pictures import to_pixels
from ..training.stage import degradation_ranges, plate_width
from .grid import GridCondition, conditions, skipped

__all__ = [
    "CHUNK",
    "VALIDATION",
    "Condition",
    "DegradedSet",
    "GridCondition",
    "MixedCondition",
    "PlateTest",
    "conditions",
    "degraded_set",
    "draw_parameters",
    "grid_conditions",
    "load_plates",
    "pixels_hash",
    "rows_of",
    "set_hash",
    "skipped",
    "study_conditions",
    "validation_conditions",
    "validation_plates",
]

VALIDATION = "validation"
CHUNK = 64


class Condition(Protocol):
    """How the plates of a test are degraded: a `MixedCondition` or a `GridCondition`."""

    @property
    def name(self) -> str:
        """How tables refer to it."""

    @property
    def seed(self) -> int:
        """Of the draws."""

    @property
    def enlargements(self) -> tuple[str, ...]:
        """The kernels that `degrade` can enlarge by."""

    def draw(
        self, samples: Tensor, *, plate_width: Tensor, size: tuple[int, int]
    ) -> DegradationParameters:
        """Draws the parameters of plates by their numbers; each depends on its plate alone."""

    def degrade(self, image: Tensor, parameters: DegradationParameters, *, enlarge: str) -> Tensor:
        """Degrades [B, 3, H, W] in [-1, 1] with drawn parameters and the real JPEG codec."""


@dataclass(frozen=True, kw_only=True)
class MixedCondition:
    """A mixture of degradations drawn from ranges.

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

    @property
    def enlargements(self) -> tuple[str, ...]:
        """The kernels that `degrade` can enlarge by: all of them."""
        return ENLARGEMENTS

    def draw(
        self, samples: Tensor, *, plate_width: Tensor, size: tuple[int, int]
    ) -> DegradationParameters:
        """Draws the parameters of a batch.

        Args:
            samples: int64 [B], the plates' numbers in their set.
            plate_width: [B] px, width of each plate in its frame.
            size: (H, W) of the frame, px.
        """
        return draw(
            self.ranges,
            seed=self.seed,
            step=self.step,
            samples=samples,
            plate_width=plate_width,
            size=size,
        )

    def degrade(self, image: Tensor, parameters: DegradationParameters, *, enlarge: str) -> Tensor:
        """Degrades a batch [B, 3, H, W] in [-1, 1] with the real JPEG codec.

        Args:
            image: the originals.
            parameters: from `draw`.
            enlarge: one of `enlargements`.
        """
        return degrade(image, parameters, codec="exact", enlarge=enlarge)


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

    def select(self, index: np.ndarray) -> "PlateTest":
        """The plates at these places; each keeps its number, and with it its degradation."""
        chosen = torch.from_numpy(index)
        batch = type(self.batch)(**{k: v[chosen] for k, v in vars(self.batch).items()})
        table = self.table.iloc[index].reset_index(drop=True)
        return PlateTest(batch=batch, image=self.image[index], table=table)


@dataclass(frozen=True, kw_only=True)
class DegradedSet:
    """The test plates under one condition.

    Attributes:
        condition: the condition's name.
        bilinear: uint8 [N, H, W, 3], the small image enlarged as a reader's own resize would.
        bicubic: uint8 [N, H, W, 3], the same small image enlarged bicubically; what restorers get.
            The bilinear array itself where nothing was enlarged, or by that kernel alone.
        lanczos: uint8 [N, H, W, 3], the same small image enlarged by Lanczos's kernel; likewise.
        parameters: N rows, what was drawn for each plate.
        set_sha256: of the texts and the drawn parameters, to six digits; the same on any machine.
        pixels_sha256: of the three images; rounding may differ between processors.
    """

    condition: str
    bilinear: np.ndarray
    bicubic: np.ndarray
    lanczos: np.ndarray
    parameters: pd.DataFrame
    set_sha256: str
    pixels_sha256: str

    def select(self, index: np.ndarray) -> "DegradedSet":
        """The plates at these places; the hashes stay those of the whole set."""
        return replace(
            self,
            bilinear=self.bilinear[index],
            bicubic=self.bicubic[index],
            lanczos=self.lanczos[index],
            parameters=self.parameters.iloc[index].reset_index(drop=True),
        )


def study_conditions(study: Study) -> list[MixedCondition]:
    """The study's own mixtures, in the order of params.yaml.

    Raises:
        ConfigError: a condition is not among the degradations, or its ranges are wrong.
    """
    settings = study.settings.evaluation
    return [
        MixedCondition(name=name, ranges=degradation_ranges(study, name), seed=settings.seed)
        for name in settings.conditions
    ]


def validation_conditions(study: Study) -> list[MixedCondition]:
    """The study's own mixtures for the validation plates: other names, and so other draws.

    Raises:
        ConfigError: as in `study_conditions`.
    """
    return [replace(c, name=f"{VALIDATION}/{c.name}") for c in study_conditions(study)]


def validation_plates(study: Study) -> PlateTest:
    """All untouched plates of the validation split.

    Raises:
        DataError: as in `load_plates`.
    """
    return load_plates(study, VALIDATION, count=study.settings.plates.validation)


def grid_conditions(study: Study, protocol: str) -> list[GridCondition]:
    """The conditions of a protocol that the study's frame can show, in the order of `conditions`.

    Raises:
        ConfigError: the protocol is unknown.
    """
    cells = conditions(protocol, seed=study.settings.evaluation.seed)
    left_out = skipped(cells, study.settings.frame.size)
    return [cell for cell in cells if cell.name not in left_out]


def load_plates(study: Study, split: str = "test", *, count: int | None = None) -> PlateTest:
    """The first plates of a split.

    Args:
        study: the study.
        split: "test", or "validation" for what is fixed before the test.
        count: how many; `evaluation.plates` when not given.

    Raises:
        DataError: the set is missing, damaged, or smaller than asked for.
    """
    plates = PlateSet(study.paths.plates, split, verify=True)
    wanted = study.settings.evaluation.plates if count is None else count
    if not 0 < wanted <= len(plates):
        raise DataError(
            f"{wanted} plates wanted, the {split} split has {len(plates)}; lower them in "
            f"`evaluation` or raise plates.{split} in params.yaml"
        )
    index = np.arange(wanted)
    return PlateTest(
        batch=plates.batch(index),
        image=np.array(plates.images[index]),
        table=plates.table.iloc[index].reset_index(drop=True),
    )


def draw_parameters(plates: PlateTest, condition: Condition) -> DegradationParameters:
    """What the condition draws for each of the plates."""
    batch = plates.batch
    size = tuple(batch.image.shape[-2:])
    return condition.draw(batch.index, plate_width=plate_width(batch.quad), size=size)


def degraded_set(plates: PlateTest, condition: Condition) -> DegradedSet:
    """Degrades the plates with the real JPEG codec, always on the CPU.

    Args:
        plates: the originals.
        condition: how to degrade them.
    """
    batch = plates.batch
    parameters = draw_parameters(plates, condition)

    def enlarged(kind: str) -> np.ndarray:
        parts = torch.arange(len(plates)).split(CHUNK)
        return np.concatenate(
            [
                to_pixels(
                    condition.degrade(batch.image[part], parameters.select(part), enlarge=kind)
                )
                for part in parts
            ]
        )

    bilinear = enlarged("bilinear")
    height, width = bilinear.shape[1:3]
    smaller = (parameters.small_width < width) | (parameters.small_height < height)
    # At the frame's own resolution nothing is enlarged, by whatever kernel.
    kinds = condition.enlargements if bool(smaller.any()) else ()
    bicubic, lanczos = (
        enlarged(kind) if kind in kinds else bilinear for kind in ("bicubic", "lanczos")
    )
    drawn = rows_of(plates, parameters)
    return DegradedSet(
        condition=condition.name,
        bilinear=bilinear,
        bicubic=bicubic,
        lanczos=lanczos,
        parameters=drawn,
        set_sha256=set_hash(condition.name, drawn, plates),
        pixels_sha256=pixels_hash(bilinear, bicubic, lanczos),
    )


def rows_of(plates: PlateTest, parameters: DegradationParameters) -> pd.DataFrame:
    """The parameters as a table, one row per plate and its number first."""
    drawn = pd.DataFrame(parameters.to_rows())
    drawn.insert(0, "plate", plates.batch.index.numpy())
    return drawn


def set_hash(condition: str, drawn: pd.DataFrame, plates: PlateTest) -> str:
    """SHA-256 of a condition's name, the plates' texts and what was drawn, to six digits."""
    stored = drawn.assign(text=plates.table["text"].to_numpy()).to_csv(
        index=False, float_format="%.6g", lineterminator="\n"
    )
    return _sha256(condition.encode(), stored.encode())


def pixels_hash(*images: np.ndarray) -> str:
    """SHA-256 of the pixels of arrays, one after the other."""
    return _sha256(*(image.tobytes() for image in images))


def _sha256(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
