"""Penalties that keep the game stable: R1 for discriminators, path length for the prior."""

import math

import torch
from torch import Tensor

from .average import average


def r1_penalty(logits: Tensor, image: Tensor, weights: Tensor | None = None) -> Tensor:
    """E ||grad_x D(x)||^2 over real images (Mescheder et al. 2018); scale it by gamma / 2.

    Args:
        logits: D(x), one or more values per image; differentiable with respect to `image`.
        image: the real images, a leaf [B, ...] with requires_grad. For a region discriminator
            this is the crop itself: RoIAlign has no second derivative, so the penalty must not
            pass through it.
        weights: [B], see `average`; a plain mean when not given.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), image, create_graph=True)
    return average(gradient.square().flatten(1).sum(1), weights)


def path_lengths(image: Tensor, codes: Tensor, noise: Tensor) -> Tensor:
    """||J_w^T y|| per image (Karras et al. 2020, eq. 4), the square averaged over layers.

    Args:
        image: G(w), [B, 3, H, W].
        codes: w, [B, L, D], which `image` was made from.
        noise: y, standard normal, the shape of `image`.

    Returns:
        [B], differentiable with respect to the generator.
    """
    height, width = image.shape[-2:]
    weighted = (image * noise).sum() / math.sqrt(height * width)
    (gradient,) = torch.autograd.grad(weighted, codes, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def path_penalty(lengths: Tensor, mean: Tensor) -> Tensor:
    """E (||J_w^T y|| - a)^2, with `a` the running mean of the lengths.

    Args:
        lengths: [B], from `path_lengths`.
        mean: scalar, no gradient.
    """
    return (lengths - mean).square().mean()
