"""Render the glyph atlas of lpr_gfpgan/plates from openly licensed fonts, and from strokes.

Run by hand, once: `python tools/make_atlas.py`. It needs Pillow and these Debian packages:
fonts-bebas-neue fonts-opendin fonts-roboto-unhinted fonts-noto-cjk fonts-droid-fallback
fonts-dejavu-core fonts-wqy-microhei fonts-b612.

A font's glyph is stretched to the 45 x 90 mm of a real plate's glyph and brought to the stroke
width of real plates; those of `plate_face` are drawn so. Each is stored as a signed distance field:
small, sharp at every size, and its weight can be changed by adding a number.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import plate_face
from PIL import Image, ImageDraw, ImageFont

from lpr_gfpgan.files import atomic_path
from lpr_gfpgan.plates import alphabet

STROKES = "plate_face"
FONTS = {
    "Bebas Neue Bold": ("opentype/bebas-neue/BebasNeue-Bold.otf", 0, "OFL-1.1"),
    "Bebas Neue Regular": ("opentype/bebas-neue/BebasNeue-Regular.otf", 0, "OFL-1.1"),
    "OSP-DIN": ("truetype/opendin/OSP-DIN.ttf", 0, "OFL-1.1"),
    "Roboto Condensed Bold": (
        "truetype/roboto/unhinted/RobotoCondensed-Bold.ttf",
        0,
        "Apache-2.0",
    ),
    "DejaVu Sans Condensed Bold": (
        "truetype/dejavu/DejaVuSansCondensed-Bold.ttf",
        0,
        "Bitstream-Vera",
    ),
    "B612 Bold": ("opentype/b612/B612-Bold.otf", 0, "OFL-1.1"),
    "WenQuanYi Micro Hei": ("truetype/wqy/wqy-microhei.ttc", 0, "Apache-2.0"),
    "Noto Sans CJK SC Bold": ("opentype/noto/NotoSansCJK-Bold.ttc", 2, "OFL-1.1"),
    "Noto Sans CJK SC Regular": ("opentype/noto/NotoSansCJK-Regular.ttc", 2, "OFL-1.1"),
    "Noto Serif CJK SC Bold": ("opentype/noto/NotoSerifCJK-Bold.ttc", 2, "OFL-1.1"),
    "Droid Sans Fallback": ("truetype/droid/DroidSansFallbackFull.ttf", 0, "Apache-2.0"),
}
"""Name of a font: file below the fonts folder, index in it, licence."""

TYPEFACES = {
    "bebas": ("Bebas Neue Bold", "Noto Sans CJK SC Regular"),
    "din": ("OSP-DIN", "Droid Sans Fallback"),
    "roboto": ("Roboto Condensed Bold", "Noto Sans CJK SC Bold"),
    "noto": ("Noto Sans CJK SC Bold", "Droid Sans Fallback"),
    "slender": ("Bebas Neue Regular", "Noto Sans CJK SC Bold"),
    "dejavu": ("DejaVu Sans Condensed Bold", "Noto Sans CJK SC Regular"),
    "hei": ("WenQuanYi Micro Hei", "Noto Sans CJK SC Bold"),
    "b612": ("B612 Bold", "Noto Serif CJK SC Bold"),
    "standard": (STROKES, "Noto Sans CJK SC Bold"),
}
"""Name of a typeface: font of its letters and digits, font of its Chinese characters."""

LICENCES = {name: licence for name, (_, _, licence) in FONTS.items()} | {STROKES: "Apache-2.0"}
GLYPH_MM = (45.0, 90.0)
PAD_MM = 4.5
MM_PER_PIXEL = 1.5
FINE = 6  # rendering pixels per mm
LATIN_STROKE_MM = 8.2
HAN_STROKE_MM = 5.0
SLANTED = "AKMNQRVWXYZ147"  # level runs across these say little about their strokes


def outline(character: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """Return the glyph's bitmap, cut to its ink, float32 0-1."""
    left, top, right, bottom = font.getbbox(character)
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), character, font=font, fill=255)
    bitmap = np.asarray(image, np.float32) / 255
    ink = bitmap > 0.5
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def half_width(ink: np.ndarray) -> float:
    """Return half the mean stroke width in mm: a stroke of area w L has an outline of 2 L."""
    contours, _ = cv2.findContours(ink.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return float(ink.sum()) / sum(cv2.arcLength(c, True) for c in contours) / FINE


def strokes(ink: np.ndarray) -> np.ndarray:
    """Return the widths (mm) of a letter's upright and of its level strokes: medians of runs."""
    widths = []
    for lines in (ink, ink.T):
        edges = np.diff(np.pad(lines.astype(np.int8), ((0, 0), (1, 1))), axis=1)
        widths.append(np.median(np.nonzero(edges < 0)[1] - np.nonzero(edges > 0)[1]) / FINE)
    return np.array(widths)


def cell(bitmap: np.ndarray, width_mm: float, change: np.ndarray) -> np.ndarray:
    """Return the glyph in its padded cell as 0/1, its outline moved out by `change` (x, y) in mm.

    The glyph is stretched so that it fills width_mm x 90 mm after the change.
    """
    canvas = np.zeros([round((size + 2 * PAD_MM) * FINE) for size in GLYPH_MM[::-1]], np.float32)
    width, height = (round(float(v) * FINE) for v in (width_mm, GLYPH_MM[1]) - 2 * change)
    x, y = (canvas.shape[1] - width) // 2, (canvas.shape[0] - height) // 2
    canvas[y : y + height, x : x + width] = cv2.resize(
        bitmap, (width, height), interpolation=cv2.INTER_AREA
    )
    ink = (canvas > 0.5).astype(np.uint8)
    reach = np.round(change * FINE).astype(int)
    for axes in ([0, 1],) if reach[0] * reach[1] > 0 else ([0], [1]):
        size = [2 * abs(int(reach[axis])) * (axis in axes) + 1 for axis in (0, 1)]
        move = cv2.dilate if reach[axes[0]] > 0 else cv2.erode
        ink = move(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size))
    return ink > 0


