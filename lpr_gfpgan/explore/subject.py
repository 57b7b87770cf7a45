"""The plate that is degraded: of the test split, drawn from a text, or photographed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ConfigError
from ..plates import (
    HELD_OUT_TYPEFACE,
    TRAIN_SURROUNDINGS,
    PlateSet,
    canonical_quad,
    draw_scene,
    encode,
    layout_of,
)
from ..restore import TIGHT, Restorer, to_array

if TYPE_CHECKING:
    from ..restore.pictures import Picture

AUTOMATIC, FIND = "automatic", "find"
PLACES = (AUTOMATIC, TIGHT, FIND)
"""Where a photograph's plate is: as `Restorer.place` decides, all over it, or to be found."""


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
    photograph: Picture,
    restorer: Restorer,
    *,
    place: str = AUTOMATIC,
    text: str = "",
) -> Subject:
    """The plate of a photograph, brought into the canonical frame.

    Args:
        photograph: uint8 RGB [h, w, 3], a PIL image or a path.
        restorer: places the plate as its `restore` does.
        place: one of PLACES.
        text: what the plate says, if the user knows.

    Raises:
        ImageError: it cannot be read, is too small, or no plate was found in it; or one is to be
            found and the detector is not installed. Names the mend.
        LabelError: the text is on no plate.
        ConfigError: no such place.
    """
    if place not in PLACES:
        raise ConfigError(f"place {place!r}: use one of {', '.join(PLACES)}")
    text = _tidy(text)
    if text:
        encode(text)
    if place == FIND:
        there = restorer.locator.found_in(*to_array(photograph))
        placed = there.plates[0]
        note = f"plate found by HyperLPR, score {there.scores[0]:.2f}"
        if len(there.plates) > 1:
            note += f", the best of {len(there.plates)}"
    else:
        placed = restorer.place(photograph, None if place == AUTOMATIC else place)
        tight = "taken as a crop that a plate fills"
        note = tight if placed.way == TIGHT else "plate found in the photograph"
    note += f", {placed.width:.0f} pixels wide"
    seen = restorer.examine_placed([placed])[0]
    if seen.is_plate is False:
        note += "; it does not look like a plate, so what is read in it means nothing"
    elif seen.reading is None:
        note += f"; what is read in it means nothing: {seen.note}"
    return Subject(
        image=placed.frame,
        quad=canonical_quad(*restorer.size).astype(np.float32),
        truth=text or None,
        photographed=True,
        note=note,
    )


def _tidy(text: str) -> str:
    return text.strip().upper()
