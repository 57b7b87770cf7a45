"""One small reader and one small restorer, untrained: enough for what does not hang on training."""

import pytest
import torch

from lpr_gfpgan.networks import PlateReader, Restorer
from lpr_gfpgan.plates import NUM_CLASSES
from lpr_gfpgan.readers import Reader


@pytest.fixture(scope="session")
def reader():
    network = PlateReader(
        architecture="residual", channels=[8, 16, 16], input_size=(24, 96), num_classes=NUM_CLASSES
    )
    return Reader(network, name="direct")


@pytest.fixture(scope="session")
def network():
    made = Restorer(
        base=(4, 8),
        channels_unet=[16, 16, 8, 8],
        channels_decoder=[16, 16, 8, 8],
        code_size=16,
        mapping_layers=2,
        pool_codes=False,
    ).eval()
    with torch.no_grad():  # untrained layers give the noise no weight
        for name, parameter in made.named_parameters():
            if name.endswith("noise_strength"):
                parameter.fill_(0.5)
    return made
