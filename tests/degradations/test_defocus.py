import cv2
import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import blur, disk_kernel, gaussian_kernel


def gaussian(major, minor, angle, size, **options):
    tensors = (torch.tensor([float(v)]) for v in (major, minor, angle))
    return gaussian_kernel(*tensors, size, **options)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.3, 5.0])
def test_isotropic_equals_opencv(plates, sigma):
    image = plates(1, 48, 64)
    radius = int(np.ceil(3 * sigma))
    ours = blur(image, [gaussian(sigma, sigma, 0, 2 * radius + 1)])[0].permute(1, 2, 0).numpy()
    theirs = cv2.GaussianBlur(
        image[0].permute(1, 2, 0).numpy(),
        (2 * radius + 1, 2 * radius + 1),
        sigma,
        borderType=cv2.BORDER_REFLECT_101,
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_anisotropic_has_its_axes(angle):
    kernel = gaussian(5, 2, angle, 41)[0].double().numpy()
    y, x = np.mgrid[-20:21, -20:21]
    u, v = np.cos(np.radians(angle)), -np.sin(np.radians(angle))
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert np.sqrt((kernel * (x * u + y * v) ** 2).sum()) == pytest.approx(5, rel=0.03)
    assert np.sqrt((kernel * (y * u - x * v) ** 2).sum()) == pytest.approx(2, rel=0.03)


def test_support_reaches_three_sigma_whatever_the_size():
    kernel = gaussian(2.1, 2.1, 0, 41)[0]
    row = kernel[20]
    assert row[20 + 7] > 0  # ceil(6.3)
    assert row[20 + 8] == 0
    torch.testing.assert_close(kernel[13:28, 13:28], gaussian(2.1, 2.1, 0, 15)[0])


@pytest.mark.parametrize("radius", [0.8, 1.5, 4.0, 7.25])
def test_disk_equals_a_supersampled_disk(radius):
    n = 100
    fine = (np.arange(17 * n) + 0.5) / n - 8.5
    inside = (fine[None, :] ** 2 + fine[:, None] ** 2 <= radius**2).astype(float)
    expected = inside.reshape(17, n, 17, n).sum((1, 3))
    kernel = disk_kernel(torch.tensor([radius]), 17)[0].numpy()
    np.testing.assert_allclose(kernel, expected / expected.sum(), atol=1e-3 * kernel.max() * 5)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(kernel, kernel.T)


def test_disk_of_twice_sigma_is_as_wide_as_the_gaussian():
    kernel = disk_kernel(torch.tensor([10.0]), 23)[0].double().numpy()
    x = np.arange(-11, 12)
    assert np.sqrt((kernel.sum(0) * x**2).sum()) == pytest.approx(5, rel=0.01)


def test_nothing_is_the_identity():
    for kernel in (gaussian(0, 0, 0, 5)[0], disk_kernel(torch.tensor([0.0]), 5)[0]):
        assert kernel[2, 2] == 1
        assert kernel.sum() == 1
