"""KID tables against the estimate itself, on features whose distances are known to order."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    PlateFeatures,
    emphasis_table,
    image_table,
    kid_difference_table,
    kid_table,
    method_pairs,
    read_features,
    read_rows,
    views,
)
from lpr_gfpgan.evaluation.kernel_distance import CONTROL
from lpr_gfpgan.evaluation.run import features_path, rows_path, write
from lpr_gfpgan.metrics import holm, kid, paired_kid

DRAWS = {"draws": 400, "seed": 3}
SHIFTS = {"original": 0.0, "degraded": 1.0, "full": 0.3, "copy": 0.3, "near": 0.4}


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    original, noise = rng.normal(size=(2, 60, 5))
    values = [
        [original + strength * shift * (1 + noise / 4) for shift in SHIFTS.values()]
        for strength in (1.0, 2.0)
    ]
    return PlateFeatures(
        values=np.array(values, np.float32),
        conditions=["light", "strong"],
        methods=list(SHIFTS),
        plates=np.arange(60),
        others=rng.normal(size=(50, 5)).astype(np.float32),
    )


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_estimates_are_paired_kid_and_pooled_ones_their_mean(features):
    table = kid_table(features, **DRAWS)
    assert len(table) == 3 * 5 + 1 and set(table["measure"]) == {"kid"}
    assert set(table["n"][:-1]) == {60}
    for method in SHIFTS:
        found = [one(table, condition=c, method=method) for c in ("light", "strong", "all")]
        by_hand = [
            paired_kid(features.of(c, "original"), features.of(c, method))
            for c in ("light", "strong")
        ]
        assert [line["estimate"] for line in found] == pytest.approx(
            [*by_hand, np.mean(by_hand)], rel=1e-9
        )
        assert all(line["low"] <= line["estimate"] <= line["high"] for line in found)
    assert one(table, condition="all", method="full")["low"] > 0


def test_the_originals_are_the_control(features):
    lines = kid_table(features, **DRAWS).query("method == 'original'")
    assert (lines[["estimate", "low", "high"]] == 0).all(axis=None)
    assert set(lines["interval"]) == {"identical"}


def test_untouched_plates_of_another_draw_are_the_second_control(features):
    table = kid_table(features, **DRAWS)
    line = one(table, method=CONTROL)
    assert line["condition"] == "all" and line["n"] == 50
    assert line["estimate"] == pytest.approx(
        kid(features.of("strong", "original"), features.others), rel=1e-9
    )
    assert line["low"] < 0 < line["high"]
    assert views.kid_view(table).loc[CONTROL, "light"] == ""
    without = dataclasses.replace(features, others=features.others[:0])
    pd.testing.assert_frame_equal(kid_table(without, **DRAWS), table[:-1])


def test_differences_are_taken_within_each_resample(features):
    pairs = [("full", "near"), ("full", "copy"), ("near", "full")]
    table = kid_difference_table(features, pairs, **DRAWS)
    alone = kid_table(features, **DRAWS)
    for condition in ("light", "strong", "all"):
        full, near = (one(alone, condition=condition, method=method) for method in ("full", "near"))
        line = one(table, condition=condition, first="full", second="near")
        assert line["estimate"] == pytest.approx(full["estimate"] - near["estimate"])
        assert line["high"] < 0 and line["n"] == 60
        # The same plates make both large at once, which resampling each alone would not see.
        apart = np.hypot(full["high"] - full["low"], near["high"] - near["low"])
        assert line["high"] - line["low"] < 0.6 * apart
        same = one(table, condition=condition, first="full", second="copy")
        assert same["estimate"] == same["low"] == same["high"] == 0
        back = one(table, condition=condition, first="near", second="full")
        assert (back["low"], back["high"]) == pytest.approx((-line["high"], -line["low"]))


def test_several_training_seeds_are_one_difference(features):
    """Two seeds whose KID differs: one line, the mean of both, as wide as their disagreement."""
    original = features.values[:, 0]
    noise = np.random.default_rng(1).normal(size=original.shape)
    made = {
        "original": original,
        "degraded": original + 1.0 + noise / 4,
        "full-0": original + 0.2 + noise / 4,
        "full-1": original + 0.5 + noise / 4,
        "rrdb-0": original + 0.4 + noise / 4,
        "rrdb-1": original + 0.4 + noise / 4,
    }
    seeded = dataclasses.replace(
        features, values=np.stack(list(made.values()), axis=1), methods=list(made)
    )
    pairs = [(f"full-{s}", o) for s in (0, 1) for o in ("degraded", f"rrdb-{s}")]
    table = kid_difference_table(seeded, pairs, **DRAWS)
    assert len(table) == 3 * 2 and set(table["seeds"]) == {2} and set(table["n"]) == {60}
    line = one(table, condition="all", first="full", second="rrdb")
    by_hand = [
        paired_kid(seeded.of(c, "original"), seeded.of(c, f"full-{s}"))
        - paired_kid(seeded.of(c, "original"), seeded.of(c, f"rrdb-{s}"))
        for s in (0, 1)
        for c in ("light", "strong")
    ]
    assert line["estimate"] == pytest.approx(np.mean(by_hand))
    single = [
        one(kid_difference_table(seeded, [pair], **DRAWS), condition="all")
        for pair in (pairs[1], pairs[3])
    ]
    assert single[0]["high"] < 0 < single[1]["low"] and single[0]["seeds"] == 1
    assert line["low"] < 0 < line["high"] and line["p"] > 0.2


def test_differences_have_p_values_adjusted_within_a_condition(features):
    pairs = [("full", "degraded"), ("full", "near"), ("full", "copy")]
    table = kid_difference_table(features, pairs, **DRAWS)
    for condition in ("light", "strong", "all"):
        part = table[table["condition"] == condition]
        assert (part["p"].to_numpy() < [1e-4, 1e-4, 2]).all() and part["p"].iloc[2] == 1
        assert part["holm_p"].to_numpy() == pytest.approx(holm(part["p"]))


def test_the_same_seed_gives_the_same_table(features):
    again = [kid_table(features, **DRAWS) for _ in range(2)]
    pd.testing.assert_frame_equal(*again)
    other = kid_table(features, draws=400, seed=4)
    assert not other["low"].equals(again[0]["low"])


def test_pairs_are_those_of_the_other_tables_without_readers(evaluation):
    assert method_pairs(evaluation.rows) == [
        ("full", "degraded"),
        ("full", "bicubic"),
        ("full", "face_recipe"),
    ]
    assert kid_difference_table(evaluation.features, [], **DRAWS).empty


def test_refuses_methods_without_features(features):
    with pytest.raises(DataError, match="no features of 'lanczos'"):
        kid_difference_table(features, [("full", "lanczos")], **DRAWS)
    lost = dataclasses.replace(
        features, values=features.values[:, 1:], methods=features.methods[1:]
    )
    with pytest.raises(DataError, match="no features of 'original'"):
        kid_table(lost, **DRAWS)


def test_from_the_run_to_what_the_page_shows(evaluation, study, tmp_path):
    study = dataclasses.replace(study, paths=dataclasses.replace(study.paths, output=tmp_path))
    write(evaluation, study)
    stored, rows = read_features(features_path(study)), read_rows(rows_path(study))
    shown = views.kid_view(kid_table(stored, **DRAWS))
    assert list(shown.columns) == ["light", "strong", "all"]
    assert list(shown.index) == evaluation.methods
    assert shown.loc["original", "all"] == "0.0000 [0.0000, 0.0000]"
    differences = kid_difference_table(stored, method_pairs(rows), **DRAWS)
    shown = views.pair_view(differences)
    assert shown.loc[("full", "face_recipe"), "all"] == "0.0000 [0.0000, 0.0000]"
    emphasis = views.emphasis_view(emphasis_table(rows, **DRAWS))
    assert list(emphasis.columns) == [
        "psnr gain plate",
        "psnr gain surroundings",
        "psnr emphasis",
    ]
    ringing = views.ringing_view(image_table(rows, **DRAWS))
    assert ringing.loc["original", "all"] == "0.000 [0.000, 0.000]"
    assert list(ringing.index) == evaluation.methods
