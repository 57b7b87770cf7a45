"""The generator: codes, noise, conditions, and the regulariser through it."""

import pytest
import torch

from lpr_gfpgan import randomness
from lpr_gfpgan.errors import ConfigError, LprError
from lpr_gfpgan.networks import Generator
from lpr_gfpgan.networks.stylegan2 import transform_half


def build(**changes):
    arguments = {"base": (2, 3), "channels": [8, 8, 6], "code_size": 8, "mapping_layers": 2}
    return Generator(**{**arguments, **changes})


@pytest.fixture(scope="module")
def generator():
    """With noise switched on: its strength starts at zero, where it could not be seen."""
    network = build()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(0.3)
    return network


def vectors(batch, seed=0):
    return randomness.normal(randomness.keys(seed, 0, torch.arange(batch), "z"), (8,))


@pytest.mark.parametrize(("base", "levels", "size"), [((2, 3), 3, (8, 12)), ((4, 4), 1, (4, 4))])
def test_size_is_base_times_a_power_of_two(base, levels, size):
    network = build(base=base, channels=[4] * levels)
    assert network.size == size
    assert network.num_codes == 2 * levels
    assert network(vectors(2)).shape == (2, 3, *size)


def test_each_layer_reads_its_own_code(generator):
    codes = generator.map(vectors(1)).detach()[:, None].repeat(1, generator.num_codes, 1)
    codes.requires_grad_()
    generator.synthesise(codes).square().sum().backward()
    assert (codes.grad.abs().amax(2) > 0).all()
    reference = generator.synthesise(codes[:, 0])
    torch.testing.assert_close(generator.synthesise(codes), reference)
    # The last code reaches the finest RGB layer alone, the first every pixel.
    changed = codes.detach().clone()
    changed[:, -1] += 1
    assert not torch.allclose(generator.synthesise(changed), reference, atol=1e-3)


def test_image_is_the_sum_over_resolutions():
    network = build(channels=[4, 4])
    with torch.no_grad():
        network.levels[1].to_rgb.convolution.weight.zero_()
        network.levels[1].to_rgb.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
        network.levels[0].to_rgb.convolution.weight.zero_()
        network.levels[0].to_rgb.bias.fill_(10.0)
    image = network(vectors(1))
    expected = torch.tensor([11.0, 12.0, 13.0]).view(1, 3, 1, 1).expand(1, 3, 4, 6)
    torch.testing.assert_close(image, expected)


def test_keyed_noise_belongs_to_the_sample(generator):
    keys = randomness.keys(1, 2, torch.arange(4), "noise")
    z = vectors(4)
    together = generator(z, noise=keys)
    for n in range(4):
        alone = generator(z[n : n + 1], noise=keys[n : n + 1])
        torch.testing.assert_close(together[n : n + 1], alone, rtol=0, atol=1e-5)
    assert torch.equal(together, generator(z, noise=keys))
    other = generator(z, noise=randomness.keys(1, 3, torch.arange(4), "noise"))
    assert (together - other).abs().max() > 1e-2


def test_fixed_noise_is_kept_with_the_weights(generator):
    assert torch.equal(generator(vectors(2)), generator(vectors(2)))
    other = build(seed=1)
    other.load_state_dict(generator.state_dict())
    assert torch.equal(other(vectors(2)), generator(vectors(2)))
    assert "fixed_noise" in generator.state_dict()


def test_same_seed_same_network():
    first, second, third = build(seed=4), build(seed=4), build(seed=5)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )
    assert not torch.equal(first.constant, third.constant)


def test_mean_code(generator):
    keys = randomness.keys(0, 0, torch.arange(500), "any")
    expected = generator.map(randomness.normal(keys, (8,))).mean(0)
    torch.testing.assert_close(generator.mean_code(keys), expected)
    assert generator.mean_code(64).shape == (8,)


def test_conditions_of_one_and_zero_change_nothing(generator):
    codes = generator.map(vectors(2))
    sizes = [(4, 4, 6), (3, 8, 12)]
    neutral = [(torch.ones(2, *s), torch.zeros(2, *s)) for s in sizes]
    plain = generator.synthesise(codes)
    torch.testing.assert_close(generator.synthesise(codes, conditions=neutral), plain)
    for level in range(2):
        bent = [(s, t + 1) if n == level else (s, t) for n, (s, t) in enumerate(neutral)]
        assert not torch.allclose(generator.synthesise(codes, conditions=bent), plain, atol=1e-3)


def test_transform_keeps_the_first_half():
    x = torch.arange(2 * 5 * 2 * 2.0).view(2, 5, 2, 2)
    scale, shift = torch.full((2, 2, 2, 2), 3.0), torch.full((2, 2, 2, 2), -1.0)
    y = transform_half(x, (scale, shift))
    assert torch.equal(y[:, :3], x[:, :3])
    assert torch.equal(y[:, 3:], 3 * x[:, 3:] - 1)


def test_path_length_has_derivatives_in_every_layer_before_the_image():
    """Second derivatives through the generator: none in biases that shift the image as a whole."""
    network = build()
    w = network.map(vectors(2))[:, None].expand(-1, network.num_codes, -1)
    image = network.synthesise(w)
    probe = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad((image * probe).sum(), w, create_graph=True)
    gradient.square().sum(2).mean(1).sqrt().mean().backward()
    for name, parameter in network.named_parameters():
        if name.endswith("to_rgb.bias"):
            assert parameter.grad is None or not parameter.grad.any(), name
        else:
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"base": (4,)}, "base"),
        ({"base": (0, 4)}, "base"),
        ({"channels": []}, "channels"),
        ({"channels": [8, 1]}, "channels"),
        ({"channels": [8, 2.5]}, "channels"),
        ({"code_size": 0}, "code_size"),
        ({"mapping_layers": -1}, "mapping_layers"),
    ],
)
def test_bad_sizes_are_named(changes, word):
    with pytest.raises(ConfigError, match=word):
        build(**changes)


def test_bad_inputs_are_named(generator):
    with pytest.raises(LprError, match="z has shape"):
        generator(torch.zeros(2, 9))
    with pytest.raises(LprError, match="codes has shape"):
        generator.synthesise(torch.zeros(2, 5, 8))
    with pytest.raises(LprError, match="noise has shape"):
        generator(torch.zeros(2, 8), noise=torch.zeros(3, dtype=torch.long))
    with pytest.raises(LprError, match="noise is 'random'"):
        generator(torch.zeros(2, 8), noise="random")
    with pytest.raises(LprError, match="conditions has 1 levels"):
        generator.synthesise(torch.zeros(2, 8), conditions=[(torch.ones(1), torch.ones(1))])
