"""The page's tables show the figures of the lines they are of, and no others.

Every table is made by hand, each line with a figure of its own.
"""

import itertools

import pandas as pd
import pytest

from lpr_gfpgan.evaluation import conditions, strength_table, views
from lpr_gfpgan.training.stage import degradation_ranges

CAPTION = "n = 300 plates; brackets: 95 % intervals"


def table(measures, **keys):
    """A long table: all combinations of the keys' values, each with a figure of its own.

    The figures are 0.010, 0.011 and so on, their ends 0.001 lower and higher.
    """
    keys = {**keys, "measure": measures}
    lines = list(itertools.product(*keys.values()))
    estimate = [0.01 + k / 1000 for k in range(len(lines))]
    made = pd.DataFrame(lines, columns=list(keys)).assign(n=300, estimate=estimate)
    return made.assign(low=made["estimate"] - 0.001, high=made["estimate"] + 0.001)


def cell(lines, scale=100, digits=1, **where):
    """How the one line that fits is written."""
    for column, value in where.items():
        lines = lines[lines[column] == value]
    (line,) = lines.to_dict("records")
    ends = [f"{scale * line[key]:.{digits}f}" for key in ("estimate", "low", "high")]
    return f"{ends[0]} [{ends[1]}, {ends[2]}]"


METHODS, READERS = ["degraded", "full"], ["judge", "direct"]
PLACES = ["light", "all", "strong"]


@pytest.mark.parametrize(
    ("view", "measures"),
    [
        (views.reader_view, ["plate_accuracy", "character_accuracy"]),
        (views.false_read_view, ["false_reads", "accepted"]),
    ],
)
def test_pooled_figures_of_both_readers(view, measures):
    lines = table(measures, condition=PLACES, method=METHODS, reader=READERS)
    shown = view(lines)
    assert list(shown.index) == list(itertools.product(METHODS, READERS))
    assert shown.shape == (4, 2) and shown.attrs["caption"] == CAPTION
    for (method, reader), measure in itertools.product(shown.index, measures):
        wanted = cell(lines, condition="all", method=method, reader=reader, measure=measure)
        assert shown.loc[(method, reader), measure.replace("_", " ")] == wanted


def test_figures_of_the_confidences_are_those_of_the_table():
    lines = table(["ece", "auroc"], condition=["all"], method=METHODS, reader=READERS)
    shown = views.calibration_view(lines)
    for method, reader in itertools.product(METHODS, READERS):
        where = {"method": method, "reader": reader}
        assert shown.loc[(method, reader), "ece"] == cell(lines, measure="ece", **where)
        wanted = cell(lines, 1, 3, measure="auroc", **where)  # no share: as it is
        assert shown.loc[(method, reader), "auroc"] == wanted
    # One line for each method and reader: the table must be of pooled figures only.
    with pytest.raises(ValueError, match="duplicate"):
        views.calibration_view(table(["ece"], condition=PLACES, method=["full"], reader=["judge"]))


def test_image_quality_is_pooled_and_leaves_other_measures_out():
    lines = table([*views.QUALITY, "ringing_plate"], condition=PLACES, method=METHODS)
    shown = views.image_view(lines)
    assert shown.shape == (2, len(views.QUALITY))
    for method in METHODS:
        where = {"condition": "all", "method": method}
        for measure, digits in (("psnr_plate", 2), ("ssim_frame", 3)):
            wanted = cell(lines, 1, digits, measure=measure, **where)
            assert shown.loc[method, measure.replace("_", " ")] == wanted
        wanted = cell(lines, 1, 1, measure="mse_plate", **where)
        assert shown.loc[method, "mse plate (lower is better)"] == wanted


def test_gains_on_plate_and_surroundings_are_pooled():
    lines = table(["psnr_gain_plate", "psnr_emphasis"], condition=PLACES, method=METHODS)
    shown = views.emphasis_view(lines)
    assert list(shown.index) == METHODS
    for method, measure in itertools.product(METHODS, ["psnr_gain_plate", "psnr_emphasis"]):
        wanted = cell(lines, 1, 2, condition="all", method=method, measure=measure)
        assert shown.loc[method, measure.replace("_", " ")] == wanted


def test_differences_are_pooled_and_of_the_measures_asked_for():
    measures = ["character_accuracy", "psnr_plate", "ringing_plate"]
    lines = table(measures, condition=PLACES, first=["full"], second=["degraded", "bicubic"])
    shown = views.difference_view(lines, ["psnr_plate"])
    assert list(shown.columns) == ["psnr plate"]
    assert shown.attrs["caption"] == f"{CAPTION}, bootstrap over plates"
    for second in ("degraded", "bicubic"):
        where = {"condition": "all", "second": second}
        wanted = cell(lines, 1, 2, measure="psnr_plate", **where)
        assert shown.loc[("full", second), "psnr plate"] == wanted
        read = views.difference_view(lines, iter(["character_accuracy"]))  # any iterable
        wanted = cell(lines, measure="character_accuracy", **where)
        assert read.loc[("full", second), "character accuracy"] == wanted


def test_what_training_saw_is_of_characters_read_by_the_judge():
    groups = ["typeface seen in training", "typeface held out"]
    measures = ["plate_accuracy", "character_accuracy"]
    lines = table(measures, group=groups, method=METHODS, reader=["direct", "judge"])
    shown = views.seen_view(lines)
    assert list(shown.index) == METHODS and list(shown.columns) == groups
    for method, group in itertools.product(METHODS, groups):
        where = {"method": method, "group": group, "measure": "character_accuracy"}
        assert shown.loc[method, group] == cell(lines, reader="judge", **where)


