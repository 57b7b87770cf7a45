"""Whole photographs: the plates in them found, and put back restored."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ImageError, WeightsError
from ..plates import paste_back, quad_box, quad_size
from ..readers import HyperLPR, load_hyperlpr
from ..readers.hyperlpr import FoundPlate
from .placing import LEAST_HEIGHT
from .result import RestoredPlate

GIVE_PLACE = "give its four corners, or 'tight' if the plate fills the picture"
SAME = 0.3
"""Overlap, intersection over union, from which two finds are the same plate."""


class NoPlateFound(ImageError):
    """A search for plates gave none, or there is nothing to search with.

    Args:
        message: names the picture and the mend.
        reason: what happened, as a part of a sentence that speaks of the picture.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class PlateFinder:
    """Finds plates by HyperLPR's detector; its models are opened when they are first needed.

    Not to be shared between threads.

    Args:
        detector: an opened one, or anything with its `find_plates`.
    """

    def __init__(self, detector: HyperLPR | None = None) -> None:
        self._detector = detector

    def find(self, photo: np.ndarray, name: str) -> list[FoundPlate]:
        """The plates of a photograph that are large enough to be restored, the surest first.

        Args:
            photo: uint8 [H, W, 3], RGB.
            name: what messages call the photograph.

        Raises:
            NoPlateFound: there is none, or the detector's package is not installed.
        """
        if self._detector is None:
            try:
                self._detector = load_hyperlpr()
            except WeightsError as error:
                reason = f"to search for one needs the models of HyperLPR ({error})"
                raise NoPlateFound(
                    f"{name}: no plate fills it, and {reason}; or {GIVE_PLACE}", reason
                ) from None
        height, width = photo.shape[:2]
        kept: list[FoundPlate] = []
        for found in self._detector.find_plates(photo):
            x, y = found.quad.mean(axis=0)
            inside = 0 <= x <= width and 0 <= y <= height
            large = quad_size(found.quad)[1] >= LEAST_HEIGHT
            if inside and large and all(_overlap(found.quad, k.quad) < SAME for k in kept):
                kept.append(found)
        if not kept:
            raise NoPlateFound(f"no plate found in {name}; {GIVE_PLACE}", "none was found in it")
        return kept


def paste_plates(photo: np.ndarray, plates: Sequence[RestoredPlate]) -> np.ndarray:
    """A photograph with its restored plates put back, their edges feathered.

    Args:
        photo: uint8 [H, W, 3].
        plates: restored from this photograph; where two overlap, the first lies on top. Those that
            were refused are left out.

    Returns:
        A new photograph.
    """
    pasted = photo.copy()
    for plate in reversed(plates):
        if plate.is_plate is False:
            continue
        # Only the plate's own part is worked on: a photograph may be large.
        x0, y0, x1, y1 = quad_box(plate.quad)
        left, top = max(int(x0) - 1, 0), max(int(y0) - 1, 0)
        part = pasted[top : int(y1) + 2, left : int(x1) + 2]
        part[:] = paste_back(part, plate.frame, plate.quad - [left, top])
    return pasted


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two convex quads [4, 2]."""
    quads = [np.asarray(quad, np.float32) for quad in (first, second)]
    shared, _ = cv2.intersectConvexConvex(*quads)
    union = sum(cv2.contourArea(quad) for quad in quads) - shared
    return shared / union if union > 0 else 0.0
