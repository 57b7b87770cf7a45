"""Scenes: labels that fit the picture, a detector's error, variety."""

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError, LabelError
from lpr_gfpgan.plates import alphabet, drawing, geometry, scenes, surroundings


def draw(seed, *, height=64, width=128, style="blue", tight=False, **changes):
    rng = np.random.default_rng(seed)
    layout = alphabet.LAYOUTS[style]
    arguments = {
        "style": style,
        "typeface": "din",
        "surroundings": "bumper",
        "text": alphabet.random_text(rng, layout),
        "tight": tight,
        **changes,
    }
    return scenes.draw_scene(rng, height, width, **arguments)


@pytest.fixture(scope="module")
def loose():
    return [draw(i) for i in range(60)]


@pytest.fixture(scope="module")
def tight():
    return [draw(i, tight=True) for i in range(60)]


@pytest.mark.parametrize("family", list(surroundings.FAMILIES))
@pytest.mark.parametrize("tight", [False, True])
def test_scene_is_a_function_of_its_generator(family, tight):
    one, two, other = (draw(s, surroundings=family, tight=tight) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.quad, two.quad)
    assert one.text == two.text
    assert np.abs(one.image.astype(int) - other.image).mean() > 5


@pytest.mark.parametrize("size", [(64, 128), (32, 64), (128, 128)])
@pytest.mark.parametrize("style", list(alphabet.LAYOUTS))
def test_shapes_and_ranges(size, style):
    scene = draw(4, height=size[0], width=size[1], style=style)
    assert scene.image.shape == (*size, 3) and scene.image.dtype == np.uint8
    assert scene.quad.shape == (4, 2) and scene.box.shape == (4,)
    assert scene.character_boxes.shape == (8, 4)
    assert {a.dtype for a in (scene.quad, scene.box, scene.character_boxes)} == {np.dtype("f4")}
    assert scene.character_boxes.any(1).sum() == len(scene.text)
    limits = [*size[::-1], *size[::-1]]
    for boxes in (scene.box, scene.character_boxes):
        assert (boxes >= 0).all() and (boxes <= limits).all()


def test_plate_boxes_are_not_alike(loose):
    boxes = np.array([s.box for s in loose])
    assert (boxes[:, [1, 3]].std(0) > 0.02 * 64).all()
    assert (boxes[:, [0, 2]].std(0) > 0.01 * 128).all()
    assert len(np.unique(boxes, axis=0)) == len(boxes)


