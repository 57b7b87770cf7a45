import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.files import sha256_of
from lpr_gfpgan.trust import KINDS, Calibration, calibrate
from lpr_gfpgan.trust.calibrate import measure
from lpr_gfpgan.trust.confidence import CharacterModel
from lpr_gfpgan.trust.figures import agreement_auroc, confidence_figures, refused_shares, shortfalls
from lpr_gfpgan.trust.judged import CLEAN
from lpr_gfpgan.trust.placing import WAYS


def test_agreement_that_follows_the_truth_ranks_it():
    right = np.tile([1, 0, 1, 1], 30).astype(bool)
    rows = pd.DataFrame({"plate": np.arange(120) // 4, "agreement": 0.4, "right": right})
    assert agreement_auroc(rows, draws=50, seed=0).estimate == 0.5
    told = agreement_auroc(rows.assign(agreement=right * 0.5), draws=50, seed=0)
    assert told.estimate == 1.0 and told.n == 30 and told.low == told.high == 1.0
    assert agreement_auroc(rows.assign(right=True), draws=50, seed=0) is None
    assert agreement_auroc(rows[:0], draws=50, seed=0) is None


def test_the_interval_is_over_plates_and_holds_the_estimate():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"plate": np.arange(200) // 5, "right": rng.random(200) < 0.7})
    rows["agreement"] = np.clip(0.3 * rows["right"] + rng.random(200), 0, 1)
    found = agreement_auroc(rows, draws=300, seed=0)
    assert 0.5 < found.low < found.estimate < found.high < 1 and found.n == 40


def test_refusals_are_counted_by_kind():
    others = pd.DataFrame({"kind": [*KINDS] * 4, CLEAN: np.arange(12.0)})
    found = refused_shares(others, CLEAN, 6.0)
    assert found["all"]["estimate"] == 0.5 and found["all"]["n"] == 12
    assert [found[kind]["n"] for kind in KINDS] == [4, 4, 4]
    assert found["all"]["low"] < 0.5 < found["all"]["high"]


def shares_of(**estimates):
    """Figures of a refusal that is perfect but for these: way_side=share."""

    def line(way, side):
        share = estimates.get(f"{way}_{side}", 1.0)
        return {"estimate": share, "low": 0.9, "high": 1.0, "n": 200}

    return {
        "accepted": {way: {CLEAN: line(way, "accepted")} for way in WAYS},
        "refused": {way: {CLEAN: {"all": line(way, "refused")}} for way in WAYS},
    }


def test_a_refusal_of_19_in_20_is_enough():
    assert shortfalls(shares_of()) == []
    assert shortfalls(shares_of(corners_accepted=0.95, tight_refused=0.95)) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("side", ["accepted", "refused"])
def test_each_rate_that_falls_short_is_named(way, side):
    (found,) = shortfalls(shares_of(**{f"{way}_{side}": 0.945}))
    assert way in found and side in found and "94.5% [90.0%, 100.0%]" in found and "95%" in found


def test_calibration_error_falls_where_the_model_is_the_truth():
    rng = np.random.default_rng(0)
    model = CharacterModel(
        offset=-1.0,
        slope=0.5,
        clear=1.0,
        usual=-0.5,
        softest=-1.0,
        sharpest=0.0,
        rise=0.5,
        fall=1.0,
    )
    rows = pd.DataFrame({"plate": np.arange(6000) // 6, "raw": rng.beta(8, 2, 6000)})
    rows["agrees"] = rng.random(6000) < 0.7
    rows["sharp"] = rng.uniform(-1, 0, 6000)
    chance = model.probability(rows["raw"], rows["sharp"], rows["agrees"])
    rows["right"] = rng.random(6000) < chance
    found = confidence_figures(rows, model, seed=0)
    assert found["plates"] == 1000 and found["characters"] == 6000
    assert found["ece"]["raw"] > 0.1 > 0.05 > found["ece"]["calibrated"]


@pytest.mark.slow
def test_a_whole_study_is_calibrated_and_written(smoke_study, tmp_path):
    before = sorted(smoke_study.paths.models.iterdir())
    paths = Paths(tmp_path, "smoke")
    for source, target in (
        (smoke_study.paths.models, paths.models),
        (smoke_study.paths.plates, paths.plates),
    ):
        target.mkdir(parents=True)
        for path in source.iterdir():
            (target / path.name).symlink_to(path)
    study = dataclasses.replace(smoke_study, paths=paths)
    made = calibrate(study)
    assert Calibration.load(paths.calibration) == made
    made.check(sha256_of(paths.restorer("full", 0)), sha256_of(paths.reader("direct")))
    metrics = json.loads(paths.metrics("calibration").read_text(encoding="utf-8"))
    accepted = metrics["likeness"]["accepted"]
    assert list(accepted) == ["corners", "tight", "found"]
    for way, shares in accepted.items():
        assert list(shares) == [CLEAN, "training", *study.settings.evaluation.conditions]
        assert {line["n"] for line in shares.values()} == {8}
        assert metrics["likeness"]["refused"][way][CLEAN]["all"]["n"] == 200
    assert sorted(smoke_study.paths.models.iterdir()) == before
    again, figures = measure(study)
    assert again == made and figures == metrics


def test_missing_weights_are_named(smoke_study, tmp_path):
    study = dataclasses.replace(smoke_study, paths=Paths(tmp_path, "smoke"))
    with pytest.raises(WeightsError, match="restorer-full-0"):
        measure(study)
