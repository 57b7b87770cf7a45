"""A complete tiny study, trained once for all tests that use what training leaves behind."""

import dataclasses
from pathlib import Path

import pytest

from lpr_gfpgan.config import Paths, load_study
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
