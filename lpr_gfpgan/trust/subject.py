"""What is calibrated, and the pictures it is calibrated on."""

from dataclasses import dataclass

import numpy as np
import torch

from ..config import TRAINING, Study
from ..degradations import degrade, draw
from ..networks import Restorer
from ..plates import canonical_quad, image_tensor
from ..readers import Reader, Reading
from ..training.pictures import to_pixels
from ..training.stage import degradation_ranges, open_plates, plate_width
from .non_plates import draw_non_plates
from .placing import as_given

CHUNK = 64
FOUND_SEED = 2024
"""Of how far off the corners are that a detector found."""
OTHERS = {"fit": 420, "choose": 200, "measure": 200}
"""Non-plates that fit the likeness, choose its threshold and measure it."""


@dataclass(frozen=True)
class Subject:
    """What is calibrated: the study and its two networks."""

    study: Study
    reader: Reader
    network: Restorer
    device: torch.device

    @property
    def seed(self) -> int:
        """Of every draw."""
        return self.study.settings.plates.seed

    @property
    def conditions(self) -> list[str]:
        """The degradations of training and of the test."""
        return [TRAINING, *self.study.settings.evaluation.conditions]


@dataclass(frozen=True)
class Frames:
    """Pictures in the frame: uint8 [N, H, W, 3], corners [N, 4, 2], and the texts of plates."""

    image: np.ndarray
    quad: np.ndarray
    text: list[str]

    def __len__(self) -> int:
        return len(self.image)

    def select(self, index: np.ndarray) -> "Frames":
        """The pictures at these places."""
        text = [self.text[i] for i in index] if self.text else []
        return Frames(self.image[index], self.quad[index], text)


def plate_frames(study: Study, split: str, count: int | None = None) -> Frames:
    """The first drawn plates of a split, with their own corners."""
    plates = open_plates(study, split)
    wanted = slice(count)
    texts = plates.table["text"][wanted].tolist()
    return Frames(np.array(plates.images[wanted]), plates.quads[wanted], texts)


def placed_frames(frames: Frames, way: str, *, step: int = 0) -> Frames:
    """The frames as a restorer is given them, each taken for a user's picture of its plate.

    Args:
        frames: pictures with their plates' corners.
        way: one of `placing.WAYS`.
        step: number of the draw; another one draws other corners that a detector found.

    Returns:
        Frames whose plates lie in the canonical box.
    """
    size = frames.image.shape[1:3]
    images = [
        as_given(picture, quad, way, size, np.random.default_rng((FOUND_SEED, step, number)))
        for number, (picture, quad) in enumerate(zip(frames.image, frames.quad, strict=True))
    ]
    return Frames(np.stack(images), _canonical_quads(len(frames), size), frames.text)


def _canonical_quads(count: int, size: tuple[int, int]) -> np.ndarray:
    return np.broadcast_to(canonical_quad(*size), (count, 4, 2)).astype(np.float32)


def degraded_frames(subject: Subject, frames: Frames, condition: str, step: int) -> Frames:
    """Frames degraded with the real JPEG codec and rounded, as a file would hold them.

    Args:
        subject: the study and its device.
        frames: the originals.
        condition: a key of `degradations` in params.yaml.
        step: number of the draw; another one draws other degradations.
    """
    ranges = degradation_ranges(subject.study, condition)
    images = []
    for part in torch.arange(len(frames)).split(CHUNK):
        parameters = draw(
            ranges,
            seed=subject.seed,
            step=step,
            samples=part,
            plate_width=plate_width(torch.from_numpy(frames.quad[part.numpy()]).float()),
            size=frames.image.shape[1:3],
        )
        image = image_tensor(frames.image[part.numpy()])
        images.append(to_pixels(degrade(image, parameters, codec="exact")))
    return Frames(np.concatenate(images), frames.quad, frames.text)


def other_frames(subject: Subject, part: str) -> tuple[Frames, list[str]]:
    """The non-plates that fit, choose or measure, and their kinds; no two parts share a draw."""
    number, count = list(OTHERS).index(part), OTHERS[part]
    size = subject.study.settings.frame.size
    images, kinds = draw_non_plates(len(OTHERS) * subject.seed + number, count, *size)
    return Frames(images, _canonical_quads(count, size), []), kinds


def readings(subject: Subject, images: np.ndarray, quads: np.ndarray) -> list[Reading]:
    """The direct reader's readings of images [N, H, W, 3] at corners [N, 4, 2]."""
    found = []
    for part in torch.arange(len(images)).split(CHUNK):
        quad = torch.from_numpy(quads[part.numpy()]).float().to(subject.device)
        found += subject.reader.read(image_tensor(images[part.numpy()], subject.device), quad)
    return found


@torch.inference_mode()
def restored(subject: Subject, images: np.ndarray) -> np.ndarray:
    """The restorer's restorations of images, uint8 [N, H, W, 3] both."""
    parts = [
        to_pixels(subject.network(image_tensor(images[part.numpy()], subject.device)).image)
        for part in torch.arange(len(images)).split(CHUNK)
    ]
    return np.concatenate(parts)
