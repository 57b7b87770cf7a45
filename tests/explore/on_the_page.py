"""What a user does on the page, wherever it is shown: JupyterLab and voila are both asked to do it.

A module that has the tests in its namespace has a fixture `page`, see `conftest.Explored`. With
`no_complaints` there too, each of its tests also fails on an error that the page shows.
"""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

PATIENCE = 10  # seconds from a key to its picture; a tenth of that is slow


@pytest.fixture(autouse=True)
def no_complaints(page):
    yield
    assert page.complaints() == []


def a_crop(seed, height=30):
    """A picture as wide as a plate, BGR, that no one has sent before."""
    rough = np.random.default_rng(seed).integers(0, 255, (10, 30, 3), np.uint8)
    return cv2.resize(rough, (3 * height, height), interpolation=cv2.INTER_CUBIC)


def test_a_slider_changes_pictures_and_readings(page, capsys):
    page.choose("test plate")
    before = {name: page.picture(name) for name in ("full", "original")}
    readings = page.readings("degraded")
    page.slide("noise", 10)
    page.settle()  # the first of ten steps may change no reading
    assert page.picture("full") != before["full"]
    assert page.picture("original") == before["original"]
    assert page.readings("degraded") != readings
    seconds = page.slide("noise", 1)
    with capsys.disabled():
        print(f" [{seconds:.2f} s from a key to its picture] ", end="")
    assert seconds < PATIENCE


def test_an_uploaded_photograph_takes_the_place_of_the_row(page, tmp_path):
    page.choose("test plate")
    for seed in range(2):  # the second one follows another photograph
        page.choose("photograph")
        page.settle()
        pictures = {name: page.picture(name) for name in ("degraded", "full", "original")}
        readings = {name: page.readings(name) for name in pictures}
        path = tmp_path / f"plate-{seed}.png"
        cv2.imwrite(str(path), a_crop(seed))
        page.upload(path)
        page.wait_for_another("original", pictures["original"])
        for name, before in pictures.items():
            assert page.picture(name) != before
            assert page.readings(name) != readings[name]
        assert page.picture("degraded") == page.picture("original")  # it is not blurred again
        expect(page.tab.get_by_text("taken as a crop")).to_be_visible()
        expect(page.tab.get_by_text("no character is marked")).to_be_visible()
    page.choose("test plate")
    page.tab.wait_for_function("() => !document.querySelector('.lpr-open')")
    assert page.picture("degraded") != page.picture("original")


def test_a_text_file_named_png_gives_a_message_and_greys_the_row(page, tmp_path):
    (tmp_path / "text.png").write_text("no image at all")
    page.choose("photograph")
    page.upload(tmp_path / "text.png")
    expect(page.tab.locator(".lpr-error")).to_have_text(re.compile(r"^text\.png is no image"))
    expect(page.tab.locator(".widget-html.lpr-stale .lpr-row")).to_have_count(1)
    page.choose("test plate")
    expect(page.tab.locator(".lpr-error")).to_have_count(0)
    expect(page.tab.locator(".lpr-stale")).to_have_count(0)


def test_the_released_weights_are_a_press_away(page):
    page.choose("test plate")
    page.settle()
    before = page.picture("full")
    page.choose("released weights")
    page.wait_for_another("full", before)
    page.settle()
    expect(page.row).to_have_count(1)
    page.choose("study smoke")
    page.wait_for_picture("full", before)
