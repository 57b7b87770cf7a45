"""Figures of the test on photographed plates, each source apart."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.evaluation import real_tables
from lpr_gfpgan.metrics import holm, mcnemar, wilson

DRAWS = {"draws": 100, "seed": 0}


def test_a_reader_judges_where_it_reads_nine_tenths_of_untouched_plates(evaluation):
    rows = evaluation.rows
    reads = {("near", "judge"): 6, ("near", "direct"): 5, ("far", "judge"): 0, ("far", "direct"): 6}
    counted = rows[(rows["condition"] == real_tables.UNTOUCHED) & (rows["method"] == "original")]
    marked = []
    for (source, reader), wanted in reads.items():
        part = counted[(counted["source"] == source) & (counted["reader"] == reader)]
        marked.append(part.assign(exact=[1] * wanted + [0] * (6 - wanted)))
    found = real_tables.may_judge(pd.concat(marked))
    assert found == {"near": ["judge"], "far": ["direct"]}


def test_differences_are_those_of_the_reader_they_name(evaluation):
    few = evaluation.rows["method"].isin(["original", "degraded", "full"])
    own = evaluation.rows[few & evaluation.rows["reader"].isin(["judge", "direct"])]
    other = own[own["reader"] == "judge"].assign(reader="other")
    other["cer"] = np.where(other["method"] == "full", 0.0, 1.0)
    table = real_tables.differences_by_source(pd.concat([own, other]), **DRAWS)
    measure = table["measure"] == "character_accuracy"
    lines = table[measure & (table["condition"] == "light") & (table["second"] == "degraded")]
    told = lines.set_index(["reader", "source"])["estimate"]
    assert set(table["reader"]) == {"judge", "other"} and len(told) == 6
    assert (told["other"] == 1).all() and (told["judge"].abs() < 0.5).all()


def test_majority_guess_is_of_each_source_alone():
    texts = ["皖A11111", "皖A11112", "京B22222", "京B22222", "京B22222", "沪B22222"]
    table = pd.DataFrame({"text": texts, "source": ["one"] * 2 + ["two"] * 4})

    class Two:
        plates = dataclasses.make_dataclass("Test", ["table"])(table)

    guesses = real_tables.majority_guess(Two, draws=50, seed=0)
    guess = guesses["one"]
    assert guess["character_accuracy"]["estimate"] == pytest.approx((1 + 6 / 7) / 2, abs=1e-4)
    assert guess["character_accuracy_without_province"]["estimate"] == pytest.approx(
        (1 + 5 / 6) / 2, abs=1e-4
    )
    assert guess["plate_accuracy"] == guess["plate_accuracy_without_province"]
    assert (guess["plate_accuracy"]["estimate"], guess["plate_accuracy"]["n"]) == (0.5, 2)
    # Of the other source only the province differs, once; Wilson's interval, as of any reader.
    two = guesses["two"]
    assert two["plate_accuracy"]["estimate"] == 0.75
    assert two["plate_accuracy"]["low"] == pytest.approx(wilson(3, 4).low, abs=1e-4)
    assert two["plate_accuracy_without_province"]["estimate"] == 1


def cell(table, **keys):
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1, keys
    return table.iloc[0]


def test_false_reads_by_source(make_rows):
    def rule(key):
        sure = key["plate"] % 5 == 0
        return not (key["method"] == "full" and key["plate"] < 4), 0.95 if sure else 0.5

    rows = make_rows(rule, readers=("judge", "other"))
    table = real_tables.false_reads_by_source(rows, {"judge": 0.9}, **DRAWS)
    assert set(table["reader"]) == {"judge"}  # the other has no threshold
    keys = {"condition": "light", "method": "full"}
    # Of plates 0 to 3 only plate 0 is sure: accepted and wrong. Plate 5 is accepted and right.
    near = cell(table, source="near", measure="false_reads", **keys)
    assert near[["estimate", "n"]].tolist() == [0.1, 10]
    assert near["low"] == pytest.approx(wilson(1, 10).low)
    assert cell(table, source="near", measure="accepted", **keys)["estimate"] == 0.2
    assert cell(table, source="near", measure="right_of_accepted", **keys)["estimate"] == 0.5
    assert cell(table, source="far", measure="false_reads", **keys)["estimate"] == 0
    everything = cell(table, source="all", measure="false_reads", **keys)
    assert everything[["estimate", "n"]].tolist() == [0.05, 20]


def test_an_ungrammatical_reading_is_never_a_false_read(make_rows):
    rows = make_rows(lambda key: (False, 0.95)).assign(reading="皖B0")
    table = real_tables.false_reads_by_source(rows, {"judge": 0.9}, **DRAWS)
    shares = table[table["measure"].isin(["accepted", "false_reads"])]
    assert len(shares) and (shares["estimate"] == 0).all()


def test_confidences_are_told_of_readers_where_they_may_judge(make_rows):
    def rule(key):
        far_fails = key["source"] == "far" and key["reader"] == "judge"
        whole = key["method"] == "original" and not far_fails
        right = whole or key["plate"] % 2 == 0
        return right, 0.9 if right else 0.4

    rows = make_rows(rule, readers=("judge", "other"))
    assert real_tables.may_judge(rows) == {"near": ["judge", "other"], "far": ["other"]}
    table = real_tables.confidence_by_source(rows, **DRAWS)
    assert set(table["measure"]) == set(real_tables.CONFIDENCE_MEASURES)
    assert set(table.loc[table["source"] == "far", "reader"]) == {"other"}
    keys = {"condition": "strong", "method": "degraded", "measure": "confidence_gap"}
    # Of all sources only a reader speaks that may judge each of them.
    assert set(table.loc[table["source"] == "all", "reader"]) == {"other"}
    assert cell(table, source="near", reader="judge", **keys)["n"] == 10
    assert cell(table, source="all", reader="other", **keys)["n"] == 20
    assert cell(table, source="near", reader="judge", **keys)["estimate"] == pytest.approx(0.5)
    keys["measure"] = "aurc"
    # Five right readings come first; then the mean risk of 1/6, 2/7, ... 5/10, over ten.
    expected = sum(k / (5 + k) for k in range(1, 6)) / 10
    assert cell(table, source="near", reader="judge", **keys)["estimate"] == pytest.approx(expected)


def test_where_no_reader_may_judge_there_are_no_confidences(make_rows):
    table = real_tables.confidence_by_source(make_rows(lambda key: (False, 0.5)), **DRAWS)
    assert table.empty and {"source", "measure", "estimate"} <= set(table)


def test_images_are_measured_where_something_was_degraded(make_rows):
    table = real_tables.images_by_source(make_rows(lambda key: (True, 0.9)), **DRAWS)
    assert set(table["condition"]) == {"light", "strong"}
    assert set(table["method"]) == {"degraded", "full"}
    assert set(table["measure"]) == {"psnr_plate", "ssim_plate", "ringing_plate"}
    keys = {"condition": "light", "method": "full"}
    assert cell(table, source="near", measure="psnr_plate", **keys)["estimate"] == 24.5
    assert cell(table, source="far", measure="psnr_plate", **keys)["estimate"] == 34.5
    ringing = cell(table, source="all", measure="ringing_plate", **keys)
    assert (ringing["estimate"], ringing["n"]) == (9.5, 20) and ringing["low"] < 9.5


def test_single_ablations_are_left_to_accuracy_and_differences(make_rows):
    methods = ("original", "degraded", "full", "no_motion_blur")
    rows = make_rows(lambda key: (True, 0.9), methods=methods)
    for table in (
        real_tables.false_reads_by_source(rows, {"judge": 0.9}, **DRAWS),
        real_tables.confidence_by_source(rows, **DRAWS),
        real_tables.images_by_source(rows, **DRAWS),
    ):
        assert "full" in set(table["method"]) and "no_motion_blur" not in set(table["method"])
    assert "no_motion_blur" in set(real_tables.accuracy_by_source(rows, **DRAWS)["method"])


def test_gained_and_lost_plates(make_rows):
    read = {  # plates of `near` that are read before and after
        "untouched": (range(10), range(7)),
        "light": (range(4), range(2, 10)),
        "strong": ((), (1,)),
    }

    def rule(key):
        before, after = read[key["condition"]]
        near = key["plate"] in (after if key["method"] == "full" else before)
        return near or key["plate"] >= 10, 0.9

    table = real_tables.changes_by_source(make_rows(rule))
    near = table[table["source"] == "near"]
    counts = {"untouched": (0, 3), "light": (6, 2), "strong": (1, 0)}
    for condition, (gained, lost) in counts.items():
        for measure, count in (("gained", gained), ("lost", lost)):
            line = cell(near, condition=condition, measure=measure)
            assert (line["count"], line["estimate"], line["n"]) == (count, count / 10, 10)
            assert line["low"] == pytest.approx(wilson(count, 10).low)
    p = [
        mcnemar(np.arange(gained + lost) < gained, np.arange(gained + lost) >= gained).p
        for gained, lost in counts.values()
    ]
    found = near[near["measure"] == "gained"]
    assert found["mcnemar_p"].tolist() == pytest.approx(p)
    assert found["holm_p"].tolist() == pytest.approx(list(holm(p)))
    everything = cell(table, source="all", condition="light", measure="gained")
    assert everything[["count", "n"]].tolist() == [6, 20]
    assert cell(table, source="far", condition="light", measure="lost")["count"] == 0


def test_changes_of_each_reader_are_a_family_of_their_own(make_rows):
    def rule(key):
        lost = {"judge": 6, "other": 9}[key["reader"]]
        return key["method"] != "full" or key["plate"] >= lost, 0.9

    table = real_tables.changes_by_source(make_rows(rule, readers=("judge", "other")))
    for reader, lost in (("judge", 6), ("other", 9)):
        p = mcnemar(np.zeros(lost), np.ones(lost)).p
        own = table[(table["source"] == "near") & (table["reader"] == reader)]
        # Three conditions with one p: Holm's method makes each three times as large.
        assert own["mcnemar_p"].tolist() == pytest.approx([p] * 6)
        assert own["holm_p"].tolist() == pytest.approx([3 * p] * 6)


def test_differences_are_tested_over_the_conditions_of_one_comparison(make_rows):
    def rule(key):
        wrong = {"untouched": 2, "light": 6, "strong": 9}[key["condition"]]
        wrong -= key["reader"] == "other"
        return key["method"] != "full" or key["plate"] % 10 >= wrong, 0.9

    rows = make_rows(rule, methods=("original", "degraded", "bicubic", "full"))
    rows = pd.concat(
        [rows, make_rows(rule, methods=tuple(rows["method"].unique()), readers=("direct", "other"))]
    )
    table = real_tables.differences_by_source(rows, **DRAWS)
    whole = table["measure"].isin(["plate_accuracy", "plate_accuracy_without_province"])
    assert table.loc[~whole, ["mcnemar_p", "holm_p"]].isna().all(axis=None)
    for reader, wrong in (("judge", (2, 6, 9)), ("other", (1, 5, 8))):
        p = [mcnemar(np.zeros(n), np.ones(n)).p for n in wrong]
        for second in ("degraded", "bicubic"):
            for measure in ("plate_accuracy", "plate_accuracy_without_province"):
                keys = {"source": "near", "reader": reader, "second": second, "measure": measure}
                own = table[(table[list(keys)] == pd.Series(keys)).all(axis=1)]
                assert own["mcnemar_p"].tolist() == pytest.approx(p)
                assert own["holm_p"].tolist() == pytest.approx(list(holm(p)))


def test_direct_reading_is_told_where_nothing_was_restored(make_rows):
    rows = make_rows(lambda key: (True, 0.9), readers=("judge", "direct"))
    for table in (
        real_tables.false_reads_by_source(rows, {"judge": 0.5, "direct": 0.5}, **DRAWS),
        real_tables.confidence_by_source(rows, **DRAWS),
    ):
        read = set(zip(table["method"], table["reader"], strict=True))
        assert ("full", "judge") in read and ("degraded", "direct") in read
        assert ("full", "direct") not in read


def test_failures_are_counted_and_named_by_source(make_rows):
    rows = make_rows(lambda key: (True, 0.9))
    where = (rows["condition"] == "light") & (rows["method"] == "full")
    rows.loc[where & rows["plate"].isin([12, 15]), "failure"] = "full: out of memory"
    rows.loc[where & (rows["plate"] == 3), "failure"] = "judge: no such font"
    assert real_tables.failures_by_source(rows) == {"near": 1, "far": 2}
    table = real_tables.failure_table_by_source(rows)
    keys = {"condition": "light", "method": "full"}
    far = cell(table, source="far", **keys)
    assert (far["failed"], far["no_image"], far["n"]) == (2, 2, 10)
    # The scored plates of `far` are 10 to 19: within it, these are the third and the sixth.
    assert far["named"] == "plate 2 (full: out of memory); plate 5 (full: out of memory)"
    assert cell(table, source="near", **keys)["named"] == "plate 3 (judge: no such font)"
    assert table["failed"].sum() == 3
