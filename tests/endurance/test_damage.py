"""Damaged files are named with the mend, never used, never executed and never written over."""

import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import CheckpointError, DataError, LprError, WeightsError
from lpr_gfpgan.evaluation.consistency import read_distances
from lpr_gfpgan.evaluation.features import read_features
from lpr_gfpgan.evaluation.rows import COLUMNS, read_rows, write_table
from lpr_gfpgan.losses import Vgg19Features
from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.plates import PlateSet, prepare
from lpr_gfpgan.training import Paused, train_reader
from lpr_gfpgan.training.checkpoint import load_checkpoint, save_checkpoint
from lpr_gfpgan.trust import Calibration


def flipped(data, at):
    """The bytes with one bit changed, at a share of their length."""
    data = bytearray(data)
    data[int(at * (len(data) - 1))] ^= 16
    return bytes(data)


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "end": lambda data: data[:-3],
    "picture": lambda data: b"\x89PNG\r\n\x1a\n" + data[:100],
    "words": lambda data: b"no such thing",
    "list": lambda data: b"[1, 2]",
    "zeros": lambda data: bytes(len(data)),
}


def one_line(error, path):
    assert "\n" not in str(error) and str(path) in str(error) and ";" in str(error), str(error)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "checkpoint.pt"
    weights = torch.linspace(-1, 1, 4000)
    save_checkpoint(path, {"fingerprint": "f", "step": 3, "parts": {"net": {"w": weights}}})
    return path


def refuse_checkpoint(path):
    before = path.read_bytes()
    with pytest.raises(CheckpointError) as told:
        load_checkpoint(path, fingerprint="f")
    one_line(told.value, path)
    assert "delete it to start that run again" in str(told.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_checkpoint(checkpoint, kind):
    checkpoint.write_bytes(DAMAGE[kind](checkpoint.read_bytes()))
    refuse_checkpoint(checkpoint)


def test_a_checkpoint_whose_numbers_changed(checkpoint):
    """PyTorch alone reads it without a word."""
    whole = checkpoint.read_bytes()
    start = whole.index(torch.linspace(-1, 1, 4000).numpy().tobytes())
    for at in (start, start + 8000, start + 15999):
        data = bytearray(whole)
        data[at] ^= 1
        checkpoint.write_bytes(data)
        assert torch.load(checkpoint, weights_only=True)["step"] == 3
        refuse_checkpoint(checkpoint)


def test_a_training_stops_at_a_damaged_checkpoint_and_overwrites_nothing(own_copy, tmp_path):
    study = own_copy(tmp_path / "study")
    with pytest.raises(Paused):
        train_reader(study, "loss", max_seconds=0)
    (path,) = study.paths.runs.glob("*/*/checkpoint.pt")
    path.write_bytes(flipped(path.read_bytes(), 0.5))
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="damaged checkpoint") as told:
        train_reader(study, "loss")
    one_line(told.value, path)
    assert path.read_bytes() == before
    assert not study.paths.reports.exists() and not list(study.paths.models.iterdir())


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_weights(smoke_study, tmp_path, kind):
    path = tmp_path / "net.safetensors"
    path.write_bytes(DAMAGE[kind](smoke_study.paths.reader("loss").read_bytes()))
    before = path.read_bytes()
    with pytest.raises(WeightsError) as told:
        load_weights(path)
    one_line(told.value, path)
    assert path.read_bytes() == before


ROW = {n: {"str": "a", "int64": 1, "float64": 0.5}[kind] for n, kind in COLUMNS.items()}


@pytest.fixture
def rows(tmp_path):
    import pandas as pd

    path = tmp_path / "evaluation.csv.gz"
    write_table(path, pd.DataFrame([ROW | {"plate": n, "cer": n / 700} for n in range(500)]))
    return path


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("read", [read_rows, read_distances, read_features])
def test_damaged_results(rows, kind, read):
    rows.write_bytes(DAMAGE[kind](rows.read_bytes()))
    before = rows.read_bytes()
    with pytest.raises(DataError) as told:
        read(rows)
    one_line(told.value, rows)
    assert rows.read_bytes() == before


