"""Which rows each table of the page is made from: thresholds and rivals know no test plate."""

import dataclasses

import pandas as pd
import pytest

from lpr_gfpgan.evaluation import (
    baselines,
    compare,
    load_plates,
    read_rows,
    report,
    restorer,
    rows_path,
    study_conditions,
    write,
)
from lpr_gfpgan.evaluation.classical import UNSHARP, WIENER_FIXED
from lpr_gfpgan.evaluation.filters import best_filter, filter_methods
from lpr_gfpgan.evaluation.protocol import validation_plates
from lpr_gfpgan.evaluation.recoverability import recoverability_conditions
from lpr_gfpgan.evaluation.rows import write_table
from lpr_gfpgan.evaluation.run import RECOVERABILITY, clean_features
from lpr_gfpgan.files import write_json

CLEAN_CONFIDENCE = 0.625


def read_so_well(rows, right, **labels):
    """Copies of rows of which the first characters were read, and no other."""
    length = rows["text"].str.len()
    return rows.assign(
        reading=rows["text"].str[:right],
        matches=["1" * right + "0" * (n - right) for n in length],
        cer=1 - right / length,
        cer6=1 - (right - 1) / (length - 1),
        exact=0,
        exact6=0,
        **labels,
    )


@pytest.fixture(scope="module")
def made(evaluation, study, readers, network, tmp_path_factory):
    """Tables of a test whose best filter is another than on the validation plates."""
    methods = [
        *baselines(),
        *filter_methods(study),
        restorer(network, name="full", variant="full", training_seed=0),
        restorer(network, name="face_recipe", variant="face_recipe", training_seed=0),
    ]
    tested = compare(
        load_plates(study),
        study_conditions(study),
        methods,
        readers,
        consistent=True,
        featured=readers[0],
    )
    features = dataclasses.replace(tested.features, others=clean_features(study, readers[0]))
    judged = evaluation.clean.query("reader == 'judge'")
    after, before = {UNSHARP: 2, WIENER_FIXED: 6}, {UNSHARP: 6, WIENER_FIXED: 2}
    rows = [tested.rows[~tested.rows["method"].isin(after)]]
    rows += [
        read_so_well(tested.rows[tested.rows["method"] == name], n) for name, n in after.items()
    ]
    filters = [
        read_so_well(judged, n, method=name, condition=f"validation/{condition}")
        for name, n in before.items()
        for condition in study.settings.evaluation.conditions
    ]
    clean = evaluation.clean.assign(
        reading=evaluation.clean["text"], exact=1, cer=0.0, confidence=CLEAN_CONFIDENCE
    )
    paths = dataclasses.replace(study.paths, output=tmp_path_factory.mktemp("report"))
    paths.plates.parent.mkdir(parents=True)
    paths.plates.symlink_to(study.paths.plates)
    study = dataclasses.replace(study, paths=paths)
    whole = dataclasses.replace(
        tested, rows=pd.concat(rows), filters=pd.concat(filters), clean=clean, features=features
    )
    write(whole, study)
    one = tested.rows.query("condition == 'light'")
    mapped = [one.assign(condition=name) for name in recoverability_conditions(study)]
    write_table(rows_path(study, RECOVERABILITY), pd.concat(mapped))
    figure = {"estimate": 0.4, "low": 0.3, "high": 0.5, "n": 6}
    write_json(study.paths.metrics("prior"), {"prior": {"kid": figure}})
    return study, whole, report.make_tables(study)


def test_the_filter_to_beat_was_chosen_on_validation_plates(made):
    study, _, tables = made
    assert best_filter(tables["accuracy"]) == WIENER_FIXED
    assert best_filter(tables["filters"]) == UNSHARP
    assert UNSHARP in set(tables["gains"]["second"])
    assert WIENER_FIXED not in set(tables["gains"]["second"])
    own = tables["filters"].query("condition != 'all'")
    names = {f"validation/{name}" for name in study.settings.evaluation.conditions}
    assert set(own["condition"]) == names and (own["n"] == len(validation_plates(study))).all()


def test_thresholds_are_those_of_clean_validation_plates(made):
    study, whole, tables = made
    found = tables["thresholds"]
    assert (found["n"] == len(validation_plates(study))).all()
    assert (found["threshold"] == CLEAN_CONFIDENCE).all()
    # The readers are surer than that of no test plate: none of it is accepted.
    assert (whole.rows["confidence"] < CLEAN_CONFIDENCE).all()
    accepted = tables["false_reads"].query("measure == 'accepted'")
    assert (accepted["estimate"] == 0).all()


def test_every_table_is_of_the_test_s_own_plates(made):
    study, _, tables = made
    n = len(load_plates(study))
    conditions = {*study.settings.evaluation.conditions, "all"}
    for name in ("accuracy", "images", "differences", "false_reads", "calibration", "failures"):
        assert set(tables[name]["condition"]) <= conditions, name
    assert (tables["accuracy"]["n"] == n).all()
    assert set(tables["failures_before"]["condition"]).isdisjoint(conditions)
    stored = read_rows(rows_path(study))
    shares = (1 - stored["cer"].clip(upper=1)).groupby([stored["method"], stored["reader"]]).mean()
    lines = tables["accuracy"].query("condition == 'all' and measure == 'character_accuracy'")
    found = lines.set_index(["method", "reader"])["estimate"]
    pd.testing.assert_series_equal(found.sort_index(), shares, check_names=False)


def test_every_table_is_written(made):
    study, _, tables = made
    files = {path.stem for path in (study.paths.reports / "tables").glob("*.csv")}
    assert files == set(tables)
