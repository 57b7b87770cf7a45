"""The test on photographed plates: what is left out, what is scored, what is written where."""

import dataclasses
import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.errors import ConfigError, DataError, ImageError, LabelError
from lpr_gfpgan.evaluation import real
from lpr_gfpgan.evaluation.classical import CLASSICAL, TRUE_KERNEL
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import Photo, scene_of, split_of

ROOT = Path(__file__).parents[2]
REAL = os.environ.get(real.VARIABLE)
needs_photographs = pytest.mark.skipif(
    not REAL, reason=f"{real.VARIABLE} names no folder of real plates"
)
SETTINGS = real.RealSettings(labels_sha256="0" * 64, plates_per_source=6, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty drawn crops in two sources, three of them with texts of the training split."""
    folder = tmp_path_factory.mktemp("photographs")
    rows = []
    for number in range(20):
        split = "train" if number < 3 else "test"
        scene = scene_of(split, number, seed=5, height=64, width=128, styles={"blue": 1.0})
        source = ("near", "far")[number % 2]
        write_png(folder / "crops" / f"{number}.png", scene.image[12:53])
        rows.append({"source": source, "crop": f"crops/{number}.png", "text": scene.text})
    pd.DataFrame(rows).to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def study(smoke_study, tmp_path_factory):
    """The trained study, its reports in a folder of their own."""
    output = tmp_path_factory.mktemp("real")
    for part in ("data", "models"):
        (output / part).symlink_to(smoke_study.paths.output / part)
    return dataclasses.replace(smoke_study, paths=Paths(output, "smoke"))


@pytest.fixture(scope="module")
def plates(folder, study):
    return real.load_real(folder, study, SETTINGS)


@pytest.fixture(scope="module")
def evaluation(study, plates):
    return real.evaluate_real(study, plates, device="cpu")


@pytest.fixture(scope="module")
def figures(evaluation, plates, study, folder):
    return real.write_real(evaluation, plates, study, labels_sha256=real.labels_hash(folder))


def test_training_texts_are_left_out_and_sources_limited(plates):
    assert (plates.listed, plates.left_out, len(plates.plates)) == (20, 3, 12)
    assert plates.plates.table["source"].value_counts().to_dict() == {"far": 6, "near": 6}
    assert "train" not in set(map(split_of, plates.plates.table["text"]))


def test_the_choice_depends_on_the_seed_alone():
    photos = [Photo(Path(f"{i}.png"), f"皖A{i:05d}", None, "one") for i in range(400)]
    first, left_out = real.choose(photos, SETTINGS)
    assert real.choose(photos, SETTINGS) == (first, left_out)
    assert len(first) == 6 and left_out == sum(split_of(p.text) == "train" for p in photos)
    assert first == sorted(first, key=photos.index)
    assert real.choose(photos, dataclasses.replace(SETTINGS, seed=2))[0] != first


def test_nothing_left_is_an_error():
    photos = [Photo(Path("a.png"), "皖A88888", None, "one")]
    assert split_of("皖A88888") == "train"
    with pytest.raises(DataError, match="training split"):
        real.choose(photos, SETTINGS)


def test_rows(evaluation, plates, study):
    rows = evaluation.rows
    conditions = [real.UNTOUCHED, *study.settings.evaluation.conditions]
    fixed = [name for name in CLASSICAL if name not in TRUE_KERNEL]
    learned = [*study.baselines, "full", "face_recipe"]
    methods = ["original", "degraded", "bicubic", *fixed, *learned]
    installed = importlib.util.find_spec("hyperlpr") is not None
    readers = {"judge", "direct"} | ({"hyperlpr"} if installed else set())
    assert len(rows) == 12 * len(conditions) * len(methods) * len(readers)
    assert set(rows["method"]) == set(methods) and set(rows["reader"]) == readers
    expected = plates.plates.table["source"].to_numpy()[rows["plate"]]
    assert (rows["source"] == expected).all()


def test_untouched_is_the_photograph_itself(evaluation):
    rows = evaluation.rows[evaluation.rows["condition"] == real.UNTOUCHED]
    same = rows[rows["method"].isin(["original", "degraded", "bicubic"])]
    assert np.isinf(same["psnr_frame"]).all()
    restored = rows[rows["method"] == "full"]
    assert np.isfinite(restored["psnr_frame"]).all()


def test_a_reader_judges_where_it_reads_nine_tenths_of_untouched_plates(evaluation):
    rows = evaluation.rows
    reads = {("near", "judge"): 6, ("near", "direct"): 5, ("far", "judge"): 0, ("far", "direct"): 6}
    counted = rows[(rows["condition"] == real.UNTOUCHED) & (rows["method"] == "original")]
    marked = []
    for (source, reader), wanted in reads.items():
        part = counted[(counted["source"] == source) & (counted["reader"] == reader)]
        marked.append(part.assign(exact=[1] * wanted + [0] * (6 - wanted)))
    found = real.may_judge(pd.concat(marked))
    assert found == {"near": ["judge"], "far": ["direct"]}


def test_aggregates(figures, study, folder):
    assert json.loads(real.report_path(study).read_text("utf-8")) == figures
    assert figures["plates"] == {
        "labels_sha256": real.labels_hash(folder),
        "listed": 20,
        "left_out_as_training_texts": 3,
        "scored": 12,
        "sources": {"far": 6, "near": 6},
    }
    assert set(figures["accuracy"]) == {"near", "far", "all"}
    assert set(figures["accuracy"]["near"]) == {"untouched", "light", "strong"}
    cell = figures["accuracy"]["near"]["strong"]["full"]["judge"]["character_accuracy"]
    assert cell["n"] == 6 and cell["low"] <= cell["estimate"] <= cell["high"]
    assert figures["accuracy"]["all"]["light"]["degraded"]["direct"]["plate_accuracy"]["n"] == 12
    by_reader = figures["differences"]["far"]["light"]
    assert set(by_reader) == set(figures["accuracy"]["far"]["light"]["full"])
    pair = by_reader["judge"]["full"]
    fixed = [name for name in CLASSICAL if name not in TRUE_KERNEL]
    others = {"degraded", "bicubic", *fixed, "direct reading", "face_recipe", *study.baselines}
    assert set(pair) == others
    assert figures["failures"] == {"near": 0, "far": 0}


def test_differences_are_those_of_the_reader_they_name(evaluation):
    own = evaluation.rows[evaluation.rows["reader"].isin(["judge", "direct"])]
    other = own[own["reader"] == "judge"].assign(reader="other")
    other["cer"] = np.where(other["method"] == "full", 0.0, 1.0)
    options = {"draws": 100, "seed": 0}
    table = real.differences_by_source(pd.concat([own, other]), **options)
    measure = table["measure"] == "character_accuracy"
    lines = table[measure & (table["condition"] == "light") & (table["second"] == "degraded")]
    told = lines.set_index(["reader", "source"])["estimate"]
    assert set(table["reader"]) == {"judge", "other"} and len(told) == 6
    assert (told["other"] == 1).all() and (told["judge"].abs() < 0.5).all()


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
    public = real.report_path(study).read_text("utf-8")
    assert not any(text in public for text in plates.plates.table["text"])
    assert list(study.paths.reports.rglob("*.png")) == []
    assert real.private_folder(study).parent.name == "private"
    assert "/private/" in (ROOT / ".gitignore").read_text().split()


def test_majority_guess():
    table = pd.DataFrame({"text": ["皖A11111", "皖A11112"], "source": ["one"] * 2})

    class Two:
        plates = dataclasses.make_dataclass("Test", ["table"])(table)

    guess = real.majority_guess(Two, draws=50, seed=0)["one"]
    assert guess["character_accuracy"]["estimate"] == pytest.approx((1 + 6 / 7) / 2, abs=1e-4)
    assert guess["character_accuracy_without_province"]["estimate"] == pytest.approx(
        (1 + 5 / 6) / 2, abs=1e-4
    )


def test_grid(evaluation, plates, study, monkeypatch):
    from lpr_gfpgan.evaluation import restoration_figures as drawing

    seen = {}
    draw = drawing.restoration_grid

    def spy(examples, methods, rows, *, condition):
        seen.update(examples=examples, methods=methods, rows=rows)
        return draw(examples, methods, rows, condition=condition)

    monkeypatch.setattr(drawing, "restoration_grid", spy)
    monkeypatch.setattr(real, "GRID", 4)
    path = real.draw_grid(evaluation, plates, study, condition="strong", device="cpu")
    assert path.parent == real.private_folder(study) and path.stat().st_size > 1000
    assert seen["methods"] == ["original", "degraded", "full"]
    shown = sorted(set(seen["rows"]["plate"]))
    assert plates.plates.table["source"][shown].value_counts().to_dict() == {"far": 2, "near": 2}
    # The pictures are those the rows were scored on: same plates, same degradation.
    np.testing.assert_array_equal(seen["examples"][:, 0], plates.plates.image[shown])
    whole = evaluation.sets[-1]
    np.testing.assert_array_equal(seen["examples"][:, 1], whole.bilinear[shown])
    with pytest.raises(DataError, match="no condition 'fog'"):
        real.draw_grid(evaluation, plates, study, condition="fog", device="cpu")


def test_an_unset_variable_is_one_clear_error(monkeypatch, tmp_path):
    monkeypatch.delenv(real.VARIABLE, raising=False)
    with pytest.raises(DataError, match=f"{real.VARIABLE} is not set"):
        real.real_folder()
    monkeypatch.setenv(real.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(DataError, match="no folder"):
        real.real_folder()


def test_labels_are_checked(folder, tmp_path):
    found = real.labels_hash(folder)
    real.check_folder(folder, dataclasses.replace(SETTINGS, labels_sha256=found))
    with pytest.raises(DataError, match=found):
        real.check_folder(folder, SETTINGS)
    with pytest.raises(DataError, match="neither"):
        real.labels_hash(tmp_path)
    write_png(tmp_path / "皖A88888_1.png", np.zeros((20, 60, 3), np.uint8))
    first = real.labels_hash(tmp_path)
    write_png(tmp_path / "皖A88889_1.png", np.zeros((20, 60, 3), np.uint8))
    assert real.labels_hash(tmp_path) != first


def test_bad_folders(tmp_path, study):
    with pytest.raises(DataError, match="no images"):
        real.load_real(tmp_path, study, SETTINGS)
    name = "025-95_113-154&383_386&473-386&473_177&454_154&383_363&402-0_0_22_27_27_33-37-15.jpg"
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LabelError, match="characters"):
        real.load_real(tmp_path, study, SETTINGS)
    (tmp_path / name).unlink()
    text = next(t for t in (f"皖A{i:05d}" for i in range(100)) if split_of(t) == "test")
    (tmp_path / f"1_{text}.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=text):
        real.load_real(tmp_path, study, SETTINGS)


def test_settings_file(tmp_path):
    settings = real.load_settings(ROOT / real.SETTINGS)
    assert len(settings.labels_sha256) == 64 and settings.plates_per_source > 0
    path = tmp_path / "plates.yaml"
    for content, word in (
        ("labels_sha256: a\nseed: 1\n", "plates_per_source"),
        ("labels_sha256: a\nseed: 1\nplates_per_source: many\n", "expected int"),
        ("labels_sha256: [", "plates.yaml"),
        ("", "expected a block"),
    ):
        path.write_text(content)
        with pytest.raises(ConfigError, match=word):
            real.load_settings(path)


@needs_photographs
def test_the_named_folder_is_the_one_of_the_settings():
    real.check_folder(real.real_folder(), real.load_settings())


@needs_photographs
def test_real_photographs_are_scored(study):
    few = dataclasses.replace(real.load_settings(), plates_per_source=3)
    plates = real.load_real(real.real_folder(), study, few)
    assert plates.left_out > 0 and len(plates.plates) <= 3 * len(plates.sources)
    rows = real.evaluate_real(study, plates, device="cpu").rows
    assert set(rows["source"]) == set(plates.sources)
    assert (rows["cer"] >= 0).all()
