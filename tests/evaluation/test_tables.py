"""Tables against figures worked out by hand from a few rows."""

import json

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    accuracy_table,
    difference_table,
    headline,
    image_table,
    position_table,
    readable,
    seen_table,
)
from lpr_gfpgan.evaluation.by_plate import mean_figures, measured
from lpr_gfpgan.evaluation.headline import short_headline
from lpr_gfpgan.evaluation.rows import COLUMNS
from lpr_gfpgan.evaluation.tables import comparisons, figure
from lpr_gfpgan.metrics import score, wilson

DRAWS = {"draws": 300, "seed": 0}
LAST = "123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def make_rows(readings, *, condition="light", method="full", reader="judge", psnr=20.0):
    """Rows of plates whose truth is 皖A1, 皖A2, ... and whose readings are given."""
    lines = []
    for plate, reading in enumerate(readings):
        text = f"皖A{LAST[plate]}"
        result = score(text, reading)
        lines.append(
            {
                "condition": condition,
                "method": method,
                "variant": "" if method in ("original", "degraded", "bicubic") else method,
                "training_seed": "" if method in ("original", "degraded", "bicubic") else "0",
                "reader": reader,
                "plate": plate,
                "text": text,
                "reading": reading,
                "confidence": 0.5,
                "exact": int(result.exact),
                "exact6": int(result.exact6),
                "cer": result.cer,
                "cer6": result.cer6,
                "matches": "".join(str(int(m)) for m in result.matches),
                "psnr_plate": psnr,
                "psnr_frame": psnr,
                "psnr_surroundings": psnr + plate,
                "ssim_plate": 0.5,
                "ssim_frame": 0.6,
                "mse_plate": 4.0 * plate,
                "mse_frame": 2.0,
                "mse_surroundings": 1.0,
                "ringing_plate": 0.25 * plate,
                "failure": "",
                "retried": "",
                "style": "blue",
                "seen_typeface": plate % 2,
                "seen_surroundings": 1,
                "tight": 0,
            }
        )
    return pd.DataFrame(lines).astype(COLUMNS)


def right(count, total):
    """Readings of which the first `count` are right and the others lack the last character."""
    return [f"皖A{LAST[k]}" if k < count else "皖A" for k in range(total)]


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_a_share_within_a_condition_has_a_wilson_interval():
    table = accuracy_table(make_rows(right(3, 9)), **DRAWS)
    line = one(table, condition="light", measure="plate_accuracy")
    known = wilson(3, 9)
    assert (line["estimate"], line["low"], line["high"], line["n"]) == (
        known.estimate,
        known.low,
        known.high,
        9,
    )
    assert line["interval"] == "Wilson"


def test_character_accuracy_is_a_mean_over_plates():
    table = accuracy_table(make_rows(right(3, 9)), **DRAWS)
    line = one(table, condition="light", measure="character_accuracy")
    assert line["estimate"] == pytest.approx((3 + 6 * 2 / 3) / 9)
    assert line["low"] < line["estimate"] < line["high"] and line["n"] == 9
    rest = one(table, condition="light", measure="character_accuracy_without_province")
    assert rest["estimate"] == pytest.approx((3 + 6 * 1 / 2) / 9)


def test_long_wrong_readings_count_as_nothing_not_less():
    table = accuracy_table(make_rows(["皖A1", "XXXXXXXX"]), **DRAWS)
    assert one(table, condition="light", measure="character_accuracy")["estimate"] == 0.5


@pytest.mark.parametrize("total", [4, 11, 30])
def test_n_is_the_number_of_plates_never_a_constant(total):
    rows = pd.concat([make_rows(right(2, total), condition=c) for c in ("light", "strong")])
    tables = [
        accuracy_table(rows, **DRAWS),
        image_table(rows, **DRAWS),
        position_table(rows, **DRAWS),
    ]
    for table in tables:
        assert set(table["n"]) == {total}
    line = one(tables[0], condition="all", measure="plate_accuracy")
    assert line["estimate"] == pytest.approx(2 / total)


def test_pooling_resamples_plates_not_rows():
    """A plate's rows rise and fall together: copying them must not narrow the interval."""
    single = make_rows(right(10, 30), condition="c0")
    copies = pd.concat([make_rows(right(10, 30), condition=f"c{k}") for k in range(6)])
    once, pooled = (
        one(accuracy_table(rows, **DRAWS), condition="all", measure="character_accuracy")
        for rows in (single, copies)
    )
    assert (pooled["low"], pooled["high"]) == pytest.approx((once["low"], once["high"]))
    assert pooled["interval"] == "bootstrap" and pooled["n"] == 30


