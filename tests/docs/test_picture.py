"""tools/picture.py, which draws README.md's picture."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError, WeightsError
from lpr_gfpgan.evaluation.restoration_figures import WRONG_INK
from lpr_gfpgan.files import read_image

from ..scripts import load_script

METHODS = ["original", "degraded", "bicubic", "full"]


@pytest.fixture(scope="module")
def tool():
    return load_script("picture")


@pytest.fixture
def test_of():
    """A function: examples and rows of four plates under two conditions, `full` read as told."""

    def made(reading):
        rows = [
            {
                "condition": condition,
                "method": method,
                "plate": plate,
                "reader": "judge",
                "text": "皖A12345",
                "reading": reading if method == "full" else "皖A12345",
            }
            for condition in ("light", "medium")
            for method in METHODS
            for plate in range(4)
        ]
        grey = np.full((4, len(METHODS), 32, 64, 3), 128, np.uint8)
        return {"light": grey, "medium": grey}, METHODS, pd.DataFrame(rows)

    return made


def orange(figure):
    """How many pixels of the drawn picture have the colour of wrong characters."""
    (image,) = figure.axes[0].get_images()
    return int((np.asarray(image.get_array()) == np.array(WRONG_INK)).all(2).sum())


def test_a_picture_is_drawn(tool, test_of, tmp_path):
    figure = tool.draw(*test_of("皖A12345"))
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert [label.replace("\n", " ") for label in labels] == [
        "light blur, degraded",
        "light blur, restored",
        "medium blur, degraded",
        "medium blur, restored",
        "as it was",
    ]
    assert orange(figure) == 0
    assert read_image(tool.save(figure, tmp_path / "picture.png")).shape[1] == 1104


def test_wrong_characters_are_marked(tool, test_of):
    assert orange(tool.draw(*test_of("皖B12345"))) > 0


def test_what_is_missing_is_named(tool, test_of):
    examples, methods, rows = test_of("皖A12345")
    with pytest.raises(DataError, match="plate 2 by full under medium"):
        gone = (rows["plate"] == 2) & (rows["method"] == "full") & (rows["condition"] == "medium")
        tool.draw(examples, methods, rows[~gone])
    with pytest.raises(DataError, match="'full'"):
        tool.draw(examples, methods[:3], rows)


def test_the_readmes_picture_is_of_the_weights_that_ship(tool, tmp_path):
    found = tool.tested()
    assert list(found.examples) == ["light", "medium"]
    drawn = read_image(
        tool.save(tool.draw(found.examples, found.methods, found.rows), tmp_path / "new.png")
    )
    kept = read_image(tool.find_root() / tool.PICTURE)
    assert drawn.shape == kept.shape
    # Another machine's rounding may move single levels; another image differs by far more.
    apart = np.abs(drawn.astype(int) - kept.astype(int)).mean(2)
    blocks = apart[: apart.shape[0] // 40 * 40, : apart.shape[1] // 40 * 40]
    assert blocks.reshape(-1, 40, blocks.shape[1] // 40, 40).mean((1, 3)).max() < 5
    # What the caption says.
    read = found.rows.set_index(["condition", "method", "plate"]).sort_index()
    exact = read["exact"].astype(bool)
    assert (exact.light.full & ~exact.light.degraded).sum() == 1
    assert not exact.medium.full.any()
    light = read.loc["light", "full"]
    assert ((light["exact6"] == 1) & (light["exact"] == 0)).sum() == 2


def test_damaged_weights_are_told(tool, tmp_path, monkeypatch, capsys):
    def damaged():
        raise WeightsError("the released restorer is damaged")

    monkeypatch.setattr(tool, "tested", damaged)
    assert tool.main() == 1
    assert capsys.readouterr().err == "picture: the released restorer is damaged\n"
