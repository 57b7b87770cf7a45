"""The notebook of sliders in a real JupyterLab, looked at with a real browser."""

import shutil

import pytest

pytest.importorskip("playwright", exc_type=ModuleNotFoundError)
pytest.importorskip("jupyterlab", exc_type=ModuleNotFoundError)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def notebook(explored, serve, tmp_path_factory, pytestconfig):
    """The notebook with all its cells run; of a copy, since JupyterLab saves what it shows."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(pytestconfig.rootpath / "params.yaml", folder)
    shutil.copy(pytestconfig.rootpath / "notebooks" / "explore.ipynb", folder)
    server = ["jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port={port}"]
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


@pytest.fixture(autouse=True)
def no_complaints(notebook):
    yield
    assert notebook.complaints() == []


def test_every_cell_runs(notebook):
    notebook.tab.wait_for_function(
        """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
            .every(prompt => /^\\[\\d+\\]:$/.test(prompt.textContent))"""
    )
    assert notebook.tab.locator(".lpr-cell").count() == 4
    assert notebook.misplaced() == []


def test_a_slider_changes_pictures_and_readings(notebook):
    before = {name: notebook.picture(name) for name in ("full", "original")}
    readings = notebook.readings("degraded")
    notebook.slide("noise", 10)
    assert notebook.picture("full") != before["full"]
    assert notebook.picture("original") == before["original"]
    assert notebook.readings("degraded") != readings
