"""The page without code in a real browser: sliders, uploads and what goes wrong."""

import pytest

pytest.importorskip("playwright", exc_type=ModuleNotFoundError)
pytest.importorskip("voila", exc_type=ModuleNotFoundError)

import cv2
from playwright.sync_api import expect

from .on_the_page import (  # noqa: F401
    a_crop,
    no_complaints,
    test_a_slider_changes_pictures_and_readings,
    test_a_text_file_named_png_gives_a_message_and_greys_the_row,
    test_an_uploaded_photograph_takes_the_place_of_the_row,
    test_the_released_weights_are_a_press_away,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(explored, serve):
    """The page, by voila; one kernel for all tests."""
    server = ["explore", "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}"]
    # Asking for the page itself would start a kernel.
    explored.tab.goto(serve(*server, path="/voila/static/"))
    explored.row.locator("img").first.wait_for(timeout=300_000)
    return explored


def test_the_page_has_no_code_and_says_what_a_restoration_is(page):
    assert page.tab.get_by_text("load_study").count() == 0
    names = [cell.get_attribute("data-picture") for cell in page.tab.locator(".lpr-cell").all()]
    assert names == ["degraded", "full", "face_recipe", "original"]
    assert page.tab.get_by_text("A restoration shows what is likely").is_visible()


def test_nothing_is_wider_than_its_place_or_out_of_line(page):
    wide = page.tab.viewport_size
    for width in (1400, 900, 650):
        page.tab.set_viewport_size(wide | {"width": width})
        assert page.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.misplaced() == []
    page.tab.set_viewport_size(wide)


def test_a_slider_dragged_by_the_mouse_ends_on_the_last_value(page):
    page.choose("test plate")
    slider = page.slider("noise")
    value, handle = slider.locator(".widget-readout"), slider.locator(".noUi-handle")
    handle.focus()
    page.tab.keyboard.press("Home")
    expect(value).to_have_text("0")
    page.slide("noise", 20)
    expect(value).to_have_text("20")
    page.settle()
    by_keys = page.picture("degraded")
    handle.focus()
    page.tab.keyboard.press("Home")
    page.wait_for_another("degraded", by_keys)
    handle.scroll_into_view_if_needed()
    box, seen = handle.bounding_box(), set()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    while value.inner_text() != "20":
        x += 1
        assert x < page.tab.viewport_size["width"], f"the slider went through {sorted(seen)}"
        page.tab.mouse.move(x, y)
        seen.add(value.inner_text())
    page.tab.mouse.up()
    assert len(seen) > 10
    page.wait_for_picture("degraded", by_keys)
    page.settle()
    assert page.picture("degraded") == by_keys and value.inner_text() == "20"


def test_a_photograph_of_many_megabytes(page, tmp_path):
    path = tmp_path / "large.bmp"
    cv2.imwrite(str(path), a_crop(7, height=1200))
    assert path.stat().st_size > 12e6
    page.choose("photograph")
    page.settle()
    before = page.picture("original")
    page.upload(path)
    page.wait_for_another("original", before)
    expect(page.tab.get_by_text("3600 pixels wide")).to_be_visible()
