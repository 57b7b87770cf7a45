"""A compiled network gives what the network gives, and the same first derivatives.

Second derivatives, which R1 and path length need, torch.compile refuses: those run uncompiled.
"""

import shutil

import pytest
import torch

from lpr_gfpgan.networks import Discriminator, Restorer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not any(shutil.which(name) for name in ("c++", "g++", "clang++")),
        reason="torch.compile needs a C++ compiler on a CPU",
    ),
]
# The compiler fuses, so sums are taken in another order.
NEAR = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(autouse=True)
def forgotten():
    yield
    torch.compiler.reset()


def image_for(network):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, *network.size, generator=generator).mul_(2).sub_(1)


def gradients(network, run):
    network.zero_grad(set_to_none=True)
    run(image_for(network)).square().mean().backward()
    # A parameter that the loss does not hang on has none, or, compiled, one of zeros.
    return {
        name: torch.zeros_like(p) if p.grad is None else p.grad.clone()
        for name, p in network.named_parameters()
    }


def agree(network, output):
    compiled = torch.compile(network)
    image = image_for(network)
    with torch.no_grad():
        torch.testing.assert_close(output(compiled(image)), output(network(image)), **NEAR)
    exact = gradients(network, lambda x: output(network(x)))
    found = gradients(network, lambda x: output(compiled(x)))
    for name, gradient in exact.items():
        largest = gradient.abs().max()
        difference = (found[name] - gradient).abs().max()
        assert difference <= 1e-4 * largest + 1e-7, name


def test_the_restorer():
    network = Restorer(
        base=(4, 8),
        channels_unet=[8, 8],
        channels_decoder=[8, 8],
        code_size=8,
        mapping_layers=1,
        pool_codes=False,
    )
    agree(network.train(), lambda made: made.image)


def test_the_discriminator():
    agree(Discriminator(base=(4, 8), channels=[8, 8]).train(), lambda logits: logits)
