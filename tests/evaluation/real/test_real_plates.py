"""Which photographs are scored, which set thresholds, and which folders are refused."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from lpr_gfpgan.errors import ConfigError, DataError, ImageError, LabelError
from lpr_gfpgan.evaluation import real_plates
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import Photo, read_folder, split_of

from ...needs import needs_photographs

ROOT = Path(__file__).parents[3]


def photo(text, source="one"):
    return Photo(Path(f"{text}.png"), text, None, source)


def test_training_texts_are_left_out_and_sources_limited(plates):
    assert (plates.listed, plates.left_out, len(plates.plates)) == (20, 3, 12)
    assert plates.plates.table["source"].value_counts().to_dict() == {"far": 6, "near": 6}
    assert "train" not in set(map(split_of, plates.plates.table["text"]))
    assert [each.text for each in plates.photos] == list(plates.plates.table["text"])


def test_reference_plates_are_those_of_training_texts(plates):
    texts = plates.reference.table["text"]
    assert len(texts) == plates.left_out and set(map(split_of, texts)) == {"train"}
    assert set(plates.reference.table["source"]) == {"near", "far"}


def test_the_choice_depends_on_the_seed_alone(settings):
    photos = [photo(f"皖A{i:05d}") for i in range(400)]
    scored, reference, left_out = found = real_plates.choose(photos, settings)
    assert real_plates.choose(photos, settings) == found
    assert left_out == sum(split_of(p.text) == "train" for p in photos) > 6
    for part, train in ((scored, False), (reference, True)):
        assert len(part) == 6 and part == sorted(part, key=photos.index)
        assert all((p.split == "train") == train for p in part)
    other = real_plates.choose(photos, dataclasses.replace(settings, seed=2))
    assert other[0] != scored and other[1] != reference


def test_nothing_left_is_an_error(settings):
    assert split_of("皖A88888") == "train"
    with pytest.raises(DataError, match="training split"):
        real_plates.choose([photo("皖A88888")], settings)


def test_a_folder_without_training_texts_has_no_reference(tmp_path, study, settings):
    text = next(t for t in (f"皖A{i:05d}" for i in range(100)) if split_of(t) == "test")
    write_png(tmp_path / f"1_{text}.png", np.full((20, 60, 3), 90, np.uint8))
    found = real_plates.load_real(tmp_path, study, settings)
    assert found.reference is None and found.left_out == 0 and len(found.plates) == 1


def test_an_unset_variable_is_one_clear_error(monkeypatch, tmp_path):
    monkeypatch.delenv(real_plates.VARIABLE, raising=False)
    with pytest.raises(DataError, match=f"{real_plates.VARIABLE} is not set"):
        real_plates.real_folder()
    monkeypatch.setenv(real_plates.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(DataError, match="no folder"):
        real_plates.real_folder()


def test_labels_are_checked(folder, tmp_path, settings):
    found = real_plates.labels_hash(folder)
    real_plates.check_folder(folder, dataclasses.replace(settings, labels_sha256=found))
    with pytest.raises(DataError, match=found):
        real_plates.check_folder(folder, settings)
    with pytest.raises(DataError, match="neither"):
        real_plates.labels_hash(tmp_path)
    write_png(tmp_path / "皖A88888_1.png", np.zeros((20, 60, 3), np.uint8))
    first = real_plates.labels_hash(tmp_path)
    write_png(tmp_path / "皖A88889_1.png", np.zeros((20, 60, 3), np.uint8))
    assert real_plates.labels_hash(tmp_path) != first


def test_a_changed_photograph_changes_a_recorded_hash(folder, tmp_path, study, settings):
    shutil.copytree(folder, tmp_path / "own")
    own = real_plates.load_real(tmp_path / "own", study, settings)
    pictures = [*own.photos, *(p for p in read_folder(tmp_path / "own") if p.split == "train")]
    hashes = {own.images_sha256}
    # One that is scored, and one that sets a threshold: the labels stay what they are.
    for changed in (pictures[0].path, pictures[-1].path):
        write_png(changed, np.full((41, 128, 3), 90, np.uint8))
        hashes.add(real_plates.load_real(tmp_path / "own", study, settings).images_sha256)
    assert len(hashes) == 3
    assert real_plates.labels_hash(tmp_path / "own") == real_plates.labels_hash(folder)
    with pytest.raises(DataError, match=r"none\.png"):
        real_plates.images_hash([Photo(tmp_path / "none.png", "皖A00000", None, "one")])


def test_bad_folders(tmp_path, study, settings):
    with pytest.raises(DataError, match="no images"):
        real_plates.load_real(tmp_path, study, settings)
    name = "025-95_113-154&383_386&473-386&473_177&454_154&383_363&402-0_0_22_27_27_33-37-15.jpg"
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LabelError, match="characters"):
        real_plates.load_real(tmp_path, study, settings)
    (tmp_path / name).unlink()
    text = next(t for t in (f"皖A{i:05d}" for i in range(100)) if split_of(t) == "test")
    (tmp_path / f"1_{text}.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=text):
        real_plates.load_real(tmp_path, study, settings)


def test_settings_file(tmp_path):
    settings = real_plates.load_settings(ROOT / real_plates.SETTINGS)
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
            real_plates.load_settings(path)


@needs_photographs
def test_the_named_folder_is_the_one_of_the_settings():
    real_plates.check_folder(real_plates.real_folder(), real_plates.load_settings())
