"""The paper's 51 conditions: complete, paired, and apart only where their names say so."""

import dataclasses
from itertools import chain, combinations

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.evaluation import GridCondition, conditions, degraded_set, skipped
from lpr_gfpgan.evaluation.grid import FACTORS, LEVELS, LOW_RESOLUTION, PROTOCOLS

SAMPLES = torch.arange(3000)
# The numbers of the published test set, and the corrected JPEG qualities.
GAUSSIAN = {1: (0.1, 10), 2: (9, 10), 3: (19, 20)}
NOISE = {1: (0, 40), 2: (30, 40), 3: (79, 80)}
MOTION = {1: (10, 20), 2: (19, 20), 3: (39, 40)}
JPEG = {
    "as_published": {1: (80, 160), 2: (150, 160), 3: (300, 310)},
    "corrected": {1: (60, 95), 2: (30, 60), 3: (5, 30)},
}
ANGLE = {"as_published": (0, 90), "corrected": (0, 180)}


def cell(protocol="corrected", seed=7, **changes):
    return GridCondition(protocol=protocol, seed=seed, **changes)


def drawn(condition, size=(512, 512), samples=SAMPLES, plate_width=None):
    width = torch.full((len(samples),), float(size[1])) if plate_width is None else plate_width
    return condition.draw(samples, plate_width=width, size=size)


def fill(values, ends, tolerance=0.02):
    """Whether values lie between the ends and come close to both."""
    room = tolerance * (ends[1] - ends[0])
    values = values.double()
    inside = ends[0] - 1e-5 <= values.min() and values.max() <= ends[1] + 1e-5
    return inside and values.min() <= ends[0] + room and values.max() >= ends[1] - room


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_51_conditions(protocol):
    cells = conditions(protocol, seed=3)
    assert len(cells) == len({c.name for c in cells}) == len(set(cells)) == 51
    assert {c.seed for c in cells} == {3}
    assert {c.protocol for c in cells} == {protocol}
    every = set(chain.from_iterable(combinations(FACTORS, n) for n in range(1, 5)))
    assert len(every) == 15
    for level in (1, 2, 3):
        assert {c.factors for c in cells if c.level == level} == every
    plain = [c for c in cells if c.level is None]
    assert [c.low_resolution for c in plain] == [None, 20, 25, 30, 40, 50]


def test_names():
    assert cell(level=2, factors=("motion", "gaussian")).name == "corrected/2/gaussian+motion"
    assert cell(low_resolution=40).name == "corrected/low-40"
    assert cell("as_published").name == "as_published/clean"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_draws_fill_the_published_table(protocol, level):
    p = drawn(cell(protocol, level=level, factors=FACTORS))
    assert fill(torch.cat([p.sigma_major, p.sigma_minor]), GAUSSIAN[level])
    assert fill(p.noise_sigma, NOISE[level])
    assert fill(p.motion_length, MOTION[level])
    assert fill(p.motion_angle, ANGLE[protocol])
    low, high = JPEG[protocol][level]
    assert set(p.jpeg_quality.tolist()) == set(range(low, high + 1))
    isotropic = p.sigma_major == p.sigma_minor
    assert isotropic.float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert fill(p.sigma_angle[~isotropic], (0, 180))
    assert not p.sigma_angle[isotropic].any()
    assert not p.disk_radius.any()
    assert not p.signal_gain.any()
    assert set(p.small_width.tolist()) == set(p.small_height.tolist()) == {512}


