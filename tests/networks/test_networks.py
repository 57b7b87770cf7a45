"""What holds for every network alike."""

import pytest
import torch

from lpr_gfpgan.networks import (
    Discriminator,
    Generator,
    PlateReader,
    RegionDiscriminator,
    Restorer,
)

NETWORKS = {
    "generator": (
        lambda seed: Generator(
            base=(2, 3), channels=[6, 6, 4], code_size=6, mapping_layers=2, seed=seed
        ),
        (6,),
    ),
    "square generator": (
        lambda seed: Generator(
            base=(2, 2), channels=[6, 4], code_size=6, mapping_layers=0, seed=seed
        ),
        (6,),
    ),
    "discriminator": (
        lambda seed: Discriminator(base=(3, 2), channels=[6, 6, 4], seed=seed),
        (3, 12, 8),
    ),
    "restorer": (
        lambda seed: Restorer(
            base=(2, 3),
            channels_unet=[6, 4, 4],
            channels_decoder=[6, 6, 5],
            code_size=6,
            mapping_layers=1,
            pool_codes=False,
            seed=seed,
        ),
        (3, 8, 12),
    ),
    "region discriminator": (
        lambda seed: RegionDiscriminator(size=(6, 10), channels=[4, 6], seed=seed),
        (3, 6, 10),
    ),
    "plain reader": (
        lambda seed: PlateReader(
            architecture="plain", channels=[6, 6], input_size=(8, 64), num_classes=7, seed=seed
        ),
        (3, 8, 64),
    ),
    "residual reader": (
        lambda seed: PlateReader(
            architecture="residual", channels=[6, 6], input_size=(8, 64), num_classes=7, seed=seed
        ),
        (3, 8, 64),
    ),
}


@pytest.fixture(params=NETWORKS)
def case(request):
    build, shape = NETWORKS[request.param]
    data = torch.randn(4, *shape, generator=torch.Generator().manual_seed(0))
    return request.param, build, data


def tensors(output):
    """All tensors of an output, however nested."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [tensor for part in output for tensor in tensors(part)]


def test_gradients_are_finite_and_reach_every_parameter_in_use(case):
    _, build, data = case
    network = build(0)
    # Not the sum of squares: normalisation would make its gradient vanish.
    sum(t.tanh().sum() for t in tensors(network(data))).backward()
    for key, parameter in network.named_parameters():
        if key.startswith("decoder.mapping."):
            assert parameter.grad is None, key
            continue
        assert parameter.grad is not None and parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


def test_same_seed_same_output_and_global_randomness_untouched(case):
    _, build, data = case
    state = torch.get_rng_state()
    first, again, other = (tensors(build(seed)(data)) for seed in (0, 0, 1))
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.allclose(first[0], other[0], atol=1e-3)


def test_config_builds_the_same_network(case):
    _, build, _ = case
    network = build(0)
    again = type(network)(**network.config)
    assert again.config == network.config
    shapes = [
        {key: tensor.shape for key, tensor in n.state_dict().items()} for n in (network, again)
    ]
    assert shapes[0] == shapes[1]


def test_first_outputs_are_of_moderate_size(case):
    _, build, data = case
    for tensor in tensors(build(0)(data)):
        assert 1e-3 < tensor.float().square().mean().sqrt() < 10


def test_bfloat16_stays_near_float32(case):
    _, build, data = case
    network = build(0)
    with torch.no_grad():
        exact = tensors(network(data))
        with torch.autocast("cpu", torch.bfloat16):
            rough = tensors(network(data))
    for a, b in zip(exact, rough, strict=True):
        assert (a - b.float()).square().mean().sqrt() < 0.05 * a.square().mean().sqrt() + 0.01


def test_builds_without_memory(case):
    _, build, data = case
    with torch.device("meta"):
        network = build(0)
    given = tensors(network(data.to("meta")))
    expected = tensors(build(0)(data))
    assert [t.shape for t in given] == [t.shape for t in expected]
