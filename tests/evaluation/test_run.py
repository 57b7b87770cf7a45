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
    baselines,
    compare,
    evaluate,
    examples_path,
    grid_conditions,
    grid_run,
    load_plates,
    method_names,
    read_rows,
    rows_path,
    sets,
    study_conditions,
    write,
)
from lpr_gfpgan.evaluation import run as run_module
from lpr_gfpgan.evaluation.classical import TRUE_KERNEL
from lpr_gfpgan.evaluation.consistency import WRONG
from lpr_gfpgan.evaluation.grid_run import evaluate_grid, grid_rows_path, write_grid
from lpr_gfpgan.evaluation.run import cut_sheet, open_readers
from lpr_gfpgan.files import read_image
from lpr_gfpgan.networks import PlainUNet, PlateReader, RRDBNet, save_weights
from lpr_gfpgan.plates import NUM_CLASSES

from ..needs import HYPERLPR_INSTALLED


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
    assert contents[0] == contents[1] and len(contents[0]) == 6 + 2 + 2


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
    """The study with untrained weights of `full`, both baselines and both readers on disk."""
    output = tmp_path_factory.mktemp("weighted")
    paths = dataclasses.replace(study.paths, output=output)
    (output / "data" / "synthetic").mkdir(parents=True)
    paths.plates.symlink_to(study.paths.plates)
    study = dataclasses.replace(
        study, paths=paths, seeds=[0, 1], variants=["full"], baselines=["plain_unet", "rrdb"]
    )
    for seed in study.seeds:
        for kind, made in (
            ("plain_unet", PlainUNet(base=study.settings.frame.base, channels=[8, 8, 8, 4])),
            ("rrdb", RRDBNet(channels=4, growth=2, blocks=1, shuffle=2)),
        ):
            save_weights(
                paths.baseline(kind, seed), made, kind=kind, config=made.config, provenance={}
            )
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


def with_output(study, folder):
    """The study with its plates and weights, all else to be written below a folder of its own."""
    paths = dataclasses.replace(study.paths, output=folder)
    for own, shared in ((paths.plates, study.paths.plates), (paths.models, study.paths.models)):
        own.parent.mkdir(parents=True)
        own.symlink_to(shared)
    return dataclasses.replace(study, paths=paths)


def test_a_missing_reader_is_named(weighted, tmp_path):
    paths = dataclasses.replace(weighted.paths, output=tmp_path)
    with pytest.raises(WeightsError, match="reader-judge"):
        evaluate(dataclasses.replace(weighted, paths=paths), device="cpu")


def test_from_weights_on_disk(weighted):
    names = method_names(weighted)
    trained = [f"{kind}-{seed}" for kind in ("plain_unet", "rrdb", "full") for seed in (0, 1)]
    assert names[3:] == [*CLASSICAL, *trained]
    published = method_names(weighted, "as_published")
    assert published == [*names[:3], "full-0", "full-1"]
    several = dataclasses.replace(weighted, variants=("full", "no_motion_blur", "face_recipe"))
    restored = method_names(several, "as_published")[3:]
    assert restored == ["full-0", "full-1", "face_recipe-0", "face_recipe-1"]
    assert method_names(several, "corrected") == method_names(several)
    result = evaluate(weighted, device="cpu")
    assert result.methods == names
    assert set(result.rows["training_seed"]) == {"", "0", "1"}
    assert result.rows["plate"].nunique() == 6
    assert np.isfinite(result.rows.query("method != 'original'")["psnr_frame"]).all()
    assert set(result.consistency["method"]) == {*result.methods, WRONG}
    assert result.features.values.shape[:3] == (2, len(names), 6)
    assert len(result.features.others) == weighted.settings.plates.validation
    readers = ["judge", "direct"] + ["hyperlpr"] * HYPERLPR_INSTALLED
    assert list(dict.fromkeys(result.clean["reader"])) == readers
    assert len(result.clean) == len(readers) * weighted.settings.plates.validation
    assert set(result.rows["reader"]) == {"judge", "direct"}
    assert set(result.filters["method"]) == set(CLASSICAL) - set(TRUE_KERNEL)
    own = weighted.settings.evaluation.conditions
    assert set(result.filters["condition"]) == {f"validation/{name}" for name in own}
    assert [s.condition for s in result.sets] == [*own, *(f"validation/{name}" for name in own)]
    assert len({s.pixels_sha256 for s in result.sets}) == 2 * len(own)
    assert set(result.filters["text"]) == set(result.clean["text"])
    assert set(result.filters["reader"]) == {"judge"}