def test_all_wrong_is_not_certain():
    rows = pd.concat([make_rows([""] * 12, condition=c) for c in ("light", "strong")])
    line = one(accuracy_table(rows, **DRAWS), condition="all", measure="plate_accuracy")
    assert line["estimate"] == 0 and line["high"] == pytest.approx(wilson(0, 12).high)
    assert line["interval"] == "Wilson over plates"


def test_infinite_psnr():
    rows = make_rows(right(2, 4), method="original", psnr=np.inf)
    table = image_table(rows, **DRAWS)
    line = one(table, condition="all", measure="psnr_plate")
    assert np.isinf(line["estimate"]) and line["interval"] == "identical" and line["n"] == 4
    wide = readable(table, index=["method"], columns=["condition", "measure"])
    assert wide.loc["original", ("all", "psnr_plate")] == "identical"
    rows.loc[:2, "psnr_plate"] = [10.0, 20.0, 30.0]
    interval, _ = figure(rows, "psnr_plate", **DRAWS)
    assert interval.estimate == 20 and interval.n == 3


def without_surroundings(rows, plates):
    lacking = rows["plate"].isin(plates)
    columns = ["psnr_surroundings", "mse_surroundings"]
    return rows.assign(**{name: rows[name].mask(lacking) for name in columns})


def test_plates_without_surroundings_are_left_out_and_counted():
    rows = without_surroundings(make_rows(right(2, 4)), [0])
    table = image_table(rows, **DRAWS)
    line = one(table, condition="light", measure="psnr_surroundings")
    assert line["estimate"] == pytest.approx(20 + (1 + 2 + 3) / 3) and line["n"] == 3
    assert one(table, condition="light", measure="psnr_plate")["n"] == 4
    nothing = without_surroundings(rows, range(4))
    for measure in ("psnr_surroundings", "mse_surroundings"):
        line = one(image_table(nothing, **DRAWS), condition="all", measure=measure)
        assert np.isnan(line["estimate"]) and line["n"] == 0 and line["interval"] == "undefined"
    wide = readable(
        image_table(nothing, **DRAWS), index=["method"], columns=["condition", "measure"]
    )
    assert wide.loc["full", ("all", "psnr_surroundings")] == ""


def test_no_surroundings_and_identical_ones_are_told_apart():
    """Both ways to figures: one at a time, and many at once."""
    same = make_rows(right(4, 4), method="original", psnr=np.inf)
    for lacking, n, interval in (([], 4, "identical"), ([1], 3, "identical"), (range(4), 0, None)):
        rows = without_surroundings(same, lacking)
        values, names = measured(rows, ["psnr_surroundings", "psnr_plate"])[0]
        many = mean_figures(values, names, **DRAWS)[("original", "", "psnr_surroundings")]
        for ends, kind in (figure(rows, "psnr_surroundings", **DRAWS), many):
            assert ends.n == n and kind == (interval or "undefined")
            assert np.isposinf(ends.estimate) if n else np.isnan(ends.estimate)


def test_differences_and_headline_bear_missing_surroundings():
    rows = without_surroundings(compared(), [0, 1])
    table = difference_table(rows, **DRAWS)
    pair = {"condition": "all", "first": "full", "second": "degraded"}
    line = one(table, measure="psnr_surroundings", **pair)
    assert line["estimate"] == pytest.approx(3) and line["n"] == 18
    json.dumps(headline(rows, **DRAWS), allow_nan=False)
    nothing = difference_table(without_surroundings(rows, range(20)), **DRAWS)
    line = one(nothing, measure="psnr_surroundings", **pair)
    assert line["n"] == 0 and line["interval"] == "undefined"


def test_ringing_is_shown_in_grey_levels():
    table = image_table(make_rows(right(2, 4)), **DRAWS)
    line = one(table, condition="light", measure="ringing_plate")
    assert line["estimate"] == pytest.approx(0.25 * 1.5)
    wide = readable(table, index=["method"], columns=["condition", "measure"])
    assert wide.loc["full", ("light", "ringing_plate")].startswith("0.375 [")


