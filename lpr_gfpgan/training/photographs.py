"""Photographed crops in training: which may enter, and batches of them.

They join the readers' training and the recognition loss, where their text teaches. Crops of 94 to
136 pixels of width would teach blur as a discriminator's reals, and as pixel targets too, unless
they are compared at a smaller size, at which they are sharp.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch

from ..config import Study
from ..errors import ConfigError, DataError
from ..files import atomic_path
from ..plates import (
    PhotoFrame,
    PlateBatch,
    canonical_quad,
    character_boxes,
    image_tensor,
    label_arrays,
    layout_of,
    plate_box,
    read_folder,
    read_frame,
)
from . import distributed
from .data import Prepare, SceneStream

SPLIT = "train"
SHARP = 0.6
"""Up to this share of its own width a crop of a camera's picture is taken to be sharp."""
APART = 1 << 40
"""Added to the crops' numbers, so that their draws are not those of the scenes beside them."""


class PhotographSet:
    """Photographed crops in the frame, with the part of `PlateSet` that a stream of scenes needs.

    Where the plate lies in a crop is known no better than that it fills it.

    Args:
        images: uint8 [N, H, W, 3].
        texts: what each plate says.
        tight: bool [N], see `PlateBatch.tight`.
    """

    def __init__(self, images: np.ndarray, texts: list[str], tight: np.ndarray) -> None:
        self.images, self.texts, self.tight = images, texts, tight
        self.labels, self.lengths = label_arrays(texts)
        height, width = images.shape[1:3]
        quad = canonical_quad(height, width)
        self.quad = quad.astype(np.float32)
        self.box = np.array(plate_box(height, width), np.float32)
        self.character_boxes = np.stack([character_boxes(layout_of(t), quad) for t in texts])

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: np.ndarray) -> PlateBatch:
        """The crops with these numbers, each in the canonical place of a plate."""
        index = np.asarray(indices)
        each = (len(index),)
        return PlateBatch(
            image=image_tensor(self.images[index]),
            quad=torch.from_numpy(np.broadcast_to(self.quad, each + self.quad.shape).copy()),
            box=torch.from_numpy(np.broadcast_to(self.box, each + self.box.shape).copy()),
            character_boxes=torch.from_numpy(self.character_boxes[index]).float(),
            labels=torch.from_numpy(self.labels[index]),
            lengths=torch.from_numpy(self.lengths[index]),
            tight=torch.from_numpy(self.tight[index]),
            index=torch.from_numpy(index.astype(np.int64)),
        )


def prepare_photographs(study: Study, folder: Path) -> Path:
    """Brings the crops that may train into the study's frame and keeps them in one file.

    Args:
        study: its `photographs` names the sources.
        folder: labelled photographs, see `plates.read_folder`.

    Returns:
        The file, see `Paths.photographs`.

    Raises:
        ConfigError: the profile trains on drawn scenes alone.
        DataError: the folder is missing, holds no crop that may train, or one too coarse for
            `photographs.l1_width`.
        LprError: a label or an image is damaged.
    """
    settings = study.settings.photographs
    if settings is None:
        raise ConfigError(f"profiles.{study.profile}.photographs: null; name sources to train on")
    chosen = [p for p in read_folder(folder) if p.source in settings.sources and p.split == SPLIT]
    if not chosen:
        raise DataError(
            f"{folder}: no plate of the training split from {', '.join(settings.sources)}; "
            "give a folder with such photographs"
        )
    frames = [read_frame(photo, *study.settings.frame.size) for photo in chosen]
    if settings.l1:
        for frame in frames:
            _refuse_coarse(frame, settings.l1_width)
    path = study.paths.photographs
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            images=np.stack([frame.image for frame in frames]),
            texts=np.array([photo.text for photo in chosen]),
            tight=np.array([frame.tight for frame in frames]),
            sources=np.array(settings.sources),
        )
    return path


def _refuse_coarse(frame: PhotoFrame, width: int) -> None:
    """Refuses a crop that is not sharp at the width at which its pixels would teach."""
    most = int(SHARP * frame.width)
    if width > most:
        raise DataError(
            f"{frame.photo.path}: its plate is {frame.width:.0f} px wide, too coarse to teach by "
            f"its pixels at {width} px; lower photographs.l1_width to {most}, set photographs.l1 "
            "to 0, or leave it out"
        )


def open_photographs(study: Study) -> PhotographSet:
    """The crops that `prepare_photographs` kept.

    Raises:
        DataError: the file is missing, damaged, of another frame or of other sources.
    """
    path = study.paths.photographs
    try:
        with np.load(path, allow_pickle=False) as file:
            found = PhotographSet(file["images"], file["texts"].tolist(), file["tight"])
            sources = file["sources"].tolist()
    except FileNotFoundError:
        raise DataError(f"no photographs in {path}; `make release` makes it") from None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged ({error}); delete it and make it again") from None
    if found.images.shape[1:3] != study.settings.frame.size:
        raise DataError(f"{path} was made for another frame; delete it and make it again")
    if sources != study.settings.photographs.sources:
        raise DataError(
            f"{path} holds {', '.join(sources)}, other sources than params.yaml names; "
            "delete it and make it again"
        )
    return found


def photograph_stream(
    study: Study,
    count: int,
    *,
    seed: int,
    device: torch.device,
    prepare: Prepare,
) -> SceneStream | None:
    """A stream of crops beside that of the scenes; see `SceneStream`.

    Args:
        study: the study.
        count: crops per step over all processes; None comes of 0.
        seed: of the order.
        device: where batches go.
        prepare: as in `SceneStream`, with draws of its own for the crops.

    Raises:
        DataError: the crops are missing or damaged.
    """
    if not count:
        return None
    return SceneStream(
        open_photographs(study),
        batch=count,
        seed=seed,
        device=device,
        prepare=lambda batch, step, samples: prepare(batch, step, samples + APART),
    )


def photograph_inputs(study: Study) -> tuple[Path, ...]:
    """The file that enters a training's identity; none where no photograph trains."""
    return () if study.settings.photographs is None else (study.paths.photographs,)


def refuse_uneven(study: Study) -> None:
    """Refuses, before anything is trained, crops that the processes cannot share equally.

    Raises:
        ConfigError: names the setting.
    """
    world, settings = distributed.world_size(), study.settings.photographs
    for name in ("reader", "restorer"):
        if settings is not None and getattr(settings, name) % world:
            raise ConfigError(
                f"profiles.{study.profile}.photographs.{name}: {getattr(settings, name)} does not "
                f"divide by {world} processes; choose a multiple"
            )
