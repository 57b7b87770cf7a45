"""Distances between features of two images.

The features come from a network that neither trains nor judges: the prior's frozen discriminator,
or a VGG19 given by path. They never come from a reader, which would let the recognition loss in
by the back door.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import vgg19

from ..errors import WeightsError
from ..networks import Discriminator
from .average import average

# Index in torchvision's vgg19().features of the convolutions whose output, before ReLU, GFP-GAN
# compares, with their weights.
_VGG19_TAPS = {
    2: 0.1,
    7: 0.1,
    16: 1.0,
    25: 1.0,
    34: 1.0,
}  # conv1_2, conv2_2, conv3_4, conv4_4, conv5_4


class DiscriminatorFeatures(nn.Module):
    """Features of a trained discriminator, frozen, one map per resolution.

    Args:
        discriminator: usually the prior's; a reference is kept, its parameters lose their gradient.
    """

    def __init__(self, discriminator: Discriminator) -> None:
        super().__init__()
        self.discriminator = discriminator.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> list[tuple[float, Tensor]]:
        """[B, 3, H, W] in [-1, 1] to pairs of weight and features [B, C, h, w]."""
        features = self.discriminator.features(image)
        return [(1.0 / len(features), feature) for feature in features]


class Vgg19Features(nn.Module):
    """VGG19 (Simonyan & Zisserman 2015) before ReLU at conv1_2, 2_2, 3_4, 4_4 and 5_4.

    Args:
        path: a state dict of torchvision's vgg19 (.pth, loaded without executing code).

    Raises:
        WeightsError: the file is missing, is no state dict or does not fit.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            network = vgg19(weights=None)
            network.load_state_dict(state)
        except FileNotFoundError:
            raise WeightsError(f"{path}: no such file; name a VGG19 state dict") from None
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise WeightsError(f"{path}: not a VGG19 state dict ({reason}); name another") from None
        layers = network.features[: max(_VGG19_TAPS) + 1]
        for layer in layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # the tapped maps are the ones before ReLU
        self.layers = layers.eval().requires_grad_(False)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> list[tuple[float, Tensor]]:
        """[B, 3, H, W] in [-1, 1] (at least 32 pixels a side) to pairs of weight and features."""
        x = ((image + 1) / 2 - self.mean) / self.std
        taps = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in _VGG19_TAPS:
                taps.append((_VGG19_TAPS[index], x))
        return taps


Weighted = Sequence[tuple[float, Tensor]]


def feature_distance(restored: Weighted, target: Weighted) -> Tensor:
    """sum_l weight_l E|f_l(G(y)) - f_l(x)| (Johnson et al. 2016, with L1 as in GFP-GAN).

    Args:
        restored: weighted features of the restored image.
        target: those of the true image, without gradient.
    """
    terms = [w * F.l1_loss(a, b) for (w, a), (_, b) in zip(restored, target, strict=True)]
    return sum(terms[1:], start=terms[0])


def gram(features: Tensor) -> Tensor:
    """Gram matrices F F^T / (C h w), [B, C, C], of features [B, C, h, w] (Gatys et al. 2016)."""
    flat = features.flatten(2)
    # bfloat16 would leave three digits of a product whose small differences count.
    with torch.autocast(flat.device.type, enabled=False):
        flat = flat.float() if flat.dtype in (torch.bfloat16, torch.float16) else flat
        return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def gram_distance(restored: Weighted, target: Weighted, weights: Tensor | None = None) -> Tensor:
    """sum_l weight_l E|Gram(f_l(G(y))) - Gram(f_l(x))|: the style loss.

    Args:
        restored: weighted features of the restored image.
        target: those of the true image, without gradient.
        weights: [B], see `average`; a plain mean when not given.
    """
    terms = [
        w * average((gram(a) - gram(b)).abs(), weights)
        for (w, a), (_, b) in zip(restored, target, strict=True)
    ]
    return sum(terms[1:], start=terms[0])