def test_mean_squared_error_is_a_mean_over_plates_in_squared_levels():
    rows = make_rows(right(2, 4))
    table = image_table(rows, **DRAWS)
    line = one(table, condition="light", measure="mse_plate")
    assert line["estimate"] == pytest.approx(4 * (0 + 1 + 2 + 3) / 4)
    assert line["low"] < line["estimate"] < line["high"] and line["n"] == 4
    wide = readable(table, index=["method"], columns=["condition", "measure"])
    assert wide.loc["full", ("light", "mse_frame")] == "2.0 [2.0, 2.0]"
    assert wide.loc["full", ("light", "ssim_frame")] == "0.600 [0.600, 0.600]"


def test_seen_and_held_out_are_apart():
    readings = ["皖A" if k % 2 else f"皖A{LAST[k]}" for k in range(10)]
    table = seen_table(make_rows(readings), **DRAWS)
    seen = one(table, group="typeface seen in training", measure="plate_accuracy")
    held = one(table, group="typeface held out", measure="plate_accuracy")
    assert (seen["estimate"], seen["n"]) == (0, 5)
    assert (held["estimate"], held["n"]) == (1, 5)
    assert "surroundings held out" not in set(table["group"])


def compared(total=20):
    parts = []
    for condition in ("light", "strong"):
        parts += [
            make_rows(right(total, total), condition=condition, method="original", psnr=np.inf),
            make_rows(right(4, total), condition=condition, method="degraded", psnr=18.0),
            make_rows(right(15, total), condition=condition, method="degraded", reader="direct"),
            make_rows(right(6, total), condition=condition, method="bicubic"),
            make_rows(right(12, total), condition=condition, method="full", psnr=21.0),
            make_rows(right(12, total), condition=condition, method="face_recipe"),
        ]
    return pd.concat(parts, ignore_index=True)


def test_paired_differences():
    table = difference_table(compared(), **DRAWS)
    gain = one(
        table, condition="all", first="full", second="degraded", measure="character_accuracy"
    )
    assert gain["estimate"] == pytest.approx(8 / 20 / 3)
    assert 0 < gain["low"] < gain["estimate"] < gain["high"] and gain["n"] == 20
    db = one(table, condition="all", first="full", second="degraded", measure="psnr_plate")
    assert db["estimate"] == pytest.approx(3)
    none = one(table, condition="all", first="full", second="face_recipe", measure="plate_accuracy")
    # No plate of 20 differs: at most Wilson's upper share of all plates does, by 1 either way.
    most = 1.959964**2 / (20 + 1.959964**2)
    assert (none["estimate"], none["low"], none["high"]) == pytest.approx((0, -most, most))
    assert (gain["interval"], none["interval"]) == ("bootstrap", "Wilson over plates")
    direct = table[table["second"] == "direct reading"]
    assert (direct["estimate"] < 0).all() and "psnr_plate" not in set(direct["measure"])


def test_equal_differences_claim_no_certainty():
    """Neither a loss of every plate, nor an equal gain in decibels, is known without doubt."""
    rows = pd.concat(
        [
            make_rows(right(0, 6), method="full", psnr=21.0),
            make_rows(right(6, 6), method="degraded", psnr=18.0),
        ]
    )
    pair = (("full", "judge"), ("degraded", "judge"))
    table = difference_table(rows, pairs=[pair], **DRAWS)
    for condition in ("light", "all"):
        most = wilson(0, 6).high
        lost = one(table, condition=condition, measure="plate_accuracy")
        assert (lost["estimate"], lost["low"]) == (-1, -1)
        assert lost["high"] == pytest.approx(-1 + 2 * most)
        part = one(table, condition=condition, measure="character_accuracy")
        assert part["estimate"] == pytest.approx(-1 / 3)
        assert part["low"] == pytest.approx(-1 / 3 - most * 2 / 3)
        assert part["high"] == pytest.approx(-1 / 3 + most * 4 / 3)
        db = one(table, condition=condition, measure="psnr_plate")
        assert db["estimate"] == 3 and np.isnan([db["low"], db["high"]]).all()
        assert db["interval"] == "none"
    wide = readable(table, index=["first"], columns=["condition", "measure"])
    assert wide.loc["full", ("all", "psnr_plate")] == "3.00"


def test_mcnemar_within_a_condition_only():
    table = difference_table(compared(), **DRAWS)
    plates = table[(table["second"] == "degraded") & (table["measure"] == "plate_accuracy")]
    assert one(plates, condition="light")["mcnemar_p"] == pytest.approx(2 / 2**8)
    assert np.isnan(one(plates, condition="all")["mcnemar_p"])


