"""Two recipes on photographs: what is tested, what is kept of it, what is computed from that."""

import dataclasses
import gzip
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan import networks
from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.errors import DataError, WeightsError
from lpr_gfpgan.evaluation import recipes, recipes_report
from lpr_gfpgan.evaluation.lines import POOLED
from lpr_gfpgan.evaluation.methods import FULL
from lpr_gfpgan.evaluation.real_tables import may_judge
from lpr_gfpgan.evaluation.rows import write_table
from lpr_gfpgan.evaluation.run import rows_path
from lpr_gfpgan.files import sha256_of
from lpr_gfpgan.metrics import holm
from lpr_gfpgan.plates import split_of
from lpr_gfpgan.settings import PhotographsSettings

from .conftest import tiny_restorer

PHOTOGRAPHS = PhotographsSettings(sources=["mine"], reader=2, restorer=2, l1=1.0, l1_width=28)
CONDITIONS = ["untouched", "width 40", "width 32", "motion", "defocus", "mixed"]
METHODS = ["original", "degraded", "bicubic", "full", "face_recipe"]


@pytest.fixture(scope="module")
def both(smoke, weights, tmp_path_factory):
    """Both recipes with tiny untrained networks, each in its own profile's folder."""
    output = tmp_path_factory.mktemp("recipes")
    place = dataclasses.replace(smoke, paths=Paths(output, "smoke"))
    study = recipes.recipes_study(place, weights)
    for seed, (variant, profile) in enumerate(recipes.RECIPES.items()):
        network = tiny_restorer(seed)
        networks.save_weights(
            output / "models" / profile / f"restorer-{variant}-0.safetensors",
            network,
            kind="restorer",
            config=network.config,
            provenance={"variant": variant, "profile": profile},
        )
    return study


def write(rows, both, study):
    """As the tool does, with files in the place of what trained both."""
    trained = dataclasses.replace(
        study,
        paths=Paths(both.paths.output, "trained"),
        settings=dataclasses.replace(study.settings, photographs=PHOTOGRAPHS),
    )
    for path in (trained.paths.prior, trained.paths.reader("loss"), trained.paths.photographs):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    hashes = {"images_sha256": "of images", "labels_sha256": "of labels"}
    recipes.write_recipes(rows, study, trained, **hashes)


@pytest.fixture(scope="module")
def rows(both, real_plates):
    return recipes.evaluate_recipes(both, real_plates, device="cpu")


@pytest.fixture(scope="module")
def kept(both, rows):
    write(rows, both, both)
    return rows_path(both, recipes.NAME)


def test_both_are_tested_on_photographs_no_training_saw(rows, real_plates):
    assert list(rows["condition"].unique()) == CONDITIONS
    assert list(rows["method"].unique()) == METHODS
    assert "train" not in set(rows["text"].map(split_of))
    assert set(rows["source"]) == {"near", "far"}
    assert len(rows) == len(real_plates.plates) * 6 * 5 * rows["reader"].nunique()
    wide = rows[rows["reader"] == "judge"].pivot(
        index=["condition", "plate"], columns="method", values="mse_frame"
    )
    assert (wide["full"] != wide["face_recipe"]).all()  # two networks, not one twice


def test_no_text_reading_or_picture_is_kept(rows, both, tmp_path):
    place = dataclasses.replace(both, paths=dataclasses.replace(both.paths, output=tmp_path))
    shutil.copytree(both.paths.output / "models", tmp_path / "models")
    known = rows.assign(
        reading="SENTINEL-reading", matches="SENTINEL", retried="SENTINEL", failure="SENTINEL"
    )
    write(known, both, place)
    kept = gzip.decompress(rows_path(place, recipes.NAME).read_bytes()).decode()
    beside = recipes.provenance_path(place).read_text("utf-8")
    for text in (kept, beside):
        assert "SENTINEL" not in text
        assert not any(plate in text for plate in rows["text"].unique())
    assert kept.splitlines()[0].split(",") == [
        *("source", "condition", "method", "variant", "training_seed", "reader", "plate"),
        *("exact", "exact6", "cer", "cer6"),
    ]
    failures = json.loads(beside)["failures"]
    assert sum(entry["n"] for entry in failures) == len(rows)
    assert set(failures[0]) == {"source", "condition", "method", "reader", "n"}


