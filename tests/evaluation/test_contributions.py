"""Differences over training seeds and plates, from rows whose differences are known."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import contribution_table
from lpr_gfpgan.evaluation.contributions import adjusted_contributions
from lpr_gfpgan.metrics import bootstrap_mean, bootstrap_seeds, crossed_interval, holm, wilson

DRAWS = {"draws": 300, "seed": 0}
MEASURES = {"measures": ["plate_accuracy", "psnr_plate"]}


def make_rows(variants=("full", "plain"), seeds=(0, 1, 2), plates=20, conditions=("a", "b")):
    rng = np.random.default_rng(0)
    lines = [
        {
            "condition": condition,
            "method": f"{variant}-{seed}",
            "variant": variant,
            "training_seed": str(seed),
            "reader": reader,
            "plate": plate,
            "exact": int(rng.random() < (0.7 if variant == "full" else 0.4)),
            "psnr_plate": rng.normal(20 + seed),
        }
        for condition in conditions
        for variant in variants
        for seed in seeds
        for reader in ("judge", "direct")
        for plate in range(plates)
    ]
    baseline = [
        {**line, "method": "bicubic", "variant": "", "training_seed": ""}
        for line in lines
        if line["variant"] == variants[0] and line["training_seed"] == str(seeds[0])
    ]
    return pd.DataFrame(lines + baseline)


def by_hand(rows, measure, seeds, first="full", second="plain"):
    """The differences [seeds, plates], averaged over conditions, by loops."""
    column = {"plate_accuracy": "exact", "psnr_plate": "psnr_plate"}[measure]
    judged = rows[rows["reader"] == "judge"]
    table = []
    for seed in seeds:
        line = []
        for plate in sorted(set(rows["plate"])):
            own = judged[(judged["training_seed"] == str(seed)) & (judged["plate"] == plate)]
            means = [own[own["variant"] == v][column].mean() for v in (first, second)]
            line.append(means[0] - means[1])
        table.append(line)
    return np.array(table)


@pytest.mark.parametrize("measure", ["plate_accuracy", "psnr_plate"])
def test_differences_over_seeds_and_plates(measure):
    rows = make_rows()
    table = contribution_table(rows, **DRAWS, **MEASURES)
    (line,) = table[table["measure"] == measure].to_dict("records")
    values = by_hand(rows, measure, (0, 1, 2))
    drawn = bootstrap_seeds(values, draws=300, rng=np.random.default_rng(0))
    crossed = crossed_interval(values)
    assert (line["first"], line["second"], line["condition"]) == ("full", "plain", "all")
    assert (line["estimate"], line["low"], line["high"]) == pytest.approx(
        (drawn.estimate, drawn.low, drawn.high)
    )
    assert (line["crossed_low"], line["crossed_high"]) == pytest.approx((crossed.low, crossed.high))
    assert (line["n"], line["seeds"], line["scope"]) == (20, 3, "training seeds and plates")


def test_one_seed_is_marked_as_two_checkpoints():
    rows = make_rows(seeds=(4,), conditions=("a",))
    table = contribution_table(rows, **DRAWS, **MEASURES)
    (line,) = table[table["measure"] == "psnr_plate"].to_dict("records")
    known = bootstrap_mean(
        by_hand(rows, "psnr_plate", (4,))[0], draws=300, rng=np.random.default_rng(0)
    )
    assert (line["low"], line["high"]) == pytest.approx((known.low, known.high))
    assert (line["seeds"], line["scope"], line["condition"]) == (1, "these two checkpoints", "a")


def test_the_variants_of_a_measure_are_a_family():
    rows = make_rows(variants=("full", "plain", "other", "third"), seeds=(0,))
    rows = rows.assign(cer=1 - rows["exact"], exact6=rows["exact"], cer6=1 - rows["exact"])
    rows = rows.assign(ssim_plate=rows["psnr_plate"] / 40)
    table = adjusted_contributions(rows, **DRAWS)
    assert (table["holm_p"] > table["p"]).any() and table["holm_p"].notna().all()
    for _, family in table.groupby("measure"):
        assert len(family) == 3
        assert family["holm_p"].to_numpy() == pytest.approx(holm(family["p"]))


def test_only_common_seeds_count_and_the_order_of_rows_does_not():
    rows = make_rows()
    lost = rows[~((rows["variant"] == "plain") & (rows["training_seed"] == "1"))]
    table = contribution_table(lost, **DRAWS, **MEASURES)
    values = by_hand(rows, "plate_accuracy", (0, 2))
    (line,) = table[table["measure"] == "plate_accuracy"].to_dict("records")
    assert line["estimate"] == pytest.approx(values.mean()) and line["seeds"] == 2
    mixed = contribution_table(lost.sample(frac=1, random_state=0), **DRAWS, **MEASURES)
    pd.testing.assert_frame_equal(mixed, table)


@pytest.mark.parametrize(("seeds", "independent"), [((4,), 20), ((0, 1, 2), 3)])
def test_equal_differences_claim_no_certainty(seeds, independent):
    rows = make_rows(seeds=seeds).assign(exact=0, psnr_plate=20.0)
    table = contribution_table(rows, **DRAWS, **MEASURES).set_index("measure")
    ends = ["low", "high", "crossed_low", "crossed_high"]
    most = wilson(0, independent).high
    assert list(table.loc["plate_accuracy", ends]) == pytest.approx([-most, most] * 2)
    assert table.loc["psnr_plate", ends].isna().all()
    assert (table["estimate"] == 0).all() and (table["n"] == 20).all()


def test_infinite_values_have_no_interval():
    rows = make_rows()
    rows.loc[0, "psnr_plate"] = np.inf
    table = contribution_table(rows, **DRAWS, **MEASURES).set_index("measure")
    assert table.loc["psnr_plate", ["estimate", "low", "crossed_high"]].isna().all()
    assert table.loc["psnr_plate", "n"] == 20 and table.loc["plate_accuracy"].notna().all()


def test_refuses_what_is_not_paired():
    rows = make_rows()
    with pytest.raises(DataError, match="no variant 'none'"):
        contribution_table(rows, **DRAWS, first="none")
    with pytest.raises(DataError, match="no variant 'full' read by 'loss'"):
        contribution_table(rows, **DRAWS, reader="loss")
    apart = rows.assign(
        training_seed=np.where(rows["variant"] == "plain", "9", rows["training_seed"])
    )
    apart = apart.drop_duplicates(["condition", "method", "reader", "plate", "training_seed"])
    with pytest.raises(DataError, match="full and plain share no training seed"):
        contribution_table(apart, **DRAWS, **MEASURES)
    for part in (
        (rows["variant"] == "plain") & (rows["plate"] == 3) & (rows["training_seed"] == "1"),
        (rows["variant"] == "plain") & (rows["plate"] == 3),
        (rows["variant"] == "full") & (rows["condition"] == "b"),
    ):
        with pytest.raises(DataError, match="not tested on the same plates"):
            contribution_table(rows[~part], **DRAWS, **MEASURES)
