"""What a picture shows before anything is restored: whether it is a plate, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..plates import canonical_quad, image_tensor
from ..readers import Reader
from .placing import PlacedPlate
from .reading import PlateReading, readings_of

if TYPE_CHECKING:
    from ..trust import Calibration

LEAST_WIDTH = 24
"""Columns of a plate in its picture below which nothing is read: good readers are lost there."""
CHUNK = 16
"""Frames that go through a network at once."""

NO_READER = "Nothing was read: there is no direct reader beside the restorer's weights."
UNCALIBRATED = (
    "Without a calibration of these weights the confidences are the reader's own, and nothing "
    "tells a plate from another picture."
)


@dataclass(frozen=True)
class Examination:
    """What there is to say of one picture.

    Attributes:
        reading: with the reader's own confidences; None where there is none or it is withheld.
        likeness: see `RestoredPlate`.
        is_plate: see `RestoredPlate`.
        note: why something is withheld; empty where nothing is.
    """

    reading: PlateReading | None
    likeness: float | None
    is_plate: bool | None
    note: str


class Examiner:
    """Judges and reads frames whose plate lies in the canonical box.

    Args:
        reader: the direct reader, on its device; None to say nothing.
        calibration: of this reader; None to read whatever there is.
        size: (H, W) of the frames.
        device: where the reader is.
    """

    def __init__(
        self,
        reader: Reader | None,
        calibration: Calibration | None,
        size: tuple[int, int],
        device: torch.device,
    ) -> None:
        self.reader, self.device = reader, device
        self.calibration = calibration if reader is not None else None
        self._quad = torch.from_numpy(canonical_quad(*size)).float().to(device)

    def examine(self, placed: Sequence[PlacedPlate]) -> list[Examination]:
        """Judges and reads pictures; the text of what is no plate, or too narrow, is withheld."""
        if self.reader is None:
            return [Examination(None, None, None, NO_READER)] * len(placed)
        frames = [each.frame for each in placed]
        return [
            self._conclude(*parts)
            for parts in zip(placed, self.read(frames), self.likenesses(frames), strict=True)
        ]

    @torch.inference_mode()
    def read(self, frames: Sequence[np.ndarray]) -> list[PlateReading]:
        """The reader's readings of frames, uint8 [H, W, 3] each, whatever they show."""
        readings: list[PlateReading] = []
        for start in range(0, len(frames), CHUNK):
            batch = image_tensor(np.stack(frames[start : start + CHUNK]), self.device)
            logits = self.reader.logits(batch, self._quad.expand(len(batch), 4, 2))
            readings += readings_of(logits)
        return readings

    def likenesses(self, frames: Sequence[np.ndarray]) -> list[float | None]:
        """How much each frame is like a plate; None without a calibration."""
        if self.calibration is None or not frames:
            return [None] * len(frames)
        return [float(each) for each in self.calibration.plate_likeness(self.reader, frames)]

    def passes(self, frame: np.ndarray) -> bool:
        """Whether a frame may show a plate; without a calibration any may."""
        (likeness,) = self.likenesses([frame])
        return likeness is None or self.calibration.accepts(likeness)

    def _conclude(
        self, placed: PlacedPlate, reading: PlateReading, likeness: float | None
    ) -> Examination:
        if likeness is None:
            is_plate, note = None, UNCALIBRATED
        else:
            is_plate, note = self.calibration.accepts(likeness), ""
        if is_plate is False:
            note = "This does not look like a plate, so its text is withheld."
        elif placed.width < LEAST_WIDTH:
            note = (
                f"The plate is {placed.width:.0f} pixels wide in the picture; below {LEAST_WIDTH} "
                "it cannot be read, so its text is withheld."
            )
        else:
            return Examination(reading, likeness, is_plate, note)
        return Examination(None, likeness, is_plate, note)
