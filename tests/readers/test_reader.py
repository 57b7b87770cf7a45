import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import WeightsError
from lpr_gfpgan.networks import Discriminator, PlateReader, save_weights
from lpr_gfpgan.plates import (
    BLUE,
    GREEN,
    NUM_CLASSES,
    canonical_quad,
    character_boxes,
    encode,
)
from lpr_gfpgan.readers import Reader, load_reader, slot_centres

SIZE = (24, 96)


class Scripted(torch.nn.Module):
    """Stands where a network would: says the same class at each step."""

    input_size = SIZE

    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    def forward(self, crop):
        logits = torch.zeros(len(crop), len(self.classes), NUM_CLASSES)
        for step, index in enumerate(self.classes):
            logits[:, step, index] = 5.0
        return logits


@pytest.fixture
def network():
    return PlateReader(
        architecture="plain", channels=[8, 8, 8], input_size=SIZE, num_classes=NUM_CLASSES
    )


def test_reading_merges_runs_drops_blanks_and_keeps_repeats():
    a, b = encode("京A")
    reader = Reader(Scripted([0, a, a, 0, b, 0, b, b] + [0] * 10), name="scripted")
    quad = torch.as_tensor(canonical_quad(32, 64)).float()[None]
    (reading,) = reader.read(torch.zeros(1, 3, 32, 64), quad)
    assert reading.text == "京AA"
    each = np.exp(5) / (np.exp(5) + NUM_CLASSES - 1)
    assert reading.confidences == pytest.approx([each] * 3, rel=1e-4)
    assert reading.confidence == pytest.approx(each**3, rel=1e-4)


def test_nothing_seen_is_an_empty_text_without_confidence():
    reader = Reader(Scripted([0] * 18), name="scripted")
    quad = torch.as_tensor(canonical_quad(32, 64)).float()[None]
    (reading,) = reader.read(torch.zeros(1, 3, 32, 64), quad)
    assert (reading.text, reading.confidences, reading.confidence) == ("", (), 0.0)


@pytest.mark.parametrize("layout", [BLUE, GREEN])
def test_slot_centres_are_the_centres_of_the_character_boxes(layout):
    height, width = 32, 64
    boxes = character_boxes(layout, canonical_quad(height, width))
    count = len(layout.glyphs)
    expected = (boxes[:count, 0] + boxes[:count, 2]) / 2 / width
    centres = slot_centres(torch.tensor([count]))[0]
    assert centres[:count].numpy() == pytest.approx(expected, abs=1e-5)
    assert (centres[count:] == 0).all()


def test_gradient_of_the_reading_reaches_the_image_under_the_plate(network):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 32, 64, generator=generator).requires_grad_(True)
    quad = torch.tensor([[[16.0, 8.0], [48.0, 8.0], [48.0, 24.0], [16.0, 24.0]]])
    Reader(network, name="r").logits(image, quad).square().sum().backward()
    assert image.grad[..., 10:22, 20:44].abs().sum() > 0
    assert image.grad[..., :6, :].abs().sum() == 0


def test_features_have_mean_square_one(network):
    image = torch.rand(3, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    quad = torch.as_tensor(canonical_quad(32, 64)).float().expand(3, -1, -1)
    features = Reader(network, name="r").features(image, quad)
    assert features.square().mean(1).numpy() == pytest.approx([1, 1, 1], rel=1e-4)


def test_only_readers_are_loaded_as_readers(tmp_path, network):
    path = tmp_path / "reader.safetensors"
    save_weights(path, network, kind="reader", config=network.config, provenance={})
    assert load_reader(path, "mine").name == "mine"
    other = Discriminator(base=(4, 8), channels=[8, 8])
    save_weights(path, other, kind="discriminator", config=other.config, provenance={})
    with pytest.raises(WeightsError):
        load_reader(path, "mine")
    with pytest.raises(WeightsError):
        load_reader(tmp_path / "absent.safetensors", "mine")
