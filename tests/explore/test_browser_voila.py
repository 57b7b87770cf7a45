"""The page without code in a real browser: sliders, uploads and what goes wrong."""

import re

import pytest

pytest.importorskip("playwright", exc_type=ModuleNotFoundError)
pytest.importorskip("voila", exc_type=ModuleNotFoundError)

from playwright.sync_api import expect

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(explored, serve, pytestconfig):
    """The page, by voila; one kernel for all tests."""
    notebook = pytestconfig.rootpath / "notebooks" / "explore.ipynb"
    server = ["voila", str(notebook), "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}"]
    # Asking for the page itself would start a kernel.
    explored.tab.goto(serve(*server, path="/voila/static/"))
    explored.row.locator("img").first.wait_for(timeout=300_000)
    return explored


@pytest.fixture(autouse=True)
def no_complaints(page):
    yield
    assert page.complaints() == []


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


def test_a_slider_changes_pictures_and_readings(page):
    before = {name: page.picture(name) for name in ("full", "original")}
    readings = page.readings("degraded")
    page.slide("noise", 10)
    assert page.picture("full") != before["full"]
    assert page.picture("original") == before["original"]
    assert page.readings("degraded") != readings


def test_a_photograph_is_uploaded(page, tmp_path):
    import cv2
    import numpy as np

    cv2.imwrite(str(tmp_path / "plate.png"), np.full((30, 90, 3), 90, np.uint8))
    page.tab.get_by_role("button", name="photograph").click()
    expect(page.tab.get_by_text("upload a photograph: PNG")).to_be_visible()
    page.upload(tmp_path / "plate.png")
    expect(page.tab.get_by_text("taken as a crop")).to_be_visible()
    expect(page.tab.get_by_text("no character is marked")).to_be_visible()


def test_a_text_file_named_png_gives_a_message_and_greys_the_row(page, tmp_path):
    (tmp_path / "text.png").write_text("no image at all")
    page.tab.get_by_role("button", name="photograph").click()
    page.upload(tmp_path / "text.png")
    expect(page.tab.locator(".lpr-error")).to_have_text(re.compile(r"^text\.png is no image"))
    expect(page.tab.locator(".widget-html.lpr-stale .lpr-row")).to_have_count(1)
    page.tab.get_by_role("button", name="test plate").click()
    expect(page.tab.locator(".lpr-error")).to_have_count(0)
    expect(page.tab.locator(".lpr-stale")).to_have_count(0)
