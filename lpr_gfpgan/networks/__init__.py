"""The networks: a StyleGAN2 prior on wide frames, the restorer built around it, and the readers.

`Generator` and `Discriminator` make and judge whole frames; `Restorer` adds a U-Net, an encoder and
spatial feature transforms to a generator; `crop_region` and `RegionDiscriminator` look at the plate
or its characters alone; `PlateReader` reads; `PlainUNet` and `RRDBNet` are baselines. Each network
draws its first weights from a seed, keeps the arguments that build it in `config`, and is stored
and built again by `save_weights` and `load_weights`.
"""

from .ctc import PlateReader, Reading, decode_greedy, slot_logits
from .discriminator import Discriminator
from .layers import group_size
from .plain_unet import PlainUNet
from .region import RegionDiscriminator, crop_region, present
from .restorer import Restoration, Restorer, parameter_report
from .rrdb import RRDBNet
from .stylegan2 import Generator
from .weights import KINDS, load_weights, save_weights

__all__ = [
    "KINDS",
    "Discriminator",
    "Generator",
    "PlainUNet",
    "PlateReader",
    "RRDBNet",
    "Reading",
    "RegionDiscriminator",
    "Restoration",
    "Restorer",
    "crop_region",
    "decode_greedy",
    "group_size",
    "load_weights",
    "parameter_report",
    "present",
    "save_weights",
    "slot_logits",
]