def test_three_quarters_of_level_1_qualities_are_out_of_range():
    """D5 of the study's list of defects."""
    p = drawn(cell("as_published", level=1, factors=("jpeg",)))
    share = (p.jpeg_quality >= 100).float().mean().item()
    assert share == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_factor_draws_the_same_in_every_combination(protocol):
    fields = {
        "gaussian": ("sigma_major", "sigma_minor", "sigma_angle"),
        "noise": ("noise_sigma",),
        "jpeg": ("jpeg_quality",),
        "motion": ("motion_length", "motion_angle"),
    }
    for level in (1, 2, 3):
        whole = drawn(cell(protocol, level=level, factors=FACTORS))
        for condition in (c for c in conditions(protocol, seed=7) if c.level == level):
            p = drawn(condition)
            assert torch.equal(p.noise_key, whole.noise_key)
            for factor, names in fields.items():
                for name in names:
                    if factor in condition.factors:
                        assert torch.equal(getattr(p, name), getattr(whole, name))
                    else:
                        assert not getattr(p, name).any()


def test_levels_draw_the_same_quantiles():
    one, three = (drawn(cell(level=n, factors=("noise", "motion"))) for n in (1, 3))
    quantile = one.noise_sigma / 40
    torch.testing.assert_close(three.noise_sigma - 79, quantile, atol=1e-4, rtol=0)
    torch.testing.assert_close(
        three.motion_length - 39, (one.motion_length - 10) / 10, atol=1e-4, rtol=0
    )
    assert torch.equal(one.motion_angle, three.motion_angle)
    assert torch.equal(one.noise_key, three.noise_key)


def test_seed_and_plate_change_the_draws():
    condition = cell(level=1, factors=FACTORS)
    p, other = drawn(condition), drawn(dataclasses.replace(condition, seed=8))
    for name in ("sigma_major", "noise_sigma", "motion_length", "motion_angle", "noise_key"):
        assert (getattr(p, name) != getattr(other, name)).float().mean() > 0.99
        assert len(getattr(p, name).unique()) > 0.99 * len(SAMPLES)
    # No factor's strength tells another one's.
    strengths = torch.stack([p.sigma_major, p.noise_sigma, p.jpeg_quality, p.motion_length])
    correlation = torch.corrcoef(strengths.double()).fill_diagonal_(0)
    assert correlation.abs().max() < 0.07
    part = drawn(condition, samples=SAMPLES[40:50])
    assert torch.equal(part.motion_length, p.motion_length[40:50])


def test_protocols_draw_alike_but_for_quality_angle_and_order():
    for published, corrected in zip(*(conditions(p) for p in PROTOCOLS), strict=True):
        a, b = drawn(published, samples=SAMPLES[:200]), drawn(corrected, samples=SAMPLES[:200])
        different = {
            field.name
            for field in dataclasses.fields(a)
            if not torch.equal(getattr(a, field.name), getattr(b, field.name))
        }
        expected = {"motion_last"}
        expected |= {"jpeg_quality"} if "jpeg" in published.factors else set()
        expected |= {"motion_angle"} if "motion" in published.factors else set()
        assert different == expected
        torch.testing.assert_close(2 * a.motion_angle, b.motion_angle)
        assert a.motion_last.all()


def test_lengths_scale_with_the_frame_and_nothing_else_does():
    for protocol in PROTOCOLS:
        condition = cell(protocol, level=2, factors=FACTORS)
        large, small = drawn(condition), drawn(condition, size=(64, 128))
        for name in ("sigma_major", "sigma_minor", "motion_length"):
            torch.testing.assert_close(4 * getattr(small, name), getattr(large, name))
        for name in ("noise_sigma", "jpeg_quality", "motion_angle", "sigma_angle", "noise_key"):
            assert torch.equal(getattr(small, name), getattr(large, name))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_low_resolution_is_the_plates_width_at_every_frame_size(protocol):
    for size, shares in (((64, 128), (1.0, 0.8)), ((512, 512), (1.0, 0.85))):
        width = torch.tensor(shares) * size[1]
        for n in LOW_RESOLUTION:
            condition = cell(protocol, low_resolution=n)
            p = drawn(condition, size, SAMPLES[:2], plate_width=width)
            plate = p.small_width * width / size[1]
            assert torch.allclose(plate, torch.tensor(float(n)), atol=0.5)
            assert int(p.small_width[0]) == n
            assert p.small_height.tolist() == [
                round(size[0] * w / size[1]) for w in p.small_width.tolist()
            ]
            assert not (p.sigma_major.any() | p.noise_sigma.any() | p.jpeg_quality.any())
    narrow = drawn(cell(low_resolution=40), (32, 64), SAMPLES[:1], plate_width=torch.tensor([39.0]))
    assert narrow.small_width.tolist() == [64]
    assert narrow.small_height.tolist() == [32]


