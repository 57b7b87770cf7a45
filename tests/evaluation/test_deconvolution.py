"""Wiener and Richardson-Lucy against scikit-image, and on blurs whose answer is known."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from skimage import restoration

from lpr_gfpgan.errors import ConfigError, ImageError
from lpr_gfpgan.evaluation.deconvolution import richardson_lucy, wiener

IDENTITY = torch.zeros(1, 3, 3)
IDENTITY[0, 1, 1] = 1


def random_kernels(batch, size, seed=0):
    """Without any symmetry, so that a mirrored or transposed kernel is a different one."""
    kernel = torch.rand(batch, size, size, generator=torch.Generator().manual_seed(seed)) ** 3
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)


def picture(batch, height, width, margin=0, seed=1):
    """Random blocks of 4 x 4 pixels in [0.1, 0.9], grey at the margin."""
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.rand(batch, 3, -(-height // 4), -(-width // 4), generator=generator)
    image = blocks.repeat_interleave(4, 2).repeat_interleave(4, 3)[..., :height, :width] * 0.8 + 0.1
    if margin:
        inner = image[..., margin:-margin, margin:-margin].clone()
        image = torch.full_like(image, 0.5)
        image[..., margin:-margin, margin:-margin] = inner
    return image


def blurred(image, kernels):
    kernels = kernels.expand(len(image), -1, -1)
    planes = [
        [convolve(channel.numpy(), kernel.numpy(), mode="nearest") for channel in sample]
        for sample, kernel in zip(image, kernels, strict=True)
    ]
    return torch.from_numpy(np.array(planes))


def rms(a, b):
    return (a - b).square().mean().sqrt().item()


@pytest.mark.parametrize("balance", [1e-3, 0.1])
def test_wiener_equals_scikit_image(balance):
    # With grey borders the extension is grey: 56 + 8 and 72 + 8 pixels, lengths kept as they are.
    image, kernels = picture(2, 56, 72, margin=6), random_kernels(2, 9)
    ours = wiener(image, kernels, balance=balance)
    for b in range(2):
        for c in range(3):
            padded = np.pad(image[b, c].numpy(), ((0, 8), (0, 8)), constant_values=0.5)
            theirs = restoration.wiener(padded, kernels[b].numpy(), balance)[:56, :72]
            np.testing.assert_allclose(ours[b, c].numpy(), theirs.clip(0, 1), atol=2e-5)


def test_richardson_lucy_equals_scikit_image():
    image, kernels, iterations = picture(2, 64, 80), random_kernels(2, 5), 5
    ours = richardson_lucy(image, kernels, iterations=iterations)
    inner = slice(4 * iterations, -4 * iterations)  # what no border reaches: 2 x 2 px an iteration
    for b in range(2):
        for c in range(3):
            theirs = restoration.richardson_lucy(
                image[b, c].numpy().astype(np.float64), kernels[b].double().numpy(), iterations
            )
            np.testing.assert_allclose(ours[b, c][inner, inner], theirs[inner, inner], atol=2e-5)


def test_a_blur_without_noise_is_undone():
    image, kernels = picture(3, 48, 96), random_kernels(3, 7)
    given = blurred(image, kernels)
    before = rms(given, image)
    assert rms(wiener(given, kernels, balance=1e-6), image) < 0.5 * before
    errors = [rms(richardson_lucy(given, kernels, iterations=n), image) for n in (5, 50, 200)]
    assert before > errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.5 * before


def test_the_wrong_kernel_does_worse():
    image, kernels = picture(3, 48, 96), random_kernels(3, 7)
    given, wrong = blurred(image, kernels), kernels.flip(1, 2)
    right = wiener(given, kernels, balance=1e-3), wiener(given, wrong, balance=1e-3)
    assert rms(right[0], image) < 0.7 * rms(right[1], image)
    a, b = (richardson_lucy(given, k, iterations=30) for k in (kernels, wrong))
    assert rms(a, image) < 0.8 * rms(b, image)


def test_borders_do_not_ring():
    """A ramp has opposite borders of opposite brightness; blurring it changes nothing inside."""
    ramp = torch.linspace(0.05, 0.95, 96).expand(1, 3, 48, 96).contiguous()
    line = torch.full((1, 9, 9), 0.0)
    line[0, 4] = 1 / 9
    for found in (wiener(ramp, line, balance=1e-2), richardson_lucy(ramp, line, iterations=20)):
        assert (found - ramp).abs()[..., 9:-9].max() < 0.03
        assert (found - ramp).abs().max() < 0.05


@pytest.mark.parametrize("size", [(5, 7), (32, 64)])
def test_even_grey_stays(size):
    grey, kernels = torch.full((2, 3, *size), 0.3), random_kernels(2, 11)
    torch.testing.assert_close(wiener(grey, kernels, balance=0.01), grey)
    torch.testing.assert_close(richardson_lucy(grey, kernels, iterations=9), grey)


def test_black_and_white_stay_finite():
    image = torch.zeros(1, 3, 32, 32)
    image[..., 8:16, 8:16] = 1
    for found in (
        wiener(image, random_kernels(1, 5), balance=1e-4),
        richardson_lucy(image, random_kernels(1, 5), iterations=50),
        richardson_lucy(torch.zeros_like(image), random_kernels(1, 5), iterations=50),
    ):
        assert found.isfinite().all() and found.min() >= 0 and found.max() <= 1


def test_balance_and_iterations_set_the_strength():
    image, kernels = picture(1, 48, 96), random_kernels(1, 7)
    given = blurred(image, kernels)

    def roughness(x):
        return x.diff(dim=3).abs().mean().item()

    smooth, sharp = (roughness(wiener(given, kernels, balance=b)) for b in (1, 1e-4))
    assert smooth < sharp
    few, many = (roughness(richardson_lucy(given, kernels, iterations=n)) for n in (2, 30))
    assert few < many


def test_damping_leaves_small_noise_alone():
    generator = torch.Generator().manual_seed(5)
    noisy = 0.5 + 0.01 * torch.randn(1, 3, 48, 96, generator=generator)
    kernels = random_kernels(1, 7)
    plain, damped, same = (
        richardson_lucy(noisy, kernels, iterations=30, damping=t) for t in (0, 0.05, 1e-9)
    )
    assert damped.std() < 0.5 * plain.std()
    torch.testing.assert_close(same, plain, rtol=0, atol=1e-3)


def test_one_kernel_serves_a_batch_and_samples_are_independent():
    image, kernel = picture(3, 32, 64), random_kernels(1, 5)
    for method in (
        lambda x, k: wiener(x, k, balance=0.01),
        lambda x, k: richardson_lucy(x, k, iterations=10),
    ):
        together = method(image, kernel)
        torch.testing.assert_close(together, method(image, kernel.expand(3, -1, -1)))
        torch.testing.assert_close(together[1:2], method(image[1:2], kernel))


def test_bad_input_is_named():
    image = picture(2, 16, 16)
    with pytest.raises(ImageError, match="uint8"):
        wiener((image * 255).byte(), IDENTITY, balance=1)
    with pytest.raises(ImageError, match="image of shape"):
        richardson_lucy(image[0], IDENTITY, iterations=1)
    for kernel in (torch.ones(3, 3, 3) / 9, torch.ones(1, 4, 4) / 16, torch.ones(1, 3, 5) / 15):
        with pytest.raises(ConfigError, match="kernel of shape"):
            wiener(image, kernel, balance=1)
    with pytest.raises(ConfigError, match=r"balance 0\b"):
        wiener(image, IDENTITY, balance=0)
    with pytest.raises(ConfigError, match="iterations 0"):
        richardson_lucy(image, IDENTITY, iterations=0)
    with pytest.raises(ConfigError, match="damping -1"):
        richardson_lucy(image, IDENTITY, iterations=1, damping=-1)