def test_plates_are_numbered_by_how_they_were_read_and_stay_whole(rows):
    known = np.random.default_rng(1).integers(0, 2, (4, len(rows)))
    rows = rows.assign(**dict(zip(("exact", "exact6", "cer", "cer6"), known, strict=True)))
    anew = recipes.without_names(rows)
    # Whatever order the photographs come in, the rows are the same.
    turned = rows.assign(plate=rows["plate"].max() - rows["plate"])
    pd.testing.assert_frame_equal(anew, recipes.without_names(turned))
    keys = ["condition", "method", "reader"]

    def plates(table):
        wide = table.pivot(index=["source", "plate"], columns=keys, values=["exact", "cer6"])
        wide = wide.sort_index(axis=1)
        return sorted(
            (key[0], *values) for key, values in zip(wide.index, wide.to_numpy(), strict=True)
        )

    assert plates(anew) == plates(rows)  # each plate's results belong together as before


def test_what_is_read_back_is_what_was_written(kept, rows, both):
    again, facts = recipes.read_recipes(recipes_report.report_study(both))
    pd.testing.assert_frame_equal(again, recipes.without_names(rows), rtol=1e-5)
    for variant, profile in recipes.RECIPES.items():
        path = both.paths.restorer(variant, 0)
        assert path.parent.name == profile
        assert facts["recipes"][variant]["weights_sha256"] == sha256_of(path)
        assert facts["recipes"][variant]["profile"] == profile
    assert facts["readers"]["judge"] == sha256_of(both.paths.reader("judge"))
    assert set(facts["readers"]) == {"judge", "direct"}
    trained = Paths(both.paths.output, "trained")
    assert facts["trained_on"] == {
        "prior": sha256_of(trained.prior),
        "reader-loss": sha256_of(trained.reader("loss")),
        "photographs": [sha256_of(trained.photographs)],
    }
    assert list(facts["conditions"]) == CONDITIONS[1:]
    assert (facts["labels_sha256"], facts["images_sha256"]) == ("of labels", "of images")
    assert facts["failures"] == []
    assert (facts["hyperlpr"] is not None) == ("hyperlpr" in set(rows["reader"]))


def test_figures_are_differences_paired_by_plate(kept, both):
    report = recipes_report.report_study(both)
    rows, facts = recipes.read_recipes(report)
    # Untrained networks read nothing: readings are put in their place, known ones; all originals
    # are read and few degraded plates.
    known = np.random.default_rng(0).integers(0, 2, len(rows))
    known[rows["method"] == "original"] = 1
    known[(rows["method"] == "degraded") & (rows["plate"] > 1)] = 0
    rows = rows.assign(exact=known, exact6=known)
    tables = recipes_report.make_recipes_tables(rows, report)
    figures = recipes_report.write_report(rows, facts, tables, report)
    assert json.loads((report.paths.reports / "recipes.json").read_text("utf-8")) == figures
    read = rows[(rows["reader"] == "judge") & (rows["condition"] == "motion")]
    mean = read.groupby("method")["exact6"].mean()
    for second in recipes_report.SECONDS:
        own = figures["gain"][second][POOLED]["motion"]["judge"]
        found = own["plate_accuracy_without_province"]
        assert found["estimate"] == pytest.approx(mean[FULL] - mean[second], abs=1e-5)
        assert found["low"] <= found["estimate"] <= found["high"]
        raw, adjusted = (
            [
                figures["gain"][second][POOLED][name]["judge"]["plate_accuracy"][key]
                for name in CONDITIONS
            ]
            for key in ("mcnemar_p", "holm_p")
        )
        np.testing.assert_allclose(adjusted, holm(np.array(raw)), rtol=0.01)
    # All conditions but the untouched photographs, each photograph with all of its rows.
    own = rows[(rows["reader"] == "judge") & (rows["condition"] != "untouched")]
    mean_of_all = own.groupby(["method", "condition"])["exact6"].mean().groupby("method").mean()
    for second in recipes_report.SECONDS:
        found = figures["overall"][second][POOLED]["judge"]["plate_accuracy_without_province"]
        assert found["estimate"] == pytest.approx(mean_of_all[FULL] - mean_of_all[second], abs=1e-5)
        assert found["low"] <= found["estimate"] <= found["high"]
        assert found["n"] == rows["plate"].nunique()
    recovered = figures["recovered"][POOLED]["motion"][FULL]["judge"]
    assert recovered["plate_accuracy_without_province"]["estimate"] == pytest.approx(
        (mean[FULL] - mean["degraded"]) / (mean["original"] - mean["degraded"]), abs=1e-4
    )
    assert figures["plates"] == rows["plate"].nunique()
    assert figures["failures"] == facts["failures"] == []
    assert figures["may_judge"] == may_judge(rows)
    share = figures["accuracy"]["near"]["mixed"]["face_recipe"]["direct"]["plate_accuracy"]
    own = rows[
        (rows["reader"] == "direct")
        & (rows["condition"] == "mixed")
        & (rows["method"] == "face_recipe")
        & (rows["source"] == "near")
    ]
    assert share["estimate"] == pytest.approx(own["exact"].mean(), abs=1e-5)
    assert share["n"] == len(own)
    assert recipes_report.figure_path(report).stat().st_size > 10_000
    drawn = recipes_report.recipes_figure(tables["accuracy"], ["judge"])
    names = [axes.get_ylabel().splitlines()[0] for axes in drawn.axes]
    assert names[:2] == ["judge", "direct *"]
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == list(recipes_report.SHOWN)


