"""A tiny test: sixteen drawn plates, a reader that cheats and an untrained restorer."""

import dataclasses

import pandas as pd
import pytest
import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.evaluation import (
    baselines,
    compare,
    conditions,
    load_plates,
    restorer,
    strength_table,
    study_conditions,
)
from lpr_gfpgan.evaluation.grid import PROTOCOLS
from lpr_gfpgan.evaluation.run import clean_rows
from lpr_gfpgan.networks import Restorer
from lpr_gfpgan.plates import prepare
from lpr_gfpgan.readers import Reading
from lpr_gfpgan.training.stage import degradation_ranges


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

    def features(self, image, quad):
        assert len(image) == len(quad)
        return torch.nn.functional.adaptive_avg_pool2d(image, (2, 4)).flatten(1)


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
        standard=settings.plates.standard_typeface,
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
    result = compare(
        plates,
        study_conditions(study),
        methods,
        readers,
        consistent=True,
        featured=readers[0],
    )
    return dataclasses.replace(result, clean=clean_rows(study, readers))


@pytest.fixture(scope="session")
def grid_cells(study):
    """The grid's cells in both protocols, as strong as they are in frames of 32 x 64."""
    training = degradation_ranges(study, "training")
    return pd.concat(
        [strength_table(conditions(name), training, (32, 64)) for name in PROTOCOLS],
        ignore_index=True,
    )


@pytest.fixture(scope="session")
def make_grid_rows(grid_cells):
    """Makes rows of the grid from a rule: how many of seven characters are read, by row.

    The rule gets a dict with the cell's columns, method, variant, training_seed, reader and plate.
    The province is the first character to be lost; PSNR is 20 dB and one more for each character.
    """

    def make(
        rule, *, methods=("degraded",), readers=("judge",), seeds=(0,), plates=6, cells=grid_cells
    ):
        trained = {"full", "no_motion_blur", "fixed_region", "face_recipe", "no_recognition_loss"}
        lines = []
        for cell in cells[cells["skipped"] == ""].to_dict("records"):
            for method in methods:
                for seed in seeds if method in trained else ("",):
                    for reader in readers:
                        for plate in range(plates):
                            key = {
                                "condition": cell["condition"],
                                "method": method if len(seeds) == 1 else f"{method}-{seed}",
                                "variant": method if method in trained else "",
                                "training_seed": str(seed),
                                "reader": reader,
                                "plate": plate,
                            }
                            right = int(rule({**cell, **key}))
                            lines.append({**key, **scores(right), "tight": plate % 2})
        return pd.DataFrame(lines)

    def scores(right):
        text = "皖A12345"
        return {
            "text": text,
            "reading": "?" * (7 - right) + text[7 - right :],
            "confidence": right / 8,
            "exact": int(right == 7),
            "exact6": int(right >= 6),
            "cer": 1 - right / 7,
            "cer6": max(0.0, 1 - right / 6),
            "matches": "0" * (7 - right) + "1" * right,
            "psnr_plate": 20.0 + right,
            "psnr_frame": 21.0 + right,
            "ssim_plate": right / 7,
            "ssim_frame": right / 7,
            "psnr_surroundings": 22.0 + right,
            "mse_plate": 70.0 - right,
            "mse_frame": 60.0 - right,
            "mse_surroundings": 50.0 - right,
            "ringing_plate": 0.5,
            "failure": "",
            "retried": "",
            "style": "blue",
            "seen_typeface": 1,
            "seen_surroundings": 1,
        }

    return make
