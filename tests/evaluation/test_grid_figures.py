"""Figures of the grid and its ablations show what their tables say, and name n and intervals."""

import cv2
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color, to_hex

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation.ablation_figures import ablation_figure
from lpr_gfpgan.evaluation.ablations import ablation_table
from lpr_gfpgan.evaluation.effect_figures import factor_figure, protocol_figure
from lpr_gfpgan.evaluation.figure_style import save
from lpr_gfpgan.evaluation.grid_effects import defects, factor_table, protocol_table
from lpr_gfpgan.evaluation.grid_figures import combination_figure, strength_figure
from lpr_gfpgan.evaluation.grid_restored import restored_table
from lpr_gfpgan.evaluation.grid_tables import grid_table, single_factor_table
from lpr_gfpgan.evaluation.method_style import MARKERS, STYLES
from lpr_gfpgan.evaluation.recoverability_figures import recoverability_figure

DRAWS = {"draws": 50, "seed": 0}
METHODS = ("degraded", "bicubic", "face_recipe", "no_motion_blur", "full")
SELECTION = ["degraded", "direct reading", "full"]
LOW = ["low_resolution"]


def rule(row):
    strength = 0 if pd.isna(row["level"]) else row["level"] * len(row["factors"].split("+"))
    if not pd.isna(row["low_resolution"]):
        strength = (60 - row["low_resolution"]) // 10
    taught = row["method"] == "no_motion_blur" and "motion" not in row["factors"]
    gain = (row["method"] == "full" or taught) + (row["reader"] == "direct")
    defect = row["protocol"] == "as_published" and "motion" in row["factors"]
    return np.clip(7 - strength + gain - row["plate"] % 2 - defect * (row["plate"] % 3), 0, 7)


@pytest.fixture(scope="module")
def rows(make_grid_rows):
    return make_grid_rows(rule, methods=METHODS, readers=("judge", "direct"), plates=8)


@pytest.fixture(scope="module")
def grid(rows, grid_cells):
    return grid_table(rows, grid_cells, **DRAWS)


@pytest.fixture(scope="module")
def single(grid, grid_cells):
    return single_factor_table(grid, grid_cells)


@pytest.fixture(scope="module")
def ablations(rows, grid_cells):
    return ablation_table(rows, grid_cells, **DRAWS)


def recoverability(methods=("degraded", "full")):
    return pd.DataFrame(
        [
            {
                "method": method,
                "sigma": sigma,
                "plate_width": width,
                "n": 8,
                "estimate": width / 50 * (1 - 10 * sigma),
                "low": width / 50 * (1 - 10 * sigma) - 0.1,
                "high": width / 50 * (1 - 10 * sigma) + 0.1,
                "interval": "bootstrap",
            }
            for method in methods
            for sigma in (0.0, 0.02, 0.06)
            for width in (20, 30, 50)
        ]
    )


def texts(figure):
    found = [text.get_text() for text in figure.texts]
    if figure.get_suptitle():
        found.append(figure.get_suptitle())
    for axes in figure.axes:
        found += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
        found += [text.get_text() for text in axes.texts]
        found += [label.get_text() for label in axes.get_yticklabels() + axes.get_xticklabels()]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.get_texts()]
    return found


def draw(grid, single, ablations, factors, restored, protocols):
    return {
        "strength": strength_figure(single, methods=SELECTION),
        "low": strength_figure(single, factors=LOW, methods=SELECTION),
        "combinations": combination_figure(grid, methods=SELECTION),
        "ablation": ablation_figure(ablations),
        "factors": factor_figure(factors, restored),
        "protocols": protocol_figure(protocols),
        "recoverability": recoverability_figure(recoverability()),
    }


@pytest.fixture(scope="module")
def made(rows, grid_cells, grid, single, ablations):
    return {
        "grid": grid,
        "single": single,
        "ablations": ablations,
        "factors": factor_table(rows, grid_cells, **DRAWS),
        "restored": restored_table(rows, grid_cells, **DRAWS),
        "protocols": protocol_table(rows, grid_cells, **DRAWS),
    }


