import math

import numpy as np
import pytest
import torch

from lpr_gfpgan.degradations import jpeg_exact, jpeg_fast
from lpr_gfpgan.degradations.jpeg import quantisation_tables
from lpr_gfpgan.errors import ConfigError

QUALITIES = (20, 30, 40, 50, 60, 70, 80, 90, 95)


def psnr(a, b):
    """Decibels for images in [-1, 1], each of a batch."""
    return [10 * math.log10(4 / e) for e in (a - b).square().mean((1, 2, 3)).tolist()]


def qualities(value, batch):
    return torch.full((batch,), value)


@pytest.mark.parametrize("size", [(32, 64), (64, 128), (37, 51), (10, 20), (16, 25)])
@pytest.mark.parametrize("quality", QUALITIES)
def test_error_is_within_one_decibel_of_the_codec(plates, size, quality):
    image = plates(6, *size)
    q = qualities(quality, 6)
    fast, exact = jpeg_fast(image, q), jpeg_exact(image, q)
    ours, theirs = np.array(psnr(fast, image)), np.array(psnr(exact, image))
    assert abs(ours - theirs).max() < 1
    assert min(theirs) < 50  # the codec did lose something


@pytest.mark.parametrize("quality", QUALITIES)
def test_stands_closer_to_the_codec_than_to_the_original(plates, quality):
    """Equal error alone could be error of another kind."""
    image = plates(4, 64, 128)
    q = qualities(quality, 4)
    fast, exact = jpeg_fast(image, q), jpeg_exact(image, q)
    assert min(np.array(psnr(fast, exact)) - np.array(psnr(exact, image))) > 10


@pytest.mark.parametrize("quality", [20, 50, 90])
def test_noise_is_compressed_as_the_codec_does(quality):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (2, 3, 33, 47)).astype(np.float32)
    image = torch.from_numpy(levels) / 127.5 - 1
    q = qualities(quality, 2)
    ours, theirs = psnr(jpeg_fast(image, q), image), psnr(jpeg_exact(image, q), image)
    assert abs(np.array(ours) - np.array(theirs)).max() < 1


def test_each_image_has_its_own_quality_and_0_means_none(plates):
    image = plates(4, 32, 64) * 0.987  # off the levels, so that rounding alone would show
    mixed = torch.tensor([30, 0, 90, 30])
    for codec in (jpeg_fast, jpeg_exact):
        result = codec(image, mixed)
        assert torch.equal(result[1], image[1])
        for b in (0, 2, 3):
            assert torch.equal(result[b : b + 1], codec(image[b : b + 1], mixed[b : b + 1]))
        error = (result - image).square().mean((1, 2, 3))
        assert error[2] < error[0]


@pytest.mark.parametrize("quality", [-1, 101, 160, 300])
@pytest.mark.parametrize("codec", [jpeg_fast, jpeg_exact])
def test_quality_out_of_range_is_an_error(codec, quality):
    with pytest.raises(ConfigError, match=str(quality)):
        codec(torch.zeros(2, 3, 16, 16), torch.tensor([50, quality]))


def test_tables_follow_the_library():
    tables = quantisation_tables(torch.tensor([50, 25, 75, 100, 1]))
    assert tables[0, 0, :4].tolist() == [16, 11, 10, 16]
    assert tables[1, 0, :4].tolist() == [32, 22, 20, 32]
    assert tables[2, 0, :4].tolist() == [8, 6, 5, 8]
    assert (tables[3] == 1).all()
    assert (tables[4, :, 1:] == 255).all()


def test_chroma_loses_detail_that_luma_keeps():
    image = torch.zeros(1, 3, 32, 32)
    image[:, 0, :, ::2], image[:, 0, :, 1::2] = 1, -1  # red stripes of equal and opposite colour
    image[:, 1, :, ::2], image[:, 1, :, 1::2] = -0.509, 0.509  # which leave the luma flat
    result = jpeg_fast(image, torch.tensor([95]))
    assert result[:, 0].std() < 0.1 * image[:, 0].std()
    grey = image[:, :1].expand(1, 3, 32, 32).contiguous()
    assert jpeg_fast(grey, torch.tensor([95])).std() > 0.9 * grey.std()


def test_memory_format_does_not_matter(plates):
    image = plates(2, 32, 64)
    last = image.contiguous(memory_format=torch.channels_last)
    q = torch.tensor([40, 80])
    for codec in (jpeg_fast, jpeg_exact):
        assert torch.equal(codec(last, q), codec(image, q))
