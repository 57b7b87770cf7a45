"""The public door: a picture of a plate in, the restored plate and its readings out.

    restored = Restorer.from_pretrained().restore("plate.jpg")
    restored.image, restored.text, restored.text_restored

A restoration shows what is likely, which need not be what was there: it is no evidence. The reading
of the input by a reader trained on degraded plates stands beside the reading of the restoration.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from . import networks
from .config import find_root
from .errors import ConfigError, ImageError, WeightsError
from .files import MAX_PIXELS, read_image
from .metrics import crop_box
from .plates import canonical_quad, image_tensor, plate_box, rectify, tight_to_frame
from .readers import Reader, Reading, load_reader
from .training.pictures import to_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

    Picture = np.ndarray | Image | Path | str
    Plate = str | np.ndarray | Sequence[Sequence[float]] | None

RELEASED = Path(__file__).parent / "weights" / "restorer.safetensors"
READER = "reader-direct.safetensors"
TIGHT = "tight"
TIGHT_ASPECTS = (2.2, 5.0)
"""Width / height of a picture that passes for a tight crop of a plate; a plate has 3.14 or 3.43."""
LEAST_HEIGHT = 12
"""Rows of a plate below which nothing is restored."""
CHUNK = 16


@dataclass(frozen=True, kw_only=True)
class RestoredPlate:
    """What became of one picture.

    Attributes:
        image: uint8 [h, w, 3], RGB, the restored plate alone.
        frame: uint8 [H, W, 3], the restored frame around it.
        reading: of the input, by the direct reader; None where there are no reader's weights.
        reading_restored: of the restored frame, by the same reader.
    """

    image: np.ndarray
    frame: np.ndarray
    reading: Reading | None
    reading_restored: Reading | None

    @property
    def text(self) -> str | None:
        """The reading of the input; empty where nothing was seen, None without a reader."""
        return self.reading and self.reading.text

    @property
    def text_restored(self) -> str | None:
        """The reading of the restored frame, likewise."""
        return self.reading_restored and self.reading_restored.text

    @property
    def confidences(self) -> tuple[float, ...] | None:
        """The reader's own probability, 0 to 1, of each character of `text`."""
        return self.reading and self.reading.confidences

    @property
    def confidences_restored(self) -> tuple[float, ...] | None:
        """The same for `text_restored`."""
        return self.reading_restored and self.reading_restored.confidences


