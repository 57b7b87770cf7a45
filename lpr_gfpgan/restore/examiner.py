"""What a picture shows before anything is restored: whether it is a plate, and what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..plates import canonical_quad, image_tensor
from ..readers import Reader
from ..trust.placing import CORNERS, FOUND, TIGHT
from .placing import PlacedPlate
from .reading import PlateReading, readings_of

if TYPE_CHECKING:
    from ..trust import Calibration

LEAST_WIDTH = 24
"""Columns of a plate in its picture below which nothing is read: good readers are lost there."""
CHUNK = 16
"""Frames that go through a network at once."""

NO_READER = (
    "Nothing was read: there is no direct reader beside the restorer's weights; `make reproduce` "
    "trains one."
)
UNCALIBRATED = (
    "Without a calibration of these weights the confidences are the reader's own, and nothing "
    "tells a plate from another picture; `make reproduce` makes one."
)

NO_WHOLE = "The text is no whole plate's"
TILTED = "if the plate is tilted, or does not fill the picture, give its four corners"
MISPLACED = "a detector placed its corners, maybe badly; give its four corners"
PARTIAL = {
    CORNERS: f"{NO_WHOLE}: check that its four corners are where they should be; if they are, the "
    "picture shows too little of it.",
    TIGHT: f"{NO_WHOLE}: {TILTED}.",
    FOUND: f"{NO_WHOLE}: {MISPLACED}.",
}
"""What may help a plate without a whole text, by how it was placed."""
NARROW = (
    "The plate is {width:.0f} pixels wide in the picture; below "
    f"{LEAST_WIDTH} it cannot be read, so its text is withheld."
)
REFUSED = "This does not look like a plate"
WITHHELD = "so its text is withheld"
GIVE_CORNERS = "if it shows one, give its four corners"
OR_SEARCH = "if a plate is only a part of it, give its four corners, or leave 'tight' out"
REFUSED_MENDS = {CORNERS: "check its four corners", TIGHT: OR_SEARCH, FOUND: GIVE_CORNERS}
"""What may help a plate that was refused, by how it was placed."""


def refusal(way: str, vain: str = "") -> str:
    """Why the text of what is no plate is withheld, and what may help.

    Args:
        way: how it was placed, one of `trust.placing.WAYS`.
        vain: see `PlacedPlate`.
    """
    if vain:
        return f"{REFUSED}, and {vain}, {WITHHELD}; {GIVE_CORNERS}."
    return f"{REFUSED}, {WITHHELD}; {REFUSED_MENDS[way]}."


@dataclass(frozen=True)
class Look:
    """What a reader saw in a frame, whatever it shows.

    Attributes:
        reading: with the reader's own confidences.
        likeness: see `RestoredPlate`; None without a calibration.
        by: who looked; to others it means nothing.
    """

    reading: PlateReading
    likeness: float | None
    by: Examiner = field(repr=False, compare=False)


@dataclass(frozen=True)
class Examination:
    """What there is to say of one picture.

    Attributes:
        reading: None where there is none or it is withheld. With the reader's own confidences, but
            from `Restorer.read_placed`.
        likeness: see `RestoredPlate`.
        is_plate: see `RestoredPlate`.
        note: why something is withheld, or that the text is no whole plate's; empty otherwise.
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
        looks = [self._own_look(each) for each in placed]
        unread = [each for each, look in zip(placed, looks, strict=True) if look is None]
        new = iter(self.look(unread))
        return [
            self._conclude(each, look or next(new))
            for each, look in zip(placed, looks, strict=True)
        ]

    @torch.inference_mode()
    def look(self, placed: Sequence[PlacedPlate]) -> list[Look]:
        """Reads and judges plates in one go."""
        looks: list[Look] = []
        for batch, quad in self._batches([each.frame for each in placed]):
            if self.calibration is None:
                logits = self.reader.logits(batch, quad)
                likenesses = [None] * len(batch)
            else:
                ways = [each.way for each in placed[len(looks) : len(looks) + len(batch)]]
                values, logits = self.calibration.look(self.reader, batch, quad, ways)
                likenesses = [float(value) for value in values]
            pairs = zip(readings_of(logits), likenesses, strict=True)
            looks += [Look(*pair, by=self) for pair in pairs]
        return looks

    @torch.inference_mode()
    def read(self, frames: Sequence[np.ndarray]) -> list[PlateReading]:
        """The reader's readings of frames, uint8 [H, W, 3] each, whatever they show."""
        readings: list[PlateReading] = []
        for batch, quad in self._batches(frames):
            readings += readings_of(self.reader.logits(batch, quad))
        return readings

    def looked_at(self, placed: PlacedPlate) -> PlacedPlate:
        """The same with what the reader sees in it, if there is a calibration to judge it by."""
        if self.calibration is None:
            return placed
        return replace(placed, look=self.look([placed])[0])

    def passes(self, placed: PlacedPlate) -> bool:
        """Whether what was looked at may show a plate; without a calibration any may."""
        look = self._own_look(placed)
        if look is None or look.likeness is None:
            return True
        return self.calibration.accepts(look.likeness, placed.way)

    def _own_look(self, placed: PlacedPlate) -> Look | None:
        return placed.look if placed.look is not None and placed.look.by is self else None

    def _batches(self, frames: Sequence[np.ndarray]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Images [B, 3, H, W] and corners [B, 4, 2], at most CHUNK at once."""
        for start in range(0, len(frames), CHUNK):
            batch = image_tensor(np.stack(frames[start : start + CHUNK]), self.device)
            yield batch, self._quad.expand(len(batch), 4, 2)

    def _conclude(self, placed: PlacedPlate, look: Look) -> Examination:
        likeness, notes = look.likeness, []
        is_plate = None if likeness is None else self.calibration.accepts(likeness, placed.way)
        narrow = placed.width < LEAST_WIDTH
        if is_plate is False:
            notes.append(refusal(placed.way, placed.vain))
        if narrow:
            notes.append(NARROW.format(width=placed.width))
        if is_plate is None:
            notes.append(UNCALIBRATED)
        reading = None if narrow or is_plate is False else look.reading
        if reading is not None and not reading.complete:
            notes.append(PARTIAL[placed.way])
        return Examination(reading, likeness, is_plate, " ".join(notes))
