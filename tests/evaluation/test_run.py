"""The whole test on a tiny scale: every row is there, and means what it says."""

import dataclasses
import functools
import json

import numpy as np
import pandas as pd
import pytest
import torch

from lpr_gfpgan.errors import ConfigError, DataError, LprError, WeightsError
from lpr_gfpgan.evaluation import (
    CLASSICAL,
    evaluate,
    examples_path,
    method_names,
    read_rows,
    rows_path,
    write,
)
from lpr_gfpgan.evaluation.classical import TRUE_KERNEL
from lpr_gfpgan.evaluation.consistency import WRONG
from lpr_gfpgan.evaluation.grid_run import evaluate_grid, grid_rows_path, write_grid
from lpr_gfpgan.evaluation.run import cut_sheet
from lpr_gfpgan.files import read_image
from lpr_gfpgan.networks import PlateReader, save_weights
from lpr_gfpgan.plates import NUM_CLASSES


def test_one_row_per_plate_condition_method_and_reader(evaluation, study, plates):
    rows = evaluation.rows
    conditions = study.settings.evaluation.conditions
    assert len(rows) == len(plates) * len(conditions) * 5 * 2
    counts = rows.groupby(["condition", "method", "reader"])["plate"].nunique()
    assert (counts == len(plates)).all() and len(counts) == len(conditions) * 5 * 2
    assert list(dict.fromkeys(rows["method"])) == evaluation.methods


def test_the_original_is_perfect(evaluation):
    original = evaluation.rows.query("method == 'original'")
    assert (original["exact"] == 1).all() and (original["exact6"] == 1).all()
    assert (original["cer"] == 0).all()
    assert np.isinf(original["psnr_plate"]).all() and np.isinf(original["psnr_frame"]).all()
    assert np.allclose(original["ssim_plate"], 1) and np.allclose(original["ssim_frame"], 1)
    assert (original["mse_plate"] == 0).all() and (original["mse_frame"] == 0).all()


@pytest.mark.parametrize("region", ["plate", "frame"])
def test_mean_squared_error_and_psnr_say_the_same(evaluation, region):
    rows = evaluation.rows.query("method != 'original'")
    expected = 10 * np.log10(255**2 / rows[f"mse_{region}"])
    assert np.allclose(rows[f"psnr_{region}"], expected)


def test_short_readings_count_their_missing_characters_as_errors(evaluation):
    rows = evaluation.rows.query("method == 'degraded' and reader == 'judge'")
    length = rows["text"].str.len()
    assert (rows["reading"].str.len() == length - 3).all()
    assert (rows["exact"] == 0).all() and (rows["exact6"] == 0).all()
    assert np.allclose(rows["cer"], 3 / length)
    assert np.allclose(rows["cer6"], 3 / (length - 1))
    assert (rows["matches"].str.len() == length).all()
    assert (rows["matches"].str.count("1") == length - 3).all()
    direct = evaluation.rows.query("method == 'degraded' and reader == 'direct'")
    assert np.allclose(direct["cer"], 1 / direct["text"].str.len())


def test_both_readers_see_the_same_pixels(evaluation):
    judge, direct = (
        evaluation.rows.query(f"reader == '{name}'")[["psnr_plate", "ssim_plate"]].to_numpy()
        for name in ("judge", "direct")
    )
    assert np.array_equal(judge, direct)


def test_equal_networks_get_equal_rows(evaluation):
    full, recipe = (
        evaluation.rows.query(f"method == '{name}'").reset_index(drop=True)
        for name in ("full", "face_recipe")
    )
    ignored = ["method", "variant"]
    pd.testing.assert_frame_equal(full.drop(columns=ignored), recipe.drop(columns=ignored))


def test_written_files_repeat_byte_for_byte(evaluation, study, tmp_path):
    contents = []
    for name in ("first", "second"):
        paths = dataclasses.replace(study.paths, output=tmp_path / name)
        figures = write(evaluation, dataclasses.replace(study, paths=paths))
        files = sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
        contents.append({p.relative_to(tmp_path / name): p.read_bytes() for p in files})
        assert json.loads(paths.metrics("evaluation").read_text()) == figures
    assert contents[0] == contents[1] and len(contents[0]) == 5 + 2 + 2


def test_rows_survive_the_file(evaluation, study, tmp_path):
    study = dataclasses.replace(study, paths=dataclasses.replace(study.paths, output=tmp_path))
    write(evaluation, study)
    stored = read_rows(rows_path(study))
    pd.testing.assert_frame_equal(stored, evaluation.rows, rtol=1e-5)


def test_readings_that_look_like_missing_values_stay_text(evaluation, study, tmp_path):
    odd = evaluation.rows.assign(reading=["", "NA", "1"] + ["nan"] * (len(evaluation.rows) - 3))
    study = dataclasses.replace(study, paths=dataclasses.replace(study.paths, output=tmp_path))
    write(dataclasses.replace(evaluation, rows=odd), study)
    assert list(read_rows(rows_path(study))["reading"][:4]) == ["", "NA", "1", "nan"]