class Restorer:
    """Restores and reads plates. The same input gives the same output.

    Args:
        network: a trained `networks.Restorer`; it decides the size of the frame.
        reader: the direct reader, or None to restore without reading.
        device: where both run.
    """

    def __init__(
        self,
        network: networks.Restorer,
        *,
        reader: Reader | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.device = torch.device(device)
        self.network = network.eval().to(self.device, memory_format=torch.channels_last)
        self.reader = reader.to(self.device) if reader is not None else None
        self.size: tuple[int, int] = tuple(network.size)

    def __repr__(self) -> str:
        height, width = self.size
        return f"Restorer(frame={height}x{width}, reader={self.reader!r}, device={self.device})"

    @classmethod
    def from_pretrained(
        cls, path: Path | str | None = None, *, device: torch.device | str | None = None
    ) -> Restorer:
        """Opens trained weights, and the direct reader's from the same folder if they are there.

        Args:
            path: a restorer's weights; when not given, the released ones, else those of the last
                trained `full` model of the study.
            device: "cpu", "cuda", "cuda:1"; a GPU if there is one, when not given.

        Raises:
            WeightsError: there are none, or the file is damaged or holds something else.
            ConfigError: there is no such device.
        """
        place = choose_device(device)
        path = find_weights() if path is None else Path(path)
        network, _ = networks.load_weights(path, expect_kind="restorer")
        beside = path.with_name(READER)
        reader = load_reader(beside, "direct") if beside.exists() else None
        return cls(network, reader=reader, device=place)

    def restore(
        self, image: Picture | list[Picture], plate: Plate | list[Plate] = None
    ) -> RestoredPlate | list[RestoredPlate]:
        """Restores one picture, or a list of pictures as batches.

        Args:
            image: uint8 RGB [h, w, 3], a PIL image or a path; or a list of these, of any sizes.
            plate: where the plate is. "tight": it fills the picture, whose aspect may be any;
                corners [4, 2] (upper left, upper right, lower right, lower left; x, y in pixels);
                None: tight, if the picture's aspect is that of a plate (2.2 to 5). For a list of
                pictures, "tight" or None for all, or a list with one of the three for each.

        Returns:
            The restored plate, or a list in the order of the pictures.

        Raises:
            ImageError: a picture cannot be read, is no image, is lower than 12 pixels, or has
                another aspect and no corners; or corners do not go round a plate.
        """
        frames, one = self._frames(image, plate)
        restored = self.restore_frames(frames)
        return restored[0] if one else restored

    def read(
        self, image: Picture | list[Picture], plate: Plate | list[Plate] = None
    ) -> Reading | list[Reading]:
        """Reads pictures as they are, without restoring them; arguments and errors as `restore`.

        Raises:
            WeightsError: there is no reader.
        """
        if self.reader is None:
            raise WeightsError(
                f"no {READER} beside the restorer's weights; train it with `make reproduce`"
            )
        frames, one = self._frames(image, plate)
        readings = self.read_frames(frames)
        return readings[0] if one else readings

    def frame(self, image: Picture, plate: Plate = None) -> np.ndarray:
        """Brings one picture into the canonical frame; arguments and errors as `restore`.

        Returns:
            uint8 [H, W, 3].
        """
        return to_frame(image, plate, self.size)

    def restore_frames(self, frames: Sequence[np.ndarray]) -> list[RestoredPlate]:
        """Restores and reads frames whose plate lies in the canonical box.

        Args:
            frames: uint8 [H, W, 3] each.
        """
        box = plate_box(*self.size)
        restored = self.network_frames(frames)
        unread = [None] * len(frames)
        before = self.read_frames(frames) if self.reader is not None else unread
        after = self.read_frames(restored) if self.reader is not None else unread
        return [
            RestoredPlate(
                image=crop_box(frame, box).copy(), frame=frame, reading=seen, reading_restored=read
            )
            for frame, seen, read in zip(restored, before, after, strict=True)
        ]

    @torch.inference_mode()
    def network_frames(self, frames: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Restored frames, uint8 [H, W, 3] each; the plate may lie anywhere in them."""
        restored: list[np.ndarray] = []
        for start in range(0, len(frames), CHUNK):
            batch = image_tensor(np.stack(frames[start : start + CHUNK]), self.device)
            restored += list(to_pixels(self.network(batch).image))
        return restored

    def read_frames(self, frames: Sequence[np.ndarray]) -> list[Reading]:
        """The direct reader's readings of frames whose plate lies in the canonical box."""
        quad = torch.from_numpy(canonical_quad(*self.size)).float().to(self.device)
        readings: list[Reading] = []
        for start in range(0, len(frames), CHUNK):
            batch = image_tensor(np.stack(frames[start : start + CHUNK]), self.device)
            readings += self.reader.read(batch, quad.expand(len(batch), 4, 2))
        return readings

    def _frames(
        self, image: Picture | list[Picture], plate: Plate | list[Plate]
    ) -> tuple[list[np.ndarray], bool]:
        """The pictures in the canonical frame, and whether it was one picture and no list."""
        if not isinstance(image, list | tuple):
            return [self.frame(image, plate)], True
        if plate is None or isinstance(plate, str):
            plate = [plate] * len(image)
        if len(plate) != len(image):
            raise ImageError(
                f"{len(image)} pictures but {len(plate)} plates; give one plate for each picture"
            )
        return [self.frame(*pair) for pair in zip(image, plate, strict=True)], False


def find_weights() -> Path:
    """The released weights, else those of the study's last trained `full` model.

    Raises:
        WeightsError: there are neither; names the command that trains.
    """
    if RELEASED.exists():
        return RELEASED
    try:
        output = Path(os.environ.get("LPR_GFPGAN_OUTPUT") or find_root())
        found = list(output.glob("models/*/restorer-full-0.safetensors"))
    except ConfigError:
        found = []
    if not found:
        raise WeightsError(
            "no weights: none come with this version and no trained model was found; run "
            "`make reproduce` or `lpr-gfpgan train` in a clone, or name a weights file"
        )
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path))