def test_conditions_of_other_photographs_are_not_averaged(kept, both):
    report = recipes_report.report_study(both)
    rows, _ = recipes.read_recipes(report)
    gone = (rows["condition"] == "motion") & (rows["plate"] == 0)
    with pytest.raises(DataError, match="a condition lacks a photograph"):
        recipes_report.make_recipes_tables(rows[~gone], report)


def test_a_recipe_that_is_not_trained_is_refused(both, real_plates, tmp_path):
    paths = recipes.RecipePaths(tmp_path, recipes.NAME, both.paths.folder)
    with pytest.raises(WeightsError, match="recipe_full"):
        recipes.evaluate_recipes(dataclasses.replace(both, paths=paths), real_plates)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.unlink(), "no rows in .* run `make recipes` first"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "is damaged"),
        (lambda path: without(path, "exact6"), "no column 'exact6'"),
        (lambda path: without(path), r"provenance\.json is not of the rows in"),
        (
            lambda path: (path.parents[1] / "provenance.json").write_text("{"),
            r"provenance\.json: cannot be read .* run `make recipes` again",
        ),
    ],
    ids=["missing", "cut", "column", "others", "provenance"],
)
def test_what_cannot_be_used_is_named(kept, both, tmp_path, change, message):
    report = dataclasses.replace(both, paths=Paths(tmp_path, recipes.NAME))
    copy = shutil.copytree(kept.parents[1], tmp_path / "reports" / recipes.NAME)
    change(copy / "rows" / kept.name)
    with pytest.raises(DataError, match=message):
        recipes.read_recipes(report)


def without(path, *columns):
    """Writes all rows but the last, without these columns."""
    write_table(path, pd.read_csv(path)[:-1].drop(columns=list(columns)))


def test_both_profiles_differ_in_the_warm_up_alone():
    full, face = (load_study(profile) for profile in recipes.RECIPES.values())
    assert full.seeds == face.seeds
    own, other = full.settings, face.settings
    assert (own.restorer.warmup.motion_blur, own.restorer.warmup.recognition_loss) == (True, True)
    assert other.restorer.warmup.motion_blur is other.restorer.warmup.recognition_loss is False
    warmup = dataclasses.replace(own.restorer.warmup, motion_blur=False, recognition_loss=False)
    same = dataclasses.replace(own.restorer, warmup=warmup)
    assert dataclasses.replace(own, restorer=same) == other
    release = load_study("release").settings
    assert dataclasses.replace(own, restorer=release.restorer) == release
    assert own.restorer.recognition_on == "plate"  # as the committed rows were made
