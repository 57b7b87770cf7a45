"""The page's tables of differences: each column shows the figure of its own line.

Every table is made by hand, each line with a difference and a p-value of its own.
"""

import re

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.evaluation import effect_views
from lpr_gfpgan.evaluation.effect_views import signed

DIFFERENCE, HOLM = "difference [95 % interval]", "p (Holm)"


def effects(lines):
    """A table of lines that know their keys; estimates are 0.01, 0.02 and so on.

    Ends are 0.005 lower and higher; p is 0.001, 0.002 and so on, and holm_p ten times that.
    """
    count = 1 + np.arange(len(lines))
    estimate = count / 100
    common = {"n": 300, "seeds": 1, "scope": "these two checkpoints", "p": count / 1000}
    made = pd.DataFrame(lines).assign(**common, holm_p=count / 100, estimate=estimate)
    return made.assign(low=estimate - 0.005, high=estimate + 0.005, finding="higher")


@pytest.mark.parametrize(
    ("measure", "ends", "text"),
    [
        ("character_accuracy", (0.0333, 0.024, 0.041), "+3.3 [+2.4, +4.1] points"),
        ("psnr_plate", (-1.234, -2.0, 0.5), "-1.23 [-2.00, +0.50] dB"),
        ("psnr_emphasis", (0.5, 0.25, 0.75), "+0.50 [+0.25, +0.75] dB"),
        ("ringing_plate", (0.1234, 0.1, 0.2), "+0.123 [+0.100, +0.200] grey levels"),
        ("mse_plate", (-5.0, -6.25, -4.0), "-5.0 [-6.2, -4.0] squared grey levels"),
        ("ssim_plate", (0.0123, 0.01, 0.02), "+0.012 [+0.010, +0.020]"),
        ("kid", (-0.0123, -0.02, -0.01), "-0.0123 [-0.0200, -0.0100]"),
        ("character_accuracy", (0.05, np.nan, np.nan), "+5.0 points"),
        ("character_accuracy", (np.nan, np.nan, np.nan), ""),
    ],
)
def test_differences_have_a_sign_and_their_unit(measure, ends, text):
    line = dict(zip(("estimate", "low", "high"), ends, strict=True)) | {"measure": measure}
    assert signed(line) == text
    assert signed(line, unit=False) == re.sub(r" [a-zA-Z ]+$", "", text)


@pytest.mark.parametrize(
    "view", [effect_views.gain_view, effect_views.contribution_view], ids=["gains", "contributions"]
)
def test_each_line_has_its_own_difference_and_adjusted_p(view):
    seconds = ["no_motion_blur", "fixed_region"]
    lines = [
        {"second": second, "measure": measure}
        for second in seconds
        for measure in ("character_accuracy", "psnr_plate")
    ]
    shown = view(effects(lines))
    assert shown.index.names == ["full less", "measure"]
    assert list(shown.index) == [
        (second, measure) for second in seconds for measure in ("character accuracy", "psnr plate")
    ]
    assert shown[HOLM].tolist() == ["0.01", "0.02", "0.03", "0.04"]
    assert shown[DIFFERENCE].tolist() == [
        "+1.0 [+0.5, +1.5] points",
        "+0.02 [+0.01, +0.03] dB",
        "+3.0 [+2.5, +3.5] points",
        "+0.04 [+0.04, +0.04] dB",
    ]
    assert shown["n"].tolist() == [300] * 4 and shown["training seeds"].tolist() == [1] * 4
    assert set(shown["holds for"]) == {"these two checkpoints"}
    assert set(shown["finding"]) == {"higher"}


def test_contributions_on_the_test_are_of_the_shown_measures():
    measures = ["plate_accuracy", *effect_views.SHOWN, "ssim_plate"]
    shown = effect_views.contribution_view(
        effects([{"second": "fixed_region", "measure": measure} for measure in measures])
    )
    names = list(shown.index.get_level_values("measure"))
    assert names == ["character accuracy", "plate accuracy without province", "psnr plate"]
    assert shown[HOLM].tolist() == ["0.02", "0.03", "0.04"]


