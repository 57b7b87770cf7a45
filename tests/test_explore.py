"""The explorer: a function of its settings, and widgets that only pass settings on."""

import cv2
import numpy as np
import pytest

from lpr_gfpgan import explore
from lpr_gfpgan.errors import ConfigError, LabelError
from lpr_gfpgan.explore import Explorer, Settings, View, captions, marked, png
from lpr_gfpgan.readers import Reading

CLEAR = {"motion_length": 0.0, "defocus": 0.0, "noise": 0.0}


@pytest.fixture(scope="module")
def explorer(smoke_study):
    return Explorer(smoke_study, variants=("full", "face_recipe"), device="cpu")


def test_a_test_plate(explorer):
    view = explorer.render(Settings(plate=2))
    assert view.truth == explorer.plates.table["text"][2]
    np.testing.assert_array_equal(view.pictures["original"], explorer.plates.images[2])
    assert list(view.pictures) == ["original", "degraded", "full", "face_recipe"]
    assert all(p.shape == (32, 64, 3) and p.dtype == np.uint8 for p in view.pictures.values())
    assert set(view.readings) == {(p, r) for p in view.pictures for r in ("direct", "judge")}


def test_equal_settings_give_equal_views(explorer):
    first, second = (explorer.render(Settings(plate=1, noise=20.0)) for _ in range(2))
    assert first.readings == second.readings
    for name, picture in first.pictures.items():
        np.testing.assert_array_equal(picture, second.pictures[name])


def test_a_typed_text_is_drawn(explorer):
    view = explorer.render(Settings(text=" 皖a12345 ", **CLEAR))
    assert view.truth == "皖A12345"
    assert not (view.pictures["original"] == explorer.plates.images[0]).all()
    green = explorer.render(Settings(text="皖AD12345", **CLEAR))
    assert (green.pictures["original"] != view.pictures["original"]).any()


def test_without_degradation_the_plate_is_untouched(explorer):
    view = explorer.render(Settings(plate=3, **CLEAR))
    np.testing.assert_array_equal(view.pictures["degraded"], view.pictures["original"])
    assert view.readings["degraded", "judge"] == view.readings["original", "judge"]


@pytest.mark.parametrize(
    "change",
    [
        {"motion_length": 0.1},
        {"defocus": 0.02},
        {"resolution": 24},
        {"noise": 10.0},
        {"jpeg": 30},
    ],
)
def test_each_slider_changes_the_degraded_and_the_restored_picture(explorer, change):
    clear = explorer.render(Settings(plate=1, **CLEAR))
    view = explorer.render(Settings(plate=1, **(CLEAR | change)))
    np.testing.assert_array_equal(view.pictures["original"], clear.pictures["original"])
    for name in ("degraded", "full"):
        assert (view.pictures[name] != clear.pictures[name]).any()


def test_lengths_are_relative_to_the_plate(explorer):
    quad = explorer.plates.quads[1]
    width = np.linalg.norm(quad[[1, 2]] - quad[[0, 3]], axis=1).mean()
    drawn = explorer.render(
        Settings(plate=1, motion_length=0.1, motion_angle=45.0, defocus=0.02, resolution=20)
    ).parameters
    assert drawn.motion_length.item() == pytest.approx(0.1 * width, rel=1e-5)
    assert drawn.sigma_major.item() == pytest.approx(0.02 * width, rel=1e-5)
    assert drawn.small_width.item() * width / 64 == pytest.approx(20, abs=0.5)
    assert drawn.motion_angle.item() == 45


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(text="XX"), LabelError),
        (Settings(text="皖A1234?"), LabelError),
        (Settings(plate=10_000), ConfigError),
        (Settings(plate=-1), ConfigError),
        (Settings(jpeg=101), ConfigError),
        (Settings(motion_length=-0.1), ConfigError),
    ],
)
def test_bad_settings(explorer, settings, error):
    with pytest.raises(error):
        explorer.render(settings)


def test_wrong_characters_are_marked():
    assert marked("皖A12345", "皖A12345") == "皖A12345"
    wrong = f'<u style="color: {explore.WRONG}">'
    assert marked("皖A12345", "皖B12345") == f"皖{wrong}B</u>12345"
    assert marked("皖A12345", "皖A1245") == f"皖A12{wrong}_</u>45"
    assert marked("A", "") == f"{wrong}_</u>"


def test_captions_name_picture_reader_and_confidence():
    reading = Reading("皖B", (0.5, 0.5), 0.25)
    view = View(
        truth="皖A",
        pictures={"full": np.zeros((2, 4, 3), np.uint8)},
        readings={("full", "direct"): reading, ("full", "judge"): Reading("", (), 0.0)},
        parameters=None,
    )
    text = captions(view)["full"]
    assert "<b>full</b>" in text and "direct: 皖<u" in text and "(25%)" in text and "judge" in text


def test_png_enlarges_without_changing_colours():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    decoded = cv2.imdecode(np.frombuffer(png(image, 40), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (20, 40, 3)
    np.testing.assert_array_equal(decoded[::10, ::10, ::-1], image)


@pytest.fixture
def panel(explorer):
    pytest.importorskip("ipywidgets")
    return explore._Panel(explorer)


def test_a_control_redraws_the_row(panel, explorer):
    before = {name: image.value for name, image in panel.images.items()}
    panel.controls["motion_length"].value = 0.2
    assert panel.images["original"].value == before["original"]
    for name in ("degraded", "full", "face_recipe"):
        assert panel.images[name].value != before[name]
    panel.controls["plate"].value = 4
    assert panel.images["original"].value != before["original"]
    assert explorer.plates.table["text"][4] in panel.message.value


def test_a_mistake_becomes_a_message_and_the_row_stays(panel):
    before = panel.images["degraded"].value
    panel.controls["text"].value = "XX<b>"
    assert "XX&lt;B&gt;" in panel.message.value and panel.images["degraded"].value == before
    panel.controls["text"].value = "皖A12345"
    assert panel.message.value == "truth: 皖A12345" and panel.images["degraded"].value != before


def test_dragging_queues_nothing(panel):
    for name in explore.LIMITS:
        assert panel.controls[name].continuous_update is False