def test_rows_with_one_changed_bit(rows):
    whole, expected = rows.read_bytes(), read_rows(rows)
    refused = 0
    for number in range(200):
        rows.write_bytes(flipped(whole, number / 200))
        try:
            assert read_rows(rows).equals(expected)  # a bit of the archive's header says nothing
        except DataError as error:
            refused += 1
            one_line(error, rows)
    assert refused > 190


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plates") / "set"
    request = {"height": 16, "width": 48, "seed": 1, "counts": {"train": 3}, "styles": {"blue": 1}}
    return prepare(folder, **request, workers=1), request


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("name", ["manifest.json", "labels.csv", "images.npy"])
def test_a_damaged_set_of_plates(drawn, tmp_path, name, kind):
    folder = shutil.copytree(drawn[0], tmp_path / "set")
    path = folder / name
    path.write_bytes(DAMAGE[kind](path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(DataError) as told:
        PlateSet(folder, "train", verify=True)
    one_line(told.value, folder)
    try:
        PlateSet(folder, "train")  # checks no hashes
    except LprError as error:
        one_line(error, folder)
    assert path.read_bytes() == before


def test_labels_with_one_changed_bit(drawn, tmp_path):
    folder = shutil.copytree(drawn[0], tmp_path / "set")
    path = folder / "labels.csv"
    whole = path.read_bytes()
    for number in range(150):
        path.write_bytes(flipped(whole, number / 150))
        with pytest.raises(DataError, match=r"labels\.csv does not match its manifest"):
            PlateSet(folder, "train", verify=True)
        try:
            PlateSet(folder, "train")
        except LprError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_calibration(tmp_path, kind):
    path = tmp_path / "calibration.json"
    path.write_bytes(DAMAGE[kind](json.dumps({"format": 1, "n": {}}).encode() + b" "))
    before = path.read_bytes()
    with pytest.raises(DataError) as told:
        Calibration.load(path)
    one_line(told.value, path)
    assert path.read_bytes() == before


class Hostile:
    """What runs a command in the reader's name when its pickle is read."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def hostile_files(folder, marker):
    """Pickles in every wrapping in which PyTorch and NumPy would look for them."""
    raw = folder / "raw"
    raw.write_bytes(pickle.dumps({"fingerprint": "f", "state": Hostile(marker)}))
    new, old, array, rows = (folder / name for name in ("new", "old", "array.npy", "rows.npz"))
    torch.save({"fingerprint": "f", "state": Hostile(marker)}, new)
    torch.save(
        {"fingerprint": "f", "state": Hostile(marker)}, old, _use_new_zipfile_serialization=False
    )
    np.save(array, np.array([Hostile(marker)], object), allow_pickle=True)
    with zipfile.ZipFile(rows, "w") as archive:
        archive.write(array, "values.npy")
    return [raw, new, old, array, rows]


READERS = {
    "checkpoint": lambda path: load_checkpoint(path, fingerprint="f"),
    "weights": load_weights,
    "vgg": Vgg19Features,
    "features": read_features,
    "rows": read_rows,
    "calibration": Calibration.load,
}


@pytest.mark.parametrize("name", READERS)
def test_a_hostile_pickle_is_refused_and_not_executed(tmp_path, name):
    marker = tmp_path / "executed"
    files = hostile_files(tmp_path, marker)
    for path in files:
        with pytest.raises(LprError) as told:
            READERS[name](path)
        one_line(told.value, path)
        assert not marker.exists(), path
    pickle.loads(files[0].read_bytes())  # it would have been
    assert marker.exists()


def test_hostile_plates_are_refused_and_not_executed(drawn, tmp_path):
    folder = shutil.copytree(drawn[0], tmp_path / "set")
    marker = tmp_path / "executed"
    shutil.copy(hostile_files(tmp_path, marker)[3], folder / "images.npy")
    with pytest.raises(DataError, match="incomplete or damaged"):
        PlateSet(folder, "train")
    assert not marker.exists()