@pytest.fixture(scope="module")
def drawn(made):
    return draw(**made)


def test_saved_bytes_repeat_and_pictures_fit_a_page(made, tmp_path):
    files = [
        {name: save(figure, tmp_path / run / f"{name}.png") for name, figure in figures.items()}
        for run, figures in (
            ("first", draw(**made)),
            ("again", draw(**made)),
        )
    ]
    for name, path in files[0].items():
        assert path.read_bytes() == files[1][name].read_bytes()
        picture = cv2.imread(str(path))
        assert picture.shape[1] == 1104 and picture.shape[0] > 300
        assert 0.03 < (picture < 250).any(axis=2).mean() < 0.9
        # Nothing is cut off: the picture's border is white.
        border = np.concatenate([picture[[0, -1]].ravel(), picture[:, [0, -1]].ravel()])
        assert border.min() == 255


def test_figures_state_n_and_their_intervals(drawn):
    for name, figure in drawn.items():
        said = " ".join(texts(figure))
        assert "n = 8 plates" in said or "n = 4 to 8 plates" in said, name
        assert "95 % intervals: " in said and "bootstrap over plates" in said, name
        assert "read by judge" in said and all(ord(letter) < 0x2FFF for letter in said), name


def test_curves_go_through_the_cells(drawn, single):
    (axes,) = drawn["low"].axes
    own = single[
        (single["factor"] == "low_resolution")
        & (single["method"] == "full")
        & (single["reader"] == "judge")
        & (single["protocol"] == "corrected")
        & (single["measure"] == "character_accuracy")
    ].sort_values("strength")
    (curve,) = (
        line
        for line in axes.lines
        if same_color(line.get_color(), STYLES["full"][0]) and line.get_linestyle() == "-"
    )
    assert curve.get_ydata() == pytest.approx(100 * own["estimate"].to_numpy())
    assert list(curve.get_xdata()[:-1]) == [20, 25, 30, 40, 50]
    assert curve.get_xdata()[-1] > 52 and axes.xaxis_inverted()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["20", "25", "30", "40", "50", "unreduced"]


def test_each_factor_has_a_panel_with_the_stronger_to_the_right(drawn):
    names = [axes.get_xlabel().split(":")[0] for axes in drawn["strength"].axes]
    assert names == ["Gaussian blur", "noise", "JPEG", "motion blur"]
    assert [axes.xaxis_inverted() for axes in drawn["strength"].axes] == [False, False, True, False]
    (legend,) = drawn["strength"].legends
    assert [text.get_text() for text in legend.get_texts()] == SELECTION


def test_cells_outside_the_training_are_marked(drawn, single, grid):
    (axes,) = drawn["low"].axes
    empty = {
        round(float(x) / 5) * 5
        for line in axes.lines
        if to_hex(line.get_markerfacecolor()) == "#ffffff" and line.get_marker() in MARKERS
        for x in line.get_xdata()
    }
    cells = single[(single["factor"] == "low_resolution") & (single["protocol"] == "corrected")]
    assert empty == set(cells[~cells["in_training_range"].astype(bool)]["strength"])
    assert empty and len(empty) < 5
    shown = grid[(grid["protocol"] == "corrected") & grid["low_resolution"].isna()]
    outside = shown[~shown["in_training_range"].astype(bool)]["condition"].nunique()
    for panel in drawn["combinations"].axes[:3]:
        assert sum(patch.get_hatch() is not None for patch in panel.patches) == outside


def test_the_heat_map_has_16_combinations_and_their_figures(drawn, grid):
    panel = drawn["combinations"].axes[2]
    labels = [label.get_text() for label in drawn["combinations"].axes[0].get_yticklabels()]
    assert len(labels) == 16 and labels[0] == "none (clean plate)"
    written = panel.images[0].get_array()
    assert written.shape == (16, 3)
    line = grid[
        (grid["condition"] == "corrected/2/gaussian+motion")
        & (grid["method"] == "full")
        & (grid["reader"] == "judge")
        & (grid["measure"] == "character_accuracy")
    ].iloc[0]
    at = labels.index("Gaussian + motion")
    assert written[at, 1] == pytest.approx(100 * line["estimate"])
    assert f"{100 * line['estimate']:.0f}" in [text.get_text() for text in panel.texts]
    assert len(set(written[0])) == 1
    for panel in drawn["combinations"].axes[:3]:
        assert panel.images[0].get_array().shape == (16, 3) and len(panel.texts) == 48


