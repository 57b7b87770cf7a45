"""Characters with confidences and alternatives."""

import math

import numpy as np
import pytest
import torch

from lpr_gfpgan import networks
from lpr_gfpgan.plates import CLASSES, NUM_CLASSES
from lpr_gfpgan.readers import Reader
from lpr_gfpgan.restore import Character, PlateReading
from lpr_gfpgan.restore.reading import readings_of


def logits(*steps):
    """Log-probabilities [1, T, N] of steps that are {character: probability}, " " the blank."""
    rows = np.full((len(steps), NUM_CLASSES), 1e-12)
    for row, step in zip(rows, steps, strict=True):
        for character, probability in step.items():
            row[0 if character == " " else CLASSES.index(character) + 1] = probability
    return torch.from_numpy(np.log(rows))[None]


def of(text, confidence=0.5):
    return PlateReading.of([Character(each, confidence, ()) for each in text])


def test_a_reading_is_that_of_the_reader():
    """Text and confidences of random networks, blanks and runs of all kinds among them."""
    network = networks.PlateReader(
        architecture="plain", channels=[8, 8], input_size=[16, 64], num_classes=NUM_CLASSES
    )
    with torch.no_grad():
        network.head.weight *= 30
    reader = Reader(network, name="any")
    image = torch.rand(8, 3, 32, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    quad = torch.tensor([[0.0, 6], [64, 6], [64, 26], [0, 26]]).expand(8, 4, 2)
    expected = reader.read(image, quad)
    assert any(reading.text for reading in expected)
    with torch.no_grad():
        readings = readings_of(reader.logits(image, quad))
    for mine, theirs in zip(readings, expected, strict=True):
        assert mine.text == theirs.text
        assert mine.confidences == pytest.approx(theirs.confidences, abs=1e-6)


def test_alternatives_are_those_at_the_peak_without_the_blank():
    steps = (
        {"8": 0.5, "0": 0.45, " ": 0.05},
        {"8": 0.6, "B": 0.15, "3": 0.04, "6": 0.01, " ": 0.2},
        {" ": 1.0},
        {"A": 0.999},
    )
    (reading,) = readings_of(logits(*steps))
    first, second = reading.characters
    assert reading.text == "8A" and first.confidence == pytest.approx(0.6)
    assert [character for character, _ in first.alternatives] == ["B", "3", "6"]
    shares = [share for _, share in first.alternatives]
    assert shares == pytest.approx([0.15 / 0.8, 0.04 / 0.8, 0.01 / 0.8], abs=1e-6)
    assert second.alternatives == ()


def test_at_most_three_alternatives():
    step = {"8": 0.5, "B": 0.2, "3": 0.1, "6": 0.09, "0": 0.06, "S": 0.05}
    (reading,) = readings_of(logits(step))
    assert [character for character, _ in reading.characters[0].alternatives] == ["B", "3", "6"]


def test_nothing_seen():
    (reading,) = readings_of(logits({" ": 1.0}))
    assert reading == PlateReading("", (), 0.0, False)


def test_the_whole_text():
    reading = of("皖A12345", 0.9)
    assert reading.complete
    assert reading.confidence == pytest.approx(math.pow(0.9, 7))
    assert reading.confidences == (0.9,) * 7


def test_an_incomplete_text_is_no_plate_text_however_sure_its_characters_are():
    reading = of("皖A123", 0.99)
    assert not reading.complete and reading.confidence == 0
    assert reading.confidences == (0.99,) * 5


class Halves:
    def text_confidence(self, product, way):
        assert way == "tight"
        return product**0.5

    def confidence(self, raw, agrees, *, sharp, way):
        assert (sharp, way) == (-0.5, "tight")
        return raw * {True: 1.0, False: 0.5}[agrees]


def test_calibrated_confidences_keep_text_and_alternatives():
    before = PlateReading.of([Character("A", 0.8, (("B", 0.1),)), Character("1", 0.6, ())])
    after = before.calibrated(Halves(), [True, False], sharp=-0.5, way="tight")
    assert after.text == "A1" and after.confidences == (0.8, 0.3)
    assert after.characters[0].alternatives == (("B", 0.1),)
    assert after.confidence == 0  # no plate's text


def test_a_whole_text_is_calibrated_by_itself():
    after = of("皖A12345", 0.9).calibrated(Halves(), [True] * 7, sharp=-0.5, way="tight")
    assert after.confidences == (0.9,) * 7
    assert after.confidence == pytest.approx(0.9**3.5)
