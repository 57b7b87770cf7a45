"""How the cost of restoring and training grows with pixels, batch and data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lpr_gfpgan.config import Study
from lpr_gfpgan.losses import l1, pyramid_l1
from lpr_gfpgan.networks import Restorer
from lpr_gfpgan.plates import scene_of
from lpr_gfpgan.restore import Restorer as Door
from lpr_gfpgan.training.stage import to_device

from ..timing import median_seconds

PIXELS = (1, 2, 4, 8)
"""Factors on height and width of the profile's frame."""
BATCHES = (1, 2, 4, 8, 16, 32)
COUNTS = (32, 64, 128, 256, 512)
Line = dict[str, Any]


def network_of(study: Study, factor: int, device: torch.device) -> Restorer:
    """The profile's restorer for a frame `factor` times as high and wide."""
    frame, settings = study.settings.frame, study.settings
    network = Restorer(
        base=(frame.base_height * factor, frame.base_width * factor),
        channels_unet=settings.restorer.channels,
        channels_decoder=settings.prior.channels,
        code_size=settings.prior.code_size,
        mapping_layers=settings.prior.mapping_layers,
        pool_codes=True,  # a flattened bottleneck would grow with the frame
    )
    return to_device(network, device)


def restoring(network: Restorer, batch: int, device: torch.device) -> Callable[[], Any]:
    """Passes a batch of noise through the network, without derivatives."""
    image = torch.rand(batch, 3, *network.size, device=device).mul_(2).sub_(1)

    @torch.inference_mode()
    def run() -> Any:
        return network.eval()(image)

    return run


def training(network: Restorer, batch: int, device: torch.device) -> Callable[[], Any]:
    """Forward and backward of the pixel terms; the discriminators are left out."""
    image = torch.rand(batch, 3, *network.size, device=device).mul_(2).sub_(1)

    def run() -> None:
        network.train().zero_grad(set_to_none=True)
        restored, pyramid = network(image)
        (l1(restored, image) + pyramid_l1(pyramid, image)).backward()

    return run


def by_pixels(study: Study, device: torch.device) -> list[Line]:
    """Seconds an image of one image of a growing frame."""
    lines = []
    for factor in PIXELS:
        network = network_of(study, factor, device)
        height, width = network.size
        for what in (restoring, training):
            took = median_seconds(what(network, 1, device))
            lines.append({"what": what.__name__, "x": height * width, "seconds": took})
    return lines


def by_batch(study: Study, device: torch.device) -> list[Line]:
    """Seconds an image of a growing batch, in the profile's frame."""
    network = network_of(study, 1, device)
    return [
        {
            "what": what.__name__,
            "x": batch,
            "seconds": median_seconds(what(network, batch, device)) / batch,
        }
        for what in (restoring, training)
        for batch in BATCHES
    ]


def by_count(study: Study, device: torch.device) -> list[Line]:
    """Seconds a plate of drawing scenes and of restoring lists of them with the released weights.

    One process draws; the list is restored with readings and confidences.
    """
    door = Door.from_pretrained(device=device)
    height, width = door.network.size
    lines = []
    for count in COUNTS:

        def drawing(count: int = count) -> list[np.ndarray]:
            return [
                scene_of("test", n, seed=0, height=height, width=width, styles={"blue": 1.0}).image
                for n in range(count)
            ]

        pictures = drawing()
        lines.append({"what": "drawing", "x": count, "seconds": median_seconds(drawing, 1) / count})
        took = median_seconds(lambda p=pictures: door.restore(p, plate="tight"), 1)
        lines.append({"what": "restoring and reading", "x": count, "seconds": took / count})
    return lines


CURVES = {"pixels": by_pixels, "batch": by_batch, "plates": by_count}
