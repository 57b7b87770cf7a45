"""Tiny untrained networks in files named as the released ones, and photographs that were drawn."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan import networks
from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.evaluation import real
from lpr_gfpgan.evaluation.released import draw_plates, evaluate_released, released_study
from lpr_gfpgan.evaluation.released_real import load_plates_no_training_saw, released_real_study
from lpr_gfpgan.files import sha256_of, write_png
from lpr_gfpgan.plates import NUM_CLASSES, scene_of
from lpr_gfpgan.readers import load_reader
from lpr_gfpgan.trust import Calibration
from lpr_gfpgan.trust.confidence import CharacterModel
from lpr_gfpgan.trust.likeness import fit_likeness, frame_figures
from lpr_gfpgan.trust.placing import WAYS


def tiny_restorer(seed=0):
    """An untrained network of 32 x 64 frames."""
    return networks.Restorer(
        base=[4, 8],
        channels_unet=[8] * 4,
        channels_decoder=[8] * 4,
        code_size=8,
        mapping_layers=1,
        pool_codes=True,
        seed=seed,
    )


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A folder as the package's: a restorer of 32 x 64 frames, three readers, a calibration."""
    folder = tmp_path_factory.mktemp("weights")
    restorer = tiny_restorer()
    reader = networks.PlateReader(
        architecture="residual", channels=[8, 8], input_size=[16, 64], num_classes=NUM_CLASSES
    )
    made = {"restorer": restorer}
    made |= {f"reader-{name}": reader for name in ("loss", "judge", "direct")}
    for name, module in made.items():
        path, kind = folder / f"{name}.safetensors", name.split("-")[0]
        networks.save_weights(path, module, kind=kind, config=module.config, provenance={})
    _calibration(folder).save(folder / "calibration.json")
    return folder


@pytest.fixture(scope="session")
def smoke(tmp_path_factory):
    """The smallest profile with a folder of its own for results; nothing in it is trained."""
    return dataclasses.replace(
        load_study("smoke"), paths=Paths(tmp_path_factory.mktemp("output"), "smoke")
    )


@pytest.fixture(scope="session")
def study(smoke, weights):
    """The study of these weights, its plates drawn."""
    study = released_study(smoke, weights)
    draw_plates(study, workers=1)
    return study


@pytest.fixture(scope="session")
def evaluation(study):
    return evaluate_released(study, device="cpu")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Fourteen drawn crops in two sources, four of them with texts of the training split."""
    folder = tmp_path_factory.mktemp("photographs")
    rows = []
    for number in range(14):
        split = "train" if number < 4 else ("test", "validation")[number // 2 % 2]
        scene = scene_of(split, number, seed=9, height=32, width=64, styles={"blue": 1.0})
        name, source = f"crops/{number}.png", ("near", "far")[number % 2]
        write_png(folder / name, scene.image[6:27])
        rows.append({"source": source, "crop": name, "text": scene.text})
    pd.DataFrame(rows).to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def real_study(smoke, study, weights):
    """The study of these weights on photographs; `study` has drawn its clean plates."""
    return released_real_study(smoke, weights)


@pytest.fixture(scope="session")
def real_plates(folder, real_study):
    return load_plates_no_training_saw(folder, real_study)


@pytest.fixture(scope="session")
def real_evaluation(real_study, real_plates):
    return real.evaluate_real(real_study, real_plates, device="cpu")


def _calibration(folder):
    """One that was fitted on noise: it belongs to the files, and says nothing of plates."""
    rng = np.random.default_rng(0)
    path = folder / "reader-direct.safetensors"
    frames = rng.integers(0, 255, (40, 32, 64, 3), np.uint8)
    figures = frame_figures(load_reader(path, "direct"), frames)
    likeness = fit_likeness(figures[:20], figures[20:] + rng.normal(0, 1e-3, figures[20:].shape))
    model = CharacterModel(
        offset=0.0,
        slope=1.0,
        clear=0.0,
        usual=0.0,
        softest=-1.0,
        sharpest=1.0,
        rise=0.0,
        fall=0.0,
    )
    return Calibration(
        profile="released",
        restorer_sha256=sha256_of(folder / "restorer.safetensors"),
        reader_sha256=sha256_of(path),
        n={"plates_chosen": 20},
        likeness=dict.fromkeys(WAYS, likeness),
        likeness_threshold=dict.fromkeys(WAYS, 0.0),
        characters=dict.fromkeys(WAYS, model),
        text_power=dict.fromkeys(WAYS, 1.0),
        samples=2,
        agreement_auroc=dict.fromkeys(WAYS),
    )