def test_all_16_combinations_stand_there_even_where_few_were_tested(grid):
    few = grid[grid["condition"].isin(["corrected/clean", "corrected/2/gaussian+motion"])]
    (panel, _) = combination_figure(few, methods=["full"]).axes
    written = np.ma.filled(panel.images[0].get_array(), np.nan)
    assert written.shape == (16, 3) and np.isfinite(written).sum() == 4


def test_cells_that_were_not_tested_stay_blank(grid):
    lost = grid[grid["condition"] != "corrected/3/noise"]
    (panel, _) = combination_figure(lost, methods=["full"]).axes
    written = np.ma.filled(panel.images[0].get_array(), np.nan)
    assert np.isnan(written[2, 2]) and np.isnan(written).sum() == 1
    assert len(panel.texts) == 47


def test_infinite_psnr_is_not_drawn(single):
    endless = single.copy()
    clean = endless["condition"].str.endswith("clean") & (endless["measure"] == "psnr_plate")
    endless.loc[clean, ["estimate", "low", "high"]] = np.inf
    figure = strength_figure(endless, measure="psnr_plate", methods=["full"])
    for axes in figure.axes:
        assert all(np.isfinite(np.array(line.get_ydata(), float)).all() for line in axes.lines)
        assert max(len(line.get_xdata()) for line in axes.lines) == 3
    assert figure.axes[0].get_ylabel() == "PSNR on the plate (dB)"


def test_the_published_qualities_are_called_what_they_are(single):
    figure = strength_figure(single, protocol="as_published", methods=["full"])
    assert "above 100 acts as 100" in figure.axes[2].get_xlabel()


def test_the_forest_fills_what_is_shown(drawn, ablations):
    panel = drawn["ablation"].axes[0]
    read = ablations[
        (ablations["protocol"] == "corrected") & (ablations["measure"] == "character_accuracy")
    ]
    points = {}
    for line in panel.lines:
        if line.get_marker() in ("o", "D"):
            points[float(line.get_ydata()[0])] = line
    assert len(points) == len(read)
    for line, (_, point) in zip(read.itertuples(), sorted(points.items()), strict=True):
        assert point.get_xdata()[0] == pytest.approx(100 * line.estimate)
        assert same_color(point.get_color(), STYLES[line.second][0])
        assert point.get_marker() == ("D" if line.acts else "o")
        shown = line.finding in ("higher", "lower")
        assert same_color(point.get_markerfacecolor(), "white") != shown
    assert {"higher", "no difference shown"} <= set(read["finding"])
    said = texts(drawn["ablation"])
    assert "motion blur in training: full less no_motion_blur" in said
    assert "empty: none shown, not below 5 % after Holm" in said
    assert any("these two checkpoints" in t and "each by itself (unadjusted)" in t for t in said)


def corners(panel, colour):
    """The sides of cells along which a border runs."""
    (line,) = [line for line in panel.lines if to_hex(line.get_color()) == colour]
    ends = line.get_xydata().reshape(-1, 3, 2)
    assert np.isnan(ends[:, 2]).all()
    return {tuple(map(tuple, side[:2])) for side in ends}


def test_borders_part_the_cells_that_are_read(drawn):
    panel = drawn["recoverability"].axes[0]
    # 90 % are reached at 50 px without blur only.
    assert corners(panel, "#000000") == {((1.5, -0.5), (1.5, 0.5)), ((1.5, 0.5), (2.5, 0.5))}
    assert [text.get_text() for text in panel.texts][:3] == ["40", "60", "100"]
    said = texts(drawn["recoverability"])
    assert "border of the cells with 50 % or more" in said
    assert "border of the cells with 90 % or more" in said


