"""Degraded sets on disk come back as they were, or not at all."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.degradations import DegradationParameters
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    GridCondition,
    conditions,
    degraded_set,
    grid_conditions,
    kept_degraded_set,
    load_plates,
    read_degraded_set,
    skipped,
    study_conditions,
    write_degraded_set,
    write_study_sets,
)
from lpr_gfpgan.evaluation.grid import FACTORS, PROTOCOLS
from lpr_gfpgan.evaluation.protocol import validation_conditions, validation_plates
from lpr_gfpgan.training.pictures import to_pixels

PUBLISHED = GridCondition(protocol="as_published", level=1, factors=FACTORS, seed=7)
CORRECTED = GridCondition(protocol="corrected", level=2, factors=FACTORS, seed=7)
LOW = GridCondition(protocol="corrected", low_resolution=30, seed=7)
CELLS = pytest.mark.parametrize("condition", [PUBLISHED, CORRECTED, LOW], ids=lambda c: c.name)


@pytest.fixture
def kept(plates, tmp_path):
    """A written set that a test may tamper with."""
    path = tmp_path / "set.npz"
    write_degraded_set(path, degraded_set(plates, LOW), plates)
    return path


def tamper(path, **arrays):
    with np.load(path) as stored:
        held = dict(stored)
    np.savez(path, **{**held, **arrays})


@CELLS
def test_a_set_comes_back_bit_for_bit(plates, tmp_path, condition):
    made = degraded_set(plates, condition)
    path = tmp_path / "new" / "set.npz"
    write_degraded_set(path, made, plates)
    back = read_degraded_set(path, plates, condition)
    assert np.array_equal(back.bilinear, made.bilinear)
    assert np.array_equal(back.bicubic, made.bicubic)
    pd.testing.assert_frame_equal(back.parameters, made.parameters)
    assert (back.condition, back.set_sha256, back.pixels_sha256) == (
        made.condition,
        made.set_sha256,
        made.pixels_sha256,
    )
    assert [p.name for p in path.parent.iterdir()] == ["set.npz"]


def test_a_mixture_comes_back_too(study, plates, tmp_path):
    condition = study_conditions(study)[-1]
    made = kept_degraded_set(tmp_path, plates, condition)
    assert made.pixels_sha256 == degraded_set(plates, condition).pixels_sha256


@CELLS
def test_stored_parameters_make_the_pixels_again(plates, tmp_path, condition):
    kept = kept_degraded_set(tmp_path, plates, condition)
    parameters = DegradationParameters.from_rows(kept.parameters.to_dict("records"))
    for kind in ("bilinear", "bicubic"):
        again = condition.degrade(plates.batch.image, parameters, enlarge=kind)
        assert np.array_equal(to_pixels(again), getattr(kept, kind))
    one = condition.degrade(plates.batch.image[2:3], parameters.select([2]), enlarge="bicubic")
    assert np.array_equal(to_pixels(one)[0], kept.bicubic[2])


def test_equal_sets_give_equal_bytes(plates, tmp_path, kept):
    write_degraded_set(tmp_path / "again.npz", degraded_set(plates, LOW), plates)
    assert (tmp_path / "again.npz").read_bytes() == kept.read_bytes()


def test_a_set_is_made_once(plates, tmp_path, monkeypatch):
    first = kept_degraded_set(tmp_path, plates, CORRECTED)
    assert (tmp_path / f"{CORRECTED.name}.npz").exists()

    def never(*arguments, **named):
        raise AssertionError("degraded again")

    monkeypatch.setattr(GridCondition, "degrade", never)
    assert np.array_equal(kept_degraded_set(tmp_path, plates, CORRECTED).bicubic, first.bicubic)


@pytest.mark.parametrize("name", ["bilinear", "bicubic"])
def test_a_changed_pixel_is_found(plates, kept, name):
    with np.load(kept) as stored:
        pixels = stored[name]
    pixels[3, 5, 7, 1] ^= 1
    tamper(kept, **{name: pixels})
    with pytest.raises(DataError, match=r"set\.npz: the pixels are not those of its hash; delete"):
        read_degraded_set(kept, plates, LOW)


def test_the_published_protocol_is_degraded_once(plates, monkeypatch):
    calls = []
    degrade = GridCondition.degrade

    def counted(self, image, parameters, *, enlarge):
        calls.append(enlarge)
        return degrade(self, image, parameters, enlarge=enlarge)

    monkeypatch.setattr(GridCondition, "degrade", counted)
    published = degraded_set(plates, dataclasses.replace(LOW, protocol="as_published"))
    assert calls == ["bilinear"]
    assert published.bicubic is published.bilinear and published.lanczos is published.bilinear
    degraded_set(plates, LOW)
    assert sorted(calls[1:]) == ["bicubic", "bilinear", "lanczos"]


def test_every_set_of_the_study_is_written(study, tmp_path):
    output = dataclasses.replace(study.paths, output=tmp_path)
    output.plates.parent.mkdir(parents=True)
    output.plates.symlink_to(study.paths.plates)
    study = dataclasses.replace(study, paths=output)
    stale = output.degraded / "light.npz"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"nothing")
    table = write_study_sets(study)
    cells = [cell for name in PROTOCOLS for cell in grid_conditions(study, name)]
    assert all(
        len(grid_conditions(study, name)) == 51 - len(skipped(conditions(name), (32, 64)))
        for name in PROTOCOLS
    )
    own, before = study_conditions(study), validation_conditions(study)
    assert [c.name for c in before] == [f"validation/{c.name}" for c in own]
    assert list(table["condition"]) == [c.name for c in (*own, *before, *cells)]
    files = {p.relative_to(output.degraded).as_posix() for p in output.degraded.rglob("*.npz")}
    assert files == set(table["file"])
    settings = study.settings.evaluation
    for condition, line in zip((*own, *before, *cells), table.itertuples(), strict=True):
        if condition in before:
            count, originals = study.settings.plates.validation, validation_plates(study)
        else:
            count = settings.plates if condition in own else settings.grid_plates
            originals = load_plates(study, count=count)
        back = read_degraded_set(output.degraded / line.file, originals, condition)
        assert (back.set_sha256, back.pixels_sha256) == (line.set_sha256, line.pixels_sha256)
        assert line.plates == len(back.parameters) == count


def test_a_changed_parameter_is_found(plates, kept):
    with np.load(kept) as stored:
        parameters = stored["parameters"]
    parameters["small_width"][0] += 1
    tamper(kept, parameters=parameters)
    with pytest.raises(DataError, match="the parameters are not those of its hash"):
        read_degraded_set(kept, plates, LOW)


def test_pixels_of_another_shape_are_found(plates, kept):
    with np.load(kept) as stored:
        pixels = stored["bilinear"]
    tamper(kept, bilinear=pixels.reshape(len(plates), -1))
    with pytest.raises(DataError, match="the pixels are not of shape"):
        read_degraded_set(kept, plates, LOW)


def test_other_plates_are_found(plates, kept):
    image = plates.image.copy()
    image[0, 0, 0, 0] ^= 1
    with pytest.raises(DataError, match="was made from other plates"):
        read_degraded_set(kept, dataclasses.replace(plates, image=image), LOW)
    table = plates.table.assign(text=plates.table["text"].to_numpy()[::-1])
    with pytest.raises(DataError, match="the parameters are not those of its hash"):
        read_degraded_set(kept, dataclasses.replace(plates, table=table), LOW)


def test_another_condition_or_seed_is_found(plates, kept):
    with pytest.raises(DataError, match=r"holds condition corrected/low-30, not corrected/low-40"):
        read_degraded_set(kept, plates, dataclasses.replace(LOW, low_resolution=40))
    with pytest.raises(DataError, match="was drawn with another seed or other ranges"):
        read_degraded_set(kept, plates, dataclasses.replace(LOW, seed=8))


def test_damaged_and_missing_files_are_named(plates, kept, tmp_path):
    data = kept.read_bytes()
    for wrong in (b"", b"nothing", data[: len(data) // 2]):
        kept.write_bytes(wrong)
        with pytest.raises(DataError, match=r"set\.npz is damaged"):
            read_degraded_set(kept, plates, LOW)
    np.savez(kept, bilinear=plates.image)
    with pytest.raises(DataError, match=r"set\.npz is damaged"):
        read_degraded_set(kept, plates, LOW)
    np.savez(kept, bilinear=np.array([object()]))
    with pytest.raises(DataError, match=r"set\.npz is damaged"):
        read_degraded_set(kept, plates, LOW)
    with pytest.raises(DataError, match="no degraded set in"):
        read_degraded_set(tmp_path / "none.npz", plates, LOW)
