"""The page without code in a real browser: a slider moved by keyboard changes the pictures."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", exc_type=ModuleNotFoundError)
pytest.importorskip("voila", exc_type=ModuleNotFoundError)

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
# It runs as root in containers, and must not look for a network at its start.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]
START = 300  # seconds for a server or a kernel on a busy machine
ANSWER = 30_000  # milliseconds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium on this machine; apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def address(smoke_study, tmp_path_factory):
    """The page of the smoke study, served by voila on this machine alone."""
    folder = tmp_path_factory.mktemp("voila")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "LPR_GFPGAN_PROFILE": "smoke",
        "LPR_GFPGAN_OUTPUT": str(smoke_study.paths.output),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "IPYTHONDIR": str(folder),
    }
    environment |= {f"JUPYTER_{name}_DIR": str(folder) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [sys.executable, "-m", "voila", str(ROOT / "notebooks" / "explore.ipynb")]
    command += ["--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}"]
    log = folder / "voila.log"
    with open(log, "w") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        wait_for(f"http://127.0.0.1:{port}/voila/static/", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(START)


def wait_for(address, server, log):
    """Until the server answers, with whatever status; asking for the page would start a kernel."""
    end = time.monotonic() + START
    while True:
        try:
            urllib.request.urlopen(address, timeout=5)
        except urllib.error.HTTPError:
            return
        except OSError:
            assert server.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def page(address):
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(address, timeout=START * 1000)
        page.locator(".lpr-row img").first.wait_for(timeout=START * 1000)
        yield page
        browser.close()


def picture(page, name):
    """The picture of that name in the row, as its address holds it."""
    return page.locator(f'[data-picture="{name}"] > img').get_attribute("src")


def test_the_page_has_no_code_and_says_what_a_restoration_is(page):
    assert page.get_by_text("load_study").count() == 0
    names = [cell.get_attribute("data-picture") for cell in page.locator(".lpr-cell").all()]
    assert names == ["degraded", "full", "face_recipe", "original"]
    assert page.get_by_text("A restoration shows what is likely").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_slider_moved_by_keyboard_changes_the_pictures(page):
    before = {name: picture(page, name) for name in ("degraded", "full", "original")}
    handle = page.locator(".widget-slider", has_text="noise").locator(".noUi-handle")
    handle.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    changed = """([name, old]) =>
        document.querySelector(`[data-picture="${name}"] > img`).getAttribute("src") !== old"""
    for name in ("degraded", "full"):
        page.wait_for_function(changed, arg=[name, before[name]], timeout=ANSWER)
    assert picture(page, "original") == before["original"]


def test_a_photograph_is_uploaded(page, tmp_path):
    import cv2
    import numpy as np

    cv2.imwrite(str(tmp_path / "plate.png"), np.full((30, 90, 3), 90, np.uint8))
    page.get_by_role("button", name="photograph").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="upload").click()
    chooser.value.set_files(tmp_path / "plate.png")
    sync_api.expect(page.get_by_text("taken as a crop")).to_be_visible(timeout=ANSWER)
    assert page.get_by_text("no character is marked").is_visible()