def test_example_sheets_hold_what_was_scored(evaluation, study, plates, tmp_path):
    study = dataclasses.replace(study, paths=dataclasses.replace(study.paths, output=tmp_path))
    write(evaluation, study)
    sheet = read_image(examples_path(study, "strong"))
    examples = cut_sheet(sheet, evaluation.methods, study.settings.frame.size)
    assert np.array_equal(examples, evaluation.examples["strong"])
    assert np.array_equal(examples[:, 0], plates.image[: len(examples)])


def test_rows_that_are_missing_damaged_or_doubled(evaluation, tmp_path):
    with pytest.raises(DataError, match="make reproduce"):
        read_rows(tmp_path / "none.csv.gz")
    (tmp_path / "bad.csv.gz").write_bytes(b"not gzip at all")
    with pytest.raises(DataError, match="damaged"):
        read_rows(tmp_path / "bad.csv.gz")
    pd.concat([evaluation.rows, evaluation.rows[:1]]).to_csv(tmp_path / "twice.csv", index=False)
    with pytest.raises(DataError, match="occurs twice"):
        read_rows(tmp_path / "twice.csv")
    evaluation.rows.drop(columns="cer").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(DataError, match="no column 'cer'"):
        read_rows(tmp_path / "less.csv")


@pytest.mark.parametrize(
    "run", [evaluate, functools.partial(evaluate_grid, protocol="corrected")], ids=["test", "grid"]
)
def test_a_named_device_is_checked_and_runs_on_the_study_s_threads(study, run, tmp_path):
    paths = dataclasses.replace(study.paths, output=tmp_path)
    settings = dataclasses.replace(study.settings, cpu_threads=2)
    study = dataclasses.replace(study, paths=paths, settings=settings)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with pytest.raises(ConfigError, match="device 'toaster': not on this machine"):
            run(study, device="toaster")
        with pytest.raises(LprError):  # nothing is trained here
            run(study, device="cpu")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def weighted(study, network, tmp_path_factory):
    """The study with untrained weights of two seeds of `full` and of both readers on disk."""
    output = tmp_path_factory.mktemp("weighted")
    paths = dataclasses.replace(study.paths, output=output)
    (output / "data" / "synthetic").mkdir(parents=True)
    paths.plates.symlink_to(study.paths.plates)
    study = dataclasses.replace(study, paths=paths, seeds=[0, 1], variants=["full"])
    for seed in study.seeds:
        save_weights(
            paths.restorer("full", seed),
            network,
            kind="restorer",
            config=network.config,
            provenance={},
        )
    for name in ("judge", "direct"):
        settings = getattr(study.settings.readers, name)
        reader = PlateReader(
            architecture=settings.architecture,
            channels=settings.channels,
            input_size=study.settings.readers.crop,
            num_classes=NUM_CLASSES,
            seed=settings.seed,
        )
        save_weights(paths.reader(name), reader, kind="reader", config=reader.config, provenance={})
    return study


def test_a_missing_reader_is_named(weighted, tmp_path):
    paths = dataclasses.replace(weighted.paths, output=tmp_path)
    with pytest.raises(WeightsError, match="reader-judge"):
        evaluate(dataclasses.replace(weighted, paths=paths), device="cpu")


def test_from_weights_on_disk(weighted):
    names = method_names(weighted)
    assert names[3:] == [*CLASSICAL, "full-0", "full-1"]
    published = method_names(weighted, "as_published")
    assert set(names) - set(published) == set(TRUE_KERNEL)
    result = evaluate(weighted, device="cpu")
    assert result.methods == names
    assert set(result.rows["training_seed"]) == {"", "0", "1"}
    assert result.rows["plate"].nunique() == 6
    assert np.isfinite(result.rows.query("method != 'original'")["psnr_frame"]).all()
    assert set(result.consistency["method"]) == {*result.methods, WRONG}
    assert len(result.clean) == 2 * weighted.settings.plates.validation
    assert result.features.values.shape[:3] == (2, len(names), 6)
    assert len(result.features.others) == weighted.settings.plates.validation


def test_the_grid_of_the_public_code(weighted):
    """The notebook of the grid runs the corrected protocol."""
    grid = evaluate_grid(weighted, "as_published", device="cpu")
    facts = write_grid(grid, weighted, "as_published")
    assert facts["conditions"] + len(facts["skipped"]) == 51
    assert grid.methods == method_names(weighted, "as_published")
    assert (grid.rows.groupby("condition")["plate"].nunique() == 4).all()
    stored = read_rows(grid_rows_path(weighted, "as_published"))
    pd.testing.assert_frame_equal(stored, grid.rows, rtol=1e-5)