def test_ablations_are_of_the_corrected_protocol_and_the_shown_measures():
    lines = [
        {
            "protocol": protocol,
            "contribution": "motion blur in training",
            "second": "no_motion_blur",
            "measure": measure,
            "where": where,
            "acts": where == "with motion blur",
            "cells": cells,
        }
        for protocol in ("as_published", "corrected")
        for measure in ("plate_accuracy", *effect_views.SHOWN)
        for where, cells in (("everywhere", 51), ("with motion blur", 24))
    ]
    table = effects(lines)
    shown = effect_views.ablation_view(table)
    kept = table[(table["protocol"] == "corrected") & (table["measure"] != "plate_accuracy")]
    assert len(kept) == 6 == len(shown)
    assert shown[HOLM].tolist() == [f"{p:.2g}" for p in kept["holm_p"]]
    assert shown[DIFFERENCE].tolist() == [signed(line) for line in kept.to_dict("records")]
    places = list(shown.reset_index()[["where", "cells"]].itertuples(index=False, name=None))
    assert places == [("everywhere", 51), ("with motion blur (should act)", 24)] * 3


def test_protocols_have_both_means_in_per_cent_and_their_difference():
    conditions = ["1/gaussian", "all/gaussian", "all/low_resolution", "all"]
    lines = [
        {
            "condition": condition,
            "defects": "stored as JPEG 95",
            "cells": 3,
            "reader": reader,
            "measure": measure,
        }
        for condition in conditions
        for reader in ("judge", "direct")
        for measure in ("plate_accuracy", "character_accuracy")
    ]
    table = effects(lines).drop(columns=["seeds", "scope", "holm_p", "finding"])
    corrected = np.linspace(0.2, 0.8, len(table))
    table = table.assign(corrected=corrected, as_published=corrected + table["estimate"])
    shown = effect_views.protocol_view(table)
    kept = table[(table["measure"] == "character_accuracy") & table["condition"].str.match("all")]
    assert list(dict.fromkeys(shown.index.get_level_values("condition"))) == [
        "gaussian",
        "low resolution",
        "all",
    ]
    assert shown["reader"].tolist() == ["judge", "direct"] * 3
    for name in ("as_published", "corrected"):
        assert shown[name].tolist() == [f"{100 * share:.1f}" for share in kept[name]]
    wanted = [f"{points:+.1f}" for points in 100 * (kept["as_published"] - kept["corrected"])]
    assert [text.split()[0] for text in shown[DIFFERENCE]] == wanted
    assert HOLM not in shown and "p:" not in shown.attrs["caption"]


def test_evidence_has_its_own_figures_and_says_where_it_has_no_vote():
    line = {"claim": "c", "verdict": "supported", "measure": "character_accuracy"}
    table = effects(
        [
            {**line, "evidence": "full less degraded", "decides": True},
            {**line, "evidence": "full less direct reading", "decides": False},
            {**line, "evidence": "full less rrdb", "decides": True, "measure": "kid"},
        ]
    )
    table["finding"] = ["better", "worse", "not measured"]
    table.loc[2, ["n", "estimate", "low", "high", "holm_p"]] = 0, *[np.nan] * 4
    shown = effect_views.claim_view(table).reset_index()
    assert list(shown["claim"]) == ["c"] * 3 and list(shown["verdict"]) == ["supported"] * 3
    assert list(shown["evidence"]) == list(table["evidence"])
    assert list(shown["measure"]) == [*["character accuracy"] * 2, "kid (lower is better)"]
    assert list(shown[DIFFERENCE]) == ["+1.0 [+0.5, +1.5] points", "+2.0 [+1.5, +2.5] points", ""]
    assert list(shown[HOLM]) == ["0.01", "0.02", ""]
    assert list(shown["n"]) == ["300", "300", ""]
    assert set(shown["holds for"]) == {"these two checkpoints"}
    assert list(shown["finding"]) == ["better", "worse (beside)", "not measured"]
