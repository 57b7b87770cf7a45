"""The widgets: each passes its value on, and dragging one never queues work up."""

import dataclasses
import io
import re
import threading
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from lpr_gfpgan.explore import LIMITS, Explorer
from lpr_gfpgan.explore.html import STALE, png
from lpr_gfpgan.explore.settings import NONE
from lpr_gfpgan.restore import TIGHT

panels = pytest.importorskip("lpr_gfpgan.explore.panel", exc_type=ModuleNotFoundError)

LIMIT = 60  # seconds; reached only where something hangs


@pytest.fixture(scope="module")
def explorer(smoke_study):
    more = dataclasses.replace(smoke_study, variants=[*smoke_study.variants, "clamped_jpeg"])
    return Explorer(more, device="cpu")


@pytest.fixture
def panel(explorer):
    made = panels.Panel(explorer)
    assert made.wait(LIMIT)
    return made


def upload(panel, image, name="plate.png"):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    give(panel, name, file.getvalue())


def give(panel, name, data):
    """What the browser does with a chosen file."""
    file = {"name": name, "type": "", "size": len(data), "content": memoryview(data)}
    panel.upload.value = (file | {"last_modified": datetime.now(UTC)},)
    assert panel.wait(LIMIT)


def change(panel, name, value):
    panel.controls[name].value = value
    assert panel.wait(LIMIT)
    return panel.row.value


def words(row):
    """What a row says, without its tags."""
    return re.sub("<.*?>", "", row)


