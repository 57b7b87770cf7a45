"""The glyph atlas and flat plates."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from lpr_gfpgan.errors import DataError, LabelError
from lpr_gfpgan.plates import alphabet, drawing
from lpr_gfpgan.plates.alphabet import BLUE, GREEN, YELLOW

from ..scripts import load_script

HAN = sum(not character.isascii() for character in alphabet.CLASSES)
OPEN_LICENCES = {"OFL-1.1", "Apache-2.0", "Bitstream-Vera"}


def test_atlas_is_small_complete_and_openly_licensed():
    atlas = drawing.atlas()
    assert drawing._ATLAS_FILE.stat().st_size < 1_000_000
    assert set(atlas.typefaces) == {*drawing.TYPEFACES, drawing.STANDARD_TYPEFACE}
    assert len(atlas.typefaces) >= 8
    assert atlas.distance.shape[:2] == (len(atlas.typefaces), len(alphabet.CLASSES))
    assert {
        f["licence"] for face in atlas.licences.values() for f in face.values()
    } <= OPEN_LICENCES


def test_groups_of_typefaces():
    train, judge = set(drawing.TRAIN_TYPEFACES), set(drawing.JUDGE_TYPEFACES)
    assert len(train) >= 3 and drawing.HELD_OUT_TYPEFACE not in train
    # The ruler must be able to read all that it is shown.
    assert judge == set(drawing.TYPEFACES) > train
    # Neither font of the held-out typeface serves in training.
    fonts = drawing.atlas().licences
    held_out = {f["font"] for f in fonts[drawing.HELD_OUT_TYPEFACE].values()}
    assert not held_out & {f["font"] for face in train for f in fonts[face].values()}


def test_the_standard_face_is_the_strokes_of_its_tool():
    make_atlas = load_script("make_atlas")
    atlas = drawing.atlas()
    face = atlas.distance[atlas.typefaces.index(drawing.STANDARD_TYPEFACE)]
    # Of a byte's steps in the stored distances.
    step = atlas.pad_mm / 127
    for place, character in enumerate(alphabet.CLASSES):
        if character.isascii():
            drawn = make_atlas.drawn_glyph(character).clip(-atlas.pad_mm, atlas.pad_mm)
            np.testing.assert_allclose(face[place], drawn, atol=0.51 * step, err_msg=character)
    # Its Chinese characters are of the font that another face has too.
    other = "roboto"
    assert make_atlas.TYPEFACES[other][1] == make_atlas.TYPEFACES[drawing.STANDARD_TYPEFACE][1]
    np.testing.assert_array_equal(face[:HAN], atlas.distance[atlas.typefaces.index(other)][:HAN])


def test_the_standard_face_has_what_photographs_show_and_open_fonts_lack():
    atlas = drawing.atlas()
    ink = {
        face: atlas.distance[atlas.typefaces.index(face)][[alphabet.CLASSES.index(c) for c in "1M"]]
        > 0
        for face in (*drawing.TYPEFACES, drawing.STANDARD_TYPEFACE)
    }
    middle = atlas.distance.shape[-1] // 2

    def widest_of_1(face):
        return ink[face][0].sum(1).max() * atlas.mm_per_pixel

    def vertex_of_m(face):
        return np.flatnonzero(ink[face][1][:, middle]).max() * atlas.mm_per_pixel - atlas.pad_mm

    assert widest_of_1(drawing.STANDARD_TYPEFACE) < 10
    assert min(map(widest_of_1, drawing.TYPEFACES)) > 11
    assert vertex_of_m(drawing.STANDARD_TYPEFACE) < 50
    assert min(map(vertex_of_m, drawing.TYPEFACES)) > 60


def test_the_held_out_typeface_is_drawn_like_no_other():
    """Fonts of different names can hold the same drawings: glyphs are compared, not names."""
    atlas = drawing.atlas()
    ink = atlas.distance > 0
    held_out = ink[atlas.typefaces.index(drawing.HELD_OUT_TYPEFACE)]
    for face in drawing.TRAIN_TYPEFACES:
        other = ink[atlas.typefaces.index(face)]
        overlap = (held_out & other).sum((1, 2)) / (held_out | other).sum((1, 2))
        for part in (slice(None, HAN), slice(HAN, None)):
            assert np.median(overlap[part]) < 0.85, (face, float(np.median(overlap[part])))


def test_glyphs_have_the_strokes_of_real_plates():
    atlas = drawing.atlas()
    latin = slice(alphabet.CLASSES.index("A"), None)
    provinces = slice(len(alphabet.PROVINCES))
    for face in atlas.distance:
        # 8 mm as measured on photographs of real plates; Chinese characters are finer.
        assert 7.2 < np.median([stroke_width(g) for g in face[latin]]) < 9
        assert 4.5 < np.median([stroke_width(g) for g in face[provinces]]) < 6
        for cell in face:
            rows = np.flatnonzero((cell > 0).any(1)) * atlas.mm_per_pixel
            assert abs(np.ptp(rows) + atlas.mm_per_pixel - 90) <= 4.5


def stroke_width(cell):
    """Mean width in mm: a stroke of area w L has an outline of 2 L."""
    fine = (cv2.resize(cell, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC) > 0).astype(np.uint8)
    contours, _ = cv2.findContours(fine, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    pixel = drawing.atlas().mm_per_pixel / 4
    return 2 * fine.sum() * pixel / sum(cv2.arcLength(c, True) for c in contours)


def test_glyphs_of_a_typeface_differ():
    for face in drawing.atlas().distance > 0:
        flat = face.reshape(len(face), -1)
        assert len(np.unique(flat, axis=0)) == len(flat)


@pytest.mark.parametrize("layout", [BLUE, YELLOW, GREEN], ids=lambda layout: layout.name)
def test_ink_lies_in_the_glyph_boxes(layout):
    text = alphabet.random_text(np.random.default_rng(1), layout)
    scale = 2.0
    field = drawing.glyph_distance(text, layout, "bebas", scale)
    inside = np.zeros_like(field, bool)
    for x0, y0, x1, y1 in np.array(layout.glyphs) + drawing.MARGIN_MM:
        box = (
            slice(int(y0 * scale) - 2, int(y1 * scale) + 2),
            slice(int(x0 * scale) - 2, int(x1 * scale) + 2),
        )
        inside[box] = True
        assert (field[box] > 0).mean() > 0.1
    assert not (field[~inside] > 0).any()


def test_weight_widens_strokes():
    rng = np.random.default_rng(2)
    look = drawing.random_look(rng, BLUE)
    cover = [
        drawing.ink_coverage(
            "皖A12345", BLUE, "din", look.__class__(**{**vars(look), "weight": w}), 1
        ).mean()
        for w in (-0.7, 0.0, 0.7)
    ]
    assert cover[0] < cover[1] < cover[2]


def test_resolution_does_not_change_the_amount_of_ink():
    look = drawing.random_look(np.random.default_rng(2), BLUE)
    cover = [drawing.ink_coverage("皖A12345", BLUE, "din", look, s).mean() for s in (0.6, 2.5)]
    assert cover[0] == pytest.approx(cover[1], rel=0.05)


@pytest.mark.parametrize("layout", [BLUE, YELLOW, GREEN], ids=lambda layout: layout.name)
def test_drawn_plate_has_the_colours_of_its_look(layout):
    rng = np.random.default_rng(3)
    look = drawing.random_look(rng, layout)
    flat = look.__class__(**{**vars(look), "emboss": 0.0, "screws": 0})
    text = alphabet.random_text(rng, layout)
    planes = drawing.draw_plate(text, layout, "roboto", flat, 2.0)
    assert planes.shape == (4, *drawing.plate_size(layout, 2.0)) and planes.dtype == np.float32
    assert planes.min() >= 0 and planes.max() <= 1
    cover = drawing.ink_coverage(text, layout, "roboto", flat, 2.0)
    inner = drawing.edge_distance(layout, 2.0) > 12
    np.testing.assert_allclose(
        planes[:3, inner & (cover == 1)].T,
        np.tile(flat.ink, ((inner & (cover == 1)).sum(), 1)),
        atol=1e-5,
    )
    assert planes[3][drawing.edge_distance(layout, 2.0) > 1].min() == 1


def test_drawing_refuses():
    look = drawing.random_look(np.random.default_rng(0), BLUE)
    with pytest.raises(DataError, match="no typeface 'helvetica'; choose one of bebas"):
        drawing.draw_plate("皖A12345", BLUE, "helvetica", look, 1.0)
    with pytest.raises(LabelError, match="8 characters, a blue plate has 7"):
        drawing.draw_plate("皖AD12345", BLUE, "din", look, 1.0)
    with pytest.raises(LabelError, match="no glyph for 'O'"):
        drawing.draw_plate("皖AO2345", BLUE, "din", look, 1.0)


def test_import_reads_no_file_and_no_torch():
    code = (
        "import builtins, io, sys, numpy, cv2, pandas, tqdm\n"
        "import importlib.metadata\n"
        "real = builtins.open\n"
        "def refuse(file, *a, **k):\n"
        "    if 'lpr' in str(file) and not str(file).endswith(('.py', '.pyc')):\n"
        "        raise AssertionError(file)\n"
        "    return real(file, *a, **k)\n"
        "builtins.open = io.open = refuse\n"
        "import lpr_gfpgan.plates\n"
        "from lpr_gfpgan.plates import drawing\n"
        "assert drawing.atlas.cache_info().currsize == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