def choose_device(name: torch.device | str | None = None) -> torch.device:
    """The device of that name, or a GPU if there is one.

    Raises:
        ConfigError: this machine has no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):  # torch asserts that it was built with CUDA
        raise ConfigError(f"device {str(name)!r}: not on this machine; use cpu or cuda") from None
    return device


def to_frame(image: Picture, plate: Plate, size: tuple[int, int]) -> np.ndarray:
    """Brings a picture's plate into the canonical frame.

    Args:
        image: see `Restorer.restore`.
        plate: see `Restorer.restore`.
        size: (H, W) of the frame.

    Returns:
        uint8 [H, W, 3].

    Raises:
        ImageError: see `Restorer.restore`.
    """
    pixels, name = to_array(image)
    if plate is not None and not isinstance(plate, str):
        return rectify(pixels, _corners(plate, name), size)
    height, width = pixels.shape[:2]
    if plate not in (None, TIGHT):
        raise ImageError(f"plate {plate!r}: say 'tight', give four corners or leave it out")
    if height < LEAST_HEIGHT or width < LEAST_HEIGHT:
        raise ImageError(
            f"{name} is {width} x {height} pixels; a plate needs at least {LEAST_HEIGHT} each way"
        )
    if plate is None and not TIGHT_ASPECTS[0] <= width / height <= TIGHT_ASPECTS[1]:
        raise ImageError(
            f"{name} is {width} x {height} pixels, which is no plate's shape; give the plate's "
            "four corners, or 'tight' if the plate fills the picture"
        )
    return tight_to_frame(pixels, *size)


def to_array(image: Picture) -> tuple[np.ndarray, str]:
    """A picture as uint8 RGB [h, w, 3], and what to call it in a message.

    Args:
        image: such an array, a PIL image (turned as its EXIF says) or a path.

    Raises:
        ImageError: it is none of these, or cannot be read.
    """
    if isinstance(image, str | Path):
        return read_image(image), f"image {image}"
    if not isinstance(image, np.ndarray):
        image = _from_pil(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(
            f"picture: need uint8 RGB [h, w, 3], got {image.dtype} {image.shape}; convert it"
        )
    _refuse_huge(image.shape[1], image.shape[0])
    return image, "the picture"


def _from_pil(image: Any) -> np.ndarray:
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        raise ImageError(
            f"picture: got {type(image).__name__}; give a uint8 RGB array, a PIL image or a path"
        )
    _refuse_huge(*image.size)  # before it is decoded
    try:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ImageError(f"picture: PIL cannot decode it ({error}); open it again") from None


def _refuse_huge(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"picture: {width} x {height} is over the limit of {MAX_PIXELS / 1e6:g} million "
            "pixels; scale it down or crop it"
        )


def _corners(plate: Any, name: str) -> np.ndarray:
    """Corners as float64 [4, 2], refused unless they go round a convex plate, clockwise as seen."""
    try:
        quad = np.asarray(plate, dtype=np.float64)
    except (TypeError, ValueError):
        quad = np.empty(0)
    if quad.shape != (4, 2) or not np.isfinite(quad).all():
        given = " ".join(repr(plate).split())
        raise ImageError(f"{name}: corners must be four points (x, y), got {given}")
    sides = np.roll(quad, -1, axis=0) - quad
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    lengths = np.linalg.norm(sides, axis=1)
    if not (turns > 1e-9 * lengths.max() ** 2).all():
        raise ImageError(
            f"{name}: corners {quad.tolist()} do not go round a plate; give them as upper left, "
            "upper right, lower right, lower left"
        )
    if lengths[[1, 3]].mean() < LEAST_HEIGHT:
        raise ImageError(
            f"{name}: the plate between these corners is lower than {LEAST_HEIGHT} pixels; too "
            "small to restore"
        )
    return quad
