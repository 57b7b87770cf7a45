"""One kernel stands for all of a sample's blur."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from lpr_gfpgan.degradations import (
    DegradationParameters,
    degrade,
    point_spread,
    point_spread_reach,
)
from lpr_gfpgan.errors import ConfigError

SIZE = (48, 96)


def blurs():
    """Five samples: none, motion, an oblong Gaussian, a disk, and all three."""
    values = {
        "motion_length": [0, 9.3, 0, 0, 6.1],
        "motion_angle": [0, 30, 0, 0, 112],
        "sigma_major": [0, 0, 2.5, 0, 1.6],
        "sigma_minor": [0, 0, 0.8, 0, 0.9],
        "sigma_angle": [0, 0, 70, 0, 15],
        "disk_radius": [0, 0, 0, 3.2, 2.1],
    }
    columns = {name: torch.tensor(column, dtype=torch.float32) for name, column in values.items()}
    return replace(DegradationParameters.none(5, *SIZE), **columns)


def test_equals_what_degrade_does_to_a_point():
    image = torch.full((5, 3, *SIZE), -1.0)
    image[:, :, 20, 50] = 1
    degraded = (degrade(image, blurs(), codec="exact") + 1) / 2
    kernel = point_spread(blurs(), 33)
    expected = torch.zeros(5, 1, *SIZE)
    expected[:, 0, 4:37, 34:67] = kernel
    torch.testing.assert_close(degraded, expected.expand_as(degraded), rtol=0, atol=1e-5)


def test_convolving_with_it_equals_degrade(plates):
    image = plates(5, *SIZE)
    degraded = degrade(image, blurs(), codec="exact")
    for b, kernel in enumerate(point_spread(blurs(), 33).double().numpy()):
        for channel in range(3):
            ours = convolve(image[b, channel].double().numpy(), kernel, mode="mirror")
            np.testing.assert_allclose(ours, degraded[b, channel].numpy(), atol=1e-5)


def test_it_ends_at_its_reach_and_sums_to_one():
    parameters = blurs()
    reach = point_spread_reach(parameters)
    assert reach[0] == 0 and (reach[1:] > 0).all()
    kernel = point_spread(parameters, 41)
    assert (kernel >= 0).all()
    torch.testing.assert_close(kernel.sum(dim=(1, 2)), torch.ones(5))
    offset = (torch.arange(41) - 20).abs()
    beyond = torch.maximum(offset[:, None], offset[None, :]) > reach[:, None, None]
    assert kernel[beyond].max() < 1e-6
    assert kernel[0, 20, 20] == 1


def test_size_changes_nothing_but_the_margin():
    torch.testing.assert_close(
        point_spread(blurs(), 47)[:, 7:-7, 7:-7], point_spread(blurs(), 33), rtol=0, atol=1e-6
    )


def test_late_motion_is_part_of_it():
    late = replace(blurs(), motion_last=torch.ones(5, dtype=torch.bool))
    assert torch.equal(point_spread(late, 33), point_spread(blurs(), 33))


@pytest.mark.parametrize("size", [32, 21])
def test_sizes_that_do_not_fit_are_refused(size):
    with pytest.raises(ConfigError, match=f"point spread of {size} px: use an odd size"):
        point_spread(blurs(), size)
