"""Regions cut out of an image, and the discriminator that looks at them alone.

Coordinates are continuous: the image spans [0, W] x [0, H] and the centre of the pixel in row i and
column j is (j + 0.5, i + 0.5).

Shape legend: B images, R regions, K regions of an image, C channels, H x W image, h x w crop.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from ..errors import ConfigError, LprError
from .checks import expect_shape, height_and_width, whole_numbers
from .layers import GAIN, EqualisedConv2d, EqualisedLinear, full_precision, initialise, leaky


def crop_region(
    image: Tensor, region: Tensor, size: Sequence[int], *, samples: int | None = None
) -> Tensor:
    """Cut regions out of images and bring them to one size.

    A quadrilateral is rectified by the homography that takes its corners to the crop's; a box is
    cut by RoIAlign (He et al. 2017) without its half-pixel offset. For an upright quadrilateral
    the two agree. Gradients flow to the image, not to the region. RoIAlign has no second
    derivative: a gradient penalty must be taken on the crop as a leaf.

    A region without area gives a crop of one colour; `present` tells which boxes to leave out.
    Beyond the image the edge is repeated, except that RoIAlign takes 0 more than a pixel beyond.

    Args:
        image: [B, C, H, W].
        region: corners [B, 4, 2] (x, y; top left, top right, bottom right, bottom left), or boxes
            [B, 4] or [B, K, 4] (x0, y0, x1, y1).
        size: (h, w).
        samples: bilinear samples per pixel of the crop along each side, averaged. When None, as
            many as a region of the image's whole width needs (quadrilaterals) or as the region
            itself needs (boxes) so that no pixel is skipped.

    Returns:
        [R, C, h, w], at least float32, where R is B, or B * K with the K regions of an image after
        each other.

    Raises:
        LprError: the image or the region has another shape.
        ConfigError: the size is no height and width.
    """
    expect_shape("image", image, None, None, None, None)
    height, width = height_and_width("size", size)
    if samples is not None:
        whole_numbers("samples", (samples,))
    # Coordinates in bfloat16 would lie on a grid coarser than the pixels.
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    batch = len(image)
    if region.dim() == 3 and region.shape[2] == 2:
        expect_shape("region", region, batch, 4, 2)
        samples = samples or max(1, math.ceil(image.shape[3] / width))
        grid = _quad_grid(region.to(image), height * samples, width * samples)
        scale = 2 / grid.new_tensor([image.shape[3], image.shape[2]])
        with full_precision(image.device):
            crop = F.grid_sample(image, grid * scale - 1, "bilinear", "border", align_corners=False)
        return F.avg_pool2d(crop, samples) if samples > 1 else crop
    if region.dim() == 2:
        region = region[:, None]
    if region.dim() != 3 or region.shape[0] != batch or region.shape[2] != 4:
        raise LprError(
            f"region has shape {list(region.shape)}; give corners [{batch}, 4, 2] or boxes "
            f"[{batch}, 4] or [{batch}, any, 4]"
        )
    count = region.shape[1]
    owner = torch.arange(batch, device=image.device).repeat_interleave(count)
    boxes = torch.cat([owner[:, None].to(image.dtype), region.reshape(-1, 4).to(image)], 1)
    return roi_align(image, boxes, (height, width), 1.0, samples or -1, aligned=True)


def present(boxes: Tensor) -> Tensor:
    """Which boxes have an area.

    Args:
        boxes: [..., 4].

    Returns:
        Bool [R], in the order of `crop_region`'s crops.
    """
    return ((boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])).flatten()


def _quad_grid(quad: Tensor, height: int, width: int) -> Tensor:
    """Where the pixels of a rectified crop lie in the image.

    The projective map from the unit square to a quadrilateral in closed form (Heckbert,
    "Fundamentals of texture mapping and image warping", 1989, section 2.2.3).

    Args:
        quad: [B, 4, 2].
        height: of the crop.
        width: of the crop.

    Returns:
        [B, height, width, 2], continuous coordinates (x, y).
    """
    with torch.no_grad():
        top_left, top_right, bottom_right, bottom_left = quad.double().unbind(1)
        right, bottom = top_right - bottom_right, bottom_left - bottom_right
        bend = top_left - top_right + bottom_right - bottom_left
        area = right[:, 0] * bottom[:, 1] - right[:, 1] * bottom[:, 0]
        area = torch.where(area == 0, torch.ones_like(area), area)  # no area, no perspective
        g = ((bend[:, 0] * bottom[:, 1] - bend[:, 1] * bottom[:, 0]) / area)[:, None]
        h = ((right[:, 0] * bend[:, 1] - right[:, 1] * bend[:, 0]) / area)[:, None]
        along_u = (top_right - top_left + g * top_right)[:, None, None]
        along_v = (bottom_left - top_left + h * bottom_left)[:, None, None]
        u = (torch.arange(width, device=quad.device, dtype=torch.float64) + 0.5) / width
        v = (torch.arange(height, device=quad.device, dtype=torch.float64) + 0.5) / height
        u, v = u[None, None, :, None], v[None, :, None, None]
        depth = g[:, :, None, None] * u + h[:, :, None, None] * v + 1
        return ((along_u * u + along_v * v + top_left[:, None, None]) / depth).to(quad.dtype)


class RegionDiscriminator(nn.Module):
    """How real a region looks, as a logit, with the features that style is measured on.

    Plain 3 x 3 convolutions, two per level after the first, and one linear layer. There is no
    comparison across the batch: the number of regions varies.

    Args:
        size: (h, w) of the crops.
        channels: of each level, finest first; each level halves the resolution.
        seed: of the first weights.

    Raises:
        ConfigError: a size is no positive whole number, or the crop is too small for the levels.
    """

    def __init__(self, *, size: Sequence[int], channels: Sequence[int], seed: int = 0) -> None:
        super().__init__()
        self.size = height_and_width("size", size)
        self.channels = whole_numbers("channels", channels)
        self.config = {"size": list(self.size), "channels": list(self.channels)}
        halvings = len(self.channels) - 1
        area = (self.size[0] >> halvings) * (self.size[1] >> halvings)
        if area == 0:
            raise ConfigError(
                f"channels has {len(self.channels)} levels for size {list(self.size)}; give fewer "
                "levels or larger crops"
            )
        self.enter = EqualisedConv2d(3, self.channels[0], 3, gain=GAIN)
        self.levels = nn.ModuleList(
            nn.ModuleList(
                [
                    EqualisedConv2d(i, o, 3, gain=GAIN, halve=True),
                    EqualisedConv2d(o, o, 3, gain=GAIN),
                ]
            )
            for i, o in zip(self.channels[:-1], self.channels[1:], strict=True)
        )
        self.logit = EqualisedLinear(self.channels[-1] * area, 1)
        initialise(self, seed)

    def forward(self, crop: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge crops.

        Args:
            crop: [R, 3, h, w] in [-1, 1].

        Returns:
            Logits [R, 1], above 0 means real; and one feature map per level, finest first.

        Raises:
            LprError: the crop has another shape.
        """
        expect_shape("crop", crop, None, 3, *self.size)
        features = [leaky(self.enter(crop.contiguous(memory_format=torch.channels_last)))]
        for enter, refine in self.levels:
            features.append(leaky(refine(leaky(enter(features[-1])))))
        return self.logit(features[-1].flatten(1)), features
