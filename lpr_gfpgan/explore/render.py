"""What there is to see for one plate and one position of the sliders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from ..config import Study
from ..degradations import DegradationParameters, degrade
from ..errors import ConfigError, WeightsError
from ..evaluation.consistency import distances, without_noise
from ..evaluation.protocol import DegradedSet, PlateTest
from ..plates import MAX_CHARACTERS, PlateBatch, PlateSet, image_tensor, quad_box
from ..readers import Reader, Reading, load_reader
from ..restore import Restorer, choose_device
from ..training.pictures import to_pixels
from .settings import Settings, parameters_of
from .subject import AUTOMATIC, Subject, drawn_plate, numbered_plate, photographed_plate

if TYPE_CHECKING:
    from ..restore.pictures import Picture

ORIGINAL, DEGRADED = "original", "degraded"
READERS = ("direct", "judge")
CHOSEN = ("full", "face_recipe")
"""The variants shown at first."""
MAGNIFIED = 4
"""How many times a residual's picture shows the difference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Residual:
    """A picture degraded once more, less the degraded picture.

    Attributes:
        picture: uint8 [H, W, 3], MAGNIFIED times the difference; mid-grey is none.
        distance: its RMS over the plate, levels of 0..255, as `evaluation.consistency` has it.
    """

    picture: np.ndarray
    distance: float


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """What there is to see.

    Attributes:
        subject: the plate.
        pictures: by name, in order: "degraded", each variant, "original"; uint8 [H, W, 3].
        readings: by picture and reader.
        residuals: of the variants and the original, by name; empty where the degradation is not
            known: a photograph to which the sliders add neither blur nor downsampling.
        parameters: what the sliders degraded the picture by.
    """

    subject: Subject
    pictures: dict[str, np.ndarray]
    readings: dict[tuple[str, str], Reading]
    residuals: dict[str, Residual]
    parameters: DegradationParameters


class Explorer:
    """Degrades, restores and reads plates on demand.

    Args:
        study: the study; nothing of it is trained here.
        seed: the training seed of its restorers.
        device: where the networks run; a GPU if there is one, when not given.

    Attributes:
        plates: the test split.
        size: (H, W) of the frames, px.
        variants: of params.yaml, in its order, those that are trained.
        missing: those that are not.

    Raises:
        DataError: the study has no plates.
        WeightsError: a reader is missing or damaged, or no variant is trained.
    """

    def __init__(
        self, study: Study, *, seed: int = 0, device: torch.device | str | None = None
    ) -> None:
        self.device = choose_device(device)
        self.plates = PlateSet(study.paths.plates, "test")
        self.size = self.plates.size
        self._paths = {name: study.paths.restorer(name, seed) for name in study.variants}
        self.variants = tuple(name for name, path in self._paths.items() if path.exists())
        self.missing = tuple(name for name in self._paths if name not in self.variants)
        if not self.variants:
            raise WeightsError(
                f"no restorer of profile {study.profile} is trained with seed {seed} in "
                f"{study.paths.models}; run `make reproduce` or `lpr-gfpgan train`"
            )
        self.readers: dict[str, Reader] = {
            name: load_reader(study.paths.reader(name), name).to(self.device) for name in READERS
        }
        self._restorers: dict[str, Restorer] = {}

    @property
    def chosen(self) -> tuple[str, ...]:
        """The variants to show at first: those of CHOSEN that are trained, else the first."""
        return tuple(name for name in CHOSEN if name in self.variants) or self.variants[:1]

    def numbered_plate(self, number: int) -> Subject:
        """A plate of the test split; see `subject.numbered_plate`."""
        return numbered_plate(self.plates, number)

    def drawn_plate(self, text: str, *, seed: int = 0) -> Subject:
        """A scene with that text; see `subject.drawn_plate`."""
        return drawn_plate(text, self.size, seed=seed)

    def photographed_plate(
        self, photograph: Picture, *, place: str = AUTOMATIC, text: str = ""
    ) -> Subject:
        """The plate of a photograph, placed by the first of `chosen`.

        See `subject.photographed_plate`.
        """
        restorer = self._restorer(self.chosen[0])
        return photographed_plate(photograph, restorer, place=place, text=text)

    def render(
        self, subject: Subject, settings: Settings, *, variants: Sequence[str] | None = None
    ) -> View:
        """Degrades, restores and reads one plate; equal arguments give equal views.

        Args:
            subject: the plate, in a frame of `size`.
            settings: how it is degraded.
            variants: the restorers to show, `chosen` when not given; opened at their first use.

        Raises:
            ConfigError: a setting is out of its slider's range, or no such variant is trained.
            WeightsError: a variant's weights are damaged or of another frame.
        """
        parameters = parameters_of(settings, subject.quad, self.size)
        degraded = to_pixels(degrade(image_tensor(subject.image[None]), parameters, codec="exact"))
        restored = {
            name: self._restorer(name).network_frames([degraded[0]])[0]
            for name in (self.chosen if variants is None else variants)
        }
        pictures = {DEGRADED: degraded[0], **restored, ORIGINAL: subject.image}
        known = not subject.photographed or _blurs(parameters, self.size)
        compared = {**restored, ORIGINAL: subject.image}
        return View(
            subject=subject,
            pictures=pictures,
            readings=self._read(pictures, subject.quad),
            residuals=_residuals(subject, degraded[0], compared, parameters) if known else {},
            parameters=parameters,
        )

    def _restorer(self, name: str) -> Restorer:
        if name not in self.variants:
            raise ConfigError(f"variant {name!r}: trained are {', '.join(self.variants)}")
        if name not in self._restorers:
            restorer = Restorer.from_pretrained(self._paths[name], device=self.device)
            if restorer.size != self.size:
                raise WeightsError(
                    f"{self._paths[name]}: its frames are {restorer.size}, the plates' "
                    f"{self.size}; run `make reproduce` again"
                )
            self._restorers[name] = restorer
        return self._restorers[name]

    def _read(
        self, pictures: dict[str, np.ndarray], quad: np.ndarray
    ) -> dict[tuple[str, str], Reading]:
        batch = image_tensor(np.stack(list(pictures.values())), self.device)
        quads = torch.from_numpy(quad).to(self.device).expand(len(batch), 4, 2)
        return {
            (picture, name): reading
            for name, reader in self.readers.items()
            for picture, reading in zip(pictures, reader.read(batch, quads), strict=True)
        }


