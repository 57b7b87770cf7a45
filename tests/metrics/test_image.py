"""Image measures against known values."""

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from lpr_gfpgan.errors import DataError, ImageError
from lpr_gfpgan.metrics import crop_box, kid, kid_subsets, mean_squared_error, psnr, ssim


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=(24, 40, 3)), axis=1) * 8 + 128
    return np.clip(smooth, 20, 230).astype(np.uint8)


def test_psnr_of_a_constant_offset(picture):
    assert mean_squared_error(picture, picture + 10) == 100
    assert psnr(picture, picture + 10) == pytest.approx(20 * math.log10(25.5))


def test_identical_images(picture):
    assert psnr(picture, picture.copy()) == math.inf
    assert ssim(picture, picture.copy()) == pytest.approx(1)


def test_psnr_does_not_wrap_around():
    black, white = np.zeros((12, 12, 3), np.uint8), np.full((12, 12, 3), 255, np.uint8)
    assert psnr(black, white) == pytest.approx(0)


def test_ssim_of_two_flat_images_is_its_luminance_term():
    first, second = np.full((16, 16, 3), 100, np.uint8), np.full((16, 16, 3), 140, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(first, second) == pytest.approx(
        (2 * 100 * 140 + c1) / (100**2 + 140**2 + c1), abs=1e-6
    )


@pytest.mark.parametrize("size", [(11, 11), (12, 31), (32, 64)])
def test_ssim_is_that_of_scikit_image(size):
    rng = np.random.default_rng(2)
    first = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    second = np.clip(first.astype(int) + rng.integers(-60, 60, first.shape), 0, 255)
    second = second.astype(np.uint8)
    known = structural_similarity(
        first,
        second,
        data_range=255,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(first, second) == pytest.approx(known, abs=1e-12)


def test_ssim_falls_with_noise(picture):
    rng = np.random.default_rng(1)
    values = [
        ssim(picture, np.clip(picture + rng.normal(0, s, picture.shape), 0, 255).astype(np.uint8))
        for s in (2, 10, 40)
    ]
    assert 1 > values[0] > values[1] > values[2] > -1


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_refuses_other_kinds(picture, measure):
    with pytest.raises(ImageError, match="uint8 of one shape"):
        measure(picture, picture.astype(np.float32))
    with pytest.raises(ImageError, match="uint8 of one shape"):
        measure(picture, picture[1:])


def test_ssim_refuses_images_smaller_than_its_window(picture):
    with pytest.raises(ImageError, match="11 x 11"):
        ssim(picture[:10], picture[:10])


def test_crop_box_takes_every_touched_pixel_and_stays_inside():
    image = np.arange(12).reshape(3, 4)
    assert crop_box(image, (1.0, 1.0, 3.0, 2.0)).tolist() == [[5, 6]]
    assert crop_box(image, (0.9, 1.0, 3.1, 2.0)).tolist() == [[4, 5, 6, 7]]
    assert crop_box(image, (-5, -5, 9, 9)).shape == (3, 4)
    with pytest.raises(ImageError, match="does not meet"):
        crop_box(image, (4.0, 0, 6, 3))


def test_kid_against_sums_written_out():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))

    def kernel(a, b):
        return (np.dot(a, b) / 3 + 1) ** 3

    within_x = [kernel(x[i], x[j]) for i in range(4) for j in range(4) if i != j]
    within_y = [kernel(y[i], y[j]) for i in range(5) for j in range(5) if i != j]
    across = [kernel(a, b) for a in x for b in y]
    assert kid(x, y) == pytest.approx(np.mean(within_x) + np.mean(within_y) - 2 * np.mean(across))


def test_kid_tells_distributions_apart_and_is_unbiased():
    rng = np.random.default_rng(3)
    same = [kid(rng.normal(size=(60, 8)), rng.normal(size=(60, 8))) for _ in range(60)]
    standard_error = np.std(same) / np.sqrt(len(same))
    assert abs(np.mean(same)) < 3 * standard_error
    assert min(same) < 0 < max(same)
    shifted = kid(rng.normal(size=(60, 8)), rng.normal(1, 1, size=(60, 8)))
    assert shifted > 10 * np.std(same)


def test_kid_subsets_scatter_around_kid():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(100, 6)), rng.normal(0.5, 1, size=(100, 6))
    parts = kid_subsets(x, y, size=50, count=80, rng=np.random.default_rng(5))
    assert parts.shape == (80,) and parts.std() > 0
    assert parts.mean() == pytest.approx(kid(x, y), abs=4 * parts.std() / np.sqrt(80))
    again = kid_subsets(x, y, size=50, count=80, rng=np.random.default_rng(5))
    assert np.array_equal(parts, again)


def test_kid_refuses_what_it_cannot_compare():
    with pytest.raises(DataError, match="N >= 2"):
        kid(np.zeros((1, 3)), np.zeros((4, 3)))
    with pytest.raises(DataError, match="one F"):
        kid(np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(DataError, match="not finite"):
        kid(np.full((4, 2), np.nan), np.zeros((4, 2)))
    with pytest.raises(DataError, match="lower the size"):
        rng = np.random.default_rng(0)
        kid_subsets(np.zeros((4, 2)), np.zeros((9, 2)), size=5, count=1, rng=rng)
