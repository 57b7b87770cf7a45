"""HyperLPR 0.0.2, the reader of the paper's tables: an adapter to its models.

It shares no data or architecture with this package's readers and enters no loss. Plates
whose corners are known go straight to the recogniser, so that a figure of reading holds no error of
detection; detection and corners are there for whole photographs.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from ..errors import DataError, ImageError
from ..networks import decode_greedy
from ..networks.checks import expect_shape
from ..plates import CLASSES, NUM_CLASSES, box_quad, decode, homography, warp
from ..plates.geometry import apply
from .hyperlpr_models import (
    BLANK,
    CHARACTERS,
    CORNER_SIZE,
    PHOTO_SIZE,
    PLATE_SIZE,
    HyperLPRModels,
    model_folder,
)
from .reader import Reading

SCORE = 0.5
"""Least score of a detection, as in HyperLPR."""

# Part of the refiner's view, along each side, that the plate takes up as believed before each pass.
# A box seldom touches the corners of a tilted plate, so it is looked at from further off.
_VIEWS_OF_BOX = (0.6, 0.7)
_VIEWS_OF_QUAD = (0.85, 0.85)

_UNREADABLE = 1e-30  # a probability whose logarithm is finite
_KNOWN = [i for i, character in enumerate(CLASSES, start=1) if character in CHARACTERS]
_THEIRS = [CHARACTERS.index(CLASSES[i - 1]) for i in _KNOWN]


class Detection(NamedTuple):
    """A plate that the detector saw.

    Attributes:
        box: float64 [4], x0, y0, x1, y1 in pixels, inside the photograph.
        score: in [0, 1].
    """

    box: np.ndarray
    score: float


class FoundPlate(NamedTuple):
    """A plate found in a photograph.

    Attributes:
        quad: float64 [4, 2], corners (tl, tr, br, bl) in pixels.
        score: the detector's, in [0, 1].
    """

    quad: np.ndarray
    score: float


class HyperLPR:
    """Reads, and finds, plates with HyperLPR's models; `read` is that of `Reader`.

    Args:
        models: the networks.
        refine: whether `read` also reads the plate after moving its corners, and keeps the reading
            that is more confident. For plates whose corners are not exact.
    """

    name = "hyperlpr"

    def __init__(self, models: HyperLPRModels, *, refine: bool = False) -> None:
        self.models = models
        self.refine = refine

    def __repr__(self) -> str:
        height, width = PLATE_SIZE
        return f"HyperLPR(crop={height}x{width}, refine={self.refine})"

    def to(self, device: torch.device | str) -> "HyperLPR":
        """Returns self: the models run on the CPU, wherever the images are."""
        return self

    def read(self, image: Tensor, quad: Tensor) -> list[Reading]:
        """Greedy CTC reading (Graves et al. 2006) of each plate.

        Args:
            image: float32 [B, 3, H, W] in [-1, 1], RGB; read as an 8-bit file would hold it.
            quad: float32 [B, 4, 2], the plates' corners (tl, tr, br, bl) in pixels.

        Raises:
            LprError: image or quad has another shape.
            DataError: the corners of a plate span no quadrilateral.
        """
        expect_shape("image", image, None, 3, None, None)
        expect_shape("quad", quad, len(image), 4, 2)
        pixels = image.detach().float().cpu().clamp(-1, 1).add(1).mul(127.5).round().byte()
        pictures = pixels.permute(0, 2, 3, 1).contiguous().numpy()
        quads = quad.detach().double().cpu().numpy()
        return [
            self._read(picture, corners, refine=self.refine)
            for picture, corners in zip(pictures, quads, strict=True)
        ]

    def read_crops(self, crops: Sequence[np.ndarray], *, refine: bool = True) -> list[Reading]:
        """Reads ready crops.

        Args:
            crops: uint8 [h, w, 3] RGB, each of any size: a plate and little else.
            refine: as in the constructor; crops seldom end exactly at the plate's corners.

        Raises:
            ImageError: an array is no such picture.
        """
        for crop in crops:
            _check_picture("a crop", crop)
        return [self._read(crop, _outline(crop), refine=refine) for crop in crops]

    def detect(self, photo: np.ndarray, *, least: float = SCORE) -> list[Detection]:
        """Finds the bounding boxes of plates, best first.

        Args:
            photo: uint8 [H, W, 3], RGB.
            least: smallest score reported.

        Raises:
            ImageError: the array is no such picture.
        """
        _check_picture("a photograph", photo)
        height, width = photo.shape[:2]
        view = cv2.resize(photo, PHOTO_SIZE[::-1], interpolation=cv2.INTER_AREA)
        detections = []
        for score, *parts in self.models.boxes(view):
            box = np.clip(parts, 0.0, 1.0) * [width, height, width, height]
            if score >= least and box[2] > box[0] and box[3] > box[1]:
                detections.append(Detection(box, float(score)))
        return detections

    def corners(self, photo: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Places the four corners of a plate.

        Args:
            photo: uint8 [H, W, 3], RGB.
            box: [4], x0, y0, x1, y1 in pixels: about where the plate lies.

        Returns:
            float64 [4, 2], (tl, tr, br, bl) in pixels; those of the box where the network places
            none that form a plate.

        Raises:
            ImageError: the array is no such picture.
            DataError: the box has no area.
        """
        _check_picture("a photograph", photo)
        x0, y0, x1, y1 = box = np.asarray(box, np.float64).reshape(4)
        if not (x1 > x0 and y1 > y0):
            raise DataError(f"the box {box.tolist()} has no area; give x0, y0, x1, y1 in pixels")
        return self._refined(photo, box_quad(box), _VIEWS_OF_BOX)

    def find_plates(self, photo: np.ndarray, *, least: float = SCORE) -> list[FoundPlate]:
        """Finds plates in a photograph with their corners, best first.

        Args:
            photo: uint8 [H, W, 3], RGB.
            least: smallest score reported.

        Raises:
            ImageError: the array is no such picture.
        """
        return [
            FoundPlate(self.corners(photo, box), score)
            for box, score in self.detect(photo, least=least)
        ]

    def _read(self, picture: np.ndarray, quad: np.ndarray, *, refine: bool) -> Reading:
        """Reads one plate of a picture, as given or, where that is more confident, refined."""
        reading = self._recognise(picture, quad)
        if refine:
            refined = self._refined(picture, quad, _VIEWS_OF_QUAD)
            other = self._recognise(picture, refined)
            reading = max(reading, other, key=lambda each: each.confidence)
        return reading

    def _recognise(self, picture: np.ndarray, quad: np.ndarray) -> Reading:
        plate = warp(picture, homography(quad, _rectangle(PLATE_SIZE)), PLATE_SIZE)
        return decode_scores(self.models.scores(plate))

    def _refined(self, picture: np.ndarray, quad: np.ndarray, views: Sequence[float]) -> np.ndarray:
        """Corners placed anew, each pass looking at the plate as rectified by the one before."""
        size = np.array(CORNER_SIZE[::-1])
        for share in views:
            target = size / 2 + (_rectangle(CORNER_SIZE) - size / 2) * share
            matrix = homography(quad, target)
            placed = self.models.corners(warp(picture, matrix, CORNER_SIZE)) * size
            if not _is_plate(placed):
                return quad
            quad = apply(np.linalg.inv(matrix), placed)
        return quad


