"""The notebook of sliders in a real JupyterLab, looked at with a real browser."""

import shutil

import pytest

pytest.importorskip("playwright", exc_type=ModuleNotFoundError)
pytest.importorskip("jupyterlab", exc_type=ModuleNotFoundError)

from .on_the_page import (  # noqa: F401
    no_complaints,
    test_a_slider_changes_pictures_and_readings,
    test_a_text_file_named_png_gives_a_message_and_greys_the_row,
    test_an_uploaded_photograph_takes_the_place_of_the_row,
    test_the_released_weights_are_a_press_away,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(explored, serve, tmp_path_factory, pytestconfig):
    """The notebook with all its cells run; of a copy, since JupyterLab saves what it shows."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(pytestconfig.rootpath / "params.yaml", folder)
    shutil.copy(pytestconfig.rootpath / "notebooks" / "explore.ipynb", folder)
    server = ["lab", "--no-browser", "--ip=127.0.0.1", "--port={port}"]
    server += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    server += ["--IdentityProvider.token=", "--expose-app-in-browser", "--LabApp.news_url="]
    server += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    tab = explored.tab
    tab.goto(serve(*server, path="/api") + "/lab/tree/explore.ipynb?reset")
    tab.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=300_000)
    tab.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget
            ?.sessionContext?.session?.kernel?.status === "idle" """,
        timeout=300_000,
    )
    tab.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    explored.row.locator("img").first.wait_for(timeout=300_000)
    return explored


def test_every_cell_runs(page):
    page.tab.wait_for_function(
        """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
            .every(prompt => /^\\[\\d+\\]:$/.test(prompt.textContent))"""
    )
    assert page.tab.locator(".lpr-cell").count() == 4
    assert page.misplaced() == []
