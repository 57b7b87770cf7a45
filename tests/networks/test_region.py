"""Cutting regions out of images, and the discriminator on them."""

import pytest
import torch

from lpr_gfpgan.errors import ConfigError, LprError
from lpr_gfpgan.networks import RegionDiscriminator, crop_region, present


def ramp(batch=2, height=12, width=20):
    """Channel 0 holds x, channel 1 holds y, at the pixels' centres."""
    x = (torch.arange(width) + 0.5).expand(height, width)
    y = (torch.arange(height) + 0.5)[:, None].expand(height, width)
    return torch.stack([x, y]).expand(batch, 2, height, width).contiguous()


def noise(batch=2, height=12, width=20):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


def corners(box):
    x0, y0, x1, y1 = box.unbind(-1)
    return torch.stack([x0, y0, x1, y0, x1, y1, x0, y1], -1).unflatten(-1, (4, 2))


BOXES = torch.tensor([[2.5, 1.25, 17.0, 9.5], [1.0, 3.0, 7.5, 11.0]])


@pytest.mark.parametrize("samples", [1, 2])
def test_box_and_upright_quadrilateral_agree(samples):
    image = noise()
    by_box = crop_region(image, BOXES, (6, 10), samples=samples)
    by_quad = crop_region(image, corners(BOXES), (6, 10), samples=samples)
    torch.testing.assert_close(by_box, by_quad, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["box", "quad"])
def test_crop_pixels_lie_at_their_centres(kind):
    region = BOXES if kind == "box" else corners(BOXES)
    crop = crop_region(ramp(), region, (4, 5))
    for n, (x0, y0, x1, y1) in enumerate(BOXES.tolist()):
        x = x0 + (torch.arange(5) + 0.5) / 5 * (x1 - x0)
        y = y0 + (torch.arange(4) + 0.5) / 4 * (y1 - y0)
        torch.testing.assert_close(crop[n, 0], x.expand(4, 5), rtol=0, atol=1e-4)
        torch.testing.assert_close(crop[n, 1], y[:, None].expand(4, 5), rtol=0, atol=1e-4)


def test_the_whole_image_at_its_own_size_is_itself():
    image = noise()
    whole = torch.tensor([0.0, 0.0, 20.0, 12.0]).expand(2, 4)
    torch.testing.assert_close(crop_region(image, whole, (12, 20)), image, rtol=0, atol=1e-5)
    quad = corners(whole)
    torch.testing.assert_close(crop_region(image, quad, (12, 20)), image, rtol=0, atol=1e-5)


def test_tilted_quadrilateral_follows_the_homography():
    quad = torch.tensor([[[3.0, 2.0], [16.0, 4.0], [18.0, 10.0], [2.0, 9.0]]])
    crop = crop_region(ramp(1), quad, (7, 9), samples=1)
    u, v = (torch.arange(9) + 0.5) / 9, (torch.arange(7) + 0.5) / 7
    # The map that takes the unit square to the corners, from its eight linear equations.
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    rows, right = [], []
    for (a, b), (x, y) in zip(square.tolist(), quad[0].tolist(), strict=True):
        rows += [[a, b, 1, 0, 0, 0, -a * x, -b * x], [0, 0, 0, a, b, 1, -a * y, -b * y]]
        right += [x, y]
    solution = torch.linalg.solve(torch.tensor(rows).double(), torch.tensor(right).double())
    h = torch.cat([solution, torch.ones(1).double()]).view(3, 3)
    grid = torch.stack(torch.broadcast_tensors(u, v[:, None], torch.ones(1)), -1).double()
    place = grid @ h.T
    expected = (place[..., :2] / place[..., 2:]).permute(2, 0, 1).float()
    torch.testing.assert_close(crop[0], expected, rtol=0, atol=1e-4)


def test_large_regions_are_averaged_not_skipped():
    """A checkerboard made four times smaller is grey, whichever way it is cut."""
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(64), indexing="ij")
    board = ((rows + columns) % 2 * 2.0 - 1).expand(1, 1, 32, 64)
    box = torch.tensor([[0.0, 0.0, 64.0, 32.0]])
    for region in (box, corners(box)):
        assert crop_region(board, region, (8, 16)).abs().max() < 0.05


