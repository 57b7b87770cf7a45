"""Weights as they ship: half precision, with where they come from, and usable as a study's own."""

import shutil

import pytest
import torch

from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.files import sha256_of
from lpr_gfpgan.networks import load_weights, save_weights
from lpr_gfpgan.training import shipping
from lpr_gfpgan.training.shipping import ship, shipped


@pytest.fixture
def finished(trained, fresh_copy, tmp_path):
    """The trained study, its warm-up in the place of `full`, its judge in that of `direct`."""
    study = fresh_copy(trained, tmp_path / "out")
    shutil.copy(study.paths.warmup, study.paths.restorer("full", 0))
    shutil.copy(study.paths.reader("judge"), study.paths.reader("direct"))
    return study


def test_every_file_says_what_it_is_made_of(finished, tmp_path):
    files = ship(finished, tmp_path / "weights")
    assert [path.name for path in files] == [
        "restorer.safetensors",
        "reader-loss.safetensors",
        "reader-judge.safetensors",
        "reader-direct.safetensors",
    ]
    module, about = load_weights(files[0], expect_kind="restorer")
    facts = about["provenance"]
    source = finished.paths.restorer("full", 0)
    assert facts["float32_sha256"] == sha256_of(source)
    assert facts["parameters"] == sum(p.numel() for p in module.parameters())
    assert facts["photographs_sha256"] == []
    for path in files:
        facts = load_weights(path)[1]["provenance"]
        assert {"identity", "steps", "images", "seed", "plates", "processes"} <= facts.keys()
        assert facts["images_per_second"] is None or facts["images_per_second"] > 0
    assert files[0].stat().st_size < 0.6 * source.stat().st_size


def test_half_precision_restores_the_same_to_a_grey_level(finished, tmp_path):
    path = ship(finished, tmp_path / "weights")[0]
    image = torch.rand(2, 3, *finished.settings.frame.size) * 2 - 1
    exact, half = (load_weights(p)[0](image).image for p in (finished.paths.warmup, path))
    assert not torch.equal(exact, half)
    assert (exact - half).abs().max() < 2 / 255


def test_a_study_can_be_told_to_use_them(finished, tmp_path):
    folder = tmp_path / "weights"
    files = ship(finished, folder)
    own = shipped(finished, folder)
    assert own.paths.restorer("full", 0) == files[0]
    assert own.paths.reader("direct") == files[3]
    assert own.paths.calibration == folder / "calibration.json"
    assert own.paths.plates == finished.paths.plates


def test_what_float16_cannot_hold_is_refused(finished, tmp_path):
    path = finished.paths.reader("loss")
    module, about = load_weights(path)
    with torch.no_grad():
        next(module.parameters()).view(-1)[0] = 1e6
    path.unlink()  # a link to the weights of all tests
    save_weights(path, module, **about)
    with pytest.raises(WeightsError, match=r"reader-loss.*does not fit float16"):
        ship(finished, tmp_path / "weights")


def test_a_file_too_large_to_ship_is_refused(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "LARGEST", 100)
    with pytest.raises(WeightsError, match="more than 100; train fewer channels"):
        ship(finished, tmp_path / "weights")
    assert not list((tmp_path / "weights").iterdir())


def test_an_error_leaves_the_former_files(finished, tmp_path):
    files = ship(finished, tmp_path / "weights")
    before = [path.read_bytes() for path in files]
    finished.paths.reader("direct").unlink()
    with pytest.raises(WeightsError, match="reader-direct"):
        ship(finished, tmp_path / "weights")
    assert [path.read_bytes() for path in files] == before