def test_differences_need_the_same_plates():
    rows = compared()
    lost = rows[~((rows["method"] == "bicubic") & (rows["plate"] == 3))]
    with pytest.raises(DataError, match="bicubic do not have the same plates"):
        difference_table(lost, **DRAWS)


def test_comparisons_are_against_the_full_model_of_the_same_seed():
    rows = compared(3)
    assert (("full", "judge"), ("face_recipe", "judge")) in comparisons(rows)
    assert (("full", "judge"), ("degraded", "direct")) in comparisons(rows)
    other = rows.assign(training_seed=rows["training_seed"].where(rows["method"] == "full", "1"))
    assert (("full", "judge"), ("face_recipe", "judge")) not in comparisons(other)


def test_what_was_trained_is_compared_with_the_full_model_of_its_seed():
    rows = compared(3)
    learned = rows[rows["method"] == "face_recipe"].assign(method="plain_unet", variant="")
    trained = pd.concat([rows[rows["variant"] != ""], learned])
    seeded = [
        trained.assign(method=trained["method"] + f"-{seed}", training_seed=seed)
        for seed in ("0", "1")
    ]
    pairs = comparisons(pd.concat([rows[rows["training_seed"] == ""], *seeded]))
    judged = [(a[0], b[0]) for a, b in pairs if a[1] == b[1]]
    assert judged == [
        (f"full-{seed}", other)
        for seed in (0, 1)
        for other in ("degraded", "bicubic", f"plain_unet-{seed}", f"face_recipe-{seed}")
    ]


def test_majority_guess_and_positions():
    table = position_table(compared(8), **DRAWS)
    guess = table[table["method"] == "majority guess"].set_index("position")["estimate"]
    assert list(guess[[1, 2]]) == [1, 1] and guess[3] == pytest.approx(1 / 8)
    assert guess[0] == pytest.approx(17 / 24)
    degraded = table[table["method"] == "degraded"].set_index("position")["estimate"]
    assert degraded[3] == pytest.approx(4 / 8) and degraded[1] == 1


def test_the_majority_guess_is_aligned_as_readings_are():
    rows = compared(8)
    texts = ["京AB1"] * 5 + ["京B1"] * 3  # place by place "京AB1" shares one character with "京B1"
    rows["text"] = rows["plate"].map(dict(zip(sorted(set(rows["plate"])), texts, strict=True)))
    rows["matches"] = rows["text"].map(lambda text: "0" * len(text))
    table = position_table(rows, **DRAWS)
    guess = table[table["method"] == "majority guess"].set_index("position")["estimate"]
    assert list(guess[[1, 2, 3]]) == [1, 1, 1]


def test_headline_is_json_with_every_n_and_interval():
    figures = headline(compared(), **DRAWS)
    text = json.dumps(figures, allow_nan=False)
    assert "psnr_plate" not in figures["pooled"]["original"]
    assert "psnr_plate" not in figures["differences"]["full - degraded"]  # no interval
    assert figures["n"] == {"plates": 20, "rows": 240}
    assert text.count('"estimate"') == text.count('"low"') == text.count('"high"')
    assert text.count('"n": 20') == text.count('"estimate"')
    direct = figures["pooled"]["degraded"]["direct"]["character_accuracy"]
    assert direct["estimate"] == pytest.approx((15 + 5 * 2 / 3) / 20, abs=1e-5)


def test_short_headline_is_flat():
    short = short_headline(headline(compared(), **DRAWS))
    assert short["plates"] == 20 and short["conditions"] == 2
    assert short["full"] == pytest.approx((12 + 8 * 2 / 3) / 20, abs=1e-5)
    assert short["direct_reading"] == pytest.approx((15 + 5 * 2 / 3) / 20, abs=1e-5)
    assert short["full - degraded, low"] < short["full - degraded, estimate"]
    assert all(isinstance(value, int | float) for value in short.values())


def test_readable_keeps_the_order_of_the_table():
    table = accuracy_table(compared(), **DRAWS)
    chosen = table[table["measure"] == "plate_accuracy"]
    wide = readable(chosen, index=["method", "reader"], columns="condition")
    assert list(wide.columns) == ["light", "strong", "all"]
    assert wide.index[0] == ("original", "judge")
    assert wide.loc[("full", "judge"), "light"].startswith("60.0 [")


def test_no_rows():
    with pytest.raises(DataError, match="no rows"):
        figure(compared().query("method == 'none'"), "plate_accuracy", **DRAWS)
