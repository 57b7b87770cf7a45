import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.plates import image_tensor
from lpr_gfpgan.training.pictures import to_pixels
from lpr_gfpgan.trust import sample_restorations
from lpr_gfpgan.trust import samples as module


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (3, 32, 64, 3), np.uint8))


def equal(first, second):
    return all((a == b).all() for a, b in zip(first, second, strict=True))


def test_samples_differ_and_come_again(network, frames):
    first = sample_restorations(network, frames, 3)
    assert [len(part) for part in first] == [3, 3, 3]
    assert all(image.shape == (32, 64, 3) for part in first for image in part)
    assert equal(first[0], sample_restorations(network, frames, 3)[0])
    assert not equal(first[0], first[1])
    assert not equal(first[0], sample_restorations(network, frames, 1, seed=1)[0])


def test_a_sample_does_not_hang_on_its_neighbours_or_their_number(network, frames):
    together = sample_restorations(network, frames, 2)
    alone = sample_restorations(network, frames[1:2], 1)
    assert np.abs(together[0][1].astype(int) - alone[0][0]).max() <= 1


@pytest.mark.parametrize("part", ["noise", "codes", "input"])
def test_each_of_the_three_varies_on_its_own(network, frames, part, monkeypatch):
    if part != "noise":
        still, keys = module.keys(0, 0, torch.arange(3), "still"), module.keys
        monkeypatch.setattr(
            module, "keys", lambda *a: still if a[-1] == "sample-noise" else keys(*a)
        )
    if part != "codes":
        monkeypatch.setattr(module, "CODE_SPREAD", 0.0)
    if part != "input":
        monkeypatch.setattr(module, "degrade", lambda image, *_, **__: image)
    assert not equal(*sample_restorations(network, frames, 2))


def test_nothing_varied_is_the_restoration_itself(network, frames, monkeypatch):
    monkeypatch.setattr(module, "CODE_SPREAD", 0.0)
    monkeypatch.setattr(module, "degrade", lambda image, *_, **__: image)
    noise = module.keys(0, 0, torch.tensor([module._number(f) for f in frames]), "sample-noise")
    with torch.no_grad():
        plain = to_pixels(network(image_tensor(np.stack(frames)), noise=noise).image)
    assert equal(sample_restorations(network, frames, 1)[0], list(plain))


def test_no_samples_and_less_than_none(network, frames):
    assert sample_restorations(network, frames, 0) == []
    with pytest.raises(ConfigError, match="samples: -1"):
        sample_restorations(network, frames, -1)
