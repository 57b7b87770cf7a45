"""The discriminator: features, comparison across the batch, gradient penalty."""

import pytest
import torch

from lpr_gfpgan.errors import LprError
from lpr_gfpgan.networks import Discriminator
from lpr_gfpgan.networks.discriminator import DownBlock
from lpr_gfpgan.networks.layers import initialise


def build(**changes):
    return Discriminator(**{"base": (2, 3), "channels": [8, 6, 4], **changes})


def images(batch, seed=0):
    return torch.randn(batch, 3, 8, 12, generator=torch.Generator().manual_seed(seed))


def test_features_at_every_resolution_finest_first():
    shapes = [tuple(f.shape) for f in build().features(images(2))]
    assert shapes == [(2, 4, 8, 12), (2, 6, 4, 6), (2, 8, 2, 3)]


def test_features_of_a_sample_do_not_depend_on_the_batch():
    network, x = build(), images(5)
    for together, alone in zip(network.features(x), network.features(x[3:4]), strict=True):
        torch.testing.assert_close(together[3:4], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 3, 4, 5, 6, 8])
def test_any_batch_size(batch):
    assert build()(images(batch)).shape == (batch, 1)


def test_logits_depend_on_the_own_group_alone():
    network, x = build(group=4), images(8)
    torch.testing.assert_close(network(x)[:4], network(x[:4]), rtol=0, atol=1e-5)
    changed = x.clone()
    changed[1] = 3
    first, second = network(x), network(changed)
    assert (first[0] - second[0]).abs() > 1e-4  # same group: compared with sample 1
    torch.testing.assert_close(first[4:], second[4:], rtol=0, atol=1e-5)


def test_gradient_penalty_reaches_every_weight_before_the_logit():
    network = build()
    x = images(4).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    gradient.square().sum((1, 2, 3)).mean().backward()
    for name, parameter in network.named_parameters():
        assert name == "logit.bias" or parameter.grad.isfinite().all(), name
        assert not name.endswith("weight") or parameter.grad.any(), name


def test_block_keeps_the_power_of_smooth_activations():
    block = DownBlock(32, 32)
    initialise(block, 0)
    x = torch.randn(8, 32, 1, 1, generator=torch.Generator().manual_seed(0)).expand(8, 32, 16, 16)
    inside = block(x)[:, :, 2:-2, 2:-2]
    assert 0.6 < inside.square().mean() < 1.6


def test_shape_is_checked():
    with pytest.raises(LprError, match="image has shape"):
        build()(torch.zeros(2, 3, 8, 8))
