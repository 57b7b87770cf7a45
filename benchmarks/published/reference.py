"""The published networks, imported without what their package needs and does not have.

`gfpgan` 1.3.8 and `basicsr` 1.4.2 were written for an older torchvision, and their discriminators
call a compiled CUDA kernel for bias and rectifier. Both are mended here from outside, so that the
packages themselves stay as published: a module of the old name, and the same formula in PyTorch.
"""

import importlib.metadata
import importlib.util
import math
import sys
import types
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VERSIONS = dict(
    line.split("==")
    for line in Path(__file__).with_name("requirements.txt").read_text("utf-8").splitlines()
    if "==" in line
)


def installed() -> bool:
    """Whether the published packages are in this environment, in the versions that are meant."""
    try:
        return all(importlib.metadata.version(name) == v for name, v in VERSIONS.items())
    except importlib.metadata.PackageNotFoundError:
        return False


def prepare() -> None:
    """Makes the packages importable; the import of `gfpgan` itself would load face detectors."""
    import torchvision.transforms.functional as functional

    name = "torchvision.transforms.functional_tensor"
    old = types.ModuleType(name)
    old.rgb_to_grayscale = functional.rgb_to_grayscale
    sys.modules[name] = old
    spec = importlib.util.find_spec("gfpgan")
    bare = types.ModuleType("gfpgan")
    bare.__path__ = list(spec.submodule_search_locations)
    sys.modules["gfpgan"] = bare

    import basicsr.ops.fused_act.fused_act as act

    if not hasattr(act, "fused_act_ext"):
        act.FusedLeakyReLUFunction = types.SimpleNamespace(apply=_biased_rectifier)


def _biased_rectifier(x: Tensor, bias: Tensor, slope: float, scale: float) -> Tensor:
    return F.leaky_relu(x + bias.view(1, -1, *(1,) * (x.dim() - 2)), slope) * scale


def restorer(size: int) -> nn.Module:
    """GFP-GAN's clean architecture with channel multiplier 1, decoder and all."""
    from gfpgan.archs.gfpganv1_clean_arch import GFPGANv1Clean

    return GFPGANv1Clean(
        out_size=size,
        num_style_feat=512,
        channel_multiplier=1,
        decoder_load_path=None,
        fix_decoder=False,
        num_mlp=8,
        input_is_latent=True,
        different_w=True,
        narrow=1,
        sft_half=True,
    )


def generator(size: int) -> nn.Module:
    """StyleGAN2's generator in the same clean form."""
    from gfpgan.archs.stylegan2_clean_arch import StyleGAN2GeneratorClean

    return StyleGAN2GeneratorClean(
        out_size=size, num_style_feat=512, num_mlp=8, channel_multiplier=1
    )


def discriminator(size: int) -> nn.Module:
    """StyleGAN2's discriminator, channel multiplier 1."""
    from basicsr.archs.stylegan2_arch import StyleGAN2Discriminator

    return StyleGAN2Discriminator(out_size=size, channel_multiplier=1)


def region_discriminator() -> nn.Module:
    """The discriminator of facial components; of any size, as it ends in a map of logits."""
    from gfpgan.archs.gfpganv1_arch import FacialComponentDiscriminator

    return FacialComponentDiscriminator()


def region_crop(image: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Crops of boxes [B, 4] by RoIAlign, as GFP-GAN cuts out facial components."""
    from torchvision.ops import roi_align

    index = torch.arange(len(image), dtype=image.dtype, device=image.device)[:, None]
    return roi_align(image, torch.cat([index, boxes], 1), output_size=size)


def degrade(image, rng):  # noqa: ANN001, ANN201 - arrays of OpenCV and NumPy's legacy generator
    """One image, float32 [H, W, 3] in 0..1, through the published steps of GFP-GAN's training.

    Blur with a kernel of 41 px, downsampling, noise, JPEG, enlargement, with its published ranges.
    """
    import cv2
    from basicsr.data import degradations

    height, width = image.shape[:2]
    kernel = degradations.random_mixed_kernels(
        ["iso", "aniso"],
        [0.5, 0.5],
        41,
        [0.1, 10],
        [0.1, 10],
        [-math.pi, math.pi],
        noise_range=None,
    )
    low = cv2.filter2D(image, -1, kernel)
    scale = rng.uniform(0.8, 8)
    low = cv2.resize(low, (int(width // scale), int(height // scale)), interpolation=1)
    low = degradations.random_add_gaussian_noise(low, [0, 20])
    # Drawn here: OpenCV now refuses the fraction that the package would give it.
    low = degradations.add_jpg_compression(low, int(rng.uniform(60, 100)))
    return cv2.resize(low, (width, height), interpolation=1)
