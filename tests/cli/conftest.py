"""Two pictures, tiny untrained weights, and stand-ins whose answers are known."""

import numpy as np
import pytest
import torch
from torch import nn

from lpr_gfpgan import cli, networks, plates
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import CLASSES, NUM_CLASSES
from lpr_gfpgan.readers.hyperlpr import FoundPlate
from lpr_gfpgan.restore import PlateFinder, Restorer


@pytest.fixture
def run():
    """Runs the program in this process: run("read", path) gives the exit code."""
    return lambda *arguments: cli.main([str(each) for each in arguments])


@pytest.fixture
def one_line(capsys):
    """Gives the single line on stderr, which must start with the program's name."""

    def the_line():
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1 and lines[0].startswith("lpr-gfpgan: "), lines
        return lines[0]

    return the_line


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder with two plates, one of them in a folder of its own."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, place in enumerate(("a.png", "deep/b.jpg.png")):
        scene = plates.scene_of("test", number, seed=3, height=64, width=128, styles={"blue": 1})
        write_png(folder / place, scene.image[12:53])
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="session")
def untrained(tmp_path_factory, save_untrained):
    """A folder with models/smoke: an untrained restorer and a direct reader, tiny both."""
    folder = tmp_path_factory.mktemp("untrained")
    save_untrained(folder / "models" / "smoke")
    return folder


@pytest.fixture
def at_untrained(untrained, monkeypatch):
    """The untrained weights as those that commands find by themselves; gives their folder."""
    monkeypatch.setenv("LPR_GFPGAN_PROFILE", "smoke")
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(untrained))
    return untrained / "models" / "smoke"


class Negative(nn.Module):
    """Restores a frame to its negative."""

    size = (32, 64)

    def forward(self, image):
        return networks.Restoration(-image, [])


class Says:
    """A reader that sees one text everywhere.

    Each character has a probability of 0.8, its neighbour in the alphabet one of 0.1.
    """

    name = "direct"

    def __init__(self, text):
        self.rows = np.full((20, NUM_CLASSES), 1e-9)
        self.rows[:, 0] = 1
        for place, character in enumerate(text):
            index = CLASSES.index(character) + 1
            self.rows[2 * place + 1, [0, index, index - 1]] = 0.1, 0.8, 0.1

    def to(self, device):
        return self

    def logits(self, image, quad):
        rows = torch.from_numpy(np.log(self.rows / self.rows.sum(1, keepdims=True)))
        return rows.float().expand(len(image), -1, -1)


class Calibration:
    """Takes every picture that is not of one colour for a plate; halves each confidence."""

    shows_agreement = True

    def plate_likeness(self, reader, frames):
        return np.array([frame.std() for frame in frames])

    def accepts(self, likeness):
        return likeness > 1

    def confidence(self, raw, agrees):
        return raw / 2


class Detector:
    """Finds what it is told in any photograph."""

    def __init__(self, found):
        self.found = [FoundPlate(np.array(quad, float), score) for quad, score in found]

    def find_plates(self, photo):
        return self.found


@pytest.fixture
def known_answers(at_untrained, monkeypatch):
    """known_answers([(quad, score)]) lets commands find these plates and read 皖A12345 in each."""

    def use(found=()):
        restorer = Restorer(
            Negative(),
            reader=Says("皖A12345"),
            calibration=Calibration(),
            finder=PlateFinder(Detector(found)),
        )
        monkeypatch.setattr(Restorer, "from_pretrained", lambda *_, **__: restorer)

    return use
