"""The two sides of the logistic GAN game (Goodfellow et al. 2014, in StyleGAN2's softplus form)."""

import torch.nn.functional as F
from torch import Tensor

from .average import average


def generator_nonsaturating(fake: Tensor, weights: Tensor | None = None) -> Tensor:
    """The generator wants its images called real: E[softplus(-D(G))].

    Args:
        fake: logits [N, ...] of generated images or crops.
        weights: [N], see `average`; a plain mean when not given.
    """
    return average(F.softplus(-fake), weights)


def discriminator_logistic(real: Tensor, fake: Tensor, weights: Tensor | None = None) -> Tensor:
    """The discriminator tells real from generated: E[softplus(-D(x))] + E[softplus(D(G))].

    Args:
        real: logits [N, ...] of real images or crops.
        fake: logits [N, ...] of generated ones (detached from the generator).
        weights: [N], see `average`; a plain mean when not given.
    """
    return average(F.softplus(-real), weights) + average(F.softplus(fake), weights)