def test_what_a_frame_cannot_show_is_skipped_by_name():
    cells = conditions("corrected")
    assert skipped(cells, (64, 128)) == {}
    assert skipped(cells, (32, 64)) == {}
    reasons = skipped(cells, (16, 40))
    assert list(reasons) == ["corrected/low-40", "corrected/low-50"]
    assert reasons["corrected/low-40"] == "the frame's plate is 40 px wide, no wider than 40 px"
    assert len(skipped(cells, (8, 16))) == 5


def test_corrected_clean_is_the_original(plates):
    assert np.array_equal(degraded_set(plates, cell()).bicubic, plates.image)


def test_published_jpeg_is_one_mild_quality_at_levels_2_and_3(plates):
    """Qualities above 100 act as 100 (D5), a second file beside the one of 95 that stores all (D6).

    What it adds to the clean set is mostly chroma, halved twice.
    """
    error, made = {}, {}
    for protocol in PROTOCOLS:
        clean = degraded_set(plates, cell(protocol)).bilinear.astype(int)
        for level in (1, 2, 3):
            one = degraded_set(plates, cell(protocol, level=level, factors=("jpeg",))).bilinear
            made[protocol, level], error[protocol, level] = one, np.abs(one - clean).mean()
    assert np.array_equal(made["as_published", 2], made["as_published", 3])
    assert error["corrected", 3] > error["corrected", 2] > error["corrected", 1]
    assert error["corrected", 1] > 2 * error["as_published", 3]
    assert error["corrected", 3] > 5 * error["as_published", 3]


def test_published_motion_smooths_noise_away(plates):
    """D4: motion comes last, after noise, in the published order only."""
    left = {}
    for protocol in PROTOCOLS:
        still, noisy = (
            degraded_set(plates, cell(protocol, level=3, factors=factors)).bilinear.astype(int)
            for factors in (("motion",), ("motion", "noise"))
        )
        left[protocol] = np.abs(np.diff(noisy - still, axis=2)).mean()
    assert left["as_published"] < 0.7 * left["corrected"]


def test_published_downsampling_aliases():
    """D12: stripes of the small grid's period vanish in one protocol and survive in the other."""
    stripes = torch.ones(1, 3, 64, 160)
    stripes[..., 1::4] = stripes[..., 2::4] = -1
    published, corrected = (
        condition.degrade(
            stripes,
            drawn(condition, (64, 160), SAMPLES[:1]),
            enlarge="bilinear",
        )
        for condition in (cell(p, low_resolution=40) for p in PROTOCOLS)
    )
    assert published.max() < -0.95
    assert corrected.abs().max() < 1e-5


def test_wrong_cells_are_refused():
    with pytest.raises(ConfigError, match=r"protocol 'published': use as_published or corrected"):
        conditions("published")
    with pytest.raises(ConfigError, match="factor 'haze'"):
        cell(level=1, factors=("haze",))
    with pytest.raises(ConfigError, match="level 4: use 1, 2 or 3"):
        cell(level=4, factors=("noise",))
    with pytest.raises(ConfigError, match="level 2 without a factor"):
        cell(level=2)
    with pytest.raises(ConfigError, match="low_resolution 30"):
        cell(level=2, factors=("noise",), low_resolution=30)
    with pytest.raises(ConfigError, match="low_resolution 0"):
        cell(low_resolution=0)


def test_strengths_other_than_jpeg_are_shared():
    for level in (1, 2, 3):
        a, b = (LEVELS[protocol][level] for protocol in PROTOCOLS)
        assert {f for f in FACTORS if a[f] != b[f]} == {"jpeg"}
