"""The folder that a reader of the pages works in: pictures, labelled plates, a tiny study."""

import shutil

import numpy as np
import pytest
import yaml

from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import scene_of
from lpr_gfpgan.readers.hyperlpr import FoundPlate

from .pages import ROOT

PLATE = [[80, 60], [208, 60], [208, 101], [80, 101]]
CCPD = "025-95_113-154&383_386&473-386&473_177&454_154&383_363&402-0_0_22_27_27_33_16-37-15.jpg"


class Detector:
    """Finds one plate at the same place of every photograph."""

    def find_plates(self, photo):
        return [FoundPlate(np.array(PLATE, float), 0.9)]


@pytest.fixture(scope="session")
def drawn():
    """A plate, uint8 [41, 128, 3], and a photograph with it, uint8 [300, 400, 3]."""
    scene = scene_of("test", 1, seed=3, height=64, width=128, styles={"blue": 1.0})
    plate = scene.image[12:53]
    photo = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    photo[60:101, 80:208] = plate
    return plate, photo


@pytest.fixture
def workshop(tmp_path, drawn, smoke_study, monkeypatch):
    """The folder, as the working directory, with all that the pages' commands name."""
    plate, photo = drawn
    for place in ("plate.jpg", "docs/blurred.png", "crops/a.png", "crops/deep/b.png"):
        write_png(tmp_path / place, plate)
    for number in (1, 2):
        write_png(tmp_path / "my-plates" / "crops" / f"000{number}.png", plate)
    for place in ("street.jpg", "my-photos/yard.jpg", "my-plates/photos/7.jpg"):
        write_png(tmp_path / place, photo)
    write_png(tmp_path / "ccpd" / CCPD, np.tile(photo, (2, 2, 1)))
    root = tmp_path / "root"
    root.mkdir()
    params = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    params |= {"profile": "smoke", "variants": smoke_study.variants, "baselines": ["plain_unet"]}
    (root / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), "utf-8")
    (root / "dvc.yaml").touch()
    for part in ("data", "models"):
        shutil.copytree(smoke_study.paths.output / part, tmp_path / part)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LPR_GFPGAN_ROOT", str(root))
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(tmp_path))
    monkeypatch.setattr("lpr_gfpgan.restore.photographs.load_hyperlpr", lambda: Detector())
    monkeypatch.setattr("lpr_gfpgan.restore.weights.RELEASED", tmp_path / "none")  # tiny ones do
    return tmp_path
