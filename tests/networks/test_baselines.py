"""The restoring networks without a prior: shapes, sizes, seeds, weights files, refusals."""

import pytest
import torch

from lpr_gfpgan.errors import ConfigError, LprError
from lpr_gfpgan.networks import PlainUNet, RRDBNet, load_weights, save_weights
from lpr_gfpgan.networks.rrdb import ResidualDenseBlock

RRDB = {"channels": 8, "growth": 4, "blocks": 2, "shuffle": 4}


def plain(seed=0):
    return PlainUNet(base=(4, 8), channels=[16, 16, 8], seed=seed)


def rrdb(seed=0, **changes):
    return RRDBNet(**{**RRDB, **changes}, seed=seed)


def images(size=(16, 32)):
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("make", [plain, rrdb])
def test_an_image_becomes_one_of_its_size_and_every_weight_is_taught(make):
    network, image = make(), images()
    restored = network(image)
    assert restored.shape == image.shape and torch.isfinite(restored).all()
    (restored - image).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
    # A sample's restoration does not depend on its batch.
    assert torch.allclose(network(image[:1]), restored[:1], atol=1e-5)


def test_the_first_restoration_of_the_unet_is_near_its_input():
    image = images()
    with torch.no_grad():
        change = (plain()(image) - image).abs().mean()
    assert 0 < change < 0.2


def test_rrdb_has_the_published_number_of_parameters():
    published = RRDBNet(channels=64, growth=32, blocks=23, shuffle=1)
    # ESRGAN has 16 697 987 at 4 to 1, two doublings included, which a network at equal size lacks.
    doublings = 2 * (64 * 64 * 9 + 64)
    assert sum(p.numel() for p in published.parameters()) + doublings == 16_697_987


def test_each_residual_block_passes_a_fifth_more_than_its_input_on():
    """Without weights a dense block is the identity, and the path around three of them adds it."""
    block = ResidualDenseBlock(4, 2)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        x = torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(block(x), 1.2 * x)


@pytest.mark.parametrize("make", [plain, rrdb])
def test_weights_repeat_by_seed_and_survive_their_file(make, tmp_path):
    first, again, other = make(3), make(3), make(4)
    state = first.state_dict()
    assert all(torch.equal(state[k], v) for k, v in again.state_dict().items())
    assert any(not torch.equal(state[k], v) for k, v in other.state_dict().items())
    kind = "plain_unet" if make is plain else "rrdb"
    save_weights(tmp_path / "w", first, kind=kind, config=first.config, provenance={})
    loaded, _ = load_weights(tmp_path / "w", expect_kind=kind)
    with torch.no_grad():
        assert torch.equal(loaded(images()), first(images()))


def test_what_cannot_be_built_or_read_is_named():
    for changes, named in (
        ({"shuffle": 3}, "shuffle 3"),
        ({"blocks": 0}, "blocks"),
        ({"growth": 1.5}, "growth"),
    ):
        with pytest.raises(ConfigError, match=named):
            rrdb(**changes)
    with pytest.raises(ConfigError, match="channels"):
        PlainUNet(base=(4, 8), channels=[16])
    with pytest.raises(ConfigError, match="base"):
        PlainUNet(base=(4,), channels=[16, 16])
    with pytest.raises(LprError, match="image has shape"):
        plain()(images((16, 16)))
    with pytest.raises(LprError, match="multiples of 4"):
        rrdb()(images((18, 32)))
