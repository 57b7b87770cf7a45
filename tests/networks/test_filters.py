"""The [1, 3, 3, 1] filter and resampling by two, against plain operations."""

import pytest
import torch
import torch.nn.functional as F

from lpr_gfpgan.networks.filters import blur, double, halve

TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
KERNEL = TAPS[:, None] * TAPS


def image(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def plain(x, padding, stride=1, gain=1.0):
    """Every channel as an image of its own."""
    batch, channels = x.shape[:2]
    y = F.conv2d(x.flatten(0, 1)[:, None], gain * KERNEL[None, None], None, stride, padding)
    return y.view(batch, channels, *y.shape[2:])


@pytest.mark.parametrize("padding", [0, 1, 2, 3])
def test_blur_is_a_correlation_of_each_channel(padding):
    x = image(2, 3, 6, 9)
    torch.testing.assert_close(blur(x, padding, gain=4.0), plain(x, padding, gain=4.0))


def test_halve_is_the_filter_at_every_second_pixel():
    x = image(2, 3, 6, 10)
    torch.testing.assert_close(halve(x), plain(x, 1, stride=2))
    assert halve(x).shape == (2, 3, 3, 5)


def test_double_is_zero_insertion_and_the_filter_inside_the_border():
    x = image(1, 2, 5, 7)
    sparse = torch.zeros(1, 2, 10, 14, dtype=x.dtype)
    sparse[:, :, ::2, ::2] = x
    # Output pixel 2i lies a quarter pixel before input pixel i: two of the four taps lie ahead.
    expected = plain(F.pad(sparse, (2, 1, 2, 1)), 0, gain=4.0)
    torch.testing.assert_close(double(x)[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1])


@pytest.mark.parametrize("padding", [0, 1, 2, 3])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_derivatives_of_blur(padding, layout):
    x = image(2, 2, 5, 4).contiguous(memory_format=layout).requires_grad_()
    torch.autograd.gradcheck(lambda t: blur(t, padding, gain=1.7), x)
    torch.autograd.gradgradcheck(lambda t: blur(t, padding).square(), x)


def test_derivatives_of_halve():
    x = image(1, 2, 4, 6).requires_grad_()
    torch.autograd.gradcheck(halve, x)
    torch.autograd.gradgradcheck(lambda t: halve(t).square(), x)


def test_a_constant_keeps_its_value_away_from_the_border():
    x = torch.ones(1, 1, 8, 8)
    for y in (blur(x, 1), halve(x), double(x)):
        torch.testing.assert_close(y[:, :, 1:-1, 1:-1], torch.ones_like(y)[:, :, 1:-1, 1:-1])
