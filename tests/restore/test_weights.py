"""Which weights are opened, and what lies beside them."""

import json
import os
import shutil

import pytest

from lpr_gfpgan.errors import ConfigError, DataError, WeightsError
from lpr_gfpgan.files import sha256_of
from lpr_gfpgan.networks.weights import FORMAT, _checksum
from lpr_gfpgan.restore import Restorer, find_weights
from lpr_gfpgan.restore import weights as module

FULL = "restorer-full-0.safetensors"


@pytest.fixture
def study(weights, tmp_path, monkeypatch):
    """Trained models of two profiles, where commands look for them."""
    for profile in ("quick", "gpu"):
        shutil.copytree(weights, tmp_path / "models" / profile)
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    monkeypatch.setattr(module, "RELEASED", tmp_path / "released" / "restorer.safetensors")
    return tmp_path


def test_the_largest_scale_is_taken_however_old(study, weights):
    for profile in ("smoke", "own-older", "own", "quick", "gpu", "paper"):
        folder = study / "models" / profile
        if not folder.exists():
            shutil.copytree(weights, folder)
        time = 1000 - len(profile)  # the larger the scale, the older; and "own-older" is older
        for path in folder.iterdir():
            os.utime(path, (time, time))
    for profile in ("paper", "gpu", "quick", "own", "own-older", "smoke"):
        assert find_weights() == study / "models" / profile / FULL
        shutil.rmtree(study / "models" / profile)


def test_what_cannot_read_hides_nothing_that_can(study):
    (study / "models" / "gpu" / module.READER).unlink()
    assert find_weights() == study / "models" / "quick" / FULL
    (study / "models" / "quick" / module.READER).unlink()
    assert find_weights() == study / "models" / "gpu" / FULL


def test_the_restorer_says_which_weights_it_took(study):
    restorer = Restorer.from_pretrained(device="cpu")
    assert restorer.weights == study / "models" / "gpu" / FULL and restorer.size == (32, 64)
    assert str(restorer.weights) in repr(restorer)


def test_of_several_seeds_the_lowest_is_taken(study):
    folder = study / "models" / "gpu"
    for seed in (10, 9):
        shutil.copy(folder / FULL, folder / f"restorer-full-{seed}.safetensors")
    shutil.copy(folder / FULL, folder / "restorer-full-1.safetensors.part")
    assert find_weights() == folder / FULL
    (folder / FULL).unlink()
    assert find_weights() == folder / "restorer-full-9.safetensors"


def test_released_weights_come_first(study, weights):
    released = study / "released" / "restorer.safetensors"
    released.parent.mkdir()
    shutil.copy(weights / FULL, released)
    assert find_weights() == released
    assert Restorer.from_pretrained(device="cpu").reader is None
    shutil.copy(weights / module.READER, released.parent)
    assert Restorer.from_pretrained(device="cpu").reader.name == "direct"


def test_released_weights_have_their_place_in_the_package():
    import lpr_gfpgan

    assert module.RELEASED.parent.parent == type(module.RELEASED)(lpr_gfpgan.__file__).parent


def test_no_weights_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    monkeypatch.setattr(module, "RELEASED", tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="make reproduce") as caught:
        Restorer.from_pretrained()
    assert "lpr-gfpgan train" in str(caught.value)


def test_damaged_weights(weights, tmp_path):
    content = (weights / FULL).read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match="damaged"):
        Restorer.from_pretrained(path)
    with pytest.raises(WeightsError, match="reader"):
        Restorer.from_pretrained(weights / module.READER)
    with pytest.raises(WeightsError, match="no weights file"):
        Restorer.from_pretrained(tmp_path / "none.safetensors")


def test_weights_of_another_shape(weights, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    with safe_open(weights / FULL, "pt") as file:
        metadata = file.metadata()
    state = load_file(weights / FULL)
    name = next(key for key, value in state.items() if value.ndim == 4)
    state[name] = state[name][:, :1].contiguous()
    about = json.loads(metadata[FORMAT])
    told = {key: about[key] for key in ("kind", "config", "provenance")}
    metadata[FORMAT] = json.dumps(told | {"sha256": _checksum(told, state)})
    save_file(state, tmp_path / "other.safetensors", metadata)
    with pytest.raises(WeightsError, match=name):
        Restorer.from_pretrained(tmp_path / "other.safetensors")


@pytest.mark.parametrize("name", ["toaster", "cuda:99"])
def test_unknown_device(weights, name):
    with pytest.raises(ConfigError, match=name):
        Restorer.from_pretrained(weights / FULL, device=name)


def test_a_machine_without_a_gpu_is_told_so(weights, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    def refuse(*_, **__):
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr("torch.empty", refuse)
    with pytest.raises(ConfigError, match=r"'cuda': this machine has no CUDA device .*use cpu$"):
        Restorer.from_pretrained(weights / FULL, device="cuda")


class Beside:
    """Stands where `Calibration` would: loads anything, fits one restorer."""

    def __init__(self, restorer, reader):
        self.pair = restorer, reader

    def load(self, path):
        if not path.read_text():
            raise DataError(f"{path} is no calibration")
        return self

    def check(self, *pair):
        if pair != self.pair:
            raise DataError("made for another restorer")


def test_a_calibration_is_taken_for_its_own_weights_only(study, monkeypatch):
    folder = study / "models" / "gpu"
    beside = Beside(sha256_of(folder / FULL), sha256_of(folder / module.READER))
    monkeypatch.setattr(module, "Calibration", beside)
    assert Restorer.from_pretrained(folder / FULL).calibration is None
    (folder / module.CALIBRATION).write_text("{}")
    assert Restorer.from_pretrained(folder / FULL).calibration is beside
    beside.pair = beside.pair[::-1]
    assert Restorer.from_pretrained(folder / FULL).calibration is None
    (folder / module.CALIBRATION).write_text("")
    with pytest.raises(DataError, match=r"calibration\.json"):
        Restorer.from_pretrained(folder / FULL)
