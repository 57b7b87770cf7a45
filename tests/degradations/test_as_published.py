"""Each published quirk shows its measured size."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import (
    DegradationParameters,
    blur,
    degrade,
    degrade_as_published,
    gaussian_kernel,
    jpeg_exact,
    motion_kernel_as_published,
    taps_as_published,
)
from lpr_gfpgan.degradations.as_published import stretch
from lpr_gfpgan.errors import ConfigError

SIZE = (96, 192)


def kernel_of(length, angle, size=45):
    tensors = torch.tensor([float(length)]), torch.tensor([float(angle)])
    return motion_kernel_as_published(*tensors, size)[0]


def moments(kernel):
    """Centre, long and short standard deviation, direction (counter-clockwise as seen)."""
    kernel = kernel.double().numpy() / float(kernel.sum())
    y, x = np.mgrid[: kernel.shape[0], : kernel.shape[1]] - kernel.shape[0] // 2
    centre = (kernel * x).sum(), (kernel * y).sum()
    x, y = x - centre[0], y - centre[1]
    xx, yy, xy = ((kernel * p).sum() for p in (x * x, y * y, x * y))
    values = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    return centre, np.sqrt(values[1]), math.degrees(math.atan2(-2 * xy, xx - yy) / 2)


def levels(image):
    return (image + 1) * 127.5


def one(**changes):
    none = DegradationParameters.none(1, *SIZE)
    changes = {k: torch.tensor([v], dtype=getattr(none, k).dtype) for k, v in changes.items()}
    return replace(none, **changes)


def psnr(a, b):
    return 10 * math.log10(4 / float((a - b).square().mean()))


@pytest.mark.parametrize("length", [10, 15, 20, 39])
@pytest.mark.parametrize("angle", [0, 20, 45, 70, 90])
def test_d7_kernel_equals_the_described_filter(length, angle):
    """OpenCV interpolates at 1/32 px, so weights agree to a few hundredths of the largest."""
    turn = cv2.getRotationMatrix2D((length / 2, length / 2), angle, 1)
    expected = cv2.warpAffine(np.eye(length), turn, (length, length)) / length
    start = 22 - length // 2
    # Correlating with a filter spreads a point to the mirrored places.
    ours = kernel_of(length, angle).flip(0, 1).numpy()[start:, start:][:length, :length]
    np.testing.assert_allclose(ours, expected, atol=0.04 / length)
    assert ours.sum() == pytest.approx(float(kernel_of(length, angle).sum()))


def test_d7_sum_length_and_direction_of_20_px():
    sums, lengths, directions = [], [], []
    for angle in range(0, 91, 5):
        kernel = kernel_of(20, angle)
        _, deviation, direction = moments(kernel)
        sums.append(float(kernel.sum()))
        lengths.append(deviation * math.sqrt(12))  # of an even line
        directions.append(direction)
    assert 0.64 < min(sums) < 0.72
    assert max(sums) == pytest.approx(1, abs=0.01)
    assert 19 < min(lengths) < 21
    assert 27 < max(lengths) < 29
    assert directions[0] == pytest.approx(-45, abs=1)
    assert directions[-1] == pytest.approx(45, abs=1)
    assert np.all(np.diff(directions) > 0)


@pytest.mark.parametrize(
    ("sigma", "length", "published"), [(20, 20, 2.6), (35, 20, 5.5), (79.5, 40, 8.0)]
)
def test_d4_motion_after_noise_shrinks_it(sigma, length, published):
    angles = torch.arange(0.0, 91, 10)
    count = len(angles)
    kernel = motion_kernel_as_published(torch.full((count,), float(length)), angles, 41)
    # Independent noise keeps the root of the kernel's sum of squares.
    shrunk = sigma * kernel.square().sum((1, 2)).sqrt().mean().item()
    assert shrunk == pytest.approx(published, rel=0.25)

    p = DegradationParameters.none(count, *SIZE)
    p = replace(
        p,
        noise_sigma=p.noise_sigma + sigma,
        motion_length=p.motion_length + length,
        motion_angle=angles,
        noise_key=torch.arange(count),
    )
    kept = levels(degrade(torch.zeros(count, 3, *SIZE), p, codec="exact")).std().item()
    assert kept > 0.85 * sigma  # a little is lost where noise meets black and white


def test_d5_quality_above_100_acts_as_100(plates):
    image = plates(1, *SIZE)
    results = [degrade_as_published(image, one(jpeg_quality=q)) for q in (100, 160, 305)]
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])
    with pytest.raises(ConfigError):
        degrade(image, one(jpeg_quality=160), codec="exact")


def test_d6_everything_passes_through_a_file_of_quality_95(plates):
    image = plates(1, *SIZE)
    stored = degrade_as_published(image, DegradationParameters.none(1, *SIZE))
    assert torch.equal(stored, jpeg_exact(image, torch.tensor([95])))
    assert psnr(stored, image) < 50
    # So the factor at "quality" 160 changes less than switching everything off does.
    on = degrade_as_published(image, one(jpeg_quality=160))
    assert psnr(on, stored) > psnr(stored, image) + 2


def test_d8_motion_blur_stretches_contrast(plates):
    image = 0.5 * plates(1, *SIZE)
    moved = degrade_as_published(image, one(motion_length=20.0, motion_angle=30.0))
    still = degrade_as_published(image, one(sigma_major=4.0, sigma_minor=4.0))
    assert moved.min() < -0.95
    assert moved.max() > 0.95
    assert still.abs().max() < 0.6
    torch.testing.assert_close(stretch(3 * image + 0.1), stretch(image), atol=1e-5, rtol=0)


def test_d8_costs_about_20_decibels(plates):
    images = plates(6, *SIZE)
    kernel = torch.stack([kernel_of(15, angle) for angle in (10, 25, 40, 55, 70, 85)])
    moved = blur(images, [kernel])
    assert 12 < psnr(stretch(moved), moved) < 26


def test_d9_41_taps_make_sigma_20_an_11():
    twenty, zero = torch.tensor([20.0]), torch.zeros(1)
    x = torch.arange(-20, 21)
    cut = gaussian_kernel(twenty, twenty, zero, 41, cut=20)[0]
    assert (cut.sum(0) * x**2).sum().sqrt().item() == pytest.approx(11, abs=0.3)
    whole = gaussian_kernel(twenty, twenty, zero, 121)[0]
    x = torch.arange(-60, 61)
    assert (whole.sum(0) * x**2).sum().sqrt().item() == pytest.approx(20, rel=0.03)


def test_d9_is_what_the_published_blur_applies(plates):
    image = plates(1, *SIZE)
    hwc = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())
    blurred = cv2.GaussianBlur(hwc, (41, 41), 20, borderType=cv2.BORDER_REFLECT_101)
    expected = jpeg_exact(torch.from_numpy(blurred).permute(2, 0, 1)[None], torch.tensor([95]))
    ours = degrade_as_published(image, one(sigma_major=20.0, sigma_minor=20.0), taps=41)
    assert (ours - expected).abs().mean() < 2e-3


def test_d12_downsampling_aliases():
    stripes = torch.ones(1, 3, *SIZE)
    stripes[..., 1::4] = stripes[..., 2::4] = -1  # as fine as a pixel of the small grid
    p = one(small_width=48, small_height=24)
    assert degrade(stripes, p, codec="exact").abs().max() < 1e-5  # grey
    assert degrade_as_published(stripes, p).max() < -0.95  # black: white was never sampled


def test_the_gaussian_is_cut_alike_at_every_frame_size():
    """Sigma 20 at 512 px becomes about 11 there, and as much of the width in a smaller frame."""
    for width in (128, 256, 512):
        sigma, taps = torch.tensor([20 * width / 512]), taps_as_published(width)
        kernel = gaussian_kernel(sigma, sigma, torch.zeros(1), taps, cut=taps)[0]
        x = torch.arange(taps) - taps // 2
        cut = (kernel.sum(0) * x**2).sum().sqrt().item()
        assert cut * 512 / width == pytest.approx(11, abs=0.8)
    assert [taps_as_published(width) for width in (64, 512)] == [5, 41]


def test_a_sample_is_degraded_alike_in_every_batch(plates):
    """Many samples: a canvas that follows the batch rounds about one in ten of them otherwise."""
    count = 40
    images, number = plates(count, *SIZE), torch.arange(count)
    p = DegradationParameters.none(count, *SIZE)
    p = replace(
        p, motion_length=torch.linspace(1, 40, count), motion_angle=torch.linspace(0, 90, count)
    )
    mixed = replace(
        p,
        sigma_major=number % 5 + 0.5,
        sigma_minor=number % 5 + 0.5,
        small_width=torch.where(number % 2 == 0, 192, 48),
        small_height=torch.where(number % 2 == 0, 96, 24),
        noise_sigma=number.float(),
        jpeg_quality=90 + number,
        noise_key=number,
    )
    for parameters in (p, mixed):
        together = degrade_as_published(images, parameters)
        for i in range(count):
            alone = degrade_as_published(images[i : i + 1], parameters.select([i]))
            assert torch.equal(alone[0], together[i])


def test_bad_requests_are_refused():
    with pytest.raises(ConfigError, match="disk"):
        degrade_as_published(torch.zeros(1, 3, *SIZE), one(disk_radius=3.0))
    with pytest.raises(ConfigError, match="quality"):
        degrade_as_published(torch.zeros(1, 3, *SIZE), one(jpeg_quality=-2))
