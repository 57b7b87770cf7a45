"""How strong each condition is in a frame, and what of it the training covers."""

import dataclasses
import math

import pytest
import torch

from lpr_gfpgan.degradations import DegradationRanges, motion_kernel_as_published
from lpr_gfpgan.evaluation import (
    GridCondition,
    conditions,
    in_training_range,
    out_of_training_range,
    strength_table,
)
from lpr_gfpgan.evaluation.strengths import applied_range

QUICK, GPU, PAPER = (32, 64), (64, 128), (512, 512)
TRAINING = DegradationRanges(
    order="physical",
    motion_probability=0.6,
    motion_length=[0.02, 0.06],
    motion_angle=[0, 180],
    defocus_probability=0.8,
    defocus_sigma=[0.004, 0.024],
    defocus_kinds={"isotropic": 0.5, "anisotropic": 0.5},
    downsample_probability=0.3,
    downsample_width=[36, 128],
    noise_probability=0.7,
    noise_sigma=[0.5, 40],
    signal_noise=[0, 0.1],
    jpeg_probability=0.3,
    jpeg_quality=[20, 95],
    jpeg_clamped=False,
)


def cell(*factors, protocol="corrected", level=None, low_resolution=None):
    return GridCondition(
        protocol=protocol, level=level, factors=factors, low_resolution=low_resolution, seed=0
    )


def out(*factors, size=GPU, protocol="corrected", level=None, low_resolution=None, **changes):
    training = dataclasses.replace(TRAINING, **changes)
    condition = cell(*factors, protocol=protocol, level=level, low_resolution=low_resolution)
    found = out_of_training_range(condition, training, size)
    assert in_training_range(condition, training, size) == (not found)
    return found


def test_each_factor_is_compared_with_its_own_range():
    # At 512: sigma 10 is 0.0195 of the width, 20 is 0.039; length 20 is 0.039, 40 is 0.078.
    assert out() == ()
    assert out("gaussian", level=2) == ()
    assert out("gaussian", level=3) == ("gaussian",)
    assert out("motion", level=2) == ()
    assert out("motion", level=3) == ("motion",)
    assert out("noise", level=2) == ()
    assert out("noise", level=3) == ("noise",)
    assert out("jpeg", level=2) == ()
    assert out("jpeg", level=3) == ("jpeg",)
    assert out("gaussian", "noise", "jpeg", "motion", level=3) == (
        "gaussian",
        "noise",
        "jpeg",
        "motion",
    )


def test_corrected_marks_are_the_same_at_every_frame_size():
    for condition in conditions("corrected"):
        if condition.low_resolution is None:
            found = {out_of_training_range(condition, TRAINING, s) for s in (QUICK, GPU, PAPER)}
            assert len(found) == 1


def test_low_resolution_is_compared_in_pixels_of_the_plate():
    assert [n for n in (20, 25, 30, 40, 50) if out(low_resolution=n)] == [20, 25, 30]
    assert out(low_resolution=20, size=PAPER) == ("low_resolution",)
    assert out(low_resolution=40, downsample_probability=0.0) == ("low_resolution",)
    assert out(low_resolution=50, downsample_width=[20, 40]) == ()
    assert out(low_resolution=50, downsample_width=[20, 40], downsample_probability=1.0) == (
        "low_resolution",
    )


def test_a_narrower_plate_meets_a_stronger_blur():
    # Sigma up to 10 px of 512: 0.0195 of a plate that fills the frame, 0.0244 of one at 80 %.
    assert in_training_range(cell("gaussian", level=2), TRAINING, GPU, share=0.85)
    assert out_of_training_range(cell("gaussian", level=2), TRAINING, GPU, share=0.8) == (
        "gaussian",
    )
    assert in_training_range(cell("noise", level=2), TRAINING, GPU, share=0.8)
    low = cell(low_resolution=30)
    assert not in_training_range(low, TRAINING, QUICK, share=0.5)
    assert in_training_range(low, TRAINING, QUICK, share=0.4)  # a plate 26 px wide stays as it is
    table = strength_table([cell("gaussian", level=2)], TRAINING, GPU, share=0.8)
    assert table["out_of_range"].tolist() == ["gaussian"]


