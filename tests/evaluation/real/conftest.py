"""Photographed plates for tests: drawn crops in two sources, and rows whose figures are known."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.config import Paths
from lpr_gfpgan.evaluation import real, real_plates
from lpr_gfpgan.files import write_png
from lpr_gfpgan.plates import scene_of


@pytest.fixture(scope="session")
def settings():
    return real_plates.RealSettings(labels_sha256="0" * 64, plates_per_source=6, seed=1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Twenty drawn crops in two sources, three of them with texts of the training split."""
    folder = tmp_path_factory.mktemp("photographs")
    rows = []
    for number in range(20):
        split = "train" if number < 3 else "test"
        scene = scene_of(split, number, seed=5, height=64, width=128, styles={"blue": 1.0})
        source = ("near", "far")[number % 2]
        write_png(folder / "crops" / f"{number}.png", scene.image[12:53])
        rows.append({"source": source, "crop": f"crops/{number}.png", "text": scene.text})
    pd.DataFrame(rows).to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def study(smoke_study, tmp_path_factory):
    """The trained study, its reports in a folder of their own."""
    output = tmp_path_factory.mktemp("real")
    for part in ("data", "models"):
        (output / part).symlink_to(smoke_study.paths.output / part)
    return dataclasses.replace(smoke_study, paths=Paths(output, "smoke"))


@pytest.fixture(scope="session")
def plates(folder, study, settings):
    return real_plates.load_real(folder, study, settings)


@pytest.fixture(scope="session")
def evaluation(study, plates):
    return real.evaluate_real(study, plates, device="cpu")


@pytest.fixture(scope="session")
def make_rows():
    """Makes rows of a test on photographs from a rule.

    The rule gets a dict with source, condition, method, reader and plate and returns whether the
    plate is read, and the confidence. Plates 0 to 9 are of the source "near", the others of "far".
    PSNR is 20 dB and one for each plate, SSIM a half, ringing the plate's number.
    """

    def make(rule, *, methods=("original", "degraded", "full"), readers=("judge",), plates=20):
        lines = []
        for condition in ("untouched", "light", "strong"):
            for method in methods:
                for reader in readers:
                    for plate in range(plates):
                        key = {
                            "source": "near" if plate < 10 else "far",
                            "condition": condition,
                            "method": method,
                            "reader": reader,
                            "plate": plate,
                        }
                        right, confidence = rule(key)
                        lines.append({**key, **scores(method, plate, right, confidence)})
        return pd.DataFrame(lines)

    def scores(method, plate, right, confidence):
        text = f"皖A123{plate:02d}"
        restored = method not in ("original", "degraded")
        return {
            "variant": method if restored else "",
            "training_seed": "0" if restored else "",
            "text": text,
            "reading": text if right else "皖B00000",
            "confidence": confidence,
            "exact": int(right),
            "exact6": int(right),
            "cer": 0.0 if right else 0.75,
            "cer6": 0.0 if right else 0.75,
            "matches": "1" * 7 if right else "1000000",
            **dict.fromkeys(("psnr_plate", "psnr_frame", "psnr_surroundings"), 20.0 + plate),
            **dict.fromkeys(("ssim_plate", "ssim_frame"), 0.5),
            **dict.fromkeys(("mse_plate", "mse_frame", "mse_surroundings"), 70.0),
            "ringing_plate": float(plate),
            "failure": "",
            "retried": "",
            "style": "blue",
            "tight": 1,
        }

    return make


@pytest.fixture(scope="session")
def some_sets():
    """Degraded sets of twelve plates as far as acceptance looks at them."""

    def make(frames):
        kind = dataclasses.make_dataclass("Set", ["condition", "bicubic"])
        return [kind(name, frames) for name in ("untouched", "strong")]

    return make


@pytest.fixture(scope="session")
def acceptance():
    """Rows of acceptance of twelve plates: all of `near`, none of `far` under `strong`."""
    return pd.DataFrame(
        {
            "condition": np.repeat(["untouched", "light", "strong"], 12),
            "source": ["far", "near"] * 18,
            "plate": np.tile(np.arange(12), 3),
            "accepted": [1] * 24 + [0, 1] * 6,
            "likeness": 0.5,
        }
    )
