"""Figures show what the rows say, and their files repeat."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    accuracy_table,
    difference_table,
    figures,
    image_table,
    position_table,
)
from lpr_gfpgan.plates import CLASSES, PROVINCES

DRAWS = {"draws": 50, "seed": 0}


def marked(strip):
    """Which columns of a reading's picture hold the colour of an error."""
    return (strip == np.array(figures.WRONG)).all(axis=2).any(axis=0)


def test_every_character_has_a_glyph_of_its_own():
    glyphs = [figures.glyph_image(c) for c in CLASSES]
    assert all(g.min() >= 0 and g.max() > 0.9 and 0.05 < g.mean() < 0.6 for g in glyphs)
    assert len({g.tobytes() for g in glyphs}) == len(CLASSES)
    assert all(figures.glyph_image(c).shape == glyphs[0].shape for c in PROVINCES)
    with pytest.raises(DataError, match="no glyph"):
        figures.glyph_image("é")


def test_wrong_and_missing_characters_are_marked():
    good = figures.reading_image("皖A12345", "皖A12345")
    assert good.shape[1] == figures.CELL_WIDTH and good.min() < 100
    assert not marked(good).any()
    wrong = marked(figures.reading_image("皖A12345", "皖A12845"))
    assert wrong.any() and not wrong[: len(wrong) // 2].any()
    missing = marked(figures.reading_image("皖A12345", ""))
    assert missing.sum() > wrong.sum() * 5


def test_a_reading_too_long_for_its_cell_is_squeezed():
    strip = figures.reading_image("皖A12345", "A" * 30)
    assert strip.shape == (figures.GLYPH_HEIGHT + 6, figures.CELL_WIDTH, 3)


def test_columns_end_with_the_full_model_and_the_original():
    methods = ["original", "degraded", "bicubic", "full", "face_recipe"]
    assert figures.grid_order(methods) == [
        "degraded",
        "bicubic",
        "face_recipe",
        "full",
        "original",
    ]


def draw(evaluation):
    rows = evaluation.rows
    accuracy, images = accuracy_table(rows, **DRAWS), image_table(rows, **DRAWS)
    curves = {
        name: pd.DataFrame({"step": [1, 2], "images": [8, 16], "l1": [0.5, 0.4]})
        for name in ("full", "face_recipe")
    }
    kid = {"kid_initial": 0.4, "kid_final": 0.1, "n": 16}
    return {
        "grid": figures.restoration_grid(
            evaluation.examples["light"], evaluation.methods, rows, condition="light"
        ),
        "accuracy": figures.accuracy_figure(accuracy, images),
        "forest": figures.forest_plot(difference_table(rows, **DRAWS)),
        "positions": figures.position_figure(position_table(rows, **DRAWS)),
        "curves": figures.learning_curves(curves, title="restorer"),
        "prior": figures.prior_figure(np.zeros((32, 64, 3), np.uint8), kid),
    }


@pytest.fixture(scope="module")
def drawn(evaluation):
    return draw(evaluation)


def test_saved_bytes_repeat(evaluation, tmp_path):
    first, again = (
        {
            name: figures.save(figure, tmp_path / run / f"{name}.png").read_bytes()
            for name, figure in draw(evaluation).items()
        }
        for run in ("first", "again")
    )
    assert first == again and len(set(first.values())) == 6


def test_figures_state_their_n(drawn, plates):
    assert f"n = {len(plates)} plates" in drawn["accuracy"].axes[0].get_title()
    assert f"n = {len(plates)} plates" in drawn["forest"].axes[0].get_title()
    assert "n = 16 scenes" in drawn["prior"].axes[0].get_title()


def test_the_forest_has_a_line_per_comparison(drawn):
    labels = [tick.get_text() for tick in drawn["forest"].axes[0].get_yticklabels()]
    assert labels == [
        "full - degraded",
        "full - bicubic",
        "full - direct reading",
        "full - face_recipe",
    ]


def test_what_cannot_be_drawn(evaluation):
    with pytest.raises(DataError, match="no learning curves"):
        figures.learning_curves({}, title="prior")
    few = evaluation.rows.query("method != 'full'")
    with pytest.raises(DataError, match="no reading of plate 0 by full"):
        figures.restoration_grid(
            evaluation.examples["light"], evaluation.methods, few, condition="light"
        )