def test_detector_error_stays_in_its_range():
    rng = np.random.default_rng(0)
    quads = np.array([scenes.detector_quad(rng, 64, 128) for _ in range(2000)])
    overhang = scenes.OVERHANG * 128 + 1e-9
    assert quads[..., 0].min() >= -overhang and quads[..., 0].max() <= 128 + overhang
    top = quads[:, 1] - quads[:, 0]
    angle = np.degrees(np.arctan2(top[:, 1], top[:, 0]))
    slack = np.degrees(np.arctan(2 * scenes.PERSPECTIVE * 140 / 440))  # from the corners' offsets
    assert scenes.ROTATION - 1.5 < np.abs(angle).max() < scenes.ROTATION + slack * 1.2
    width = np.linalg.norm((quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2, axis=1)
    assert 0.78 * 128 < width.min() < 0.88 * 128 and 0.97 * 128 < width.max() < 1.08 * 128
    parallelogram = quads[:, 0] + quads[:, 2] - quads[:, 1] - quads[:, 3]
    assert np.abs(parallelogram).max() > 0.04 * 128  # true perspective, not an affine map


ERRORS = {"SHIFT": 0.0, "SCALE": (1.0, 1.0), "ROTATION": 0.0, "PERSPECTIVE": 0.0}
"""The detector's errors, each with the value at which it is none."""


def quads_with(monkeypatch, *names, count=2000, overhang=1.0):
    """Quads float64 [count, 4, 2] of a 64 x 128 frame with the named errors only.

    An overhang of 1 leaves them where they were drawn.
    """
    for name, none in ERRORS.items():
        if name not in names:
            monkeypatch.setattr(scenes, name, none)
    rng = np.random.default_rng(1)
    return np.array([scenes.detector_quad(rng, 64, 128, overhang=overhang) for _ in range(count)])


def spans(values, low, high):
    """Whether values fill low..high evenly: they reach both ends and spread as a uniform draw."""
    room = (high - low) * 0.02
    values = np.asarray(values)
    return (
        (values.min(0) >= low - 1e-9).all()
        and (values.max(0) <= high + 1e-9).all()
        and (values.min(0) < low + room).all()
        and (values.max(0) > high - room).all()
        and np.allclose(values.std(0), (high - low) / 12**0.5, rtol=0.08)
    )


PLATE = np.array([128, 128 * geometry.PLATE_ASPECT])


def test_no_error_is_the_canonical_plate(monkeypatch):
    quads = quads_with(monkeypatch, count=3)
    np.testing.assert_allclose(quads, np.broadcast_to(geometry.canonical_quad(64, 128), (3, 4, 2)))


def test_shift_is_five_per_cent_of_width_and_height(monkeypatch):
    centre = quads_with(monkeypatch, "SHIFT").mean(1) - [64, 32]
    assert spans(centre / PLATE, -0.05, 0.05)


def test_scale_runs_from_0_85_to_1(monkeypatch):
    quads = quads_with(monkeypatch, "SCALE")
    assert spans(np.ptp(quads, axis=1) / PLATE, 0.85, 1.0)


def test_rotation_is_six_degrees_either_way(monkeypatch):
    top = np.diff(quads_with(monkeypatch, "ROTATION")[:, :2], axis=1)[:, 0]
    assert spans(np.degrees(np.arctan2(top[:, 1], top[:, 0])), -6, 6)


def test_perspective_moves_each_corner_by_four_per_cent(monkeypatch):
    offset = (quads_with(monkeypatch, "PERSPECTIVE") - geometry.canonical_quad(64, 128)) / PLATE
    assert spans(offset, -0.04, 0.04)
    apart = np.corrcoef(offset.reshape(len(offset), -1).T) - np.eye(8)
    assert np.abs(apart).max() < 0.1  # corners and directions move by themselves


def test_centres_of_loose_frames_spread_both_ways(monkeypatch):
    """With all errors and the frame's limit; without SHIFT the spread is about half of this."""
    centre = quads_with(monkeypatch, *ERRORS, overhang=scenes.OVERHANG).mean(1) / PLATE
    assert (centre.std(0) > [0.02, 0.025]).all()
    still = quads_with(
        monkeypatch, "SCALE", "ROTATION", "PERSPECTIVE", overhang=scenes.OVERHANG
    ).mean(1)
    assert ((still / PLATE).std(0) < [0.016, 0.018]).all()


def test_the_frame_holds_large_plates_in_place(monkeypatch):
    quads = quads_with(monkeypatch, "SHIFT", overhang=scenes.OVERHANG)
    aside = np.abs(quads.mean(1) - [64, 32]).max(0) / PLATE
    assert aside[0] == pytest.approx(scenes.OVERHANG) and aside[1] > 0.049
    np.testing.assert_allclose(np.ptp(quads, axis=1), np.broadcast_to(PLATE, (len(quads), 2)))
    monkeypatch.setattr(scenes, "SCALE", (1.2, 1.2))
    assert np.ptp(scenes.detector_quad(np.random.default_rng(0), 64, 128), axis=0)[0] == (
        pytest.approx((1 + 2 * scenes.OVERHANG) * 128)
    )


def test_tight_scenes_fill_the_canonical_box(tight):
    x0, y0, x1, y1 = geometry.plate_box(64, 128)
    boxes = np.array([s.box for s in tight])
    assert (np.abs(boxes - [x0, y0, x1, y1]) <= [0.06 * 128, 0.15 * 41] * 2).all()
    for scene in tight:
        np.testing.assert_array_equal(scene.image[:9], np.repeat(scene.image[:1], 9, 0))
        np.testing.assert_array_equal(scene.image[-9:], np.repeat(scene.image[-1:], 9, 0))


def test_loose_scenes_have_surroundings(loose):
    assert np.mean([np.ptp(s.image[:9].astype(int), axis=0).mean() > 1 for s in loose]) > 0.9


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("style", list(alphabet.LAYOUTS))
def test_labels_fit_the_picture(style, tight):
    """Rectified by its quad, the picture shows the text: it correlates with the flat glyphs."""
    layout = alphabet.LAYOUTS[style]
    fits, others = [], []
    for seed in range(12):
        scene = draw([seed, 5], style=style, tight=tight, typeface="bebas")
        outline = geometry.box_quad((0.0, 0.0, layout.width, layout.height))
        flat = geometry.warp(
            scene.image,
            geometry.homography(scene.quad, outline),
            (int(layout.height), int(layout.width)),
        )
        margin = int(drawing.MARGIN_MM)
        rows, columns = slice(24, 116), slice(14, int(layout.width) - 14)
        for text, found in ((scene.text, fits), (scene.text[1:] + scene.text[0], others)):
            ink = drawing.glyph_distance(text, layout, "bebas", 1.0) > 0
            ink = ink[margin:-margin, margin:-margin][rows, columns]
            grey = flat[rows, columns].mean(-1)
            found.append(abs(np.corrcoef(ink.ravel(), grey.ravel())[0, 1]))
    assert np.median(fits) > 0.6
    assert np.median(fits) > np.median(others) + 0.3


def test_character_boxes_lie_in_the_plate(loose, tight):
    for scene in loose + tight:
        boxes = scene.character_boxes[:7]
        assert (boxes[:, :2] >= scene.box[:2] - 0.01).all()
        assert (boxes[:, 2:] <= scene.box[2:] + 0.01).all()
        assert (np.diff(boxes[:, 0]) > 0).all()


def test_scenes_are_varied(loose):
    brightness = np.array([s.image.mean() for s in loose])
    assert brightness.std() > 20 and 60 < brightness.mean() < 170
    colours = np.array([s.image.mean((0, 1)) for s in loose])
    assert np.ptp(colours[:, 0] - colours[:, 2]) > 30


def test_families_are_named_and_one_is_held_out():
    assert len(surroundings.TRAIN_SURROUNDINGS) >= 4
    assert surroundings.HELD_OUT_SURROUNDINGS in surroundings.FAMILIES
    assert surroundings.HELD_OUT_SURROUNDINGS not in surroundings.TRAIN_SURROUNDINGS


@pytest.mark.parametrize("family", list(surroundings.FAMILIES))
@pytest.mark.parametrize("size", [(128, 256), (256, 256), (64, 512)])
def test_surroundings_fill_any_size(family, size):
    for seed in range(5):
        image = surroundings.FAMILIES[family](np.random.default_rng(seed), *size)
        assert image.shape == (*size, 3) and image.dtype == np.uint8


@pytest.mark.parametrize("name", ["style", "surroundings", "typeface"])
def test_unknown_names_are_refused(name):
    rng = np.random.default_rng(0)
    arguments = {"style": "blue", "typeface": "din", "surroundings": "trunk", "text": "皖A12345"}
    with pytest.raises(DataError, match=rf"no {name} 'odd'; choose one of"):
        scenes.draw_scene(rng, 64, 128, **{**arguments, name: "odd"}, tight=False)


def test_text_must_fit_the_style():
    with pytest.raises(LabelError, match="8 characters"):
        draw(0, text="皖AD12345")
