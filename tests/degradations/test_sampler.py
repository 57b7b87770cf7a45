from dataclasses import fields

import numpy as np
import pytest
import torch
from scipy import stats

from lpr_gfpgan.degradations import draw
from lpr_gfpgan.degradations.sampler import ladder
from lpr_gfpgan.errors import ConfigError

COUNT = 4000
SAMPLES = torch.arange(COUNT)
WIDTHS = 52 + 12 * torch.rand(COUNT, generator=torch.Generator().manual_seed(0))
FIELDS = {
    "motion": {"motion_length", "motion_angle"},
    "defocus": {"sigma_major", "sigma_minor", "sigma_angle", "disk_radius"},
    "downsample": {"small_width", "small_height"},
    "noise": {"noise_sigma", "signal_gain"},
    "jpeg": {"jpeg_quality"},
}


def drawn(ranges, *, index=slice(None), seed=0, step=0, size=(32, 64), widths=WIDTHS):
    samples, widths = SAMPLES[index], widths[index]
    return draw(ranges, seed=seed, step=step, samples=samples, plate_width=widths, size=size)


@pytest.mark.parametrize("factor", FIELDS)
def test_a_factor_switched_off_changes_no_other(ranges, factor):
    full, without = drawn(ranges()), drawn(ranges(**{f"{factor}_probability": 0}))
    for field in fields(full):
        a, b = getattr(full, field.name), getattr(without, field.name)
        assert torch.equal(a, b) == (field.name not in FIELDS[factor]), field.name
    for name in FIELDS[factor] - {"small_width", "small_height"}:
        assert not getattr(without, name).any()
    if factor == "downsample":
        assert (without.small_width == 64).all()
        assert (without.small_height == 32).all()


def test_a_draw_depends_on_seed_step_and_sample_alone(ranges):
    full = drawn(ranges())
    index = torch.tensor([7, 300, 2])
    part = drawn(ranges(), index=index)
    for field in fields(full):
        assert torch.equal(getattr(full, field.name)[index], getattr(part, field.name))
    for other in (drawn(ranges(), seed=1), drawn(ranges(), step=1)):
        assert (other.noise_key != full.noise_key).all()
        assert not torch.equal(other.motion_length, full.motion_length)


def test_probabilities_ranges_and_shapes_of_the_draws(ranges):
    p = drawn(ranges(), widths=torch.full((COUNT,), 64.0))
    on = p.motion_length > 0
    assert on.float().mean().item() == pytest.approx(0.7, abs=0.03)
    for value, low, high in (
        (p.motion_length[on] / 64, 0.02, 0.1),
        (p.motion_angle[on], 0, 180),
        (p.noise_sigma[p.noise_sigma > 0], 1, 15),
        (p.signal_gain[p.signal_gain > 0], 0, 1),
    ):
        scaled = ((value - low) / (high - low)).double().numpy()
        assert stats.kstest(scaled, "uniform").pvalue > 1e-3
    quality = p.jpeg_quality[p.jpeg_quality > 0]
    assert set(quality.tolist()) == set(range(20, 96))
    assert (p.noise_sigma > 0).float().mean().item() == pytest.approx(0.7, abs=0.03)
    assert (p.jpeg_quality > 0).float().mean().item() == pytest.approx(0.7, abs=0.03)


def test_a_power_of_two_draws_half_of_the_strengths_in_the_lowest_quarter(ranges):
    widths = torch.full((COUNT,), 64.0)
    even, skewed = (drawn(ranges(strength_power=p), widths=widths) for p in (1.0, 2.0))
    for name in ("motion_length", "noise_sigma", "sigma_major"):
        a, b = getattr(even, name), getattr(skewed, name)
        assert torch.equal(a > 0, b > 0)
        assert (b <= a).all() and not torch.equal(a, b)
    on = skewed.motion_length > 0
    share = (skewed.motion_length[on] / 64 < 0.02 + (0.1 - 0.02) / 4).double().mean()
    assert share.item() == pytest.approx(0.5, abs=0.03)
    others = ("motion_angle", "small_width", "signal_gain", "jpeg_quality")
    assert all(torch.equal(getattr(even, name), getattr(skewed, name)) for name in others)


@pytest.mark.parametrize("power", [0, -1, "two", True, float("nan")])
def test_a_power_that_is_no_number_above_zero_is_refused(ranges, power):
    with pytest.raises(ConfigError, match=r"strength_power .*use a number above 0"):
        ranges(strength_power=power)