def everything(widget):
    """A widget and all that it holds."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def test_the_first_row_is_there_at_once(panel, explorer):
    assert panel.shown == 1
    assert png(explorer.plates.images[0]) in panel.row.value
    assert f"True text: {explorer.plates.table['text'][0]};" in words(panel.row.value)


@pytest.mark.parametrize("name", sorted(set(LIMITS) - {"motion_angle"}))
def test_each_slider_redraws_the_row(panel, name):
    slider = panel.controls[name]
    none = change(panel, name, slider.min)
    middle = change(panel, name, type(slider.value)(slider.max / 2))
    assert middle != none
    if name != "resolution":  # there the highest value is the frame's own
        assert change(panel, name, slider.max) not in (none, middle)


def test_a_plate_has_no_more_columns_than_its_frame(panel, explorer):
    assert panel.controls["resolution"].max == explorer.size[1] == 64


def test_the_angle_turns_the_motion(panel):
    before = panel.row.value
    assert change(panel, "motion_angle", 90.0) != before


def test_another_plate_or_text(panel, explorer):
    row = change(panel, "plate", 4)
    assert png(explorer.plates.images[4]) in row
    assert f"True text: {explorer.plates.table['text'][4]};" in words(row)
    assert "True text: 皖A12345;" in words(change(panel, "source", "text"))
    assert "True text: 皖B12345;" in words(change(panel, "text", "皖b12345"))


def stale(panel):
    return STALE in panel.row._dom_classes


def test_a_mistake_becomes_a_message_and_the_row_turns_grey(panel):
    before = change(panel, "source", "text")
    assert not stale(panel)
    assert change(panel, "text", "XX<b>") == before and stale(panel)
    assert "XX&lt;B&gt;" in panel.message.value and "those of before" in panel.message.value
    assert change(panel, "text", "皖A54321") != before and not stale(panel)
    assert "XX" not in panel.message.value


def test_an_unexpected_error_becomes_a_message_and_the_row_turns_grey(
    panel, explorer, monkeypatch, capsys
):
    def broken(*_, **__):
        raise RuntimeError("no memory\nstack of the allocator")

    with monkeypatch.context() as patch:
        patch.setattr(explorer, "render", broken)
        before = panel.row.value
        assert change(panel, "noise", 20.0) == before and stale(panel)
    assert "no pictures: RuntimeError: no memory; the grey" in panel.message.value
    assert "in broken" in capsys.readouterr().err  # where it happened, for whoever mends it
    assert change(panel, "noise", 21.0) != before and not stale(panel)
    assert "RuntimeError" not in panel.message.value


def test_an_error_before_the_first_row_speaks_of_no_pictures(explorer, monkeypatch):
    monkeypatch.setattr(explorer, "numbered_plate", lambda number: 1 / 0)
    panel = panels.Panel(explorer)
    assert panel.wait(LIMIT) and not panel.row.value
    assert "ZeroDivisionError" in panel.message.value and "grey" not in panel.message.value


def test_variants_are_boxes_to_tick(panel):
    assert {name: box.value for name, box in panel.variants.items()} == {
        "full": True,
        "face_recipe": True,
    }
    words = [w.value for w in everything(panel.widget) if isinstance(w, panels.w.HTML)]
    assert any("not trained: clamped_jpeg" in text for text in words)
    panel.variants["full"].value = False
    assert panel.wait(LIMIT)
    assert 'data-picture="full"' not in panel.row.value
    assert 'data-picture="face_recipe"' in panel.row.value


def test_an_uploaded_crop(panel, explorer):
    before = change(panel, "source", "photograph")
    assert "upload a photograph" in panel.message.value
    crop = np.random.default_rng(0).integers(0, 255, (30, 90, 3), np.uint8)
    upload(panel, crop)
    assert panel.row.value != before and "no character is marked" in panel.row.value
    expected = explorer.photographed_plate(crop, place=TIGHT)
    assert "90 pixels wide" in expected.note
    assert png(expected.image) in panel.row.value and expected.note in panel.message.value
    assert "True text: 皖A12345;" in words(change(panel, "truth", "皖A12345"))
    upload(panel, 255 - crop, "other.png")
    assert png(expected.image) not in panel.row.value


def sayings(panel):
    """The message as a reader sees it."""
    return re.sub("<style>.*?</style>|<.*?>", "", panel.message.value, flags=re.DOTALL)


def test_an_upload_that_cannot_be_used_gives_one_line(panel):
    before = change(panel, "source", "photograph")
    give(panel, "a.png", b"no image")
    assert sayings(panel).startswith("a.png is no image") and stale(panel)
    upload(panel, np.zeros((8, 24, 3), np.uint8), "small.png")
    assert sayings(panel).startswith("image small.png is 24 x 8 pixels; a plate needs at least 12")
    cut = io.BytesIO()
    Image.fromarray(np.zeros((30, 90, 3), np.uint8)).save(cut, "PNG")
    give(panel, "cut.png", cut.getvalue()[:-20])
    assert sayings(panel).startswith("image cut.png is damaged")
    upload(panel, np.full((200, 200, 3), 60, np.uint8), "road.png")  # with or without HyperLPR
    assert re.match(r"(no plate found in )?image road\.png[:;]", sayings(panel))
    assert panel.row.value == before and "\n" not in sayings(panel)
    upload(panel, np.full((30, 90, 3), 60, np.uint8))
    assert panel.row.value != before and not stale(panel)


def test_only_the_chosen_source_has_its_controls(panel):
    for source, names in {
        "test plate": {"plate"},
        "text": {"text"},
        "photograph": {"place", "truth"},
    }.items():
        change(panel, "source", source)
        shown = set(everything(panel.widget))
        held = {
            name for name in ("plate", "text", "place", "truth") if panel.controls[name] in shown
        }
        assert held == names
        assert (panel.upload in shown) == (source == "photograph")


def places(panel):
    """Where the sliders stand."""
    return {name: panel.controls[name].value for name in LIMITS}


def test_a_photograph_is_not_blurred_again(panel, explorer):
    defaults = places(panel)
    assert defaults["motion_length"] and defaults["defocus"] and defaults["noise"]
    change(panel, "jpeg", 30)
    change(panel, "source", "photograph")
    assert not any(places(panel).values())
    crop = np.random.default_rng(0).integers(0, 255, (30, 90, 3), np.uint8)
    upload(panel, crop)
    assert panel.row.value.count(png(explorer.photographed_plate(crop).image)) == 2  # both ends
    change(panel, "noise", 9.0)
    change(panel, "source", "text")
    assert places(panel) == defaults
    change(panel, "noise", 9.0)
    change(panel, "source", "test plate")
    assert places(panel) == defaults | {"noise": 9.0}  # neither of the two is blurred already


def test_a_button_takes_all_degradation_away_and_asks_for_one_row(panel, explorer, monkeypatch):
    seen, render = [], explorer.render

    def watched(subject, settings, **rest):
        seen.append(settings)
        return render(subject, settings, **rest)

    assert panel.none in set(everything(panel.widget))
    change(panel, "resolution", 20)
    monkeypatch.setattr(explorer, "render", watched)
    panel.none.click()
    assert panel.wait(LIMIT)
    assert seen == [NONE] and not any(places(panel).values())
    assert panel.row.value.count(png(explorer.plates.images[0])) == 2


def test_sliders_report_while_they_are_dragged(panel):
    assert all(panel.controls[name].continuous_update for name in LIMITS)


def test_fifty_quick_changes_give_two_renders_and_the_last_is_shown(panel, explorer, monkeypatch):
    begun, go_on, seen = threading.Event(), threading.Event(), []
    render = explorer.render

    def slow(subject, settings, **rest):
        begun.set()
        assert go_on.wait(LIMIT)
        seen.append(settings.noise)
        return render(subject, settings, **rest)

    monkeypatch.setattr(explorer, "render", slow)
    before, shown = panel.row.value, panel.shown
    panel.controls["noise"].value = 0.0
    assert begun.wait(LIMIT)
    for step in range(50):
        panel.controls["noise"].value = 0.5 * (step + 1)
    assert panel.row.value == before  # nothing was waited for
    go_on.set()
    assert panel.wait(LIMIT)
    assert seen == [0.0, 25.0] and panel.shown == shown + 2
    monkeypatch.undo()
    last = panel.row.value
    change(panel, "noise", 3.0)
    assert change(panel, "noise", 25.0) == last