@pytest.mark.parametrize("kind", ["box", "boxes", "quad"])
def test_gradient_reaches_the_image_and_only_the_region(kind):
    image = noise().requires_grad_()
    boxes = torch.tensor([[4.0, 3.0, 10.0, 7.0], [4.0, 3.0, 10.0, 7.0]])
    region = {"box": boxes, "boxes": boxes[:, None].expand(2, 3, 4), "quad": corners(boxes)}[kind]
    crop = crop_region(image, region, (8, 12))
    assert crop.shape == (6 if kind == "boxes" else 2, 3, 8, 12)
    (gradient,) = torch.autograd.grad(crop.sum(), image)
    inside = torch.zeros(12, 20, dtype=torch.bool)
    inside[2:8, 3:11] = True  # bilinear sampling reaches one pixel beyond
    assert gradient[:, :, 3:7, 4:10].abs().min() > 0
    assert not gradient[:, :, ~inside].any()


def test_regions_of_an_image_follow_each_other():
    image = noise()
    both = torch.stack([BOXES, BOXES.flip(0)], 1)
    crops = crop_region(image, both, (4, 6))
    torch.testing.assert_close(crops[0::2], crop_region(image, BOXES, (4, 6)))
    torch.testing.assert_close(crops[1::2], crop_region(image, BOXES.flip(0), (4, 6)))


def test_absent_boxes_are_told_apart_and_harmless():
    boxes = torch.zeros(2, 3, 4)
    boxes[0, 1] = BOXES[0]
    assert present(boxes).tolist() == [False, True, False, False, False, False]
    assert crop_region(noise(), boxes, (4, 4)).isfinite().all()
    assert crop_region(noise(), torch.zeros(2, 4, 2), (4, 4)).isfinite().all()


@pytest.mark.parametrize("region", [BOXES, corners(BOXES)], ids=["box", "quad"])
def test_places_are_exact_for_a_bfloat16_image(region):
    image = noise().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        crop = crop_region(image, region, (6, 10))
    assert crop.dtype == torch.float32
    torch.testing.assert_close(crop, crop_region(image.float(), region, (6, 10)))


def test_bad_inputs_are_named():
    image = noise()
    with pytest.raises(LprError, match="image has shape"):
        crop_region(image[0], BOXES, (4, 4))
    for region in (torch.zeros(3, 4), torch.zeros(2, 5), torch.zeros(2), torch.zeros(3, 4, 2)):
        with pytest.raises(LprError, match="region has shape"):
            crop_region(image, region, (4, 4))
    with pytest.raises(ConfigError, match="size"):
        crop_region(image, BOXES, (4, 0))


@pytest.mark.parametrize("size", [(6, 10), (16, 8), (7, 9)])
def test_region_discriminator_shapes(size):
    network = RegionDiscriminator(size=size, channels=[4, 6, 8])
    logits, features = network(torch.zeros(5, 3, *size))
    assert logits.shape == (5, 1)
    assert [f.shape[1] for f in features] == [4, 6, 8]
    assert [tuple(f.shape[2:]) for f in features] == [
        (size[0] >> n, size[1] >> n) for n in (0, 1, 2)
    ]


def test_region_discriminator_judges_each_crop_alone():
    network = RegionDiscriminator(size=(8, 8), channels=[4, 6])
    x = noise(5, 8, 8)
    torch.testing.assert_close(network(x)[0][2:3], network(x[2:3])[0], rtol=0, atol=1e-5)


def test_gradient_penalty_on_the_crop_as_a_leaf():
    network = RegionDiscriminator(size=(6, 10), channels=[4, 6])
    crop = crop_region(noise(), BOXES, (6, 10)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(network(crop)[0].sum(), crop, create_graph=True)
    gradient.square().sum((1, 2, 3)).mean().backward()
    for name, parameter in network.named_parameters():
        assert not name.endswith("weight") or parameter.grad.any(), name


def test_too_many_levels_for_the_crop():
    with pytest.raises(ConfigError, match="channels has 4 levels"):
        RegionDiscriminator(size=(4, 16), channels=[4, 4, 4, 4])
    with pytest.raises(LprError, match="crop has shape"):
        RegionDiscriminator(size=(4, 16), channels=[4])(torch.zeros(1, 3, 4, 4))