def signed_distance(ink: np.ndarray) -> np.ndarray:
    """Return the distance to the outline in mm, positive inside."""
    inside = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (inside - outside) / FINE


def glyph(character: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """Return the glyph's signed distance field in mm, [rows, columns] of the atlas."""
    bitmap = outline(character, font)
    width = GLYPH_MM[0]
    none = np.zeros(2)
    if character == "1":  # keeps its proportions to the other digits, and stays narrow
        width = min(width * bitmap.shape[1] / outline("0", font).shape[1], 20.0)
    elif character.isascii():  # a narrow J stretched to the full width would be all stem
        most = 1.0 if character == "J" else 1.35
        width = min(width, most * width * bitmap.shape[1] / outline("0", font).shape[1])
    if character.isascii():
        # Stretching made upright and level strokes unlike; a real plate's are alike.
        change = none
        for _ in range(4):
            ink = cell(bitmap, width, change)
            found = 2 * half_width(ink) if character in SLANTED else strokes(ink)
            change = np.clip(change + (LATIN_STROKE_MM - found) / 2, -4.2, 2.0)
    else:  # the gaps of a dense character must not close
        ink = cell(bitmap, width, none)
        wanted = min(HAN_STROKE_MM / 2 - half_width(ink), half_width(~ink & _hull(ink)) - 1.5)
        change = np.full(2, np.clip(wanted, -1.0, 1.0))
    return _stored(cell(bitmap, width, change))


def drawn_glyph(character: str) -> np.ndarray:
    """Return the signed distance field of a glyph of `plate_face`, likewise."""
    return _stored(plate_face.ink(character, pad_mm=PAD_MM, pixels_per_mm=FINE))


def _stored(ink: np.ndarray) -> np.ndarray:
    """Return a padded cell's distances in mm at the atlas's own size."""
    field = signed_distance(ink)
    size = [round((side + 2 * PAD_MM) / MM_PER_PIXEL) for side in GLYPH_MM]
    return cv2.resize(field.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _hull(ink: np.ndarray) -> np.ndarray:
    """Return the smallest upright rectangle around the ink as a mask."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    mask = np.zeros_like(ink)
    mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return mask


def main() -> None:
    """Render every typeface and write the atlas."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    parser.add_argument("--out", type=Path, default=Path("lpr_gfpgan/plates/atlas.npz"))
    arguments = parser.parse_args()

    fonts = {
        name: ImageFont.truetype(arguments.fonts / file, 400, index=index)
        for name, (file, index, _) in FONTS.items()
    }
    faces = []
    for latin, han in TYPEFACES.values():
        faces.append(
            [
                drawn_glyph(c)
                if c.isascii() and latin == STROKES
                else glyph(c, fonts[latin if c.isascii() else han])
                for c in alphabet.CLASSES
            ]
        )
    field = np.clip(np.array(faces) / PAD_MM, -1, 1)
    metadata = {
        "characters": alphabet.CLASSES,
        "pad_mm": PAD_MM,
        "mm_per_pixel": MM_PER_PIXEL,
        "typefaces": {
            name: {
                "latin": {"font": latin, "licence": LICENCES[latin]},
                "han": {"font": han, "licence": LICENCES[han]},
            }
            for name, (latin, han) in TYPEFACES.items()
        },
    }
    with atomic_path(arguments.out) as temporary:
        np.savez_compressed(
            temporary,
            distance=np.round(field * 127).astype(np.int8),
            metadata=np.array(json.dumps(metadata, ensure_ascii=False)),
        )
    print(f"{arguments.out}: {field.shape}, {arguments.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