def test_a_border_follows_the_per_cent_that_is_written():
    table = recoverability(("full",))
    table.loc[table["plate_width"] == 30, "estimate"] = 0.4996
    table.loc[table["plate_width"] == 50, "estimate"] = 0.8949
    panel = recoverability_figure(table).axes[0]
    assert [text.get_text() for text in panel.texts][1:3] == ["50", "89"]
    assert corners(panel, "#ffffff") == {((0.5, k - 0.5), (0.5, k + 0.5)) for k in range(3)}
    assert corners(panel, "#000000") == set()


def test_an_undefined_cell_of_the_recoverability_map_is_blank():
    table = recoverability(("full",))
    table.loc[0, ["estimate", "low", "high"]] = np.nan
    panel = recoverability_figure(table).axes[0]
    assert len(panel.texts) == 8
    assert np.isnan(np.ma.filled(panel.images[0].get_array(), np.nan)[0, 0])


def point(axes, colour):
    """What is drawn in a colour: coordinates of the markers, and ends of the intervals."""
    markers = [line for line in axes.lines if line.get_marker() in MARKERS]
    (line,) = [line for line in markers if same_color(line.get_color(), colour)]
    bars = [c for c in axes.collections if same_color(c.get_color()[0], colour)]
    ends = [segment for segment in bars[0].get_segments() if len(segment)]
    return line.get_xydata(), np.array(ends)


def test_factors_show_effects_and_what_is_restored(drawn, made):
    panels = np.array(drawn["factors"].axes).reshape(2, 5)
    names = [axes.get_title() for axes in panels[0]]
    assert names == ["Gaussian blur", "noise", "JPEG", "motion blur", "low resolution"]
    for line, table in zip(panels, ("factors", "restored"), strict=True):
        own = made[table].query(
            "protocol == 'corrected' and measure == 'character_accuracy' and method == 'full' and "
            "reader == 'judge' and factor == 'motion'"
        )
        places, ends = point(line[3], STYLES["full"][0])
        assert places[:, 1] == pytest.approx(100 * own["estimate"].to_numpy())
        assert ends[:, 0, 1] == pytest.approx(100 * own["low"].dropna().to_numpy())
        assert len(places) == 3 and len(ends) > 0
    widths = [label.get_text() for label in panels[1, 4].get_xticklabels()]
    assert widths == ["50", "40", "30", "25", "20"]
    said = " ".join(texts(drawn["factors"]))
    assert "what is restored of it" in said and "direct reading: reader direct" in said


def test_what_is_restored_is_the_effect_less_the_degraded_ones(made):
    keys = ["protocol", "factor", "level", "low_resolution", "reader", "measure"]
    factors = made["factors"].fillna({"level": 0, "low_resolution": 0})
    effects = factors.set_index([*keys, "method"])["estimate"].unstack("method")
    restored = made["restored"].fillna({"level": 0, "low_resolution": 0})
    assert set(restored["method"]) == {"bicubic", "face_recipe", "no_motion_blur", "full"}
    found = restored.set_index([*keys, "method"])["estimate"].unstack("method")
    for method in found:
        known = effects[method] - effects["degraded"]
        assert found[method].to_numpy() == pytest.approx(known.loc[found.index].to_numpy())
    means = restored["present"] - restored["absent"]
    assert means.to_numpy() == pytest.approx(restored["estimate"].to_numpy())
    # Plates are resampled, and each has one gain: no_motion_blur loses one character with motion.
    motion = restored.query("factor == 'motion' and method == 'no_motion_blur' and level == 3")
    assert motion.query("measure == 'character_accuracy'")["estimate"].lt(0).all()


