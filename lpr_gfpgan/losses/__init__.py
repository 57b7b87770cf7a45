"""Losses: small functions, each with the game it plays and its formula.

Every function takes float tensors and returns a scalar (a mean over the batch, so that gradients
averaged over processes equal those of one process). Images are [B, 3, H, W] in [-1, 1].
"""

from .adversarial import discriminator_logistic, generator_nonsaturating
from .perceptual import DiscriminatorFeatures, Vgg19Features, feature_distance, gram, gram_distance
from .recognition import ctc_loss, on_characters, slot_cross_entropy
from .reconstruction import l1, pyramid_l1
from .regularisers import path_lengths, path_penalty, r1_penalty

__all__ = [
    "DiscriminatorFeatures",
    "Vgg19Features",
    "ctc_loss",
    "discriminator_logistic",
    "feature_distance",
    "generator_nonsaturating",
    "gram",
    "gram_distance",
    "l1",
    "on_characters",
    "path_lengths",
    "path_penalty",
    "pyramid_l1",
    "r1_penalty",
    "slot_cross_entropy",
]
