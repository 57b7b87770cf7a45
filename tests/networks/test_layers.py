"""Equalised layers, and modulated convolution against one convolution per sample."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lpr_gfpgan.networks.layers import (
    EqualisedConv2d,
    EqualisedLinear,
    ModulatedConv2d,
    batch_deviation,
    initialise,
)

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def randn(*shape, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=dtype, generator=generator)


def layer(double, demodulate, dtype):
    module = ModulatedConv2d(5, 4, 3, 6, demodulate=demodulate, double=double)
    initialise(module, 3)
    return module.to(dtype)


def reference(module, x, code, offset, gain):
    """The definition: each sample has its own weights, in one grouped convolution.

    The doubling path inserts zeros, convolves at the full resolution, and blurs: no transposed
    convolution, no shared weights.
    """
    batch = len(x)
    style = code @ module.style.weight.T / math.sqrt(code.shape[1]) + module.style.bias
    weight = module.weight / math.sqrt(module.weight[0].numel())
    weight = weight[None] * style[:, None, :, None, None]
    if module.demodulate:
        weight = weight / (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    if module.double:
        sparse = x.new_zeros(*x.shape[:2], 2 * x.shape[2] - 1, 2 * x.shape[3] - 1)
        sparse[:, :, ::2, ::2] = x
        # A transposed convolution turns the kernel round and reaches two pixels further out.
        x, weight = F.pad(sparse, (2, 2, 2, 2)), weight.flip(3, 4)
    else:
        x = F.pad(x, (1, 1, 1, 1))
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), weight.flatten(0, 1), groups=batch)
    y = y.view(batch, -1, *y.shape[2:])
    if module.double:
        taps = x.new_tensor([1, 3, 3, 1]) / 4
        kernel = (taps[:, None] * taps)[None, None]
        y = F.conv2d(y.flatten(0, 1)[:, None], kernel, padding=1).view(batch, -1, 10, 14)
    return y * gain + offset


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("double", [False, True])
def test_modulated_convolution_equals_one_convolution_per_sample(double, demodulate, dtype):
    module = layer(double, demodulate, dtype)
    x = randn(3, 5, 5, 7, dtype=dtype).requires_grad_()
    code = randn(3, 6, dtype=dtype, seed=1).requires_grad_()
    size = (10, 14) if double else (5, 7)
    offset = randn(1, 4, *size, dtype=dtype, seed=2)
    probe = randn(3, 4, *size, dtype=dtype, seed=4)
    inputs = [x, code, *module.parameters()]

    def outputs(y):
        first = torch.autograd.grad((y.tanh() * probe).sum(), inputs, create_graph=True)
        power = sum(g.square().sum() for g in first[:2])
        second = torch.autograd.grad(power, inputs)
        return {"output": [y], "first derivative": first, "second derivative": second}

    given = outputs(module(x, code, offset, gain=1.3))
    expected = outputs(reference(module, x, code, offset, 1.3))
    for (name, a), (_, b) in zip(given.items(), expected.items(), strict=True):
        for i, j in zip(a, b, strict=True):
            # Derivatives are sums of many terms: their own size is the measure.
            scale = max(1.0, j.abs().max().item())
            assert (i - j).abs().max().item() < TOLERANCE[dtype] * scale, name


@pytest.mark.parametrize("double", [False, True])
def test_demodulation_gives_unit_power(double):
    module = ModulatedConv2d(32, 32, 3, 8, double=double)
    initialise(module, 0)
    x = randn(16, 32, 12, 12, dtype=torch.float32)
    y = module(x, 3 * randn(16, 8, dtype=torch.float32, seed=1), torch.zeros(()))
    inside = y[:, :, 3:-3, 3:-3]
    # Doubling low-passes white noise, so only the plain path keeps its power.
    assert 0.9 < inside.std() < 1.1 if not double else 0.3 < inside.std() < 1.1


def test_equalised_layers_scale_at_run_time():
    linear = EqualisedLinear(8, 5, bias=2.0, multiplier=0.01, gain=math.sqrt(2))
    initialise(linear, 0)
    x = randn(3, 8, dtype=torch.float32)
    expected = math.sqrt(2) * (x @ (linear.weight.T * 0.01) / math.sqrt(8) + linear.bias * 0.01)
    torch.testing.assert_close(linear(x), expected)
    torch.testing.assert_close(linear.bias, torch.full((5,), 200.0))

    convolution = EqualisedConv2d(4, 6, 3, bias=1.0, gain=0.5)
    initialise(convolution, 0)
    x = randn(2, 4, 5, 6, dtype=torch.float32)
    expected = 0.5 * (F.conv2d(x, convolution.weight, padding=1) / 6 + 1)
    torch.testing.assert_close(convolution(x), expected)


def test_first_weights_have_unit_spread_over_the_multiplier():
    linear = EqualisedLinear(100, 200, multiplier=0.01)
    initialise(linear, 0)
    assert 0.97 < linear.weight.std() * 0.01 < 1.03


def test_halving_convolution_blurs_first():
    convolution = EqualisedConv2d(2, 3, 3, bias=None, halve=True)
    initialise(convolution, 0)
    x = randn(2, 2, 8, 6, dtype=torch.float32)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (taps[:, None] * taps)[None, None]
    blurred = F.conv2d(x.flatten(0, 1)[:, None], kernel, padding=2).view(2, 2, 9, 7)
    expected = F.conv2d(blurred, convolution.weight / math.sqrt(18), stride=2)
    torch.testing.assert_close(convolution(x), expected)
    assert expected.shape == (2, 3, 4, 3)


@pytest.mark.parametrize(("batch", "group", "size"), [(8, 4, 4), (6, 4, 3), (7, 4, 1), (1, 4, 1)])
def test_batch_deviation_compares_consecutive_samples(batch, group, size):
    x = randn(batch, 3, 2, 4)
    y = batch_deviation(x, group)
    assert y.shape == (batch, 4, 2, 4)
    torch.testing.assert_close(y[:, :3], x)
    for start in range(0, batch, size):
        part = x[start : start + size]
        expected = (part.var(0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(
            y[start : start + size, 3], expected.expand(size, 2, 4), rtol=1e-10, atol=1e-12
        )


def test_batch_deviation_has_a_finite_gradient_where_samples_agree():
    x = torch.ones(4, 2, 3, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(batch_deviation(x, 4).square().sum(), x)
    assert gradient.isfinite().all()


def test_first_weights_depend_on_seed_and_name_only():
    def build(extra):
        network = nn.ModuleDict({"a": EqualisedLinear(4, 4), "b": nn.Conv2d(2, 3, 3)})
        if extra:
            network["c"] = nn.GRU(3, 4, bidirectional=True)
        initialise(network, 7)
        return network.state_dict()

    before = torch.get_rng_state()
    network = nn.ModuleDict({"a": EqualisedLinear(4, 4)})
    initialise(network, 7)
    assert torch.equal(before, torch.get_rng_state())
    small, large = build(False), build(True)
    for name, tensor in small.items():
        assert torch.equal(tensor, large[name]), name
    initialise(network, 8)
    assert not torch.equal(network["a"].weight, small["a.weight"])
