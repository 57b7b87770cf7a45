from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import (
    DegradationParameters,
    add_noise,
    blur,
    degrade,
    downsample,
    draw,
    enlarge,
    gaussian_kernel,
    jpeg_exact,
    motion_kernel,
)
from lpr_gfpgan.errors import ConfigError, ImageError

BATCH, SIZE = 12, (32, 64)


def drawn(ranges, size=SIZE, **options):
    samples = torch.arange(BATCH)
    width = torch.linspace(0.85, 1, BATCH) * size[1]
    return draw(ranges, seed=0, step=0, samples=samples, plate_width=width, size=size, **options)


def one(**changes):
    none = DegradationParameters.none(1, *SIZE)
    changes = {k: torch.tensor([v], dtype=getattr(none, k).dtype) for k, v in changes.items()}
    return replace(none, **changes)


def test_order_is_blur_area_noise_codec_enlarge(plates):
    image = plates(1, *SIZE)
    p = one(
        motion_length=7.0,
        motion_angle=30.0,
        sigma_major=1.5,
        sigma_minor=1.0,
        sigma_angle=120.0,
        small_width=40,
        small_height=20,
        noise_sigma=6.0,
        signal_gain=0.3,
        jpeg_quality=40,
        noise_key=99,
    )
    line = motion_kernel(p.motion_length, p.motion_angle, 9)
    oval = gaussian_kernel(p.sigma_major, p.sigma_minor, p.sigma_angle, 11)
    x = downsample(blur(image, [line, oval]), (20, 40))
    x = jpeg_exact(add_noise(x, p.noise_sigma, p.signal_gain, p.noise_key), p.jpeg_quality)
    expected = enlarge(x, SIZE, "bicubic").clamp(-1, 1)
    # A level may round the other way where the two blurs differ in the last bit.
    difference = (degrade(image, p, codec="exact") - expected).abs()
    assert difference.mean() < 1e-3
    assert difference.max() < 0.1


def test_blur_alone_equals_opencv(plates):
    image = plates(1, *SIZE)
    p = one(motion_length=9.0, motion_angle=135.0)
    kernel = motion_kernel(p.motion_length, p.motion_angle, 11)[0].numpy()
    hwc = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())
    expected = cv2.filter2D(hwc, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    ours = degrade(image, p, codec="fast")[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("codec", ["fast", "exact"])
@pytest.mark.parametrize("order", ["physical", "motion_last"])
def test_a_sample_is_the_same_alone_and_in_a_batch(plates, ranges, codec, order):
    image, p = plates(BATCH, *SIZE), drawn(ranges(order=order))
    whole = degrade(image, p, codec=codec)
    for b in range(BATCH):
        alone = degrade(image[b : b + 1], p.select([b]), codec=codec)
        torch.testing.assert_close(alone, whole[b : b + 1], atol=1e-5, rtol=0)
    shuffled = torch.randperm(BATCH, generator=torch.Generator().manual_seed(0))
    again = degrade(image[shuffled], p.select(shuffled), codec=codec)
    torch.testing.assert_close(again, whole[shuffled], atol=1e-5, rtol=0)


def test_a_long_blur_in_the_batch_changes_no_other_sample(plates):
    image = plates(2, *SIZE)
    short = one(motion_length=3.0, motion_angle=20.0, sigma_major=0.8, sigma_minor=0.8)
    rows = short.to_rows() + one(motion_length=40.0, disk_radius=6.0).to_rows()
    both = degrade(image, DegradationParameters.from_rows(rows), codec="fast")
    alone = degrade(image[:1], short, codec="fast")
    torch.testing.assert_close(both[:1], alone, atol=1e-5, rtol=0)


def test_noise_and_jpeg_act_on_the_small_grid():
    """Noise of one small pixel covers several of the frame; native noise covers one."""
    grey = torch.zeros(1, 3, *SIZE)
    native = degrade(grey, one(noise_sigma=20.0), codec="fast")
    small = degrade(grey, one(noise_sigma=20.0, small_width=16, small_height=8), codec="fast")

    def neighbours(x):
        return torch.corrcoef(torch.stack([x[..., 1:].flatten(), x[..., :-1].flatten()]))[0, 1]

    assert neighbours(native).abs() < 0.05
    assert neighbours(small) > 0.8


def test_motion_after_noise_smooths_the_noise():
    grey = torch.zeros(1, 3, *SIZE)
    p = one(noise_sigma=20.0, motion_length=10.0, motion_angle=0.0)
    before = degrade(grey, p, codec="fast").std()
    after = degrade(grey, replace(p, motion_last=torch.tensor([True])), codec="fast").std()
    assert before * 127.5 == pytest.approx(20, rel=0.05)
    assert after < before / 2.5


def test_enlargement_can_be_a_plain_readers(plates):
    image, p = plates(1, *SIZE), one(small_width=24, small_height=12)
    bilinear = degrade(image, p, codec="fast", enlarge="bilinear")
    expected = enlarge(downsample(image, (12, 24)), SIZE, "bilinear")
    torch.testing.assert_close(bilinear, expected)
    assert not torch.allclose(bilinear, degrade(image, p, codec="fast"), atol=1e-2)


def test_range_format_and_input_are_kept(plates, ranges):
    image = plates(BATCH, *SIZE)
    copy, p = image.clone(), drawn(ranges())
    plain = degrade(image, p, codec="fast")
    last = degrade(image.contiguous(memory_format=torch.channels_last), p, codec="fast")
    assert plain.dtype == torch.float32
    assert plain.abs().max() <= 1
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(plain, last)
    assert torch.equal(image, copy)


def test_autocast_does_not_coarsen(plates, ranges):
    image, p = plates(BATCH, *SIZE), drawn(ranges())
    with torch.autocast("cpu", torch.bfloat16):
        under = degrade(image, p, codec="fast")
    assert torch.equal(under, degrade(image, p, codec="fast"))


def test_fast_and_exact_codec_agree_closely(plates, ranges):
    image, p = plates(BATCH, *SIZE), drawn(ranges(jpeg_probability=1))
    fast, exact = degrade(image, p, codec="fast"), degrade(image, p, codec="exact")
    assert not torch.equal(fast, exact)
    assert (fast - exact).square().mean() < 0.1 * (exact - image).square().mean()


def test_bad_requests_are_refused(plates, ranges):
    image, p = plates(BATCH, *SIZE), drawn(ranges())
    for problem, call in {
        "codec": lambda: degrade(image, p, codec="png"),
        "enlarge": lambda: degrade(image, p, codec="fast", enlarge="nearest"),
        "give as many": lambda: degrade(image[:3], p, codec="fast"),
        "small image": lambda: degrade(image[..., :8, :8], p, codec="fast"),
        "JPEG quality 101": lambda: degrade(
            image, replace(p, jpeg_quality=p.jpeg_quality * 0 + 101), codec="fast"
        ),
    }.items():
        with pytest.raises(ConfigError, match=problem):
            call()
    for wrong in (image[0], image[:, :1], image.byte()):
        with pytest.raises(ImageError, match="B, 3, H, W"):
            degrade(wrong, p, codec="fast")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_devices_agree(plates, ranges):
    image, p = plates(BATCH, *SIZE), drawn(ranges(jpeg_probability=0))
    there = degrade(image.cuda(), p.to("cuda"), codec="fast").cpu()
    torch.testing.assert_close(there, degrade(image, p, codec="fast"), atol=1e-4, rtol=0)
