"""Both notebooks run from their first cell to the last with other weights than the released."""

import json
from pathlib import Path

import papermill
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def execute(weights, smoke, tmp_path, monkeypatch):
    """Executes a notebook with the tiny weights at the smallest profile; gives all it printed."""
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(smoke.paths.output))

    def executed(name):
        made = papermill.execute_notebook(
            ROOT / "notebooks" / f"{name}.ipynb",
            tmp_path / f"{name}.ipynb",
            parameters={"profile": "smoke", "weights": str(weights)},
            cwd=ROOT,
            progress_bar=False,
        )
        return json.dumps(made, ensure_ascii=False)

    return executed


@pytest.mark.slow
def test_drawn_plates(execute, study):
    shown = execute("8_released")
    assert "false reads" in shown and "direct" in shown
    assert (study.paths.metrics("headline")).is_file()


@pytest.mark.slow
def test_photographs(execute, real_study, folder, monkeypatch):
    monkeypatch.setenv("LPR_GFPGAN_REAL_PLATES", str(folder))
    shown = execute("8_released_real")
    assert "14 plates listed, 4 left out, 10 scored" in shown
    assert (real_study.paths.reports / "real.json").is_file()
    pages = real_study.paths.output / "private" / "released"
    assert (pages / "sheet-mixed-1.png").is_file()