def test_sets_on_disk_give_the_rows_that_fresh_ones_give(weighted, tmp_path, monkeypatch):
    for module in (run_module, grid_run):  # the others take their time and see the same pixels
        monkeypatch.setattr(module, "compared_methods", lambda *given, **named: baselines())
    fresh = with_output(weighted, tmp_path)
    paths = fresh.paths
    assert not paths.degraded.exists()
    runs = (evaluate, functools.partial(evaluate_grid, protocol="corrected"))
    first = [run(fresh, device="cpu") for run in runs]
    cells = {s.condition for result in first for s in result.sets}
    kept = {p.relative_to(paths.degraded).as_posix() for p in paths.degraded.rglob("*.npz")}
    assert kept == {f"{name}.npz" for name in cells}

    def never(*arguments):
        raise AssertionError("degraded again")

    monkeypatch.setattr(sets, "degraded_set", never)
    for before, run in zip(first, runs, strict=True):
        again = run(fresh, device="cpu")
        pd.testing.assert_frame_equal(again.rows, before.rows)
        pd.testing.assert_frame_equal(again.consistency, before.consistency)
    on_the_fly = compare(
        load_plates(fresh), study_conditions(fresh), baselines(), open_readers(fresh, "cpu")
    )
    pd.testing.assert_frame_equal(on_the_fly.rows, first[0].rows)


@pytest.mark.parametrize("name", ["bilinear", "parameters"])
@pytest.mark.parametrize(
    ("run", "find"),
    [
        (evaluate, study_conditions),
        (
            functools.partial(evaluate_grid, protocol="corrected"),
            functools.partial(grid_conditions, protocol="corrected"),
        ),
    ],
    ids=["test", "grid"],
)
def test_a_tampered_set_stops_the_run(weighted, tmp_path, run, find, name):
    study = with_output(weighted, tmp_path)
    first, settings = find(study)[0], study.settings.evaluation
    count = settings.plates if run is evaluate else settings.grid_plates
    sets.kept_degraded_set(study.paths.degraded, load_plates(study, count=count), first)
    path = sets.degraded_path(study.paths.degraded, first)
    with np.load(path) as stored:
        held = dict(stored)
    if name == "parameters":
        held[name]["jpeg_quality"][1] += 1
    else:
        held[name][1, 5, 7, 0] ^= 1
    np.savez(path, **held)
    words = f"{first.name}.npz: the {name if name == 'parameters' else 'pixels'} are not those of"
    with pytest.raises(DataError, match=f"{words} its hash; delete it, or make all sets again"):
        run(study, device="cpu")


def test_sets_of_other_settings_stop_the_run(weighted, tmp_path):
    study = with_output(weighted, tmp_path)
    sets.write_study_sets(study)
    evaluation = dataclasses.replace(study.settings.evaluation, plates=5)
    settings = dataclasses.replace(study.settings, evaluation=evaluation)
    with pytest.raises(DataError, match=r"light\.npz was made from other plates than these"):
        evaluate(dataclasses.replace(study, settings=settings), device="cpu")


def test_the_grid_of_the_public_code(weighted):
    """The notebook of the grid runs the corrected protocol."""
    grid = evaluate_grid(weighted, "as_published", device="cpu")
    facts = write_grid(grid, weighted, "as_published")
    assert facts["conditions"] + len(facts["skipped"]) == 51
    assert grid.methods == method_names(weighted, "as_published")
    assert (grid.rows.groupby("condition")["plate"].nunique() == 4).all()
    stored = read_rows(grid_rows_path(weighted, "as_published"))
    pd.testing.assert_frame_equal(stored, grid.rows, rtol=1e-5)
