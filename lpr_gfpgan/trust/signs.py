"""Writing that is no plate: signs, notices and numbers, each a function of a generator and a size.

Each returns uint8 RGB [rows, columns, 3], the writing across the middle, the ground out to the
edges. Lines come from three sources: the stroke fonts of OpenCV, the outline font that Pillow
brings, and the plates' own glyphs (Latin, digits, and the provinces' characters as Chinese words).
"""

import functools

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..plates import CLASSES, PROVINCES, TYPEFACES
from ..plates.drawing import atlas

_WORDS = (
    *("OPEN", "CAFE", "BANK", "HOTEL", "SALE", "EXIT", "TAXI", "PIZZA", "MARKET", "STREET"),
    *("PARKING", "COFFEE", "FRESH", "BOOKS", "MUSIC", "SCHOOL", "POLICE", "STATION", "NO ENTRY"),
    *("PUSH", "PULL", "SERVICE", "GARAGE", "DELIVERY", "FRUIT", "NEWS", "TOYS", "BAKERY"),
    *("Welcome", "please", "keep", "clear", "private", "road", "City", "Centre", "Airport"),
    *("North", "Bridge", "Avenue", "Summer", "Best", "Price", "only", "today", "since", "new"),
    *("Garden", "House", "Tea", "Noodles", "Express", "Central", "Park", "Water", "Corner"),
)
_STROKES = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)
_NUMBERS = (
    "{a:04d}-{b:04d}",
    "{c:02d}:{d:02d}",
    "{a}.{c:02d}",
    "No {d}",
    "{c} km",
    "{a:04d}",
    "{a:04d}/{d:02d}",
    "24h {a}",
    "{c}%",
    "+86 {a:04d} {b:04d}",
    "{d}",
    "EUR {a}",
    "{a:04d}{b:04d}{c}",
    "{d}, {c}, {d}",
)


@functools.cache
def _outline_font() -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(48)


def _stroke_line(rng: np.random.Generator, text: str) -> np.ndarray:
    font = int(rng.choice(_STROKES)) | (cv2.FONT_ITALIC if rng.random() < 0.2 else 0)
    thickness = int(rng.integers(2, 8))
    (width, height), base = cv2.getTextSize(text, font, 2.0, thickness)
    mask = np.zeros((height + base + 2 * thickness, width + 2 * thickness), np.uint8)
    place = thickness, height + thickness
    return cv2.putText(mask, text, place, font, 2.0, 255, thickness, cv2.LINE_AA)


def _outline_line(rng: np.random.Generator, text: str) -> np.ndarray:
    font = _outline_font()
    left, top, right, bottom = font.getbbox(text)
    weight = int(rng.integers(0, 4))
    size = int(right - left) + 2 * weight + 2, int(bottom - top) + 2 * weight + 2
    picture = Image.new("L", size)
    place = weight + 1 - left, weight + 1 - top
    ImageDraw.Draw(picture).text(place, text, fill=255, font=font, stroke_width=weight)
    return np.asarray(picture)