def test_position_0_is_called_all():
    lines = table(["characters_read"], method=METHODS, position=[0, 1, 2])
    shown = views.position_view(lines)
    assert list(shown.columns) == ["all", 1, 2]
    for method in METHODS:
        assert shown.loc[method, "all"] == cell(lines, method=method, position=0)
        assert shown.loc[method, 2] == cell(lines, method=method, position=2)


def test_thresholds_stand_beside_what_they_accept():
    lines = table(["accepted", "right_of_accepted"], reader=READERS)
    limits = lines["reader"].map({"judge": 0.98765, "direct": 0.5})
    shown = views.threshold_view(lines.assign(threshold=limits))
    assert list(shown.index) == [("judge", "0.9877"), ("direct", "0.5000")]
    for reader, threshold in shown.index:
        for measure in ("accepted", "right_of_accepted"):
            found = shown.loc[(reader, threshold), measure.replace("_", " ")]
            assert found == cell(lines, reader=reader, measure=measure)


@pytest.mark.parametrize(
    ("view", "measure", "digits", "added"),
    [
        (views.consistency_view, "ratio", 2, ""),
        (views.ringing_view, "ringing_plate", 3, ""),
        (views.kid_view, "kid", 4, "; in the features of the reader judge"),
    ],
)
def test_methods_stand_beneath_each_other_and_conditions_beside(view, measure, digits, added):
    # `images` holds other measures beside the ringing.
    others = ["psnr_plate"] if measure.startswith("ringing") else []
    lines = table([*others, measure], condition=PLACES, method=METHODS)
    shown = view(lines)
    assert list(shown.index) == METHODS and list(shown.columns) == PLACES
    assert shown.attrs["caption"] == CAPTION + added
    for method, condition in itertools.product(METHODS, PLACES):
        wanted = cell(lines, 1, digits, measure=measure, method=method, condition=condition)
        assert shown.loc[method, condition] == wanted


@pytest.mark.parametrize(
    ("measure", "digits", "named"),
    [("kid", 4, "KID"), ("psnr_emphasis", 2, "emphasis in decibels")],
)
def test_pairs_say_what_differs_and_in_which_direction(measure, digits, named):
    lines = table([measure], condition=PLACES, first=["full"], second=["degraded", "bicubic"])
    shown = views.pair_view(lines)
    assert shown.attrs["title"] == f"differences of {named}, first less second"
    assert shown.attrs["caption"] == CAPTION
    for second, condition in itertools.product(["degraded", "bicubic"], PLACES):
        wanted = cell(lines, 1, digits, second=second, condition=condition)
        assert shown.loc[("full", second), condition] == wanted


def test_sets_of_clean_plates_rule_what_they_may():
    sets = ["validation", "test originals"]
    read = table(["plate_accuracy"], reader=["judge", "direct", "hyperlpr"], set=sets)
    read.loc[read["set"] == "validation", "n"] = 200
    read = read.assign(may_judge=read["reader"] == "judge", interval="Wilson")
    unread = (read["reader"] == "hyperlpr") & (read["set"] == "test originals")
    read.loc[unread, ["n", "interval"]] = 0, "not read"
    read.loc[unread, ["estimate", "low", "high"]] = float("nan")
    shown = views.judging_view(read)
    thresholds, nothing = "sets thresholds only", "nothing: no reader of the test"
    assert shown["rules"].tolist() == [
        *(thresholds, "may judge"),
        *(thresholds, "may not judge"),
        *(nothing, "not read"),
    ]
    assert shown["n"].tolist() == [200, 300, 200, 300, 200, 0]
    for reader, name in list(shown.index)[:5]:
        wanted = cell(read, reader=reader, set=name)
        assert shown.loc[(reader, name), "plate accuracy"] == wanted
    assert shown.loc[("hyperlpr", "test originals"), "plate accuracy"] == ""


def test_cells_are_counted_by_their_marks(grid_cells):
    left = grid_cells["condition"].isin(["corrected/low-40", "corrected/low-50"])
    cells = grid_cells.assign(
        in_training_range=grid_cells["condition"].isin(["corrected/clean", "corrected/low-50"]),
        skipped=left.map({True: "too small", False: ""}),
    )
    shown = views.cell_view(cells)
    assert shown.loc["as_published"].tolist() == [51, 0, 0]
    assert shown.loc["corrected"].tolist() == [51, 2, 2]
    assert [name.split()[0] for name in shown.columns] == ["conditions", "in", "skipped,"]


def test_strengths_are_means_of_the_ranges_in_pixels_of_the_frame(study):
    """Lengths are a quarter of the published ones in frames of 128 px: (0.1 + 10) / 2 / 4."""
    training = degradation_ranges(study, "training")
    protocols = ("as_published", "corrected")
    cells = pd.concat(strength_table(conditions(name), training, (64, 128)) for name in protocols)
    shown = views.strength_view(cells)
    assert list(shown.index) == list(itertools.product(protocols, (1, 2, 3)))
    blur, motion = "Gaussian sigma (px of the frame)", "motion (px of the frame)"
    assert shown[blur].tolist() == ["1.26", "2.38", "4.88"] * 2
    assert shown[motion].tolist() == ["3.75", "4.88", "9.88"] * 2
    assert shown["noise sigma (of 255)"].tolist() == ["20.00", "35.00", "79.50"] * 2
    published, corrected = ["120.00", "155.00", "305.00"], ["77.50", "45.00", "17.50"]
    assert shown["JPEG quality"].tolist() == [*published, *corrected]
