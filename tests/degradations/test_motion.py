import math

import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import blur, motion_kernel
from lpr_gfpgan.errors import ConfigError

ANGLES = (0, 15, 30, 45, 60, 90, 101, 135, 150, 180)


def kernel_of(length, angle, size):
    return motion_kernel(torch.tensor([float(length)]), torch.tensor([float(angle)]), size)[0]


def path(length, angle, points):
    """Points of the line in x right, y down; the angle counts counter-clockwise as seen."""
    s = ((np.arange(points) + 0.5) / points - 0.5) * length
    return s * math.cos(math.radians(angle)), -s * math.sin(math.radians(angle))


def brute_force(length, angle, size):
    """The line as many points, each shared bilinearly by its four pixels."""
    x, y = (axis + size // 2 for axis in path(length, angle, 200_000))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    kernel = np.zeros((size + 1, size + 1))
    for dx, weight_x in ((0, 1 - (x - left)), (1, x - left)):
        for dy, weight_y in ((0, 1 - (y - top)), (1, y - top)):
            np.add.at(kernel, (top + dy, left + dx), weight_x * weight_y / len(x))
    return kernel[:size, :size]


@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("length", [0.3, 2, 7.3, 14])
def test_equals_a_supersampled_line(length, angle):
    kernel = kernel_of(length, angle, 17).numpy()
    np.testing.assert_allclose(kernel, brute_force(length, angle, 17), atol=1e-5)


@pytest.mark.parametrize("angle", ANGLES)
@pytest.mark.parametrize("length", [5.0, 20.0, 33.7])
def test_moments_are_those_of_the_line_and_the_tent(length, angle):
    kernel = kernel_of(length, angle, 41).double().numpy()
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    y, x = np.mgrid[-20:21, -20:21]
    u, v = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
    along, across = x * u + y * v, y * u - x * v
    assert (kernel * along).sum() == pytest.approx(0, abs=1e-5)
    assert (kernel * across).sum() == pytest.approx(0, abs=1e-5)
    # A tent at distance f from the pixel grid has variance f (1 - f) on it, 1/6 on average.
    spread_x, spread_y = (np.mean(p % 1 * (1 - p % 1)) for p in path(length, angle, 100_000))
    tent_along = u * u * spread_x + v * v * spread_y
    tent_across = u * u * spread_y + v * v * spread_x
    assert max(tent_along, tent_across) <= 1 / 4
    assert (kernel * along**2).sum() == pytest.approx(length**2 / 12 + tent_along, abs=1e-3)
    assert (kernel * across**2).sum() == pytest.approx(tent_across, abs=1e-3)


@pytest.mark.parametrize("angle", [a for a in ANGLES if a < 180])
def test_direction_counts_counter_clockwise_as_seen(angle):
    kernel = kernel_of(24, angle, 31).double().numpy()
    y, x = np.mgrid[-15:16, -15:16]
    xx, yy, xy = ((kernel * p).sum() for p in (x * x, y * y, x * y))
    measured = math.degrees(math.atan2(-2 * xy, xx - yy) / 2) % 180
    assert abs((measured - angle + 90) % 180 - 90) < 0.5


def test_30_degrees_rises_to_the_right():
    kernel = kernel_of(10, 30, 13)
    assert kernel[:6, 7:].sum() > 0.3  # above and to the right
    assert kernel[:6, :6].sum() == 0  # above and to the left


def test_horizontal_line_by_hand():
    row = kernel_of(4, 0, 7)[3]
    torch.testing.assert_close(row, torch.tensor([0, 1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8, 0]))


def test_no_length_is_the_identity():
    kernel = kernel_of(0, 77, 5)
    assert kernel[2, 2] == 1
    assert kernel.sum() == 1


def test_blurred_image_is_the_mean_along_the_line():
    """The kernel's meaning: samples of a linear ramp stay, of a parabola rise by the variance."""
    x = torch.arange(64, dtype=torch.float32)
    image = (x - 32).square().expand(1, 1, 32, 64).contiguous()
    kernel = motion_kernel(torch.tensor([12.0]), torch.tensor([30.0]), 17)
    rise = (blur(image, [kernel]) - image)[0, 0, 16, 20:44]
    expected = 12**2 / 12 * math.cos(math.radians(30)) ** 2
    assert abs(rise.mean().item() - expected) <= 1 / 4


@pytest.mark.parametrize("size", [8, 9])
def test_even_or_small_kernels_are_refused(size):
    with pytest.raises(ConfigError, match="kernel"):
        kernel_of(12, 0, size)


def test_size_and_batch_change_nothing():
    length, angle = torch.tensor([3.0, 9.0, 0.0]), torch.tensor([20.0, 110.0, 5.0])
    large = motion_kernel(length, angle, 25)
    small = motion_kernel(length[:1], angle[:1], 5)
    torch.testing.assert_close(large[:1, 10:15, 10:15], small, atol=1e-6, rtol=0)
