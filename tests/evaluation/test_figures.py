"""Figures show what the rows say, and their files repeat."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    accuracy_table,
    difference_table,
    figures,
    image_table,
    position_table,
    restoration_figures,
    training_figures,
)
from lpr_gfpgan.evaluation.figure_style import save
from lpr_gfpgan.evaluation.method_style import STYLES
from lpr_gfpgan.plates import CLASSES, PROVINCES

DRAWS = {"draws": 50, "seed": 0}


def marked(strip):
    """Which columns of a reading's picture hold the colour of an error."""
    return (strip == np.array(restoration_figures.WRONG_INK)).all(axis=2).any(axis=0)


def test_every_character_has_a_glyph_of_its_own():
    glyphs = [restoration_figures.glyph_image(c) for c in CLASSES]
    assert all(g.min() >= 0 and g.max() > 0.9 and 0.05 < g.mean() < 0.6 for g in glyphs)
    assert len({g.tobytes() for g in glyphs}) == len(CLASSES)
    assert all(restoration_figures.glyph_image(c).shape == glyphs[0].shape for c in PROVINCES)
    with pytest.raises(DataError, match="no glyph"):
        restoration_figures.glyph_image("é")


def test_wrong_and_missing_characters_are_marked():
    good = restoration_figures.reading_image("皖A12345", "皖A12345")
    assert good.shape[1] == restoration_figures.CELL_WIDTH and good.min() < 100
    assert not marked(good).any()
    wrong = marked(restoration_figures.reading_image("皖A12345", "皖A12845"))
    assert wrong.any() and not wrong[: len(wrong) // 2].any()
    missing = marked(restoration_figures.reading_image("皖A12345", ""))
    assert missing.sum() > wrong.sum() * 5


def test_a_reading_too_long_for_its_cell_is_squeezed():
    strip = restoration_figures.reading_image("皖A12345", "A" * 30)
    assert strip.shape == (restoration_figures.GLYPH_HEIGHT + 6, restoration_figures.CELL_WIDTH, 3)


def test_a_sheet_has_a_fixed_choice_of_columns():
    methods = [
        *reversed(restoration_figures.SHEET_METHODS),
        "lanczos",
        "rrdb",
        "fixed_region",
        "other",
    ]
    assert restoration_figures.grid_order(methods) == list(restoration_figures.SHEET_METHODS)
    seeds = ["original", "degraded", "full-0", "full-1", "no_motion_blur-0"]
    assert restoration_figures.grid_order(seeds) == ["degraded", "full-0", "original"]


def test_a_sheet_needs_no_system_font_for_provinces(drawn, evaluation):
    axes = drawn["grid"].axes[0]
    words = [drawn["grid"].get_suptitle(), *(t.get_text() for t in axes.get_xticklabels())]
    assert all(ord(letter) < 0x2FFF for word in words for letter in word)
    assert "n = 6 plates" in words[0] and words[1:] == [
        "degraded",
        "bicubic",
        "face\nrecipe",
        "full",
        "original",
    ]
    # What is read of the first plate, province and all, lies beneath its image as glyphs.
    wide, gap = restoration_figures.CELL_WIDTH, restoration_figures.GAP
    sheet = np.asarray(axes.images[0].get_array())
    assert sheet.shape[1] == 5 * (wide + gap)
    rows = evaluation.rows.query("condition == 'light' and reader == 'judge' and plate == 0")
    first = rows[rows["method"] == "degraded"].iloc[0]
    assert first["reading"][0] in PROVINCES
    glyphs = restoration_figures.reading_image(first["text"], first["reading"])
    top = gap + wide // 2  # frames are twice as wide as high
    beneath = sheet[top : top + len(glyphs), gap // 2 : gap // 2 + wide]
    np.testing.assert_array_equal(beneath, glyphs)


def draw(evaluation):
    rows = evaluation.rows
    accuracy, images = accuracy_table(rows, **DRAWS), image_table(rows, **DRAWS)
    curves = {
        name: pd.DataFrame({"step": [1, 2], "images": [8, 16], "l1": [0.5, 0.4]})
        for name in ("full", "face_recipe")
    }
    return {
        "grid": restoration_figures.restoration_grid(
            evaluation.examples["light"], evaluation.methods, rows, condition="light"
        ),
        "accuracy": figures.accuracy_figure(accuracy, images),
        "forest": figures.forest_plot(difference_table(rows, **DRAWS)),
        "positions": figures.position_figure(position_table(rows, **DRAWS)),
        "curves": training_figures.learning_curves(curves, title="restorer"),
        "prior": training_figures.prior_figure(np.zeros((32, 64, 3), np.uint8)),
    }


@pytest.fixture(scope="module")
def drawn(evaluation):
    return draw(evaluation)


def test_saved_bytes_repeat(evaluation, tmp_path):
    first, again = (
        {
            name: save(figure, tmp_path / run / f"{name}.png").read_bytes()
            for name, figure in draw(evaluation).items()
        }
        for run in ("first", "again")
    )
    assert first == again and len(set(first.values())) == 6


def test_figures_state_their_n(drawn, plates):
    for axes in drawn["accuracy"].axes:
        assert f"n = {len(plates)} plates in each condition; 95 % intervals" in axes.get_title()
    assert f"n = {len(plates)} plates; 95 % intervals" in drawn["forest"].get_suptitle()


def test_the_forest_has_a_line_per_comparison(drawn):
    labels = [tick.get_text() for tick in drawn["forest"].axes[0].get_yticklabels()]
    assert labels == [
        "full - degraded",
        "full - bicubic",
        "full - direct reading",
        "full - face_recipe",
    ]


def test_the_forest_shows_each_difference_on_its_side(drawn, evaluation):
    table = difference_table(evaluation.rows, **DRAWS).query("condition == 'all'")
    for axes, measure in zip(
        drawn["forest"].axes, ("character_accuracy", "plate_accuracy"), strict=True
    ):
        lines = table[table["measure"] == measure]
        points = {
            (round(float(x), 6), float(y))
            for line in axes.lines
            if len(line.get_xdata()) == 1
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        }
        wanted = {
            (round(100 * estimate, 6), float(place))
            for place, estimate in enumerate(lines["estimate"])
        }
        assert wanted <= points
        if measure == "character_accuracy":
            assert any(x for x, _ in wanted)  # else a wrong sign would not show


def test_accuracy_is_drawn_by_the_judge_and_each_condition_by_itself(drawn, evaluation):
    rows = evaluation.rows
    reading, quality = drawn["accuracy"].axes
    conditions = list(dict.fromkeys(rows["condition"]))
    for axes, table, measure in (
        (reading, accuracy_table(rows, **DRAWS).query("reader == 'judge'"), "character_accuracy"),
        (quality, image_table(rows, **DRAWS), "psnr_plate"),
    ):
        lines = table[(table["measure"] == measure) & np.isfinite(table["estimate"])]
        scale = 100 if measure == "character_accuracy" else 1
        for method in ("degraded", "full"):
            own = lines[lines["method"] == method].set_index("condition")["estimate"]
            wanted = scale * own.loc[conditions].to_numpy()
            curves = [
                np.asarray(line.get_ydata(), float)
                for line in axes.lines
                if same_color(line.get_color(), STYLES[method][0])
            ]
            heights = [curve for curve in curves if len(curve) == len(conditions)]
            assert any(np.allclose(curve, wanted) for curve in heights), (method, measure)
            longer = [curve for curve in curves if len(curve) == len(conditions) + 1]
            assert not longer  # no pooled figure among the conditions


def test_a_sheet_shows_the_readings_of_its_own_condition(evaluation):
    strong = evaluation.rows["condition"] == "strong"
    told = evaluation.rows.assign(
        reading=evaluation.rows["reading"].where(~strong, evaluation.rows["text"])
    )
    sheets = {}
    for condition in ("light", "strong"):
        figure = restoration_figures.restoration_grid(
            evaluation.examples["strong"], evaluation.methods, told, condition=condition
        )
        sheets[condition] = np.asarray(figure.axes[0].images[0].get_array())
    wrong = np.array(restoration_figures.WRONG_INK)
    assert not (sheets["strong"] == wrong).all(axis=2).any()
    assert (sheets["light"] == wrong).all(axis=2).any()


def test_who_reads_what_is_said(drawn):
    apart = "read by judge; direct reading: reader direct on the degraded image"
    assert drawn["accuracy"].axes[0].get_title().startswith(apart)
    assert apart in drawn["forest"].get_suptitle()
    assert "direct" not in drawn["accuracy"].axes[1].get_title()
    assert drawn["positions"].get_suptitle().startswith("all conditions pooled; read by judge; n")


def colours(figure):
    """Each method's colour as the legend has it."""
    (legend,) = figure.legends
    return {
        text.get_text(): line.get_color()
        for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    }


def test_a_method_has_its_colour_in_every_figure(drawn):
    for name in ("accuracy", "positions"):
        shown = colours(drawn[name])
        assert {"full", "degraded", "original"} <= set(shown)
        assert all(same_color(shown[m], STYLES[m][0]) for m in shown)
        points = [line for axes in drawn[name].axes for line in axes.lines]
        drawn_as = {line.get_marker() for line in points if same_color(line.get_color(), "#d55e00")}
        assert STYLES["full"][1] in drawn_as
    forest = drawn["forest"].axes[0]
    looks = {
        float(line.get_ydata()[0]): line for line in forest.lines if line.get_marker() in "osDdv"
    }
    for height, second in enumerate(("degraded", "bicubic", "direct reading", "face_recipe")):
        assert same_color(looks[height].get_color(), STYLES[second][0])
    assert same_color(drawn["curves"].axes[0].lines[0].get_color(), STYLES["full"][0])


def test_runs_look_like_their_methods():
    table = pd.DataFrame({"step": [1, 2, 3], "l1": [3.0, 2.0, 1.0]})
    runs = ["restorer-full-0", "restorer-full-1", "reader-direct", "prior", "baseline-rrdb-0"]
    axes = training_figures.learning_curves(dict.fromkeys(runs, table), title="runs").axes[0]
    first, again, direct, prior, rrdb = axes.lines
    assert same_color(rrdb.get_color(), STYLES["rrdb"][0])
    assert same_color(first.get_color(), again.get_color())
    assert first.get_linestyle() != again.get_linestyle()
    assert same_color(direct.get_color(), STYLES["direct reading"][0])
    assert not any(same_color(prior.get_color(), colour) for colour, _, _ in STYLES.values())


def test_lower_is_better_is_said(evaluation):
    accuracy, images = (make(evaluation.rows, **DRAWS) for make in (accuracy_table, image_table))
    drawn = figures.accuracy_figure(accuracy, images, quality="mse_plate")
    assert drawn.axes[1].get_ylabel() == "MSE on the plate; lower is better"
    assert drawn.axes[0].get_ylabel() == "character accuracy (%)"


def test_what_cannot_be_drawn(evaluation):
    with pytest.raises(DataError, match="no learning curves"):
        training_figures.learning_curves({}, title="prior")
    accuracy, images = (make(evaluation.rows, **DRAWS) for make in (accuracy_table, image_table))
    with pytest.raises(DataError, match="no ssim_edge to draw"):
        figures.accuracy_figure(accuracy, images, quality="ssim_edge")
    with pytest.raises(DataError, match="no positions of the plate"):
        figures.position_figure(position_table(evaluation.rows, **DRAWS).query("position == 0"))
    with pytest.raises(DataError, match="no paired differences"):
        figures.forest_plot(difference_table(evaluation.rows, **DRAWS)[:0])
    with pytest.raises(DataError, match="no plate or method to draw under light"):
        restoration_figures.restoration_grid(
            evaluation.examples["light"], ["lanczos"], evaluation.rows, condition="light"
        )
    few = evaluation.rows.query("method != 'full'")
    with pytest.raises(DataError, match="no reading of plate 0 by full"):
        restoration_figures.restoration_grid(
            evaluation.examples["light"], evaluation.methods, few, condition="light"
        )
