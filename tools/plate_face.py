"""The letters and digits of Chinese plates as strokes, after what photographed plates show.

None of the fonts of `make_atlas` has this face: its 1 is a bare bar, the vertex of its M stops at
half the height, 6 and 9 end in a straight slanting stroke, 3 and 7 are square above. Strokes are as
wide as those of photographed crops with known corners, about 9 mm. Each glyph is a list of strokes
of one width, a stroke a line through points in mm within the 45 x 90 mm of a glyph, x to the right,
y down. Strokes end square; those that run past the glyph's upper or lower edge are cut off level
with it.
"""

import math
from itertools import pairwise

import numpy as np

STROKE_MM = 8.8
WIDTH, HEIGHT = 45.0, 90.0

_H = STROKE_MM / 2
_L, _R, _T, _B = _H, WIDTH - _H, _H, HEIGHT - _H
_MID, _HALF = WIDTH / 2, WIDTH / 2 - _H
_PAST = 4.0  # how far slanting strokes run past an edge before they are cut

Point = tuple[float, float]
Stroke = list[Point]


def _arc(centre: Point, radii: Point, start: float, end: float, *, points: int = 24) -> list[Point]:
    """Points of an ellipse from one angle to another, degrees clockwise from the right."""
    angles = np.radians(np.linspace(start, end, points))
    return [
        (centre[0] + radii[0] * math.cos(a), centre[1] + radii[1] * math.sin(a)) for a in angles
    ]


def _slant(start: Point, end: Point) -> Stroke:
    """A straight stroke, run past whichever of its ends lies on the upper or lower edge."""
    a, b = np.array(start, float), np.array(end, float)
    step = (b - a) / abs(b[1] - a[1])
    if a[1] in (0.0, HEIGHT):
        a = a - _PAST * step
    if b[1] in (0.0, HEIGHT):
        b = b + _PAST * step
    return [tuple(a.tolist()), tuple(b.tolist())]


def _mirrored(strokes: list[Stroke]) -> list[Stroke]:
    return [[(WIDTH - x, y) for x, y in stroke] for stroke in strokes]


def _turned(strokes: list[Stroke]) -> list[Stroke]:
    return [[(WIDTH - x, HEIGHT - y) for x, y in stroke] for stroke in strokes]


_TOP, _BOTTOM = (_MID, _T + _HALF), (_MID, _B - _HALF)
_ROUND = (_HALF, _HALF)
_STEM = [(_L, 0.0), (_L, HEIGHT)]
_OVAL = [*_arc(_TOP, _ROUND, 180, 360), *_arc(_BOTTOM, _ROUND, 0, 180), (_L, _T + _HALF)]
_OPEN = [(_R, 30.0), *_arc(_TOP, _ROUND, 360, 180), *_arc(_BOTTOM, _ROUND, 180, 0)]
_SIX = [
    [*_arc((_MID, _B - 20.4), (_HALF, 20.4), 0, 360, points=48)],
    [(33.0, -2.0), (21.0, 21.0), (11.5, 40.0), (6.5, 53.0), (_L, 65.0)],
]
_BAR_Z = [(0.0, _T), (WIDTH - 1, _T)]