def _blurs(parameters: DegradationParameters, size: tuple[int, int]) -> bool:
    """Whether it blurs or downsamples, which is what re-degrading can show."""
    lengths = (parameters.motion_length, parameters.sigma_major)
    small = (parameters.small_height.item(), parameters.small_width.item())
    return any(length.item() > 0 for length in lengths) or small != size


def _residuals(
    subject: Subject,
    degraded: np.ndarray,
    images: dict[str, np.ndarray],
    parameters: DegradationParameters,
) -> dict[str, Residual]:
    """Each image degraded again by the known blur and downsampling, compared with `degraded`."""
    count, stack = len(images), np.stack(list(images.values()))
    rows = DegradationParameters.from_rows(without_noise(parameters).to_rows() * count)
    again = degrade(image_tensor(stack), rows, codec="exact")
    difference = ((again - image_tensor(degraded[None])) * 127.5).permute(0, 2, 3, 1).numpy()
    shown = np.clip(np.round(128 + MAGNIFIED * difference), 0, 255).astype(np.uint8)
    found = distances(_test_of(subject, stack), _set_of(degraded, parameters, count), stack)
    return {
        name: Residual(picture=picture, distance=float(distance))
        for name, picture, distance in zip(images, shown, found, strict=True)
    }


def _test_of(subject: Subject, images: np.ndarray) -> PlateTest:
    """The subject's plate once for each image, as the measure takes it; it looks at no label."""
    count = len(images)
    none = torch.zeros(count, dtype=torch.int64)
    batch = PlateBatch(
        image=image_tensor(images),
        quad=torch.from_numpy(subject.quad).expand(count, 4, 2),
        box=torch.from_numpy(quad_box(subject.quad)).float().expand(count, 4),
        character_boxes=torch.zeros(count, MAX_CHARACTERS, 4),
        labels=none[:, None].expand(count, MAX_CHARACTERS),
        lengths=none,
        tight=none.bool(),
        index=none,
    )
    return PlateTest(batch=batch, image=images, table=pd.DataFrame(index=range(count)))


def _set_of(degraded: np.ndarray, parameters: DegradationParameters, count: int) -> DegradedSet:
    """The degraded picture `count` times, likewise."""
    seen = np.broadcast_to(degraded, (count, *degraded.shape))
    return DegradedSet(
        condition="explore",
        bilinear=seen,
        bicubic=seen,
        lanczos=seen,
        parameters=pd.DataFrame(parameters.to_rows() * count),
        set_sha256="",
        pixels_sha256="",
    )
