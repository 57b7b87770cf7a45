import pytest
import torch

from lpr_gfpgan.degradations import add_noise
from lpr_gfpgan.randomness import keys

KEY = keys(0, 0, torch.arange(4), "noise")


def levels(image):
    return (image + 1) * 127.5


@pytest.mark.parametrize("sigma", [2.0, 10.0, 20.0])
def test_sigma_counts_levels_of_255(sigma):
    grey = torch.zeros(4, 3, 64, 128)
    zero = torch.zeros(4)
    noise = levels(add_noise(grey, torch.full((4,), sigma), zero, KEY)) - 127.5
    assert noise.std().item() == pytest.approx(sigma, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.03 * sigma)


def test_signal_noise_has_variance_in_proportion_to_intensity():
    gain = 0.8
    for intensity in (40.0, 100.0, 200.0):
        flat = torch.full((4, 3, 64, 128), intensity / 127.5 - 1)
        noisy = levels(add_noise(flat, torch.zeros(4), torch.full((4,), gain), KEY))
        assert noisy.var().item() == pytest.approx(gain * intensity, rel=0.03)


def test_variances_add():
    flat = torch.full((4, 3, 64, 128), 100 / 127.5 - 1)
    noisy = levels(add_noise(flat, torch.full((4,), 5.0), torch.full((4,), 0.5), KEY))
    assert noisy.var().item() == pytest.approx(25 + 50, rel=0.03)


def test_field_follows_the_key_not_the_batch():
    grey, sigma, zero = torch.zeros(4, 3, 8, 9), torch.full((4,), 9.0), torch.zeros(4)
    whole = add_noise(grey, sigma, zero, KEY)
    part = add_noise(grey[2:3], sigma[2:3], zero[2:3], KEY[2:3])
    assert torch.equal(whole[2:3], part)
    assert not torch.equal(whole[0], whole[1])


def test_channels_and_pixels_are_independent():
    field = add_noise(torch.zeros(4, 3, 64, 64), torch.full((4,), 9.0), torch.zeros(4), KEY)
    flat = field.transpose(0, 1).flatten(1)
    assert (torch.corrcoef(flat) - torch.eye(3)).abs().max() < 0.04
    neighbours = torch.corrcoef(torch.stack([field[..., 1:].flatten(), field[..., :-1].flatten()]))
    assert neighbours[0, 1].abs() < 0.03


def test_sensor_saturates():
    white = torch.ones(4, 3, 16, 16)
    noisy = add_noise(white, torch.full((4,), 80.0), torch.zeros(4), KEY)
    assert noisy.max() == 1
    assert noisy.min() >= -1
