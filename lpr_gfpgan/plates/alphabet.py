"""The characters of Chinese licence plates, their layouts in millimetres, and plate texts.

Positions and sizes follow the standard GA 36: a plate is 440 x 140 mm with seven glyphs (480 x 140
with eight for new-energy cars), a glyph 45 x 90 mm, 25 mm below the upper edge.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import LabelError

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
SPECIAL = "警学港澳使领挂"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"

CLASSES = PROVINCES + SPECIAL + LETTERS + DIGITS
"""Every character a reader knows. Class 0 is the CTC blank: `c` is class CLASSES.index(c) + 1."""

NUM_CLASSES = len(CLASSES) + 1
MAX_CHARACTERS = 8

_INDEX = {character: index for index, character in enumerate(CLASSES, start=1)}

# Letters stand on most plates once or twice, but a reader trained on a rare class reads it badly.
_DIGIT_SHARE = 0.6

_GRAMMAR = re.compile(
    f"[{PROVINCES}][{LETTERS}](?:"
    f"[{LETTERS}{DIGITS}]{{4}}[{LETTERS}{DIGITS}警学港澳领挂]"  # seven characters
    f"|[{LETTERS}][{LETTERS}{DIGITS}][{DIGITS}]{{4}}"  # new energy, small cars
    f"|[{DIGITS}]{{5}}[{LETTERS}]"  # new energy, large vehicles
    f")|使[{DIGITS}]{{6}}|[{DIGITS}]{{6}}使"
)


@dataclass(frozen=True)
class Layout:
    """How one kind of plate is laid out; lengths in millimetres from the upper left corner.

    Attributes:
        name: "blue", "yellow" or "green".
        width, height: size of the plate.
        glyphs: one box (x0, y0, x1, y1) per character.
        dot: centre (x, y) of the separator between the second and the third character, or None.
        glyph_colour: sRGB of the glyphs and of the border line, 0-255.
        top_colour, bottom_colour: sRGB of the ground at the upper and the lower edge.
    """

    name: str
    width: float
    height: float
    glyphs: tuple[tuple[float, float, float, float], ...]
    dot: tuple[float, float] | None
    glyph_colour: tuple[int, int, int]
    top_colour: tuple[int, int, int]
    bottom_colour: tuple[int, int, int]


def _row(widths: Sequence[float], gaps: Sequence[float]) -> tuple:
    """Place glyphs of these widths from the left margin on, with these gaps between them."""
    boxes, x = [], 15.5
    for width, gap in zip(widths, (*gaps, 0.0), strict=True):
        boxes.append((x, 25.0, x + width, 115.0))
        x += width + gap
    return tuple(boxes)


_SEVEN = _row([45.0] * 7, [12.0, 34.0, 12.0, 12.0, 12.0, 12.0])
_EIGHT = _row([45.0] + [43.0] * 7, [9.0, 49.0, 9.0, 9.0, 9.0, 9.0, 9.0])

BLUE = Layout(
    "blue", 440.0, 140.0, _SEVEN, (134.5, 70.0), (255, 255, 255), (16, 64, 190), (16, 64, 190)
)
YELLOW = Layout(
    "yellow", 440.0, 140.0, _SEVEN, (134.5, 70.0), (16, 16, 16), (250, 186, 20), (250, 186, 20)
)
GREEN = Layout("green", 480.0, 140.0, _EIGHT, None, (10, 14, 12), (238, 244, 240), (70, 205, 130))

LAYOUTS = {layout.name: layout for layout in (BLUE, YELLOW, GREEN)}


def layout_of(text: str) -> Layout:
    """Return the layout that a text of this length is drawn in: eight characters are green."""
    return GREEN if len(text) == len(GREEN.glyphs) else BLUE


def encode(text: str) -> list[int]:
    """Return the class indices of a plate text, each in 1..NUM_CLASSES - 1.

    Raises:
        LabelError: the text is empty, too long, or has a character that is not in CLASSES.
    """
    if not 0 < len(text) <= MAX_CHARACTERS:
        raise LabelError(
            f"plate text {text!r} has {len(text)} characters; it must have 1 to {MAX_CHARACTERS}"
        )
    for character in text:
        if character not in _INDEX:
            raise LabelError(
                f"plate text {text!r} has the character {character!r}, which no plate has "
                "(letters are capitals without I and O); correct the label"
            )
    return [_INDEX[character] for character in text]


def decode(indices: Sequence[int]) -> str:
    """Return the text of class indices; the blank, 0, is left out.

    Raises:
        LabelError: an index is outside 0..NUM_CLASSES - 1.
    """
    characters = []
    for index in map(int, indices):
        if not 0 <= index < NUM_CLASSES:
            raise LabelError(f"class index {index} is outside 0..{NUM_CLASSES - 1}")
        if index:
            characters.append(CLASSES[index - 1])
    return "".join(characters)


def is_grammatical(text: str) -> bool:
    """Tell whether a text follows the pattern of some kind of plate.

    Seven characters: a province, a letter, five letters or digits, the last possibly one of
    警学港澳领挂. Eight (new energy): the last six have one or two letters in front or one at
    the end. Embassy plates: 使 before or after six digits.
    """
    return _GRAMMAR.fullmatch(text) is not None


def random_text(rng: np.random.Generator, layout: Layout) -> str:
    """Draw a grammatical text for a layout.

    Provinces, letters and digits are uniform within their group, so that no class is rare; a free
    position of a blue or yellow plate is a digit with probability 0.6.
    """
    head = _pick(rng, PROVINCES) + _pick(rng, LETTERS)
    if len(layout.glyphs) == 7:
        return head + "".join(_letter_or_digit(rng) for _ in range(5))
    digits = "".join(_pick(rng, DIGITS) for _ in range(5))
    energy = _pick(rng, "DF")
    if rng.random() < 0.25:
        return head + digits + energy
    return head + energy + _letter_or_digit(rng) + digits[:4]


def _pick(rng: np.random.Generator, characters: str) -> str:
    return characters[int(rng.integers(len(characters)))]


def _letter_or_digit(rng: np.random.Generator) -> str:
    return _pick(rng, DIGITS if rng.random() < _DIGIT_SHARE else LETTERS)
