"""A complete tiny study, trained once for all tests that use what training leaves behind."""

import dataclasses
from pathlib import Path

import pytest

from lpr_gfpgan import networks
from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.plates import NUM_CLASSES
from lpr_gfpgan.training import ensure_all

PARAMS = Path(__file__).parents[1] / "params.yaml"


@pytest.fixture(scope="session")
def smoke_study(tmp_path_factory):
    """The smoke profile, two variants: plates, readers, prior, restorers. Not to be written to."""
    output = tmp_path_factory.mktemp("smoke-study")
    study = dataclasses.replace(
        load_study("smoke", params=PARAMS),
        paths=Paths(output, "smoke"),
        variants=["full", "face_recipe"],
        seeds=[0],
    )
    ensure_all(study)
    return study


@pytest.fixture
def at_smoke_study(smoke_study, monkeypatch):
    """The smoke study as the one that commands find by themselves."""
    monkeypatch.setenv("LPR_GFPGAN_PROFILE", "smoke")
    monkeypatch.setenv("LPR_GFPGAN_OUTPUT", str(smoke_study.paths.output))
    return smoke_study


@pytest.fixture(scope="session")
def save_untrained():
    """A function that fills a folder with a tiny untrained restorer and direct reader."""
    restorer = networks.Restorer(
        base=[4, 8],
        channels_unet=[8] * 4,
        channels_decoder=[8] * 4,
        code_size=8,
        mapping_layers=1,
        pool_codes=True,
    )
    reader = networks.PlateReader(
        architecture="residual", channels=[8, 8], input_size=[16, 64], num_classes=NUM_CLASSES
    )

    def save(folder):
        made = {"restorer-full-0": ("restorer", restorer), "reader-direct": ("reader", reader)}
        for name, (kind, module) in made.items():
            path = folder / f"{name}.safetensors"
            facts = {"profile": "smoke"}
            networks.save_weights(path, module, kind=kind, config=module.config, provenance=facts)
        return folder

    return save
