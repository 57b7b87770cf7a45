"""The test of the released weights: which networks, which plates, and what it leaves behind."""

import dataclasses
import json

import pandas as pd
import pytest

from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.evaluation import released_tables
from lpr_gfpgan.evaluation.filters import CANDIDATES
from lpr_gfpgan.evaluation.judges import HYPERLPR
from lpr_gfpgan.evaluation.protocol import load_plates, validation_plates
from lpr_gfpgan.evaluation.released import draw_plates, released_study
from lpr_gfpgan.evaluation.released_report import figure_path, write_released
from lpr_gfpgan.evaluation.released_timing import seconds_per_plate
from lpr_gfpgan.evaluation.rows import read_rows
from lpr_gfpgan.evaluation.run import open_hyperlpr, rows_path
from lpr_gfpgan.files import sha256_of
from lpr_gfpgan.plates import PlateSet, split_of

PLAIN = ("original", "degraded", "bicubic")


@pytest.fixture(scope="module")
def tables(evaluation, study):
    return released_tables.make_released_tables(evaluation, study)


def test_the_frame_is_that_of_the_restorer(smoke, weights):
    wide = dataclasses.replace(
        smoke.settings,
        frame=dataclasses.replace(smoke.settings.frame, height=64, width=128),
    )
    study = released_study(dataclasses.replace(smoke, settings=wide), weights)
    assert study.settings.frame.size == (32, 64) and study.settings.frame.base == (4, 8)
    assert study.settings.evaluation == smoke.settings.evaluation


def test_networks_come_from_the_folder_and_reports_go_to_their_own(smoke, study, weights):
    assert study.paths.restorer("full", 0) == weights / "restorer.safetensors"
    assert study.paths.reader("judge") == weights / "reader-judge.safetensors"
    assert study.paths.calibration == weights / "calibration.json"
    assert study.paths.reports == smoke.paths.output / "reports" / "released"
    assert study.paths.plates == smoke.paths.output / "data" / "synthetic" / "released"


def test_a_folder_without_weights_is_one_clear_error(smoke, tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        released_study(smoke, tmp_path)


def test_only_plates_of_the_test_and_of_thresholds_are_drawn(study):
    folder = draw_plates(study, workers=1)
    counts = PlateSet(folder, "test").manifest["request"]["counts"]
    assert counts == {
        "validation": study.settings.plates.validation,
        "test": study.settings.evaluation.plates,
    }
    for plates, split in ((load_plates(study), "test"), (validation_plates(study), "validation")):
        assert set(map(split_of, plates.table["text"])) == {split}


def test_every_method_is_read_by_every_reader(evaluation, study):
    rows, settings = evaluation.rows, study.settings.evaluation
    readers = {"judge", "direct"} | {reader.name for reader in open_hyperlpr()}
    assert set(rows["method"]) == {*PLAIN, *CANDIDATES, "full"}
    assert set(rows["reader"]) == set(evaluation.clean["reader"]) == readers
    each = rows.groupby(["condition", "method", "reader"])["plate"].nunique()
    assert (each == settings.plates).all()
    assert len(each) == len(settings.conditions) * (len(PLAIN) + len(CANDIDATES) + 1) * len(readers)


def test_the_headline_has_false_reads_beside_what_is_read(tables, study):
    headline = tables["headline"]
    restored = headline[(headline["method"] == "full") & (headline["reader"] == "direct")]
    assert {"plate_accuracy", "false_reads", "accepted"} <= set(restored["measure"])
    assert set(headline.loc[headline["method"].isin(CANDIDATES), "reader"]) == {"judge"}
    assert {"n", "estimate", "low", "high", "interval"} <= set(headline)
    known = headline[headline["estimate"].notna()]
    assert (known["low"] <= known["estimate"] + 1e-9).all() and (known["n"] > 0).all()
    pooled = released_tables.pooled_headline(headline)
    assert set(pooled["condition"]) == {"all"} and len(pooled) < len(headline)


def test_what_restoring_brings_is_told_of_every_reader():
    rows = pd.DataFrame({"reader": ["judge", "direct", HYPERLPR]})
    assert released_tables.restored_by_each_reader(rows) == [
        (("full", reader), (method, reader))
        for reader in ("direct", HYPERLPR)
        for method in ("degraded", "bicubic")
    ]


def test_files(evaluation, tables, study, weights):
    timing = seconds_per_plate(study, load_plates(study).image, device="cpu")
    assert timing["plates"] == study.settings.evaluation.plates and timing["threads"] == 1
    assert timing["alone"] > 0 and timing["together"] > 0
    figures = write_released(evaluation, tables, timing, study)
    reports = study.paths.reports
    assert json.loads((reports / "metrics" / "headline.json").read_text("utf-8")) == figures
    assert json.loads((reports / "metrics" / "timing.json").read_text("utf-8")) == timing
    assert figures["weights"]["restorer.safetensors"] == sha256_of(weights / "restorer.safetensors")
    assert set(figures["weights"]) == {
        "restorer.safetensors",
        "reader-judge.safetensors",
        "reader-direct.safetensors",
    }
    rows = read_rows(rows_path(study))
    read = rows[(rows["method"] == "degraded") & (rows["reader"] == "direct")]
    found = figures["headline"]["all"]["degraded"]["direct"]["plate_accuracy_without_province"]
    assert found["estimate"] == pytest.approx(read["exact6"].mean(), abs=1e-5)
    assert found["n"] == study.settings.evaluation.plates
    written = pd.read_csv(reports / "tables" / "headline.csv", keep_default_na=False)
    assert len(written) == len(tables["headline"])
    for condition in study.settings.evaluation.conditions:
        assert figure_path(study, condition).stat().st_size > 1000
