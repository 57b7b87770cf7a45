"""Which plates a picture holds: the rules, in their order, for Python and the command line alike.

1. What the user says: "tight", or the plate's four corners.
2. The corners in a CCPD file name: a photograph.
3. Tight, where the picture has a plate's aspect and what it shows passes for a plate.
4. What the detector finds: a photograph.
5. Tight, and refused, where it finds nothing in a picture of a plate's aspect.

A picture of another aspect in which nothing is found has no plate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import LabelError
from ..plates import parse_ccpd_name
from ..trust.placing import FOUND, TIGHT
from .photographs import NoPlateFound, PlateFinder
from .pictures import to_array
from .placing import PlacedPlate, place

if TYPE_CHECKING:
    from .examiner import Examiner
    from .pictures import Picture
    from .placing import Plate

TIGHT_ASPECTS = (2.2, 5.0)
"""Width / height of a picture that passes for a tight crop of a plate; a plate has 3.14 or 3.43."""


@dataclass(frozen=True, kw_only=True)
class LocatedPlates:
    """The plates of one picture, at least one.

    Attributes:
        plates: those found, the surest first; else the one that was given, named or taken.
        scores: the detector's score of each, 0 to 1; None where it did not find it.
        photograph: whether the plates are parts of a photograph, found in it or named by its file;
            else the user said where the plate is, or it was taken to fill the picture.
    """

    plates: Sequence[PlacedPlate]
    scores: Sequence[float | None]
    photograph: bool


class Locator:
    """Finds the plates of pictures and brings them into the canonical frame.

    Args:
        size: (H, W) of the frame.
        examiner: tells what passes for a plate.
        finder: of plates in photographs.
    """

    def __init__(self, size: tuple[int, int], examiner: Examiner, finder: PlateFinder) -> None:
        self.finder = finder
        self._size, self._examiner = size, examiner

    def locate(self, image: Picture, plate: Plate = None, *, every: bool = False) -> LocatedPlates:
        """The plates of a picture, by the rules of this module.

        Args:
            image: uint8 RGB [h, w, 3], a PIL image or a path.
            plate: "tight", corners [4, 2] in pixels, or None where the user says nothing.
            every: whether to give all plates that the detector finds; else the surest alone.

        Raises:
            ImageError: the picture cannot be read or is too small, no plate was found in it, or
                corners go round no plate.
        """
        pixels, name = to_array(image)
        if plate is not None:
            return _one(place(pixels, name, plate, self._size))
        tight = None
        if corners_in_name(image, pixels) is None:
            whole = place(pixels, name, TIGHT, self._size)  # what is too small is not searched
            if has_plate_aspect(pixels):
                tight = self._examiner.looked_at(whole)
                if self._examiner.passes(tight):
                    return _one(tight)
        try:
            return self.plates_of(image, pixels, name, most=None if every else 1)
        except NoPlateFound as error:
            if tight is None:
                raise
            return _one(replace(tight, vain=error.reason))

    def plates_of(
        self, photo: Picture, pixels: np.ndarray, name: str, *, most: int | None = None
    ) -> LocatedPlates:
        """The plates of a photograph: rules 2 and 4.

        Args:
            photo: as the user gave it.
            pixels: uint8 [h, w, 3], what it holds.
            name: what messages call it.
            most: how many to give, the surest first; all when not given.

        Raises:
            ImageError: there is none (NoPlateFound), or corners go round no plate.
        """
        named = corners_in_name(photo, pixels)
        if named is not None:
            plate = place(pixels, name, named, self._size)
            return LocatedPlates(plates=[plate], scores=[None], photograph=True)
        return self.found_in(pixels, name, most=most)

    def found_in(self, pixels: np.ndarray, name: str, *, most: int | None = None) -> LocatedPlates:
        """The plates that the detector finds in a photograph: rule 4; see `plates_of`.

        Raises:
            NoPlateFound: there is none, or nothing to search with.
        """
        found = self.finder.find(pixels, name)[:most]
        plates = [replace(place(pixels, name, f.quad, self._size), way=FOUND) for f in found]
        return LocatedPlates(plates=plates, scores=[f.score for f in found], photograph=True)


def has_plate_aspect(pixels: np.ndarray) -> bool:
    """Whether a picture [h, w, 3] has the aspect of a tight crop, see TIGHT_ASPECTS."""
    return TIGHT_ASPECTS[0] <= pixels.shape[1] / pixels.shape[0] <= TIGHT_ASPECTS[1]


def corners_in_name(image: Picture, pixels: np.ndarray) -> np.ndarray | None:
    """The corners that a CCPD file name gives for its photograph.

    Args:
        image: as the user gave it; only a path has a name.
        pixels: uint8 [h, w, 3], what it holds.

    Returns:
        float64 [4, 2]; None without such a name, or where its corners lie outside: the picture then
        is a part of the photograph that the name speaks of.
    """
    if not isinstance(image, str | Path):
        return None
    try:
        quad = parse_ccpd_name(image).corners.astype(np.float64)
    except LabelError:
        return None
    height, width = pixels.shape[:2]
    inside = (quad >= 0).all() and (quad <= [width, height]).all()
    return quad if inside else None


def _one(plate: PlacedPlate) -> LocatedPlates:
    return LocatedPlates(plates=[plate], scores=[None], photograph=False)