def test_what_cannot_be_restored(rows, grid_cells):
    with pytest.raises(DataError, match="needs 'degraded' and a method beside it"):
        restored_table(rows[rows["method"] == "degraded"], grid_cells, **DRAWS)
    with pytest.raises(DataError, match="needs 'degraded' and a method beside it"):
        restored_table(rows[rows["method"] != "degraded"], grid_cells, **DRAWS)
    hole = (rows["method"] == "degraded") & (rows["condition"] == "corrected/clean")
    hole &= rows["plate"] == 3
    with pytest.raises(DataError, match="plate 3 has no 'degraded' image under corrected/clean"):
        restored_table(rows[~hole], grid_cells, **DRAWS)


def test_protocols_show_every_combination_and_its_defects(drawn, made):
    reading, psnr, dots = drawn["protocols"].axes
    labels = [label.get_text() for label in reading.get_yticklabels()]
    assert len(labels) == 18 and labels[0] == "none (clean plate)"
    assert labels[-2:] == ["low resolution", "all conditions"]
    own = made["protocols"].query(
        "measure == 'character_accuracy' and reader == 'judge' and method == 'degraded'"
    )
    line = own[own["condition"] == "all/gaussian+motion"].iloc[0]
    places, _ = point(reading, STYLES["degraded"][0])
    at = labels.index("Gaussian + motion")
    (place,) = [k for k, height in enumerate(places[:, 1]) if round(height) == at]
    assert places[place, 0] == pytest.approx(100 * line["estimate"])
    assert len(places) == 18 and len(point(reading, STYLES["direct reading"][0])[0]) == 18
    assert len(psnr.lines) < len(reading.lines)  # direct reading has no image of its own
    known = [label.get_text() for label in dots.get_xticklabels()]
    assert known == list(defects(("gaussian", "noise", "jpeg", "motion"), 20))
    acting = {
        round(line.get_ydata()[0]): [known[int(x)] for x in line.get_xdata()]
        for line in dots.lines
        if same_color(line.get_color(), "0.25")
    }
    assert acting[at] == list(defects(("gaussian", "motion")))
    assert acting[16] == list(defects((), 20)) and acting[17] == known


def test_mse_is_marked_as_lower_is_better(single, ablations):
    figure = strength_figure(single, measure="mse_plate", methods=["full"])
    assert figure.axes[0].get_ylabel() == "MSE on the plate; lower is better"
    assert "read by" not in figure.get_suptitle()
    panel = ablation_figure(ablations.assign(measure="mse_frame"), measures=["mse_frame"]).axes[0]
    assert panel.get_xlabel() == "MSE on the frame, difference; lower is better"


def test_what_cannot_be_drawn(grid, single, ablations, made):
    with pytest.raises(DataError, match="no character_accuracy of 'lanczos' read by 'judge'"):
        strength_figure(single, methods=["lanczos"])
    with pytest.raises(DataError, match="read by 'hyperlpr' under corrected"):
        strength_figure(single, factors=LOW, reader="hyperlpr", methods=["full"])
    with pytest.raises(DataError, match="no cell with gaussian or noise or jpeg or motion alone"):
        strength_figure(single[single["factor"] == "low_resolution"])
    with pytest.raises(DataError, match="no cell with low_resolution alone"):
        strength_figure(single[single["factor"] == "noise"], factors=LOW)
    with pytest.raises(DataError, match="'psnr_plate' is no share"):
        combination_figure(grid, methods=["full"], measure="psnr_plate")
    with pytest.raises(DataError, match="no ablation of psnr_frame under corrected"):
        ablation_figure(ablations, measures=["psnr_frame"])
    with pytest.raises(DataError, match="no character_accuracy of 'rrdb' read by 'judge'"):
        protocol_figure(made["protocols"], methods=["rrdb"])
    undefined = made["factors"].assign(estimate=np.nan)
    with pytest.raises(DataError, match="no effect of a factor on character_accuracy"):
        factor_figure(undefined, made["restored"])
    table = recoverability()
    with pytest.raises(DataError, match="needs the column 'sigma'"):
        recoverability_figure(table.drop(columns="sigma"))
    with pytest.raises(DataError, match="no cells of blur and resolution"):
        recoverability_figure(table[:0])
    with pytest.raises(DataError, match="occurs twice"):
        recoverability_figure(pd.concat([table, table]))
