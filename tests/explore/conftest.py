"""Servers of the page and a browser to look at it with; tests skip where there is no Chromium."""

import contextlib
import dataclasses
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch

from lpr_gfpgan import networks
from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.training import ensure_plates

ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params.yaml"
# It runs as root in containers, and must not look for a network at its start.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]
START = 300  # seconds for a server or a kernel on a busy machine
PATIENCE = 30  # seconds for anything on the page


@pytest.fixture(scope="module")
def chromium():
    """Address of an installed Chromium."""
    pytest.importorskip("playwright", exc_type=ModuleNotFoundError)
    names = "chromium", "chromium-browser", "google-chrome"
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium on this machine; run `make browser` or apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def tab(chromium):
    """A tab of a browser; `errors` are those of its scripts."""
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": 1400, "height": 1000})
        tab.set_default_timeout(PATIENCE * 1000)
        sync_api.expect.set_options(timeout=PATIENCE * 1000)
        tab.set_default_navigation_timeout(START * 1000)
        tab.errors = []
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        yield tab
        browser.close()


@pytest.fixture(scope="module")
def untrained_output(save_untrained, tmp_path_factory):
    """Output folder of a smoke study that nobody trained; its readers see something in anything."""
    output = tmp_path_factory.mktemp("untrained-study")
    paths = Paths(output, "smoke")
    ensure_plates(dataclasses.replace(load_study("smoke", params=PARAMS), paths=paths))
    paths.models.mkdir(parents=True)
    save_untrained(paths.models)
    shutil.copy(paths.restorer("full", 0), paths.restorer("face_recipe", 0))
    reader, _ = networks.load_weights(paths.reader("direct"), expect_kind="reader")
    with torch.no_grad():
        reader.head.weight *= 50
        reader.head.bias[0] = -100  # no blanks
    for name in ("direct", "judge"):
        networks.save_weights(
            paths.reader(name), reader, kind="reader", config=reader.config, provenance={}
        )
    return output


@pytest.fixture(scope="module")
def serve(chromium, untrained_output, tmp_path_factory):
    """Starts what a target of the Makefile does, where kernels find untrained networks.

    Called with the target, with more arguments, in which {port} stands for a free port of this
    machine, and with a path that is asked for until it is answered; gives the server's address. It
    ends with the module.
    """
    folder = tmp_path_factory.mktemp("server")
    environment = os.environ | {
        "LPR_GFPGAN_PROFILE": "smoke",
        "LPR_GFPGAN_OUTPUT": str(untrained_output),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "IPYTHONDIR": str(folder),
        "JUPYTERLAB_SETTINGS_DIR": str(folder),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder),
    }
    environment |= {f"JUPYTER_{name}_DIR": str(folder) for name in ("CONFIG", "DATA", "RUNTIME")}

    with contextlib.ExitStack() as stack:

        def start(target, *more, path):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            log = folder / "log"
            more = (part.format(port=port) for part in more)
            command = [sys.executable, "-m", *command_of(target), *more]
            with open(log, "w") as out:
                server = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=out, stderr=out
                )
            stack.callback(server.wait, START)
            stack.callback(server.terminate)
            address = f"http://127.0.0.1:{port}"
            wait_for(address + path, server, log)
            return address

        yield start


def command_of(target):
    """Name and arguments of the program that a target of the Makefile ends with."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("PATH=")]
    return shlex.split(lines[-1])[1:]


def wait_for(address, server, log):
    """Until the server answers, with whatever status."""
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


SHOWN = """document.querySelector(`[data-picture="${name}"] > img`)?.getAttribute("src")"""


class Explored:
    """The page in a browser's tab, wherever it is shown.

    Attributes:
        tab: Playwright's page.
        row: locator of the row of pictures.
    """

    def __init__(self, tab):
        self.tab, self.row = tab, tab.locator(".lpr-row")

    def picture(self, name):
        """The picture of that name in the row, as its address holds it."""
        return self.row.locator(f'[data-picture="{name}"] > img').get_attribute("src")

    def readings(self, name):
        """What the readers see in the picture of that name, with bars and confidences."""
        found = self.row.locator(f'[data-picture="{name}"] .lpr-reading').all()
        return [reading.evaluate("e => e.innerHTML") for reading in found]

    def slide(self, name, steps):
        """Moves a slider by its keys; waits until the degraded picture is another.

        Returns:
            Seconds from the last key to that picture.
        """
        self.settle()
        before = self.picture("degraded")
        self.slider(name).locator(".noUi-handle").focus()
        for _ in range(steps):
            pressed = time.perf_counter()
            self.tab.keyboard.press("ArrowRight")
        self.wait_for_another("degraded", before)
        return time.perf_counter() - pressed

    def slider(self, name):
        """The slider of that name, with its description and its value."""
        return self.tab.locator(".widget-slider", has_text=name)

    def choose(self, source):
        """Presses a source's button."""
        self.tab.locator(".widget-toggle-button", has_text=source).click()

    def wait_for_another(self, name, before):
        """Until the picture of that name is not the one it was."""
        self.tab.wait_for_function(
            f"([name, old]) => ![old, undefined].includes({SHOWN})", arg=[name, before]
        )

    def wait_for_picture(self, name, expected):
        """Until the picture of that name is this one."""
        self.tab.wait_for_function(f"([name, one]) => {SHOWN} === one", arg=[name, expected])

    def settle(self):
        """Until no picture has changed for a second."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            before = self.row.inner_html()
            self.tab.wait_for_timeout(1000)
            if self.row.inner_html() == before:
                return
        raise AssertionError(f"pictures change after {PATIENCE} seconds")

    def upload(self, path):
        """Chooses a file; the widget keeps its input out of the page and opens it on a click."""
        with self.tab.expect_file_chooser() as chooser:
            self.tab.locator("button.widget-upload, .widget-upload button").first.click()
        chooser.value.set_files(path)

    def complaints(self):
        """Error outputs of cells, and errors of the page's scripts."""
        outputs = "[data-mime-type='application/vnd.jupyter.stderr'], "
        outputs += "[data-mime-type='application/vnd.jupyter.error']"
        return [*self.tab.locator(outputs).all_inner_texts(), *self.tab.errors]

    def misplaced(self):
        """What is wider than its place, and cells of a line whose parts are at other heights."""
        return self.tab.evaluate(
            """() => {
                const wrong = [];
                for (const e of document.querySelectorAll(".lpr-row *, .widget-label")) {
                    const style = getComputedStyle(e).overflow;
                    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && style !== "hidden")
                        wrong.push(`${e.className} ${e.textContent}: too wide`);
                }
                const lines = {};
                for (const cell of document.querySelectorAll(".lpr-cell")) {
                    const top = e => Math.round(e.getBoundingClientRect().top);
                    const parts = cell.querySelectorAll("h4, .lpr-cell > img, .lpr-reading");
                    (lines[top(cell)] ??= new Set()).add([...parts].map(top).join());
                }
                for (const [top, heights] of Object.entries(lines))
                    if (heights.size > 1) wrong.push(`${top}: ${[...heights].join(" | ")}`);
                return wrong;
            }"""
        )


@pytest.fixture(scope="module")
def explored(tab):
    return Explored(tab)