def load_hyperlpr(*, refine: bool = False) -> HyperLPR:
    """Opens the models of the installed package `hyperlpr` without importing it.

    Args:
        refine: see `HyperLPR`.

    Raises:
        WeightsError: the package is not installed, of another version or damaged.
    """
    return HyperLPR(HyperLPRModels(model_folder()), refine=refine)


def decode_scores(scores: np.ndarray) -> Reading:
    """The most probable path over the characters that this package knows.

    HyperLPR has characters that none of our plates has (of armies, 军, and of aviation, 民航);
    probabilities are taken as conditional on none of them occurring. It has no 领, which it reads
    as something else.

    Args:
        scores: [T, 84] probabilities, in HyperLPR's order, the blank last.

    Returns:
        The reading; a character's confidence is its largest probability in its run of steps.
    """
    ours = np.full((len(scores), NUM_CLASSES), _UNREADABLE)
    ours[:, 0] += scores[:, BLANK]
    ours[:, _KNOWN] += scores[:, _THEIRS]
    indices, lengths, confidences = decode_greedy(torch.from_numpy(np.log(ours))[None])
    length = int(lengths[0])
    found = tuple(confidences[0, :length].tolist())
    return Reading(decode(indices[0, :length]), found, math.prod(found) if found else 0.0)


def _is_plate(quad: np.ndarray) -> bool:
    """Tell whether corners of a view form a convex quadrilateral, clockwise from its upper left."""
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool(np.isfinite(quad).all() and (turns > 1.0).all())  # in square pixels of the view


def _rectangle(size: tuple[int, int]) -> np.ndarray:
    return box_quad((0.0, 0.0, size[1], size[0]))


def _outline(picture: np.ndarray) -> np.ndarray:
    return _rectangle(picture.shape[:2])


def _check_picture(what: str, picture: np.ndarray) -> None:
    if (
        not isinstance(picture, np.ndarray)
        or picture.dtype != np.uint8
        or picture.ndim != 3
        or picture.shape[2] != 3
        or picture.size == 0
    ):
        given = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else picture
        raise ImageError(f"{what} must be uint8 [height, width, 3], RGB; got {given!r}")
