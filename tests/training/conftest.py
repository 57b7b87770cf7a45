"""A complete tiny study, trained once for all tests of this folder."""

import dataclasses
import os
from pathlib import Path

import pytest
import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.training import ensure_reader, ensure_warmup

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The smoke profile with plates, loss reader, judge, prior and warm-up."""
    output = tmp_path_factory.mktemp("study")
    study = dataclasses.replace(load_study("smoke", params=PARAMS), paths=Paths(output, "smoke"))
    for name in ("loss", "judge"):
        ensure_reader(study, name)
    ensure_warmup(study)
    return study


@pytest.fixture
def change(trained):
    """A function that changes restorer settings of the trained study: change(decoder="frozen")."""

    def replace(**values):
        restorer = dataclasses.replace(trained.settings.restorer, **values)
        settings = dataclasses.replace(trained.settings, restorer=restorer)
        return dataclasses.replace(trained, settings=settings)

    return replace


@pytest.fixture
def fresh_copy():
    """A function: the same plates and trained weights below another folder, nothing written yet."""

    def copy(study, folder):
        output = Paths(folder, study.profile)
        output.plates.parent.mkdir(parents=True)
        output.models.parent.mkdir(parents=True)
        os.symlink(study.paths.plates, output.plates)
        output.models.mkdir()
        for path in study.paths.models.iterdir():
            if path.stem in (
                "reader-judge",
                "reader-loss",
                "prior",
                "prior-discriminator",
                "warmup",
            ):
                os.symlink(path, output.models / path.name)
        return dataclasses.replace(study, paths=output)

    return copy


@pytest.fixture
def closing():
    """A function that makes a task and ends its fetching thread after the test."""
    made = []

    def make(task):
        made.append(task)
        return task

    yield make
    for task in made:
        task.stream.close()


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-for-bit comparisons hold at a fixed number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
