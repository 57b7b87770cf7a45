"""Verdicts follow from intervals by the stated rule, whichever way the figures point."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.evaluation import PlateFeatures, claims, kid_difference_table, reader_table
from lpr_gfpgan.evaluation.claims import (
    ACCURACY,
    ADAPTABILITY,
    CANNOT,
    CLAIMS,
    CONTRADICTED,
    CONTRIBUTED,
    DIRECT_IS_BETTER,
    EMPHASIS,
    IN_PART,
    NO_DIFFERENCE,
    NOT_MEASURED,
    SMOOTH,
    SUPPORTED,
    claim_table,
    finding,
)
from lpr_gfpgan.evaluation.effect_views import claim_view, signed

MOTION, RECOGNITION, REGION = CONTRIBUTED
ENDS = {"up": (0.02, 0.01, 0.03), "none": (0.0, -0.01, 0.01), "down": (-0.02, -0.03, -0.01)}
UNKNOWN = (np.nan, np.nan, np.nan)


def figures(which, **known):
    estimate, low, high = ENDS.get(which, UNKNOWN)
    line = {"n": 300, "estimate": estimate, "low": low, "high": high, "interval": "bootstrap"}
    return {**line, "holm_p": 1.0 if which == "none" else 0.001, **known}


def gain(which, second, measure="character_accuracy", **known):
    known = {"seeds": 1, "scope": "this checkpoint", **known}
    return {"first": "full", "second": second, "measure": measure, **figures(which, **known)}


def make(*, accuracy=None, factors="up", ringing="down", kid="down", emphasis="up", **other):
    """The tables of a study in which every claim holds, but for what is given."""
    accuracy = {
        "degraded": "up",
        "bicubic": "up",
        "unsharp": "up",
        "plain_unet": "up",
        "direct reading": "up",
    } | (accuracy or {})
    contribution, seeds = other.get("contribution", "up"), other.get("seeds", 3)
    variants = other.get("variants", ("no_motion_blur", "no_recognition_loss", "fixed_region"))
    pooled = {"condition": "all"}
    # Lines of one condition have no vote, whatever they say.
    against = {"condition": "light", **figures("up")}, {"condition": "light", **figures("down")}
    tables = {
        "readers": pd.DataFrame(
            {"reader": ["judge", "direct"], "may_judge": [other.get("judges", True), True]}
        ),
        "gains": pd.DataFrame(
            [gain(which, name) for name, which in accuracy.items()]
            + [gain(ringing, name, "ringing_plate") for name in ("degraded", "unsharp")]
        ),
        "contributions": pd.DataFrame([gain(contribution, name, seeds=seeds) for name in variants]),
        "kid_differences": pd.DataFrame(
            [
                gain(kid, "degraded", "kid") | pooled,
                gain(other.get("kid_filter", kid), "unsharp", "kid") | pooled,
                gain("up", "no_motion_blur", "kid") | pooled,  # no rival of the claim
                gain(kid, "unsharp", "kid") | against[0],
            ]
        ),
        "emphasis": pd.DataFrame(
            [
                {"method": "full", "measure": "psnr_emphasis", **pooled, **figures(emphasis)},
                {"method": "bicubic", "measure": "psnr_emphasis", **pooled, **figures("down")},
            ]
        ).drop(columns="holm_p"),
        "emphasis_differences": pd.DataFrame(
            [
                gain(emphasis, "unsharp", "psnr_emphasis") | pooled,
                gain(emphasis, "unsharp", "psnr_emphasis") | against[1],
            ]
        ),
    }
    names = ("gaussian", "noise", "jpeg", "motion", "low_resolution")
    factors = dict.fromkeys(names, factors) if isinstance(factors, str) else factors
    places = ("with motion blur", "everywhere", "shifted frames")
    # Of a cell with several factors nobody can tell which of them it speaks of.
    mixed = other.get("mixed", "down")
    alone = {"degraded": "up", "bicubic": "up"} | other.get("alone", {})
    grid = {
        "gains": pd.DataFrame(
            [
                gain(which if rival == "degraded" else own, rival, factor=f, cells=3, where="alone")
                for f, which in factors.items()
                for rival, own in alone.items()
            ]
            + [
                gain(mixed, rival, factor=f, cells=21, where="with others")
                for f in factors
                for rival in alone
            ]
        ),
        "ablations": pd.DataFrame(
            [
                gain(contribution, name, seeds=seeds, where=where, protocol="corrected")
                for name in variants
                for where in places
            ]
        ).assign(scope="these two checkpoints"),
    }
    return tables, grid


def verdicts(profile="gpu", **given):
    table = claim_table(*make(**given), profile=profile)
    assert list(dict.fromkeys(table["claim"])) == list(CLAIMS)
    assert (table.groupby("claim")["verdict"].nunique() == 1).all()
    return table.drop_duplicates("claim").set_index("claim")["verdict"]


def test_all_claims_hold_where_every_line_does():
    assert set(verdicts()) == {SUPPORTED}


def test_a_finding_needs_interval_and_test():
    line = {"measure": "character_accuracy", **figures("up")}
    assert finding(line) == claims.BETTER
    assert finding(line | {"holm_p": 0.05}) == NO_DIFFERENCE
    assert finding(line | {"holm_p": np.nan}) == NO_DIFFERENCE
    del line["holm_p"]
    assert finding(line) == claims.BETTER
    assert finding(line | {"low": 0.0}) == NO_DIFFERENCE
    assert finding(line | {"low": np.nan}) == NOT_MEASURED
    assert finding(line | figures("down")) == claims.WORSE


@pytest.mark.parametrize("measure", ["kid", "ringing_plate", "mse_plate"])
def test_lower_is_better_for_distances(measure):
    assert finding({"measure": measure, **figures("down")}) == claims.BETTER
    assert finding({"measure": measure, **figures("up")}) == claims.WORSE


@pytest.mark.parametrize("rival", ["degraded", "bicubic", "unsharp", "plain_unet"])
def test_one_better_rival_contradicts_better_accuracy(rival):
    assert verdicts(accuracy={rival: "down"})[ACCURACY] == CONTRADICTED
    assert verdicts(accuracy={rival: "none"})[ACCURACY] == IN_PART


def test_direct_reading_has_no_vote_but_is_named():
    added = f"{SUPPORTED}; {DIRECT_IS_BETTER} (the test)"
    assert verdicts(accuracy={"direct reading": "down"})[ACCURACY] == added
    said = verdicts("quick", accuracy={"direct reading": "down"})[ACCURACY]
    assert said == f"{CANNOT}; of these checkpoints: {added}"
    assert verdicts(accuracy={"direct reading": "none"})[ACCURACY] == SUPPORTED


def test_adaptability_counts_blurs():
    some = {"gaussian": "up", "motion": "none", "jpeg": "up"}
    assert verdicts(factors=some)[ADAPTABILITY] == IN_PART
    assert verdicts(factors=some | {"motion": "down"})[ADAPTABILITY] == CONTRADICTED
    # The claim is about blurs: noise, JPEG and low resolution stand beside.
    assert verdicts(factors=some | {"motion": "up", "jpeg": "down"})[ADAPTABILITY] == SUPPORTED
    assert verdicts(factors="none")[ADAPTABILITY] == IN_PART  # better than bicubic, at least
    none = {"bicubic": "none"}
    assert verdicts(factors="none", alone=none)[ADAPTABILITY] == NO_DIFFERENCE


def test_adaptability_is_held_against_the_rivals_of_accuracy():
    assert verdicts(alone={"bicubic": "down"})[ADAPTABILITY] == CONTRADICTED
    assert verdicts(alone={"unsharp": "none"})[ADAPTABILITY] == IN_PART
    said = verdicts(alone={"direct reading": "down"})[ADAPTABILITY]
    both = "3 cells with gaussian alone and 3 cells with motion alone"
    assert said == f"{SUPPORTED}; {DIRECT_IS_BETTER} ({both})"


def test_direct_reading_is_named_only_for_the_blur_in_which_it_gets_more():
    tables, grid = make(alone={"direct reading": "none"})
    gains = grid["gains"]
    one = (gains["second"] == "direct reading") & (gains["factor"] == "motion")
    gains.loc[one & (gains["where"] == "alone"), ["estimate", "low", "high"]] = ENDS["down"]
    gains.loc[one, "holm_p"] = 0.001
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim").set_index("claim")
    assert table["verdict"][ADAPTABILITY] == (
        f"{SUPPORTED}; {DIRECT_IS_BETTER} (3 cells with motion alone)"
    )


def test_a_contribution_names_what_is_worse_beside():
    tables, grid = make(contribution="none")
    tables["contributions"].loc[0, ["estimate", "low", "high"]] = ENDS["down"]
    tables["contributions"].loc[0, "holm_p"] = 0.001
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim").set_index("claim")
    added = f"{NO_DIFFERENCE}; worse beside: full less no_motion_blur, the test"
    assert table["verdict"][MOTION] == added
    assert table["verdict"][RECOGNITION] == NO_DIFFERENCE
    tables["contributions"].loc[0, ["estimate", "low", "high"]] = ENDS["up"]
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim").set_index("claim")
    assert table["verdict"][MOTION] == NO_DIFFERENCE


def test_lines_of_the_public_protocol_say_nothing_of_a_contribution():
    tables, grid = make()
    other = grid["ablations"].assign(protocol="as_published", estimate=-0.02, low=-0.03, high=-0.01)
    grid["ablations"] = pd.concat([other, grid["ablations"]], ignore_index=True)
    table = claim_table(tables, grid, profile="gpu")
    assert set(table[table["claim"] == MOTION]["verdict"]) == {SUPPORTED}


def test_some_votes_of_one_seed_make_the_verdict_one_of_checkpoints():
    tables, grid = make()
    grid["ablations"].loc[:, "seeds"] = 3
    trained = tables["gains"]["second"] == "plain_unet"
    tables["gains"].loc[trained, "scope"] = "these two checkpoints"
    tables["gains"].loc[tables["gains"]["second"] == "bicubic", "seeds"] = 3
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim").set_index("claim")
    assert table["verdict"][ACCURACY] == "these two checkpoints only: better"
    tables["gains"]["seeds"] = 3
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim").set_index("claim")
    assert table["verdict"][ACCURACY] == SUPPORTED


def test_cells_that_mix_factors_stand_beside():
    for mixed in ("up", "down"):
        assert verdicts(mixed=mixed)[ADAPTABILITY] == SUPPORTED
        assert verdicts(mixed=mixed, factors="none", alone={"bicubic": "none"})[ADAPTABILITY] == (
            NO_DIFFERENCE
        )
    table = claim_table(*make(), profile="gpu")
    lines = table[table["claim"] == ADAPTABILITY]
    assert lines.loc[lines["decides"], "evidence"].tolist() == [
        f"full less {rival}, 3 cells with {blur} alone"
        for blur in ("gaussian", "motion")
        for rival in ("degraded", "bicubic")
    ]
    beside = lines.loc[~lines["decides"], "evidence"].tolist()
    assert "full less degraded, 21 cells with motion with others" in beside
    assert "full less degraded, 3 cells with jpeg alone" in beside
    assert not any("bicubic" in evidence for evidence in beside)


def test_smoothness_is_held_against_filters_not_against_blur():
    tables, grid = make(ringing="up")
    ringing = tables["gains"]["measure"] == "ringing_plate"
    against_filter = ringing & (tables["gains"]["second"] == "unsharp")
    tables["gains"].loc[against_filter, ["estimate", "low", "high"]] = ENDS["down"]
    table = claim_table(tables, grid, profile="gpu")
    assert set(table[table["claim"] == SMOOTH]["verdict"]) == {SUPPORTED}
    assert verdicts(ringing="up")[SMOOTH] == CONTRADICTED
    assert verdicts(kid="none")[SMOOTH] == IN_PART
    assert verdicts(kid_filter="up")[SMOOTH] == CONTRADICTED


def test_emphasis_is_held_against_others_not_against_nothing():
    table = claim_table(*make(), profile="gpu")
    lines = table[table["claim"] == EMPHASIS]
    assert lines.set_index("evidence")["decides"].to_dict() == {
        "full: gain on the plate less gain around it": False,
        "that of full less unsharp": True,
    }
    assert verdicts(emphasis="down")[EMPHASIS] == CONTRADICTED
    assert verdicts(emphasis="none")[EMPHASIS] == NO_DIFFERENCE


@pytest.mark.parametrize("name, claim", [("kid", SMOOTH), ("emphasis", EMPHASIS)])
def test_an_adjusted_p_value_may_take_a_finding_back(name, claim):
    tables, grid = make()
    tables[f"{name}_differences"]["holm_p"] = 0.2
    table = claim_table(tables, grid, profile="gpu")
    lines = table[
        (table["claim"] == claim) & table["measure"].str.contains(name) & table["decides"]
    ]
    assert len(lines) and set(lines["finding"]) == {NO_DIFFERENCE} and set(lines["holm_p"]) == {0.2}


def test_two_training_seeds_have_one_vote():
    """One seed is nearer to the originals than each rival, one further: no difference is shown."""
    rng = np.random.default_rng(0)
    original, noise = rng.normal(size=(2, 40, 4))
    shifts = {"original": 0.0, "degraded": 0.6, "unsharp": 0.6}
    shifts |= {"full-0": 0.2, "full-1": 1.0, "plain_unet-0": 0.6, "plain_unet-1": 0.6}
    features = PlateFeatures(
        values=np.array([[original + s * (1 + noise / 4) for s in shifts.values()]], np.float32),
        conditions=["light"],
        methods=list(shifts),
        plates=np.arange(40),
        others=np.empty((0, 4), np.float32),
    )
    pairs = [(f"full-{s}", o) for s in (0, 1) for o in ("degraded", "unsharp", f"plain_unet-{s}")]
    tables, grid = make()
    tables["gains"] = tables["gains"].assign(seeds=2, scope="training seeds and plates")
    tables["kid_differences"] = kid_difference_table(features, pairs, draws=300, seed=0)
    table = claim_table(tables, grid, profile="gpu")
    lines = table[(table["claim"] == SMOOTH) & (table["measure"] == "kid")]
    assert lines["evidence"].tolist() == [
        f"full less {other}, the test" for other in ("degraded", "unsharp", "plain_unet")
    ]
    assert set(lines["seeds"]) == {2} and lines["decides"].all()
    assert set(lines["scope"]) == {"training seeds and plates"}
    assert set(lines["finding"]) == {NO_DIFFERENCE} and lines["holm_p"].notna().all()


def test_one_seed_of_a_trained_rival_speaks_of_two_checkpoints():
    tables, grid = make()
    trained = tables["gains"]["second"] == "plain_unet"
    tables["gains"].loc[trained, "scope"] = "these two checkpoints"
    line = gain("down", "plain_unet", "kid") | {"condition": "all"}
    tables["kid_differences"] = pd.concat([tables["kid_differences"], pd.DataFrame([line])])
    table = claim_table(tables, grid, profile="gpu")
    lines = table[(table["claim"] == SMOOTH) & (table["measure"] == "kid")].set_index("evidence")
    assert lines["scope"].to_dict() == {
        "full less degraded, the test": "this checkpoint",
        "full less unsharp, the test": "this checkpoint",
        "full less plain_unet, the test": "these two checkpoints",
    }


def test_what_is_missing_is_not_measured():
    tables, grid = make()
    for name in ("kid_differences", "emphasis", "emphasis_differences"):
        del tables[name]
    tables["gains"] = tables["gains"][tables["gains"]["measure"] != "ringing_plate"]
    table = claim_table(tables, grid, profile="gpu").set_index("claim")
    assert set(table.loc[[SMOOTH, EMPHASIS], "verdict"]) == {NOT_MEASURED}
    assert verdicts(kid="unknown")[SMOOTH] == IN_PART
    variants = ("no_motion_blur", "no_recognition_loss", "no_region_discriminator")
    assert verdicts(variants=variants)[REGION] == NOT_MEASURED
    assert verdicts("quick", variants=variants)[REGION] == NOT_MEASURED


def test_one_seed_says_no_more_than_two_checkpoints():
    found = verdicts(seeds=1)
    for claim in CONTRIBUTED:
        assert found[claim] == "these two checkpoints only: better"
    assert verdicts(seeds=1, contribution="none")[MOTION] == (
        "these two checkpoints only: none shown"
    )
    said = verdicts(seeds=3, contribution="down")[RECOGNITION]
    assert said.startswith(f"{CONTRADICTED}; worse beside: full less no_recognition_loss, the test")
    tables, grid = make(accuracy={"bicubic": "down"})
    trained = tables["gains"]["second"] == "plain_unet"
    tables["gains"].loc[trained, "scope"] = "these two checkpoints"
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim").set_index("claim")
    assert table["verdict"][ACCURACY] == "these two checkpoints only: better, worse"


@pytest.mark.parametrize("profile", ["smoke", "quick"])
def test_small_profiles_claim_nothing_whatever_the_figures(profile):
    for factors in ("up", "down"):
        said = verdicts(profile, factors=factors)
        assert said.str.startswith(f"{CANNOT}; of these checkpoints: ").all()
        assert said[ADAPTABILITY].endswith(SUPPORTED if factors == "up" else CONTRADICTED)
        assert said[ACCURACY].endswith(SUPPORTED)


def test_a_reader_that_may_not_judge_decides_nothing_about_reading():
    found = verdicts(judges=False)
    assert set(found[[ACCURACY, ADAPTABILITY, *CONTRIBUTED]]) == {claims.NO_JUDGE}
    assert set(found[[SMOOTH, EMPHASIS]]) == {SUPPORTED}


@pytest.mark.parametrize(("whole", "said"), [(17, claims.NO_JUDGE), (18, SUPPORTED)])
def test_a_judge_of_validation_plates_alone_supports_no_claim_about_reading(whole, said):
    def read(whole, condition):
        exact = [1] * whole + [0] * (20 - whole)
        known = {"condition": condition, "method": "original", "reader": "judge"}
        scores = {"exact": exact, "exact6": exact, "cer": 0.0, "cer6": 0.0}
        return pd.DataFrame({"plate": range(20), "seen_typeface": 1, **scores}).assign(**known)

    tables, grid = make()
    tables["readers"] = reader_table(read(20, "validation"), read(whole, "light"), draws=50, seed=0)
    table = claim_table(tables, grid, profile="gpu").drop_duplicates("claim")
    found = table.set_index("claim")["verdict"]
    assert set(found[[ACCURACY, ADAPTABILITY, *CONTRIBUTED]]) == {said}
    assert set(found[[SMOOTH, EMPHASIS]]) == {SUPPORTED}


def test_a_contribution_is_decided_where_it_should_act():
    table = claim_table(*make(), profile="gpu")
    deciding = table[table["claim"].isin(CONTRIBUTED) & table["decides"]]
    assert deciding["evidence"].tolist() == [
        "full less no_motion_blur, the grid, with motion blur",
        "full less no_recognition_loss, the grid, everywhere",
        "full less fixed_region, the grid, shifted frames",
    ]


def test_the_view_shows_figure_unit_and_n():
    table = claim_table(*make(), profile="gpu")
    view = claim_view(table)
    assert view.index.names == ["claim", "verdict", "evidence"]
    first = view.iloc[0]
    assert first["difference [95 % interval]"] == "+2.0 [+1.0, +3.0] points"
    assert first["n"] == "300" and first["finding"] == "better"
    beside = view[view["finding"].str.endswith("(beside)")]
    assert len(beside) == (~table["decides"]).sum() > 0
    assert signed({"measure": "psnr_plate", **figures("down")}) == "-0.02 [-0.03, -0.01] dB"
    assert signed({"measure": "kid", **figures("up")}) == "+0.0200 [+0.0100, +0.0300]"
    assert signed({"measure": "kid", **figures("unknown")}) == ""