def _glyph_line(rng: np.random.Generator, text: str) -> np.ndarray:
    glyphs = atlas()
    face = glyphs.distance[glyphs.typefaces.index(str(rng.choice(TYPEFACES)))]
    weight = rng.uniform(-1.5, 2.5)
    cells = []
    for character in text:
        if character in CLASSES:
            distance = face[CLASSES.index(character)] + weight
            cells.append(np.clip(0.5 + distance / glyphs.mm_per_pixel, 0, 1) * 255)
        else:
            cells.append(np.zeros((face.shape[1], face.shape[2] // 2)))
        cells.append(np.zeros((face.shape[1], int(rng.uniform(0, 4)))))
    mask = np.concatenate(cells, axis=1).astype(np.uint8)
    inside = np.flatnonzero(mask.any(axis=1))  # empty cells above and below the characters
    return mask[inside[0] : inside[-1] + 1] if len(inside) else mask


def _line(rng: np.random.Generator, text: str) -> np.ndarray:
    """One line of writing as its ink, uint8 [h, w]."""
    drawn = set(text.upper()) <= set(CLASSES) | {" "}
    if drawn and (set(text) & set(PROVINCES) or rng.random() < 0.3):
        return _glyph_line(rng, text.upper())
    return (_stroke_line if rng.random() < 0.5 else _outline_line)(rng, text)


def words(rng: np.random.Generator, count: int) -> str:
    """So many words, in capitals half the time."""
    text = " ".join(str(word) for word in rng.choice(_WORDS, count))
    return text.upper() if rng.random() < 0.5 else text


def number_text(rng: np.random.Generator) -> str:
    """A number as signs have it: of a house, a telephone, a price, a time, a distance."""
    a, b, c, d = (int(n) for n in rng.integers(0, [10_000, 10_000, 60, 24]))
    return str(rng.choice(_NUMBERS)).format(a=a, b=b, c=c, d=d)


def chinese_text(rng: np.random.Generator) -> str:
    """Two to six of the provinces' characters."""
    return "".join(str(c) for c in rng.choice(list(PROVINCES), int(rng.integers(2, 7))))


def _board(
    rng: np.random.Generator,
    rows: int,
    columns: int,
    lines: list[str],
    *,
    height: tuple[float, float],
) -> np.ndarray:
    """Lines of writing below each other on a ground.

    Args:
        rng: draws fonts, colours and places.
        rows: of the picture.
        columns: of the picture.
        lines: the writing.
        height: least and greatest height of all lines together, in parts of the columns.
    """
    ground = rng.uniform(0, 255, 3) if rng.random() < 0.7 else np.full(3, rng.choice([12, 245]))
    ink = np.full(3, 245.0) if ground.mean() < 128 else rng.uniform(0, 70, 3)
    if rng.random() < 0.3:
        ink = np.clip(ground + rng.choice([-1, 1]) * rng.uniform(60, 160, 3), 0, 255)
    image = np.full((rows, columns, 3), ground, np.float32)
    total = min(rng.uniform(*height) * columns, 0.95 * rows)
    each = total / len(lines)
    left_aligned = rng.random() < 0.4
    margin = rng.uniform(0.0, 0.12) * columns
    y = rows / 2 - total / 2 + rng.normal(0, 0.02) * columns
    for text in lines:
        mask = _line(rng, text)
        tall = max(each * rng.uniform(0.55, 0.95), 2)
        wide = min(mask.shape[1] * tall / mask.shape[0] * rng.uniform(0.8, 1.3), columns * 0.98)
        x = margin if left_aligned else (columns - wide) / 2
        _lay(image, mask, ink, x, y + (each - tall) / 2, wide, tall)
        y += each
    if rng.random() < 0.3:  # the board's own edge
        gap = int(rng.uniform(0.01, 0.05) * columns)
        top = max(int(rows / 2 - total / 2) - 3 * gap, 0)
        cv2.rectangle(
            image, (gap, top), (columns - gap, rows - top), ink.tolist(), max(gap // 3, 1)
        )
    return image.clip(0, 255).astype(np.uint8)


def _lay(
    image: np.ndarray,
    mask: np.ndarray,
    ink: np.ndarray,
    x: float,
    y: float,
    wide: float,
    tall: float,
) -> None:
    """Puts ink through a mask, stretched to a place in pixels, in place; what overhangs is lost."""
    size = max(int(wide), 1), max(int(tall), 1)
    cut = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    x0, y0 = max(int(x), 0), max(int(y), 0)
    part = image[y0 : y0 + size[1], x0 : x0 + size[0]]
    cut = cut[: part.shape[0], : part.shape[1]]
    part += (ink.astype(np.float32) - part) * cut


def shop_sign(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """One or two words, large."""
    return _board(rng, rows, columns, [words(rng, int(rng.integers(1, 3)))], height=(0.08, 0.4))


def chinese_sign(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Two to six Chinese characters, sometimes with a line of Latin below."""
    lines = [chinese_text(rng)]
    if rng.random() < 0.4:
        lines.append(words(rng, int(rng.integers(1, 4))))
    return _board(rng, rows, columns, lines, height=(0.12, 0.4))


def notice(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Two to seven lines of words and numbers: a notice, a newspaper, a parking sign."""
    lines = [
        number_text(rng) if rng.random() < 0.2 else words(rng, int(rng.integers(1, 6)))
        for _ in range(int(rng.integers(2, 8)))
    ]
    return _board(rng, rows, columns, lines, height=(0.2, 0.8))


def number_sign(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """A number that is no plate's: of a house, a telephone, a price, a time, a distance."""
    return _board(rng, rows, columns, [number_text(rng)], height=(0.06, 0.4))


def road_sign(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """White on a blue or green ground, two to three lines, with an arrow or a disc beside them."""
    grounds = np.array([(10, 60, 150), (0, 110, 70), (20, 40, 110), (150, 20, 20)], np.float32)
    image = np.full(
        (rows, columns, 3), grounds[rng.integers(4)] * rng.uniform(0.7, 1.3), np.float32
    )
    white = np.full(3, rng.uniform(200, 250))
    lines = [chinese_text(rng), words(rng, int(rng.integers(1, 3))), f"{rng.integers(1, 99)} km"]
    lines = lines[: int(rng.integers(2, 4))]
    each = rng.uniform(0.06, 0.13) * columns
    y = rows / 2 - each * len(lines) / 2
    for text in lines:
        mask, tall = _line(rng, text), each * 0.8
        wide = min(mask.shape[1] * tall / mask.shape[0], columns * 0.65)
        _lay(image, mask, white, columns * 0.05, y, wide, tall)
        y += each
    centre = int(columns * 0.87), rows // 2
    if rng.random() < 0.5:
        end = centre[0], int(rows / 2 - 0.1 * columns)
        start = centre[0], int(rows / 2 + 0.1 * columns)
        cv2.arrowedLine(image, start, end, white.tolist(), columns // 40, cv2.LINE_AA, 0, 0.4)
    else:
        cv2.circle(image, centre, columns // 12, white.tolist(), columns // 60, cv2.LINE_AA)
    return image.clip(0, 255).astype(np.uint8)
