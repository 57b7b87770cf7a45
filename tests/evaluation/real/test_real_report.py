"""What the test on photographed plates writes, and what stays private."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import real_figures, real_plates, real_report, real_tables
from lpr_gfpgan.evaluation.classical import CLASSICAL, TRUE_KERNEL
from lpr_gfpgan.evaluation.measures import READING_MEASURES, SHARES
from lpr_gfpgan.evaluation.run import Evaluation

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tables(evaluation, acceptance, study):
    return real_report.make_real_tables(evaluation, acceptance, study)


@pytest.fixture(scope="module")
def figures(evaluation, acceptance, tables, plates, study, folder):
    return real_report.write_real(
        evaluation,
        acceptance,
        tables,
        plates,
        study,
        labels_sha256=real_plates.labels_hash(folder),
    )


def leaves(value):
    """Every innermost dictionary."""
    inner = [v for v in value.values() if isinstance(v, dict)]
    return [leaf for v in inner for leaf in leaves(v)] if inner else [value]


def test_aggregates(figures, evaluation, plates, study, folder):
    assert json.loads(real_report.report_path(study).read_text("utf-8")) == figures
    assert figures["plates"] == {
        "labels_sha256": real_plates.labels_hash(folder),
        "images_sha256": plates.images_sha256,
        "listed": 20,
        "left_out_as_training_texts": 3,
        "scored": 12,
        "sources": {"far": 6, "near": 6},
        "reference": 3,
    }
    assert set(figures["accuracy"]) == {"near", "far", "all"}
    assert set(figures["accuracy"]["near"]) == {"untouched", "light", "strong"}
    cell = figures["accuracy"]["near"]["strong"]["full"]["judge"]["character_accuracy"]
    assert cell["n"] == 6 and cell["low"] <= cell["estimate"] <= cell["high"]
    assert figures["accuracy"]["all"]["light"]["degraded"]["direct"]["plate_accuracy"]["n"] == 12
    assert figures["failures"] == {"near": 0, "far": 0}
    for cell in (
        figures["accuracy"]["all"]["light"]["degraded"]["judge"],
        figures["majority_guess"]["far"],
    ):
        assert set(cell) == set(READING_MEASURES)
    assert figures["sets"] == {
        s.condition: {"set_sha256": s.set_sha256, "pixels_sha256": s.pixels_sha256}
        for s in evaluation.sets
    }


def test_direct_reading_of_restored_plates_is_left_out(figures):
    for name in ("accuracy", "false_reads"):
        found = figures[name]["near"]["light"]
        assert "direct" in found["degraded"] and "judge" in found["full"]
        assert "direct" not in found["full"]


def test_aggregates_equal_the_mean_of_the_rows(figures, evaluation):
    rows = evaluation.rows
    chosen = rows[
        (rows["source"] == "far")
        & (rows["condition"] == "light")
        & (rows["method"] == "original")
        & (rows["reader"] == "judge")
    ]
    mean = (1 - chosen["cer"]).clip(lower=0).mean()
    cell = figures["accuracy"]["far"]["light"]["original"]["judge"]["character_accuracy"]
    assert cell["estimate"] == pytest.approx(mean, abs=1e-5)


def test_no_reading_and_no_picture_leaves_the_private_folder(figures, plates, study):
    public = real_report.report_path(study).read_text("utf-8")
    texts = [*plates.plates.table["text"], *plates.reference.table["text"]]
    assert len(texts) == 15 and not any(text in public for text in texts)
    folder = real_report.private_folder(study)
    kept = {path.name for path in folder.iterdir()}
    assert kept >= {"rows.csv.gz", "clean.csv.gz", "acceptance.csv.gz"}
    assert list(study.paths.reports.rglob("*.png")) == []
    assert real_report.private_folder(study).parent.name == "private"
    assert "/private/" in (ROOT / ".gitignore").read_text().split()


def test_the_full_model_is_compared_with_every_other(tables, study):
    fixed = [name for name in CLASSICAL if name not in TRUE_KERNEL]
    others = {"degraded", "bicubic", *fixed, "direct reading", "face_recipe", *study.baselines}
    for _, cell in tables["differences"].groupby(["source", "condition", "reader", "measure"]):
        assert set(cell["second"]) == others and set(cell["first"]) == {"full"}


def test_every_part_is_described(figures):
    described = re.findall(r"^- (\w+)[.:]", real_report.__doc__, re.MULTILINE)
    assert sorted(described) == sorted(figures)


@pytest.fixture(scope="module")
def known(make_rows):
    """A test of which `judge` may judge one source and `other` both, and what is nested of it."""

    def rule(key):
        far_fails = key["source"] == "far" and key["reader"] == "judge"
        right = (key["method"] == "original" and not far_fails) or key["plate"] % 2 == 0
        return right, 0.9 if right else 0.4

    rows = make_rows(rule, readers=("judge", "direct", "other"))
    once = (rows["condition"] == "untouched") & (rows["method"] == "original")
    # Other plates than the scored ones, and surer readings of them.
    clean = rows[once].assign(condition="validation", exact=1)
    clean = clean.assign(plate=clean["plate"] + 100, confidence=0.95)
    return Evaluation(rows, [], {}, [], clean=clean)


def nested(known, acceptance, study):
    tables = real_report.make_real_tables(known, acceptance, study)
    return real_report.nest(tables, real_tables.may_judge(known.rows))


def test_every_figure_is_whole(known, acceptance, study):
    found = nested(known, acceptance, study)
    for name in real_report.LEVELS:
        assert found[name], name
        for leaf in leaves(found[name]):
            ends = {"estimate", "low", "high", "n"} if "low" in leaf else {"estimate", "n"}
            extra = {"count", "mcnemar_p", "holm_p"} if name == "changes" else set()
            if name == "differences" and "holm_p" in leaf:
                extra = {"mcnemar_p", "holm_p"}
            assert set(leaf) == ends | extra
            assert all(np.isfinite(value) for value in leaf.values())
    gap = found["confidence"]["near"]["light"]["degraded"]["judge"]["confidence_gap"]
    assert (gap["estimate"], gap["n"]) == (0.5, 10)
    lost = found["differences"]["near"]["light"]["judge"]["full"]["degraded"]
    assert {measure for measure in lost if "holm_p" in lost[measure]} == set(SHARES)
    assert set(lost) == set(READING_MEASURES)
    # Where all readings are right there is no gap, and no figure.
    assert "confidence_gap" not in found["confidence"]["near"]["light"]["original"]["judge"]


def test_differences_are_told_of_readers_where_they_may_judge(known, acceptance, study):
    found = nested(known, acceptance, study)["differences"]
    assert {source: set(found[source]["light"]) for source in found} == {
        "near": {"judge", "other"},
        "far": {"other"},
        "all": {"other"},
    }


def test_each_figure_has_a_line_of_its_own(figures, study):
    text = real_report.report_path(study).read_text("utf-8")
    assert json.loads(text) == figures
    count = sum(len(leaves(figures[name])) for name in real_report.LEVELS)
    assert len(re.findall(r"^ +\"[^\"]+\": \{\"estimate.*\},?$", text, re.MULTILINE)) >= count


def test_acceptance_is_told_by_source_and_condition(figures):
    found = figures["acceptance"]
    assert set(found) == {"near", "far", "all"}
    assert set(found["all"]) == {"untouched", "light", "strong"}
    assert found["far"]["strong"]["estimate"] == 0 and found["far"]["strong"]["high"] > 0.3
    assert found["all"]["strong"] | {"low": 0, "high": 1} == {
        "estimate": 0.5,
        "low": 0,
        "high": 1,
        "n": 12,
    }


def test_thresholds_say_what_they_were_set_on(figures, evaluation):
    assert set(figures["thresholds"]) == set(evaluation.clean["reader"])
    for reader, found in figures["thresholds"].items():
        own = evaluation.clean[evaluation.clean["reader"] == reader]
        assert found["set_on"] == own["condition"].iloc[0]
        assert found["accepted"]["n"] == len(own)
        assert (found["threshold"] is None) == (found["accepted"]["estimate"] == 0)


def test_thresholds_are_those_of_the_clean_plates(known, acceptance, study):
    found = nested(known, acceptance, study)
    assert {each["threshold"] for each in found["thresholds"].values()} == {0.95}
    # No scored plate is read with more than 0.9, so none is accepted.
    cells = found["false_reads"]["near"]["light"]["degraded"]
    assert {each["accepted"]["estimate"] for each in cells.values()} == {0.0}


def test_a_reader_that_accepts_nothing_has_no_threshold_in_json(known, acceptance, study):
    never = dataclasses.replace(known, clean=known.clean.assign(exact=0))
    found = nested(never, acceptance, study)
    assert {each["threshold"] for each in found["thresholds"].values()} == {None}
    shares = [
        cell["false_reads"]["estimate"]
        for source in found["false_reads"].values()
        for condition in source.values()
        for method in condition.values()
        for cell in method.values()
    ]
    assert shares and set(shares) == {0.0}


def test_grid(evaluation, plates, study, monkeypatch):
    from lpr_gfpgan.evaluation import restoration_figures as drawing

    seen = {}
    draw = drawing.restoration_grid

    def spy(examples, methods, rows, *, condition):
        seen.update(examples=examples, methods=methods, rows=rows)
        return draw(examples, methods, rows, condition=condition)

    monkeypatch.setattr(drawing, "restoration_grid", spy)
    monkeypatch.setattr(real_figures, "GRID", 4)
    path = real_figures.draw_grid(evaluation, plates, study, condition="strong", device="cpu")
    assert path.parent == real_report.private_folder(study) and path.stat().st_size > 1000
    assert seen["methods"] == ["original", "degraded", "full"]
    shown = sorted(set(seen["rows"]["plate"]))
    assert plates.plates.table["source"][shown].value_counts().to_dict() == {"far": 2, "near": 2}
    # The pictures are those the rows were scored on: same plates, same degradation.
    np.testing.assert_array_equal(seen["examples"][:, 0], plates.plates.image[shown])
    whole = evaluation.sets[-1]
    np.testing.assert_array_equal(seen["examples"][:, 1], whole.bilinear[shown])
    with pytest.raises(DataError, match="no condition 'fog'"):
        real_figures.draw_grid(evaluation, plates, study, condition="fog", device="cpu")
