"""The plate that is degraded: of the test split, drawn from a text, or photographed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConfigError, ImageError
from ..files import read_image
from ..plates import (
    HELD_OUT_TYPEFACE,
    TRAIN_SURROUNDINGS,
    PlateSet,
    canonical_quad,
    draw_scene,
    encode,
    layout_of,
)
from ..readers import load_hyperlpr
from ..restore import TIGHT, has_plate_aspect, to_frame

AUTOMATIC, FIND = "automatic", "find"
PLACES = (AUTOMATIC, TIGHT, FIND)
"""Where a photograph's plate is: decided by its shape, all over it, or anywhere in it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A plate in a frame, before the sliders degrade it.

    Attributes:
        image: uint8 [H, W, 3], RGB.
        quad: float32 [4, 2], the plate's corners in it, px.
        truth: the plate's text; None where nobody said.
        photographed: it was uploaded, so it may be degraded already, and nobody knows how.
        note: how the plate was found, for the user; empty where there is nothing to say.
    """

    image: np.ndarray
    quad: np.ndarray
    truth: str | None
    photographed: bool = False
    note: str = ""


def numbered_plate(plates: PlateSet, number: int) -> Subject:
    """A plate of a split.

    Raises:
        ConfigError: there is no such plate.
    """
    if not 0 <= number < len(plates):
        raise ConfigError(f"plate {number}: choose 0 to {len(plates) - 1}")
    return Subject(
        image=np.array(plates.images[number]),
        quad=plates.quads[number],
        truth=str(plates.table["text"][number]),
    )


def drawn_plate(text: str, size: tuple[int, int], *, seed: int = 0) -> Subject:
    """A scene with that text, in the typeface that no training saw.

    Args:
        text: of the plate; case and surrounding blanks do not matter.
        size: (H, W) of the frame, px.
        seed: of the scene's look.

    Raises:
        LabelError: the text is on no plate.
    """
    text = _tidy(text)
    scene = draw_scene(
        np.random.default_rng(seed),
        *size,
        style=layout_of(text).name,
        typeface=HELD_OUT_TYPEFACE,
        surroundings=TRAIN_SURROUNDINGS[0],
        text=text,
        tight=False,
    )
    return Subject(image=scene.image, quad=scene.quad, truth=text)


def photographed_plate(
    photograph: np.ndarray, size: tuple[int, int], *, place: str = AUTOMATIC, text: str = ""
) -> Subject:
    """The plate of a photograph, brought into the canonical frame.

    Args:
        photograph: uint8 [h, w, 3], RGB.
        size: (H, W) of the frame, px.
        place: one of PLACES; what is to be found, HyperLPR finds.
        text: what the plate says, if the user knows.

    Raises:
        ImageError: it is too low, or no plate was found in it.
        LabelError: the text is on no plate.
        WeightsError: HyperLPR is needed and not installed; names the mend.
        ConfigError: no such place.
    """
    if place not in PLACES:
        raise ConfigError(f"place {place!r}: use one of {', '.join(PLACES)}")
    text = _tidy(text)
    if text:
        encode(text)
    height, width = photograph.shape[:2]
    if place == AUTOMATIC:
        place = TIGHT if has_plate_aspect(photograph) else FIND
    if place == TIGHT:
        frame, note = to_frame(photograph, TIGHT, size), "taken as a crop that a plate fills"
    else:
        found = load_hyperlpr().find_plates(photograph)
        if not found:
            raise ImageError(
                f"no plate found in the photograph of {width} x {height} pixels; crop it to the "
                "plate and say that the plate fills it"
            )
        frame = to_frame(photograph, found[0].quad, size)
        note = f"plate found by HyperLPR, score {found[0].score:.2f}"
        if len(found) > 1:
            note += f", the best of {len(found)}"
    return Subject(
        image=frame,
        quad=canonical_quad(*size).astype(np.float32),
        truth=text or None,
        photographed=True,
        note=note,
    )


def read_upload(name: str, data: bytes) -> np.ndarray:
    """An uploaded file as uint8 RGB [h, w, 3], with the checks of `files.read_image`.

    Raises:
        ImageError: it is no image, damaged or too large.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "upload")
        path.write_bytes(data)
        try:
            return read_image(path)
        except ImageError as error:  # the user knows the file's name, not the folder
            raise ImageError(str(error).replace(f"{folder}/", "")) from None


def _tidy(text: str) -> str:
    return text.strip().upper()
