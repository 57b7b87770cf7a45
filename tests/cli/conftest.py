"""Two pictures, tiny untrained weights, and a restorer whose answers are known."""

import pytest

from lpr_gfpgan import cli, plates
from lpr_gfpgan.files import write_png
from lpr_gfpgan.restore import Restorer

from ..restore import conftest as stand_ins

make, calibration = stand_ins.make, stand_ins.calibration


@pytest.fixture(autouse=True)
def own_weights(monkeypatch, tmp_path):
    """The tests' tiny weights are found, not those that ship."""
    monkeypatch.setattr("lpr_gfpgan.restore.weights.RELEASED", tmp_path / "none.safetensors")


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


@pytest.fixture
def named(at_untrained):
    """The options that name the untrained weights, for programs in processes of their own."""
    return "--weights", str(at_untrained / "restorer-full-0.safetensors")


@pytest.fixture
def known_answers(at_untrained, monkeypatch, make, calibration):
    """known_answers([(quad, score)]) lets commands find these plates and read 皖A12345 in each.

    Their restorations, which are light as the plates are dark, are read as 皖A12395. With
    `refused` nothing passes for a plate, with `says` all is read so.
    """

    def use(found=(), *, refused=False, says=None):
        if refused:
            monkeypatch.setattr(calibration, "accepts", lambda likeness, way: False)
        answers = (says, says) if says else ("皖A12395", "皖A12345")
        restorer = make(says=answers, calibration=calibration, found=found)
        restorer.reader.name = "direct"
        monkeypatch.setattr(Restorer, "from_pretrained", lambda *_, **__: restorer)
        # The stand-in's frame is small for speed alone: that detail is lost is not the subject.
        monkeypatch.setattr("lpr_gfpgan.restore.restorer.COARSER", 2.5)

    return use
