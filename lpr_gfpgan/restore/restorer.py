"""Restores and reads plates: single ones, lists of them and whole photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from .. import networks
from ..errors import ConfigError, ImageError, WeightsError
from ..metrics import crop_box
from ..plates import image_tensor, plate_box
from ..readers import Reader
from ..training.pictures import to_pixels
from ..trust import Calibration, agreement, sharpness
from .device import choose_device
from .examiner import CHUNK, Examination, Examiner
from .locating import Locator
from .photographs import NoPlateFound, PlateFinder, paste_plates
from .pictures import to_array
from .placing import PlacedPlate, place, plate_of_each
from .reading import PlateReading
from .result import RestoredPhotograph, RestoredPlate
from .sampling import with_samples
from .weights import READER, calibration_beside, find_weights, reader_beside

if TYPE_CHECKING:
    from .pictures import Picture
    from .placing import Plate


COARSER = 1.5
"""Widths of a restored plate from which a plate is so wide that restoring it must lose detail."""
LOST = (
    "The plate is {width:.0f} pixels wide in the picture and comes out {out} wide: finer detail is "
    "lost."
)


class Restorer:
    """Restores and reads plates. The same input gives the same output.

    Args:
        network: a trained `networks.Restorer`; it decides the size of the frame.
        reader: the direct reader, or None to restore without reading.
        calibration: of this network and reader; None to leave confidences as the reader has them
            and to take every picture for a plate.
        finder: of plates in photographs.
        device: where network and reader run.
        weights: the file that the network comes from, for who asks which one it is.

    Attributes:
        locator: finds the plates of pictures, for this network and reader.
    """

    def __init__(
        self,
        network: networks.Restorer,
        *,
        reader: Reader | None = None,
        calibration: Calibration | None = None,
        finder: PlateFinder | None = None,
        device: torch.device | str = "cpu",
        weights: Path | None = None,
    ) -> None:
        self.weights = weights
        self.device = torch.device(device)
        self.network = network.eval().to(self.device, memory_format=torch.channels_last)
        self.reader = reader.to(self.device) if reader is not None else None
        self.calibration = calibration
        self.size: tuple[int, int] = tuple(network.size)
        self._examiner = Examiner(self.reader, calibration, self.size, self.device)
        self.locator = Locator(self.size, self._examiner, finder or PlateFinder())

    def __repr__(self) -> str:
        height, width = self.size
        return (
            f"Restorer(weights={self.weights and str(self.weights)!r}, "
            f"frame={height}x{width}, reader={self.reader!r}, "
            f"calibrated={self.calibration is not None}, device={self.device})"
        )

    @classmethod
    def from_pretrained(
        cls, path: Path | str | None = None, *, device: torch.device | str | None = None
    ) -> Restorer:
        """Opens trained weights, and from the same folder the direct reader and the calibration.

        A calibration that was made for other weights is left out.

        Args:
            path: a restorer's weights; those that `find_weights` finds, when not given. `weights`
                of the restorer says which they are.
            device: "cpu", "cuda", "cuda:1"; a GPU if there is one, when not given.

        Raises:
            WeightsError: there are none, or the file is damaged or holds something else.
            ConfigError: there is no such device.
            LprError: the calibration is damaged.
        """
        place = choose_device(device)
        path = find_weights() if path is None else Path(path)
        network, _ = networks.load_weights(path, expect_kind="restorer")
        reader, calibration = reader_beside(path), calibration_beside(path)
        return cls(network, reader=reader, calibration=calibration, device=place, weights=path)

    def restore(
        self,
        image: Picture | list[Picture],
        plate: Plate | list[Plate] = None,
        *,
        samples: int = 0,
    ) -> RestoredPlate | list[RestoredPlate]:
        """Restores one picture, or a list of pictures as batches.

        Args:
            image: uint8 RGB [h, w, 3], a PIL image or a path; or a list of these, of any sizes.
            plate: where the plate is. "tight": it fills the picture, whose aspect may be any;
                corners [4, 2] (upper left, upper right, lower right, lower left; x, y in pixels);
                None: the corners in a CCPD file name, else tight, if the picture's aspect is that
                of a plate (2.2 to 5) and what it shows passes for one, else the surest plate that
                HyperLPR's detector finds, else tight again, and refused, if the aspect is that of a
                plate. For a list of pictures, "tight" or None for all, or a
                list with one of the three for each.
            samples: how many other restorations to draw that fit the picture as well. How far they
                agree is shown from so many on as the calibration was made with.

        Returns:
            The restored plate, or a list in the order of the pictures. What is no plate is refused:
            its `is_plate` is False and it has no text; `note` says so.

        Raises:
            ImageError: a picture cannot be read, is no image, is lower than 12 pixels, or no plate
                was found in it; or corners do not go round a plate.
            ConfigError: the number of samples is negative or not whole.
        """
        placed, one = self._place_all(image, plate)
        restored = self.restore_placed(placed, samples=samples)
        return restored[0] if one else restored

    def restore_photograph(
        self, photo: Picture, plates: Sequence[Plate] | None = None, *, samples: int = 0
    ) -> RestoredPhotograph:
        """Restores every plate of a photograph and puts them back into it.

        Args:
            photo: uint8 RGB [h, w, 3], a PIL image or a path.
            plates: corners [4, 2] of each plate; None: those in a CCPD file name, else all that
                HyperLPR's detector finds.
            samples: how many other restorations of each plate to draw that fit as well.

        Raises:
            ImageError: the photograph cannot be read, no plate was found, or corners do not go
                round a plate.
        """
        pixels, name = to_array(photo)
        if plates is None:
            try:
                there = self.locator.plates_of(photo, pixels, name)
            except NoPlateFound as error:
                raise ImageError(
                    f"{name}: no corners were given, and {error.reason}; give the four of each "
                    "plate, or `restore` a picture that a plate fills"
                ) from None
            placed, scores = there.plates, list(there.scores)
        else:
            quads = list(plates)
            if not quads or any(quad is None or isinstance(quad, str) for quad in quads):
                raise ImageError(
                    f"{name}: give a list with the four corners of each plate, or none"
                )
            placed = [place(pixels, name, quad, self.size) for quad in quads]
            scores = [None] * len(placed)
        restored = self.restore_placed(placed, samples=samples)
        pasted = paste_plates(pixels, restored)
        return RestoredPhotograph(image=pasted, plates=restored, scores=scores)

    def read(
        self, image: Picture | list[Picture], plate: Plate | list[Plate] = None
    ) -> PlateReading | list[PlateReading | None] | None:
        """Reads pictures as they are; arguments and errors as `restore`, and the same readings.

        Returns:
            The `reading` that `restore` gives, or a list of them; None where it gives no text.

        Raises:
            WeightsError: there is no reader.
        """
        placed, one = self._place_all(image, plate)
        readings = [each.reading for each in self.read_placed(placed)]
        return readings[0] if one else readings

    def place(self, image: Picture, plate: Plate = None) -> PlacedPlate:
        """Finds one picture's plate and brings it into the canonical frame, as `restore` does."""
        return self.locator.locate(image, plate).plates[0]

    def restore_placed(
        self, placed: Sequence[PlacedPlate], *, samples: int = 0
    ) -> list[RestoredPlate]:
        """Restores and reads plates that were placed before; see `restore`.

        Raises:
            ConfigError: the number of samples is negative or not whole.
        """
        if not isinstance(samples, Integral) or samples < 0:
            raise ConfigError(f"samples {samples!r}: give a whole number from 0 on")
        frames = [each.frame for each in placed]
        restored = self.network_frames(frames)
        unread = [None] * len(frames)
        after = self._examiner.read(restored) if self.reader is not None else unread
        results = [
            self._result(*parts)
            for parts in zip(placed, restored, self._examiner.examine(placed), after, strict=True)
        ]
        if not samples:
            return results
        return with_samples(results, placed, samples, self.network, self._examiner)

    def read_placed(self, placed: Sequence[PlacedPlate]) -> list[Examination]:
        """Judges and reads plates that were placed before, with the confidences of `restore`.

        Where calibrated confidences hang on whether the restoration is read alike, each plate that
        is read is also restored once.

        Raises:
            WeightsError: there is no reader.
        """
        self.require_reader()
        seen = self.examine_placed(placed)
        if self.calibration is None:
            return seen
        read = [number for number, each in enumerate(seen) if each.reading is not None]
        heeds = self.calibration.heeds_restoration
        needed = [number for number in read if heeds(placed[number].way)]
        restored = self.network_frames([placed[number].frame for number in needed])
        after = dict(zip(needed, self._examiner.read(restored), strict=True))
        for number in read:
            reading = self._calibrated(seen[number].reading, placed[number], after.get(number))
            seen[number] = replace(seen[number], reading=reading)
        return seen

    def require_reader(self) -> None:
        """Refuses to go on without a reader.

        Raises:
            WeightsError: there is none.
        """
        if self.reader is None:
            raise WeightsError(
                f"no {READER} beside the restorer's weights; train it with `make reproduce`"
            )

    def examine_placed(self, placed: Sequence[PlacedPlate]) -> list[Examination]:
        """Judges plates that were placed before; readings have the reader's own confidences."""
        return self._examiner.examine(placed)

    @torch.inference_mode()
    def network_frames(self, frames: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Restored frames, uint8 [H, W, 3] each; the plate may lie anywhere in them."""
        restored: list[np.ndarray] = []
        for start in range(0, len(frames), CHUNK):
            batch = image_tensor(np.stack(frames[start : start + CHUNK]), self.device)
            restored += list(to_pixels(self.network(batch).image))
        return restored

    def _place_all(
        self, image: Picture | list[Picture], plate: Plate | list[Plate]
    ) -> tuple[list[PlacedPlate], bool]:
        """The pictures' plates, and whether it was one picture and no list."""
        if not isinstance(image, list | tuple):
            return [self.place(image, plate)], True
        pairs = zip(image, plate_of_each(len(image), plate), strict=True)
        return [self.place(*pair) for pair in pairs], False

    def _result(
        self,
        placed: PlacedPlate,
        frame: np.ndarray,
        seen: Examination,
        after: PlateReading | None,
    ) -> RestoredPlate:
        """Puts together what is known of one plate; where no text is given, none is restored."""
        if seen.reading is None:
            reading = after = None
        else:
            reading = self._calibrated(seen.reading, placed, after)
        return RestoredPlate(
            image=crop_box(frame, plate_box(*self.size)).copy(),
            frame=frame,
            quad=placed.quad,
            reading=reading,
            reading_restored=after,
            likeness=seen.likeness,
            is_plate=seen.is_plate,
            note=" ".join(filter(None, (seen.note, self._lost(seen, placed)))),
        )

    def _lost(self, seen: Examination, placed: PlacedPlate) -> str:
        """Says so where a plate is much wider than it can come out; a refused one does not."""
        out = self.size[1]  # a plate is as wide as its frame
        lost = seen.is_plate is not False and placed.width > COARSER * out
        return LOST.format(width=placed.width, out=out) if lost else ""

    def _calibrated(
        self, reading: PlateReading, placed: PlacedPlate, after: PlateReading | None
    ) -> PlateReading:
        """The reading of a plate, given that of its restoration, if there is a calibration."""
        if self.calibration is None:
            return reading
        unread = [None] * len(reading.text)
        agreed = unread if after is None else agreement(reading.text, after.text)
        return reading.calibrated(
            self.calibration, agreed, sharp=sharpness(placed.frame), way=placed.way
        )
