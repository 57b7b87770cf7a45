"""Which pictures decide what: one of six sets at a time becomes another, and the rest must stay.

The networks are untrained, and the text that the reader sees follows from the pixels: every figure
hangs on the pictures that it is made from.
"""

import dataclasses
import functools
import importlib
import itertools

import numpy as np
import pytest
import torch

from lpr_gfpgan.config import load_study
from lpr_gfpgan.plates import canonical_quad
from lpr_gfpgan.readers import Reading
from lpr_gfpgan.trust import KINDS, characters, judged
from lpr_gfpgan.trust.placing import WAYS
from lpr_gfpgan.trust.subject import Frames, Subject, other_frames

from ..conftest import PARAMS

calibrate = importlib.import_module("lpr_gfpgan.trust.calibrate")  # the package has its function
SIZE = (32, 64)
PLATES = {"train": 24, "chosen": 12, "measured": 12}
OTHERS = {"fit": 24, "choose": 12, "measure": 12}
SETS = [*PLATES, *OTHERS]


def pictures(number, count, *, light):
    """Rough pictures, light as plates are here or dark as all else; one in six is of the others."""
    rng = np.random.default_rng(number)
    images = rng.integers(0, 120, (count, *SIZE, 3), np.uint8)
    images[np.arange(count) % 6 != 5] += 130 if light else 0
    images[np.arange(count) % 6 == 5] += 0 if light else 130
    texts = ["皖A" + "".join(rng.choice(list("12"), 5)) for _ in range(count)]
    return Frames(images, np.tile(canonical_quad(*SIZE).astype(np.float32), (count, 1, 1)), texts)


def seen_in(subject, images, quads):
    """A reading of each image, as its pixels have it."""
    found = []
    for image in images:
        parts = [part.mean() for part in np.array_split(image, 7, axis=1)]
        sure = tuple(float(part * 7 % 1) for part in parts)
        text = "皖A" + "".join("12"[int(part * 3) % 2] for part in parts[2:])
        found.append(Reading(text, sure, 0.0))
    return found


@pytest.fixture(scope="module")
def calibrated(reader, network):
    """calibrated(name) is `measure` where the set of that name is another; "" for none."""
    study = load_study("smoke", params=PARAMS)
    subject = Subject(study, reader, network, torch.device("cpu"))

    @functools.cache
    def made(other):
        sets = {
            name: pictures(10 + SETS.index(name), count, light=name in PLATES)
            for name, count in (PLATES | OTHERS).items()
        }
        if other:
            count = len(sets[other])
            sets[other] = pictures(30, count, light=other not in PLATES)
        both = len(sets["chosen"]) + len(sets["measured"])
        mixed = np.empty((both, *SIZE, 3), np.uint8)
        texts = np.empty(both, object)
        halves = zip(calibrate.halves(both), (sets["chosen"], sets["measured"]), strict=True)
        for places, half in halves:
            mixed[places], texts[places] = half.image, half.text
        quads = np.concatenate([sets["chosen"].quad, sets["measured"].quad])
        validation = Frames(mixed, quads, texts.tolist())

        def plates(study, split, count=None):
            return {"train": sets["train"], "validation": validation}[split]

        def others(subject, part):
            kinds = [list(KINDS)[number % 3] for number in range(len(sets[part]))]
            return dataclasses.replace(sets[part], text=[]), kinds

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(calibrate, "_open", lambda study: subject)
            patch.setattr(calibrate, "sha256_of", lambda path: "0" * 64)
            patch.setattr(calibrate, "plate_frames", plates)
            for module in (calibrate, judged):
                patch.setattr(module, "other_frames", others)
            patch.setattr(characters, "readings", seen_in)
            return calibrate.measure(study)

    return made


@pytest.fixture(scope="module")
def before(calibrated):
    return calibrated("")


def parts_of(made):
    """Everything that pictures decide, by name."""
    calibration, metrics = made
    return {
        "likeness": calibration.likeness,
        "threshold": calibration.likeness_threshold,
        "characters": calibration.characters,
        "power": calibration.text_power,
        "accepted": metrics["likeness"]["accepted"],
        "refused": metrics["likeness"]["refused"],
        "confidence": metrics["confidence"],
    }


# The likeness decides all that is counted by it, and the threshold what passes.
JUDGED = {"threshold", "accepted", "refused"}


@pytest.mark.parametrize(
    ("other", "must", "may"),
    [
        ("train", {"likeness", "threshold"}, JUDGED),
        ("fit", {"likeness", "threshold"}, JUDGED),
        ("chosen", {"threshold", "characters", "power", "confidence"}, JUDGED),
        ("choose", {"threshold"}, JUDGED),
        ("measured", {"accepted", "confidence"}, set()),
        ("measure", {"refused"}, set()),
    ],
)
def test_each_set_decides_its_own_part_and_no_other(calibrated, before, other, must, may):
    old, new = parts_of(before), parts_of(calibrated(other))
    changed = {name for name in old if old[name] != new[name]}
    assert must <= changed <= must | may


def test_every_way_and_condition_is_measured_on_the_half_that_chose_nothing(calibrated, before):
    old, new = before[1], calibrated("measured")[1]
    for way in WAYS:
        for condition, share in old["likeness"]["accepted"][way].items():
            assert share["n"] == PLATES["measured"]
            assert share != new["likeness"]["accepted"][way][condition]
        for condition, figures in old["confidence"][way].items():
            assert figures["plates"] == figures["texts"]["n"] == PLATES["measured"]
            assert figures["texts"] != new["confidence"][way][condition]["texts"]
            assert figures != new["confidence"][way][condition]


def test_agreement_is_measured_on_one_half_for_each_way(calibrated, before):
    curves = {name: calibrated(name)[0].agreement_auroc for name in ("chosen", "measured")}
    old = before[0].agreement_auroc
    assert curves["chosen"]["corners"]
    assert curves["measured"]["corners"] == old["corners"] != curves["chosen"]["corners"]
    for way in ("tight", "found"):
        assert curves["chosen"][way] == old[way] != curves["measured"][way]


def test_the_halves_share_no_plate_and_hold_scenes_of_both_kinds():
    chosen, measured = calibrate.halves(300)
    assert sorted([*chosen, *measured]) == list(range(300))
    assert len(chosen) == len(measured) == 150
    for half in (chosen, measured):
        assert (half % 2 == 0).mean() == 0.5


def test_non_plates_of_no_two_parts_are_alike(reader, network):
    study = load_study("smoke", params=PARAMS)
    subject = Subject(study, reader, network, torch.device("cpu"))
    drawn = [{each.tobytes() for each in other_frames(subject, part)[0].image} for part in OTHERS]
    for first, second in itertools.combinations(drawn, 2):
        assert len(first & second) <= 2  # a plain surface may be black in both
        assert len(first) > 190 < len(second)
