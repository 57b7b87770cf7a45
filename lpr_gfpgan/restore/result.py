"""What became of a picture: of one plate, and of a whole photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..plates import quad_size
from .reading import PlateReading


@dataclass(frozen=True, kw_only=True)
class RestoredPlate:
    """What became of one plate.

    A restoration shows what is likely, which need not be what was there. `text` is read from the
    picture as it was given; `text_restored` shows what a reader sees in the restoration.

    Attributes:
        image: uint8 [h, w, 3], RGB, the restored plate alone, as large as the network makes it.
        frame: uint8 [H, W, 3], the restored frame around it.
        quad: float64 [4, 2], the plate's corners in the picture, in pixels: upper left, upper
            right, lower right, lower left.
        reading: of the picture, by the direct reader, calibrated where there is a calibration. The
            calibration is right for the blurs of the training: under strong blur, and for typefaces
            that no training showed, its confidences are too high by some hundredths (measured in
            metrics/calibration.json, `excess`). A plate that the detector found has a calibration
            of its own, for corners that are a few per cent off. None where nothing could be or
            should be read; `note` then says why.
        reading_restored: of the restored frame, by the same reader, with the reader's own
            confidences: a restoration can make a wrong character look certain.
        likeness: how much the picture is like the plates of the training, see `trust`; None
            without a calibration.
        is_plate: whether that is enough to pass for a plate; None without a calibration.
        samples: restored frames, uint8 [H, W, 3] each, that fit the picture as well.
        agreement: for each character of `text`, the share of the samples in which the reader sees
            it in its place; None where there are no samples or no text, fewer samples than the
            calibration was made with, or where agreement was not found to tell wrong characters
            from right ones.
        note: for the user, where something is withheld or lost or the text is no whole plate's, a
            sentence or more for each such thing, the most urgent first; empty otherwise.
    """

    image: np.ndarray
    frame: np.ndarray
    quad: np.ndarray
    reading: PlateReading | None
    reading_restored: PlateReading | None
    likeness: float | None = None
    is_plate: bool | None = None
    samples: tuple[np.ndarray, ...] = ()
    agreement: tuple[float, ...] | None = None
    note: str = ""

    @property
    def text(self) -> str | None:
        """The reading of the picture; empty where nothing was seen, None where not read."""
        return self.reading and self.reading.text

    @property
    def text_restored(self) -> str | None:
        """The reading of the restored frame, likewise."""
        return self.reading_restored and self.reading_restored.text

    @property
    def plate_width(self) -> float:
        """Width of the plate in the picture, in pixels."""
        return quad_size(self.quad)[0]


@dataclass(frozen=True, kw_only=True)
class RestoredPhotograph:
    """What became of a whole photograph.

    Attributes:
        image: uint8 [H, W, 3], RGB, the photograph with its plates restored. A plate that is finer
            in the photograph than the network's frame loses detail. What is refused as no plate
            stays as it was.
        plates: each plate, those found in the order of the detector's scores, those given in the
            order given.
        scores: the detector's score of each, 0 to 1; None for corners that were given.
    """

    image: np.ndarray
    plates: list[RestoredPlate]
    scores: list[float | None]
