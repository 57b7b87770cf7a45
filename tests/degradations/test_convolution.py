import cv2
import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import blur
from lpr_gfpgan.degradations.convolution import fast_length
from lpr_gfpgan.errors import ConfigError


def random(shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random(shape, dtype=np.float32))


def opencv(image, kernel):
    """Convolution with the mirrored border; OpenCV's filter correlates, hence the flip."""
    hwc = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    return cv2.filter2D(hwc, -1, kernel.flip(0, 1).numpy(), borderType=cv2.BORDER_REFLECT_101)


@pytest.mark.parametrize(("height", "width"), [(32, 64), (17, 23), (40, 40)])
def test_each_image_meets_its_own_lopsided_kernel(height, width):
    image, kernel = random((3, 3, height, width)), random((3, 9, 9), 1)
    kernel /= kernel.sum((1, 2), keepdim=True)
    ours = blur(image, [kernel])
    for b in range(3):
        expected = opencv(image[b], kernel[b])
        np.testing.assert_allclose(ours[b].permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_kernels_of_one_sample_follow_each_other():
    image, a, b = random((2, 3, 40, 48)), random((2, 5, 5), 1) / 25, random((2, 9, 9), 2) / 81
    together = blur(image, [a, b])
    apart = blur(blur(image, [a]), [b])
    inner = (..., slice(4, -4), slice(4, -4))
    torch.testing.assert_close(together[inner], apart[inner], atol=1e-5, rtol=0)


def test_extension_beyond_the_image_itself():
    image, kernel = random((1, 1, 6, 10)), torch.full((1, 41, 41), 1 / 41**2)
    folded = np.pad(image[0, 0].numpy(), 20, mode="reflect")
    expected = cv2.filter2D(folded, -1, kernel[0].numpy())[20:-20, 20:-20]
    np.testing.assert_allclose(blur(image, [kernel])[0, 0].numpy(), expected, atol=1e-5)


def test_reach_changes_only_rounding():
    image, kernel = random((2, 3, 32, 64)), torch.zeros(2, 33, 33)
    kernel[:, 15:18, 14:19] = 1 / 15
    torch.testing.assert_close(
        blur(image, [kernel], reach=16), blur(image, [kernel[:, 14:19, 14:19]]), atol=1e-5, rtol=0
    )


def test_memory_format_does_not_matter():
    image, kernel = random((2, 3, 32, 64)), random((2, 5, 5), 1)
    last = image.contiguous(memory_format=torch.channels_last)
    assert torch.equal(blur(last, [kernel]), blur(image, [kernel]))


def test_no_kernel_is_no_blur():
    image = random((1, 3, 8, 8))
    assert blur(image, []) is image


def test_fast_lengths():
    assert [fast_length(n) for n in (1, 47, 48, 49, 97, 641)] == [2, 48, 48, 50, 100, 648]


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 5, 5), (2, 5, 3)])
def test_misshapen_kernels_are_refused(shape):
    with pytest.raises(ConfigError, match="K odd"):
        blur(random((2, 3, 8, 8)), [torch.zeros(shape)])
