"""Small stand-ins whose answers are known: a network, a reader, a calibration, a detector."""

import numpy as np
import pytest
import torch
from torch import nn

from lpr_gfpgan import networks, plates
from lpr_gfpgan.plates import CLASSES, NUM_CLASSES
from lpr_gfpgan.readers.hyperlpr import FoundPlate
from lpr_gfpgan.restore import PlateFinder, Restorer
from lpr_gfpgan.trust.placing import WAYS

SIZE = (32, 64)


@pytest.fixture(autouse=True)
def small_frames_lose_nothing(request, monkeypatch):
    """The plates of these tests are twice as wide as the stand-in's frame, for speed alone."""
    if "own_limit" not in request.fixturenames:
        monkeypatch.setattr("lpr_gfpgan.restore.restorer.COARSER", 2.5)


@pytest.fixture
def own_limit():
    """The test looks at the limit itself."""


class Negative(nn.Module):
    """Restores a frame to its negative."""

    size = SIZE

    def forward(self, image):
        return networks.Restoration(-image, [])


class Says:
    """A reader with one answer for light pictures and one for dark ones.

    Each character is seen with a probability of 0.8 and taken for its neighbour in the alphabet
    with 0.1, the rest falls to the blank. Counts the frames it is shown.
    """

    def __init__(self, light, dark):
        self.light, self.dark = light, dark
        self.frames_read = 0

    def to(self, device):
        return self

    def logits(self, image, quad):
        assert len(image) == len(quad)
        self.frames_read += len(image)
        return torch.stack(
            [self._of(self.light if each.mean() > 0 else self.dark) for each in image]
        )

    def _of(self, text):
        rows = np.full((20, NUM_CLASSES), 1e-9)
        rows[:, 0] = 1
        for place, character in enumerate(text):
            index = CLASSES.index(character) + 1
            rows[2 * place + 1, [0, index, index % (NUM_CLASSES - 1) + 1]] = 0.1, 0.8, 0.1
        return torch.from_numpy(np.log(rows / rows.sum(1, keepdims=True))).float()


class Calibration:
    """Takes what is not of one colour for a plate; a disagreement halves the confidence.

    A whole text has the square root of its characters' product. Notes what it is asked about each
    character: (sharp, way). In a way of `heedless` a disagreement changes nothing.
    """

    samples = 2

    def __init__(self):
        self.asked = []
        self.heedless = set()
        self.shown = set(WAYS)

    def shows_agreement(self, way):
        return way in self.shown

    def heeds_restoration(self, way):
        return way not in self.heedless

    def look(self, reader, image, quad, ways):
        assert len(ways) == len(image)
        likeness = [float(each[:, 10:22].std()) * 127.5 for each in image]
        return np.array(likeness), reader.logits(image, quad)

    def accepts(self, likeness, way):
        return likeness > 1

    def confidence(self, raw, agrees, *, sharp, way):
        self.asked.append((sharp, way))
        return raw * (0.5 if agrees is False and self.heeds_restoration(way) else 1.0)

    def text_confidence(self, product, way):
        return product**0.5


class Detector:
    """Finds what it is told, in any photograph; counts how often it is asked."""

    def __init__(self, *found):
        self.found, self.asked = [FoundPlate(np.array(q, float), s) for q, s in found], 0

    def find_plates(self, photo):
        self.asked += 1
        return self.found


@pytest.fixture
def make():
    """A function that makes a restorer: make(says=..., calibration=..., found=[(quad, score)])."""

    def made(says=("皖A12345", "皖A12345"), calibration=None, found=()):
        reader = None if says is None else Says(*says)
        finder = PlateFinder(Detector(*found))
        return Restorer(Negative(), reader=reader, calibration=calibration, finder=finder)

    return made


@pytest.fixture
def calibration():
    return Calibration()


@pytest.fixture
def crop():
    """A drawn plate, light enough for `light`, cut to its canonical box: uint8 [41, 128, 3]."""
    scene = plates.scene_of("test", 1, seed=3, height=64, width=128, styles={"blue": 1.0})
    return 140 + scene.image[12:53] // 3


@pytest.fixture
def photo(crop):
    """A photograph of noise with two plates in it, and their corners: uint8 [300, 400, 3]."""
    picture = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    picture[60:101, 80:208] = picture[200:241, 230:358] = crop
    return picture, [upright(80, 60, 128, 41), upright(230, 200, 128, 41)]


def upright(x, y, width, height):
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


@pytest.fixture(scope="session")
def weights(tmp_path_factory, save_untrained):
    """A folder with an untrained restorer and direct reader: restorer-full-0 and reader-direct."""
    return save_untrained(tmp_path_factory.mktemp("models") / "smoke")
