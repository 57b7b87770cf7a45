"""The kept features: whose they are, and that the file gives them back."""

import dataclasses

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import (
    degraded_set,
    plate_features,
    protocol,
    read_features,
    study_conditions,
)
from lpr_gfpgan.evaluation.features import write_features
from lpr_gfpgan.networks import PlateReader
from lpr_gfpgan.plates import NUM_CLASSES, image_tensor
from lpr_gfpgan.readers import Reader


def test_every_method_s_images_under_every_condition(evaluation, study, plates, readers):
    features = evaluation.features
    assert features.conditions == study.settings.evaluation.conditions
    assert features.methods == evaluation.methods
    assert features.plates.tolist() == plates.batch.index.tolist()
    assert features.values.shape == (2, 5, len(plates), 24)
    assert features.values.dtype == np.float32 and features.others.shape == (0, 24)
    light = study_conditions(study)[0]
    for method, images in (
        ("original", plates.image),
        ("degraded", degraded_set(plates, light).bilinear),
    ):
        expected = readers[0].features(image_tensor(images, "cpu"), plates.batch.quad).numpy()
        assert np.array_equal(features.of("light", method), expected)
    assert not np.array_equal(features.of("light", "full"), features.of("strong", "full"))
    with pytest.raises(DataError, match="no features of 'lanczos' under 'light'"):
        features.of("light", "lanczos")


def test_chunks_change_nothing_and_rows_have_mean_square_1(study, plates, monkeypatch):
    settings = study.settings.readers
    network = PlateReader(
        architecture=settings.judge.architecture,
        channels=settings.judge.channels,
        input_size=settings.crop,
        num_classes=NUM_CLASSES,
        seed=0,
    )
    reader = Reader(network, name="judge")
    whole = plate_features(reader, plates.image, plates)
    monkeypatch.setattr("lpr_gfpgan.evaluation.features.CHUNK", 4)
    assert len(plates) < protocol.CHUNK
    assert np.allclose(plate_features(reader, plates.image, plates), whole, atol=1e-5)
    assert np.allclose((whole**2).mean(axis=1), 1, atol=1e-3)
    with torch.no_grad():
        expected = reader.features(image_tensor(plates.image[:1], "cpu"), plates.batch.quad[:1])
    assert np.allclose(whole[0], expected[0], atol=1e-5)


def test_the_file_gives_them_back_byte_for_byte(evaluation, tmp_path):
    for name in ("a.npz", "b.npz"):
        write_features(tmp_path / name, evaluation.features)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    stored = read_features(tmp_path / "a.npz")
    assert np.array_equal(stored.values, evaluation.features.values)
    assert np.array_equal(stored.plates, evaluation.features.plates)
    assert stored.others.shape == (0, 24)
    assert stored.conditions == evaluation.features.conditions
    assert stored.methods == evaluation.features.methods


def test_files_that_are_missing_or_damaged(evaluation, tmp_path):
    with pytest.raises(DataError, match="make reproduce"):
        read_features(tmp_path / "none.npz")
    path = tmp_path / "bad.npz"
    write_features(path, evaluation.features)
    whole = path.read_bytes()
    for content in (b"", b"not an archive", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"bad\.npz is damaged"):
            read_features(path)
    np.savez(path, values=np.zeros(3))
    with pytest.raises(DataError, match="damaged"):
        read_features(path)
    np.savez(path, values=np.array([{}]), conditions=["c"], methods=["m"], plates=[0], others=[])
    with pytest.raises(DataError, match="damaged"):  # a pickle is not opened
        read_features(path)
    write_features(path, dataclasses.replace(evaluation.features, methods=["full"]))
    with pytest.raises(DataError, match="sizes differ"):
        read_features(path)