def test_what_training_never_does_is_out():
    assert out("motion", level=1, motion_probability=0.0) == ("motion",)
    assert out("motion", level=1, motion_angle=[0, 90]) == ("motion",)
    assert out("gaussian", level=1, defocus_kinds={"isotropic": 1}) == ("gaussian",)
    assert out("noise", level=1, noise_probability=0.0) == ("noise",)


def test_what_training_always_does_is_out_where_it_is_off_or_weaker():
    assert out(motion_probability=1.0) == ("motion",)
    assert out("motion", level=1, motion_probability=1.0, motion_length=[0.03, 0.06]) == ("motion",)
    assert out("motion", level=1, motion_length=[0.03, 0.06]) == ()
    assert out("motion", level=1, motion_probability=1.0, motion_length=[0.01, 0.06]) == ()
    # Downsampling that reaches the frame's own width leaves plates as they are.
    assert out(downsample_probability=1.0) == ()
    assert out(downsample_probability=1.0, size=PAPER) == ("low_resolution",)


def test_published_strengths_count_as_they_act():
    published = {"protocol": "as_published"}
    # 41 taps make sigma 20 about 11, which the training covers.
    assert out("gaussian", level=3, size=PAPER, **published) == ()
    # Qualities above 100 are 100, weaker than any trained.
    assert out("jpeg", level=3, **published) == ()
    assert out("jpeg", level=3, jpeg_probability=1.0, **published) == ("jpeg",)
    # The order counts where noise or JPEG comes before motion.
    assert out("motion", level=1, size=PAPER, **published) == ()
    assert out("motion", "noise", level=1, size=PAPER, **published) == ("order",)
    assert out("motion", "noise", level=1, size=PAPER, order="motion_last", **published) == ()
    assert out("motion", "noise", level=1, order="motion_last") == ("order",)
    # A diagonal is sqrt(2) times as long: 28 px at 512 is 0.055.
    assert out("motion", level=1, size=PAPER, motion_length=[0.02, 0.05], **published) == (
        "motion",
    )


def test_applied_ranges_of_the_public_code():
    published = {"protocol": "as_published"}
    sigma = applied_range(cell("gaussian", level=3, **published), "gaussian", PAPER)
    assert sigma == pytest.approx((10.9, 11.0), abs=0.1)
    assert applied_range(cell("jpeg", level=1, **published), "jpeg", PAPER) == (80, 100)
    length = applied_range(cell("motion", level=1, **published), "motion", PAPER)
    assert length == pytest.approx((10, 28.3), abs=0.1)
    assert applied_range(cell("motion", level=1, **published), "motion", QUICK) == (
        1,
        2 * math.sqrt(2),
    )
    assert applied_range(cell("noise", level=2, **published), "noise", QUICK) == (30, 40)
    assert applied_range(cell("motion", level=2), "motion", QUICK) == (19 / 8, 20 / 8)


def test_the_published_kernels_reach_the_length_that_is_applied():
    _, longest = applied_range(cell("motion", level=2, protocol="as_published"), "motion", PAPER)
    kernel = motion_kernel_as_published(torch.tensor([20.0]), torch.tensor([0.0]), 41)[0]
    lit = kernel.nonzero().double()
    ends = (lit.amax(0) - lit.amin(0) + 1).norm().item()
    assert ends == pytest.approx(longest, rel=0.01)


def test_the_table_says_how_weak_a_small_frame_is():
    cells = conditions("corrected")
    table = strength_table(cells, TRAINING, QUICK).set_index("condition")
    assert len(table) == 51
    line = table.loc["corrected/1/gaussian+motion"]
    assert line["sigma_px"] == pytest.approx(5.05 / 8)
    assert line["motion_px"] == pytest.approx(15 / 8)
    assert math.isnan(line["noise_sigma"])
    assert line["in_training_range"]
    assert table.loc["corrected/3/noise", "noise_sigma"] == 79.5
    assert table.loc["corrected/3/noise", "out_of_range"] == "noise"
    assert not table.loc["corrected/3/noise", "in_training_range"]
    assert table.loc["corrected/2/jpeg", "jpeg_quality"] == 45
    assert table.loc["corrected/low-30", "low_resolution"] == 30
    assert (table["skipped"] == "").all()
    small = strength_table(cells, TRAINING, (16, 32)).set_index("condition")
    assert set(small.index[small["skipped"] != ""]) == {"corrected/low-40", "corrected/low-50"}
