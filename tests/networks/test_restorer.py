"""The restorer: what starts where, which gradients reach what, and the published shape."""

import pytest
import torch

from lpr_gfpgan import randomness
from lpr_gfpgan.errors import ConfigError, LprError
from lpr_gfpgan.networks import Generator, Restorer, parameter_report
from lpr_gfpgan.networks.unet import ResampleBlock

SIZES = {
    "base": (2, 3),
    "channels_unet": [8, 6, 4],
    "channels_decoder": [8, 8, 6],
    "code_size": 8,
    "mapping_layers": 2,
    "pool_codes": True,
}


def build(**changes):
    return Restorer(**{**SIZES, **changes})


def images(batch, seed=0):
    return torch.randn(batch, 3, 8, 12, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)


def prior(seed=3):
    return Generator(base=(2, 3), channels=[8, 8, 6], code_size=8, mapping_layers=2, seed=seed)


@pytest.mark.parametrize("pool", [True, False])
def test_shapes(pool):
    image, pyramid = build(pool_codes=pool)(images(2))
    assert image.shape == (2, 3, 8, 12)
    assert [tuple(p.shape) for p in pyramid] == [(2, 3, 4, 6), (2, 3, 8, 12)]


@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize("decoder", ["frozen", "tuned"])
def test_every_trained_parameter_has_a_gradient_at_the_first_step(pool, decoder):
    network = build(pool_codes=pool)
    network.initialise_from(prior())
    restored = network(images(4), noise=randomness.keys(0, 0, torch.arange(4), "noise"))
    loss = restored.image.abs().mean() + sum(p.abs().mean() for p in restored.pyramid)
    trained = network.trainable(decoder)
    loss.backward(inputs=trained)
    names = {id(p): name for name, p in network.named_parameters()}
    for parameter in trained:
        assert parameter.grad is not None and parameter.grad.isfinite().all()
        assert parameter.grad.any(), names[id(parameter)]
    trained = {names[id(p)] for p in trained}
    others = {name for name in names.values() if name not in trained}
    if decoder == "frozen":
        assert others == {name for name in names.values() if name.startswith("decoder.")}
    else:
        assert others == {name for name in names.values() if name.startswith("decoder.mapping.")}
    for name, parameter in network.named_parameters():
        assert (parameter.grad is None) == (name in others), name


def test_starts_near_the_mean_image_of_the_prior():
    network, given = build(), prior()
    network.initialise_from(given)
    mean = given.synthesise(given.mean_code()[None])
    start = network(images(4)).image
    spread = given(randomness.normal(randomness.keys(0, 0, torch.arange(32), "z"), (8,))).std()
    assert (start - mean).square().mean().sqrt() < 0.5 * spread
    # The input is felt all the same.
    assert (start[0] - start[1]).abs().max() > 1e-3
    for name, tensor in given.state_dict().items():
        assert torch.equal(tensor, network.decoder.state_dict()[name]), name


def test_detail_of_the_input_reaches_the_finest_pixels():
    """The output's pixel depends most on the input around it: the transforms carry the picture."""
    network = build()
    network.initialise_from(prior())
    x = images(1).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x).image[0, :, 4, 6].sum(), x)
    power = gradient[0].square().sum(0)
    assert power[2:7, 4:9].mean() > 2 * power.mean()


def test_a_restoration_does_not_depend_on_the_batch():
    network, x = build(), images(5)
    keys = randomness.keys(0, 0, torch.arange(5), "noise")
    for noise, alone in (("fixed", "fixed"), (keys, keys[3:4])):
        together, single = network(x, noise=noise), network(x[3:4], noise=alone)
        torch.testing.assert_close(together.image[3:4], single.image, rtol=0, atol=1e-5)
        for a, b in zip(together.pyramid, single.pyramid, strict=True):
            torch.testing.assert_close(a[3:4], b, rtol=0, atol=1e-5)


def test_layout_in_memory_does_not_matter():
    network, x = build(), images(2)
    other = network(x.contiguous(memory_format=torch.channels_last)).image
    torch.testing.assert_close(network(x).image, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("up", [True, False])
def test_resample_block_is_two_paths_of_equal_power(up):
    block = ResampleBlock(3, 5, up=up)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(generator=generator)
    x = torch.randn(2, 3, 4, 6, generator=generator)

    def convolve(layer, t, kernel):
        weight = layer.weight / (layer.weight.shape[1] * kernel**2) ** 0.5
        return torch.nn.functional.conv2d(t, weight, layer.bias, padding=kernel // 2)

    def resample(t):
        factor = 2 if up else 0.5
        return torch.nn.functional.interpolate(t, scale_factor=factor, mode="bilinear")

    def activate(t):
        return torch.nn.functional.leaky_relu(t, 0.2) * 2**0.5

    y = activate(convolve(block.second, resample(activate(convolve(block.first, x, 3))), 3))
    expected = (y + convolve(block.skip, resample(x), 1)) / 2**0.5
    torch.testing.assert_close(block(x), expected, rtol=1e-5, atol=1e-5)


def test_published_shape():
    """512 x 512, channel multiplier 1: 76.2 million parameters, 24.9 million in the decoder."""
    with torch.device("meta"):
        network = build(
            base=(4, 4),
            channels_unet=[256, 256, 256, 256, 128, 64, 32, 16],
            channels_decoder=[512, 512, 512, 512, 256, 128, 64, 32],
            code_size=512,
            mapping_layers=8,
            pool_codes=False,
        )
    assert network.size == (512, 512)
    assert network.decoder.num_codes == 16
    assert parameter_report(network) == {
        "unet": 9_915_360,
        "encoder": 33_562_624,
        "transforms": 7_865_280,
        "rgb": 3_045,
        "decoder": 24_860_935,
        "total": 76_207_244,
    }
    assert network(torch.zeros(1, 3, 512, 512, device="meta")).image.shape == (1, 3, 512, 512)


def test_bad_inputs_are_named():
    with pytest.raises(ConfigError, match="channels_unet has 2 levels"):
        build(channels_unet=[4, 4])
    with pytest.raises(LprError, match="image has shape"):
        build()(torch.zeros(1, 3, 12, 8))
    with pytest.raises(ConfigError, match="decoder is 'melted'"):
        build().trainable("melted")
    with pytest.raises(ConfigError, match="prior is built as"):
        build().initialise_from(
            Generator(base=(2, 3), channels=[8, 8], code_size=8, mapping_layers=2)
        )
