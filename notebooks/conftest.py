"""Gives the notebooks on photographed plates something to read where there are no photographs.

Notebooks of the released weights are tested by these, where there are any; that on recipes by the
rows that are kept.
"""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

VARIABLE = "LPR_GFPGAN_REAL_PLATES"
ON_PHOTOGRAPHS = ("7_real.ipynb", "8_released_real.ipynb")
ON_RECIPES, OUTPUT = "9_recipes.ipynb", "LPR_GFPGAN_OUTPUT"
RECIPES = Path(__file__).parents[1] / "reports" / "recipes"
WEIGHTS = Path(__file__).parents[1] / "lpr_gfpgan" / "weights" / "restorer.safetensors"

# tests/evaluation/released executes both notebooks with weights of its own.
collect_ignore_glob = [] if WEIGHTS.exists() else ["8_released*.ipynb"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Copies the kept rows; draws sixteen plates, unless the caller named a folder of some."""
    names = {item.path.name for item in session.items}
    if ON_RECIPES in names and OUTPUT in os.environ:
        shutil.copytree(RECIPES, Path(os.environ[OUTPUT], "reports", "recipes"), dirs_exist_ok=True)
    if VARIABLE in os.environ or not names & set(ON_PHOTOGRAPHS):
        return
    folder = tempfile.TemporaryDirectory(prefix="lpr-gfpgan-drawn-", ignore_cleanup_errors=True)
    session.config.add_cleanup(folder.cleanup)
    os.environ[VARIABLE] = folder.name
    session.config.add_cleanup(lambda: os.environ.pop(VARIABLE, None))
    _draw(Path(folder.name))


def _draw(folder: Path) -> None:
    from lpr_gfpgan.files import write_png
    from lpr_gfpgan.plates import scene_of

    for number in range(16):
        scene = scene_of("test", number, seed=1, height=64, width=128, styles={"blue": 1.0})
        rows = np.flatnonzero(np.abs(np.arange(64) + 0.5 - 32) < 22)
        source = folder / ("first", "second")[number % 2]
        write_png(source / f"{number:02d}_{scene.text}.png", scene.image[rows])
