"""A tiny test: sixteen drawn plates, a reader that cheats and an untrained restorer."""

import dataclasses

import pytest
import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.evaluation import baselines, compare, load_plates, restorer, study_conditions
from lpr_gfpgan.evaluation.run import clean_rows
from lpr_gfpgan.networks import Restorer
from lpr_gfpgan.plates import prepare
from lpr_gfpgan.readers import Reading


class Oracle:
    """Reads the truth off untouched plates and loses the last characters of every other image."""

    def __init__(self, plates, *, name, lost):
        self.name, self.lost, self.plates = name, lost, plates

    def read(self, image, quad):
        known = self.plates.batch
        readings = []
        for pixels, corners in zip(image, quad, strict=True):
            number = int((known.quad - corners).abs().sum(dim=(1, 2)).argmin())
            text = self.plates.table["text"][number]
            if not torch.allclose(pixels, known.image[number], atol=1e-6):
                text = text[: len(text) - self.lost]
            readings.append(Reading(text, (0.5,) * len(text), 0.5 ** len(text)))
        return readings


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    study = load_study("smoke")
    output = tmp_path_factory.mktemp("study")
    study = dataclasses.replace(study, paths=Paths(output, "smoke"))
    settings = study.settings
    prepare(
        study.paths.plates,
        height=settings.frame.height,
        width=settings.frame.width,
        seed=1,
        counts={"test": 16, "validation": settings.plates.validation},
        styles=settings.plates.styles,
        workers=1,
    )
    return study


@pytest.fixture(scope="session")
def network(study):
    settings = study.settings
    return Restorer(
        base=settings.frame.base,
        channels_unet=settings.restorer.channels,
        channels_decoder=settings.prior.channels,
        code_size=settings.prior.code_size,
        mapping_layers=settings.prior.mapping_layers,
        pool_codes=settings.restorer.pool_codes,
        seed=0,
    )


@pytest.fixture(scope="session")
def plates(study):
    return load_plates(study)


@pytest.fixture(scope="session")
def readers(plates):
    return [Oracle(plates, name="judge", lost=3), Oracle(plates, name="direct", lost=1)]


@pytest.fixture(scope="session")
def evaluation(study, plates, readers, network):
    methods = [
        *baselines(),
        restorer(network, name="full", variant="full", training_seed=0),
        restorer(network, name="face_recipe", variant="face_recipe", training_seed=0),
    ]
    result = compare(plates, study_conditions(study), methods, readers, consistent=True)
    return dataclasses.replace(result, clean=clean_rows(study, readers))