GLYPHS: dict[str, list[Stroke]] = {
    "A": [_slant((_MID - 0.5, 0.0), (5.0, 90.0)), _slant((_MID + 0.5, 0.0), (40.0, 90.0)),
          [(9.0, 69.0), (36.0, 69.0)]],
    "B": [_STEM, [(_L, _T), (25.0, _T), *_arc((25.0, 25.0), (14.0, 25.0 - _T), 270, 450),
                  (_L, 45.3)],
          [(_L, 45.3), (25.0, 45.3), *_arc((25.0, 65.3), (_R - 25.0, 20.0), 270, 450), (_L, _B)]],
    "C": [[*_OPEN, (_R, 60.0)]],
    "D": [_STEM, [(_L, _T), (25.0, _T), *_arc((25.0, 20.0), (_R - 25.0, 20.0 - _T), 270, 360),
                  *_arc((25.0, 70.0), (_R - 25.0, _B - 70.0), 0, 90), (_L, _B)]],
    "E": [_STEM, [(_L, _T), (WIDTH - 1, _T)], [(_L, 46.0), (39.0, 46.0)], [(_L, _B), (WIDTH, _B)]],
    "F": [_STEM, [(_L, _T), (WIDTH - 1, _T)], [(_L, 46.0), (39.0, 46.0)]],
    "G": [[*_OPEN, (_R, 46.0)], [(22.0, 46.0), (WIDTH, 46.0)]],
    "H": [_STEM, [(_R, 0.0), (_R, HEIGHT)], [(_L, 46.0), (_R, 46.0)]],
    "J": [[(_R, 0.0), *_arc(_BOTTOM, _ROUND, 0, 180), (_L, 60.0)]],
    "K": [_STEM, _slant((40.5, 0.0), (4.0, 58.0)), _slant((24.0, 28.0), (40.5, 90.0))],
    "L": [_STEM, [(_L, _B), (WIDTH, _B)]],
    "M": [_STEM, [(_R, 0.0), (_R, HEIGHT)], [(3.3, -4.0), (_MID, 41.0), (41.7, -4.0)]],
    "N": [_STEM, [(_R, 0.0), (_R, HEIGHT)], _slant((6.0, 0.0), (39.0, 90.0))],
    "P": [_STEM, [(_L, _T), (24.0, _T), *_arc((24.0, 28.0), (_R - 24.0, 28.0 - _T), 270, 450),
                  (_L, 51.3)]],
    "Q": [_OVAL, _slant((22.0, 58.0), (39.5, 90.0))],
    "R": [_STEM, [(_L, _T), (24.0, _T), *_arc((24.0, 26.0), (_R - 24.0, 26.0 - _T), 270, 450),
                  (_L, 47.3)], _slant((22.0, 46.0), (40.0, 90.0))],
    "S": [[(_R, 31.0), *_arc((_MID, 24.0), (_HALF, 24.0 - _T), 360, 140),
           *_arc((_MID, 65.0), (_HALF, _B - 65.0), -40, 180), (_L, 58.0)]],
    "T": [[(0.0, _T), (WIDTH, _T)], [(_MID, _T), (_MID, HEIGHT)]],
    "U": [[(_L, 0.0), *_arc(_BOTTOM, _ROUND, 180, 0), (_R, 0.0)]],
    "V": [_slant((5.0, 0.0), (_MID - 0.5, 90.0)), _slant((40.0, 0.0), (_MID + 0.5, 90.0))],
    "X": [_slant((5.0, 0.0), (40.0, 90.0)), _slant((40.0, 0.0), (5.0, 90.0))],
    "Y": [_slant((5.0, 0.0), (_MID, 48.0)), _slant((40.0, 0.0), (_MID, 48.0)),
          [(_MID, 46.0), (_MID, HEIGHT)]],
    "Z": [_BAR_Z, [(_R - 2, _T), (_L + 1.5, _B)], [(1.0, _B), (WIDTH, _B)]],
    "0": [_OVAL],
    "1": [[(_MID, 0.0), (_MID, HEIGHT)]],
    "2": [[(_L, 27.0), *_arc((_MID, _T + _HALF), _ROUND, 180, 375), (_L + 1.5, _B)],
          [(0.5, _B), (WIDTH - 1, _B)]],
    "3": [[(3.0, _T), (_R - 1.5, _T), (17.0, 38.5),
           *_arc((21.5, 62.5), (_R - 21.5, 23.0), 275, 530)]],
    "4": [_slant((32.0, 0.0), (4.0, 72.0)), [(0.0, 73.0), (WIDTH, 73.0)],
          [(33.0, 0.0), (33.0, HEIGHT)]],
    "5": [[(_R, _T), (_L + 2.5, _T), (_L + 1.5, 53.0)],
          [(_L + 1.5, 52.0), *_arc((21.5, 63.0), (_R - 21.5, _B - 63.0), 225, 530)]],
    "6": _SIX,
    "7": [[(1.0, _T), (_R - 1.5, _T), (34.5, 23.0), (26.0, 46.0), (20.0, 68.0), (17.5, 94.0)]],
    "8": [[*_arc((_MID, 24.0), (15.6, 24.0 - _T), 0, 360, points=48)],
          [*_arc((_MID, 65.0), (_HALF, _B - 65.0), 0, 360, points=48)]],
    "9": _turned(_SIX),
}  # fmt: skip
_V_OF_W = [_slant((5.0, 0.0), (12.3, 90.0)), _slant((_MID - 1.0, 0.0), (13.0, 90.0))]
GLYPHS["W"] = [*_V_OF_W, *_mirrored(_V_OF_W)]


def ink(character: str, *, pad_mm: float, pixels_per_mm: float) -> np.ndarray:
    """A glyph as a mask.

    Args:
        character: a key of GLYPHS, else a KeyError.
        pad_mm: what is shown around the glyph on every side.
        pixels_per_mm: size of the mask.

    Returns:
        bool [rows, columns], True within a stroke.
    """
    columns, rows = (round((side + 2 * pad_mm) * pixels_per_mm) for side in (WIDTH, HEIGHT))
    x = (np.arange(columns) + 0.5) / pixels_per_mm - pad_mm
    y = ((np.arange(rows) + 0.5) / pixels_per_mm - pad_mm)[:, None]
    drawn = np.zeros((rows, columns), bool)
    for stroke in GLYPHS[character]:
        for (x0, y0), (x1, y1) in pairwise(stroke):
            length = math.hypot(x1 - x0, y1 - y0)
            if length:
                along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length
                across = ((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length
                drawn |= (along >= 0) & (along <= length) & (abs(across) <= STROKE_MM / 2)
        for x0, y0 in stroke[1:-1]:
            drawn |= np.hypot(x - x0, y - y0) <= STROKE_MM / 2
    return drawn & (y >= 0) & (y <= HEIGHT) & (x >= 0) & (x <= WIDTH)