def test_kinds_of_defocus(ranges):
    weights = {"isotropic": 2, "anisotropic": 1, "disk": 1}
    p = drawn(
        ranges(defocus_probability=1, defocus_kinds=weights), widths=torch.full_like(WIDTHS, 64)
    )
    disk, round_ = p.disk_radius > 0, (p.sigma_major > 0) & (p.sigma_major == p.sigma_minor)
    oval = p.sigma_major > p.sigma_minor
    assert (disk.int() + round_.int() + oval.int() == 1).all()
    shares = [kind.float().mean().item() for kind in (round_, oval, disk)]
    assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.03)
    for sigma in (p.sigma_major[~disk], p.sigma_minor[~disk], p.disk_radius[disk] / 2):
        assert sigma.min() >= 0.004 * 64
        assert sigma.max() <= 0.03 * 64
    assert p.sigma_angle[oval].max() > 170
    assert not p.sigma_angle[~oval].any()


def test_lengths_follow_the_plate(ranges):
    narrow = drawn(ranges(), widths=torch.full((COUNT,), 30.0))
    wide = drawn(ranges(), widths=torch.full((COUNT,), 60.0))
    for name in ("motion_length", "sigma_major", "sigma_minor", "disk_radius"):
        torch.testing.assert_close(2 * getattr(narrow, name), getattr(wide, name))


@pytest.mark.parametrize("pair", [(20, 60), (12, 64), (16, 40), (30, 200)])
@pytest.mark.parametrize("size", [(32, 64), (64, 128), (512, 512)])
def test_small_grids_are_few_and_stay_in_range(ranges, pair, size):
    widths = WIDTHS * size[1] / 64
    r = ranges(downsample_probability=1, downsample_width=pair)
    p = drawn(r, size=size, widths=widths)
    small = p.small_width < size[1]
    assert len(p.small_width.unique()) <= 9  # eight, and the frame's own
    plate = p.small_width * widths / size[1]
    # Nothing is below the range, unless the plate had fewer pixels to begin with.
    assert (plate >= torch.minimum(widths, torch.tensor(float(pair[0]))) - 1e-3).all()
    assert (plate[small] <= pair[1] + 1e-3).all()
    assert (plate[~small] >= 0.93 * widths[~small]).all()
    assert ((p.small_height - p.small_width * size[0] / size[1]).abs() <= 0.5).all()


def test_drawn_widths_are_log_uniform_to_a_step(ranges):
    r = ranges(downsample_probability=1, downsample_width=(20, 160))
    widths = WIDTHS * 8
    plate = drawn(r, size=(512, 512), widths=widths).small_width * widths / 512
    position = np.log(plate.numpy() / 20) / np.log(8)
    assert stats.kstest(position, "uniform").statistic < 0.1


def test_at_or_above_native_nothing_is_downsampled(ranges):
    r = ranges(downsample_probability=1, downsample_width=(64, 90))
    p = drawn(r)
    assert (p.small_width == 64).all()
    assert (p.small_height == 32).all()


def test_a_fixed_width_is_met_to_half_a_pixel(ranges):
    r = ranges(downsample_probability=1, downsample_width=(20, 20))
    p = drawn(r)
    assert ((p.small_width - 64 * 20 / WIDTHS).abs() <= 0.5 + 1e-4).all()


def test_ladder_is_geometric():
    steps = ladder((16, 128), 512).double()
    ratios = steps[1:] / steps[:-1]
    assert len(steps) == 8
    assert ratios.max() / ratios.min() < 1.06
    assert steps[0] == 16
    assert steps[-1] == 160  # so that a plate of 0.8 of the frame reaches 128
    assert ladder((16, 128), 64).max() == 64


def test_clamped_qualities_act_as_100_and_are_refused_otherwise(ranges):
    with pytest.raises(ConfigError, match="jpeg_quality"):
        ranges(jpeg_quality=[80, 160])
    with pytest.raises(ConfigError, match="jpeg_quality"):
        ranges(jpeg_quality=[0, 160], jpeg_clamped=True)
    published = ranges(jpeg_probability=1.0, jpeg_quality=[80, 160], jpeg_clamped=True)
    quality = drawn(published).jpeg_quality
    assert quality.min() == 80 and quality.max() == 100
    # U{80..160}: 20 of 81 values lie below 100.
    assert (quality < 100).float().mean() == pytest.approx(20 / 81, abs=0.03)
    plain = drawn(ranges(jpeg_probability=1.0, jpeg_quality=[80, 100])).jpeg_quality
    assert (plain < 100).float().mean() == pytest.approx(20 / 21, abs=0.03)


def test_order_switch_is_recorded(ranges):
    assert drawn(ranges(order="motion_last")).motion_last.all()
    assert not drawn(ranges()).motion_last.any()


@pytest.mark.parametrize("widths", [torch.zeros(COUNT), torch.ones(3)])
def test_plate_widths_that_do_not_fit_are_refused(ranges, widths):
    with pytest.raises(ConfigError, match="plate_width"):
        draw(ranges(), seed=0, step=0, samples=SAMPLES, plate_width=widths, size=(32, 64))
