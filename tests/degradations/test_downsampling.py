import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from lpr_gfpgan.degradations import downsample, enlarge
from lpr_gfpgan.errors import ConfigError


def hwc(image):
    return np.ascontiguousarray(image.permute(1, 2, 0).numpy())


@pytest.mark.parametrize(
    "size", [(16, 32), (8, 16), (32, 16), (4, 64), (32, 64), (13, 27), (9, 63)]
)
def test_equals_opencv_area(plates, size):
    image = plates(2, 32, 64)
    ours = downsample(image, size)
    assert ours.shape == (2, 3, *size)
    for b in range(2):
        theirs = cv2.resize(hwc(image[b]), size[::-1], interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(hwc(ours[b]), theirs, atol=1e-5)


def test_fine_stripes_become_grey_and_do_not_alias():
    image = torch.ones(1, 3, 32, 64)
    image[..., ::2] = -1
    assert downsample(image, (16, 32)).abs().max() < 1e-6


def test_the_mean_is_kept(plates):
    image = plates(1, 32, 64)
    assert downsample(image, (11, 23)).mean().item() == pytest.approx(image.mean().item(), abs=1e-5)


@pytest.mark.parametrize("size", [(0, 4), (33, 64), (32, 65)])
def test_impossible_grids_are_refused(size):
    with pytest.raises(ConfigError, match="small image"):
        downsample(torch.zeros(1, 3, 32, 64), size)


@pytest.mark.parametrize(
    ("kind", "flag"), [("bilinear", cv2.INTER_LINEAR), ("bicubic", cv2.INTER_CUBIC)]
)
def test_enlarging_equals_opencv(plates, kind, flag):
    image = plates(1, 12, 20)
    theirs = cv2.resize(hwc(image[0]), (64, 32), interpolation=flag)
    np.testing.assert_allclose(hwc(enlarge(image, (32, 64), kind)[0]), theirs, atol=2e-5)


@pytest.mark.parametrize("size", [(32, 64), (12, 64), (31, 20), (13, 27)])
def test_lanczos_equals_pillow(plates, size):
    image = plates(1, 12, 20)
    ours = enlarge(image, size, "lanczos")
    for channel, theirs in zip(ours[0], image[0], strict=True):
        theirs = Image.fromarray(theirs.numpy()).resize(size[::-1], Image.Resampling.LANCZOS)
        np.testing.assert_allclose(channel.numpy(), np.asarray(theirs), atol=2e-5)


def test_enlarging_to_the_same_size_changes_nothing(plates):
    image = plates(1, 12, 20)
    for kind in ("bicubic", "bilinear", "lanczos"):
        assert torch.equal(enlarge(image, (12, 20), kind), image)


def test_lanczos_does_not_shrink():
    with pytest.raises(ConfigError, match=r"enlarge to \(8, 3\) px: smaller than .* 4 x 4"):
        enlarge(torch.zeros(1, 3, 4, 4), (8, 3), "lanczos")


def test_unknown_enlargement_is_refused():
    with pytest.raises(ConfigError, match="nearest"):
        enlarge(torch.zeros(1, 3, 4, 4), (8, 8), "nearest")
