"""Fixes on validation plates what a restorer and its reader may be trusted with.

One half of the validation plates and one set of non-plates choose; the other half and another set
measure what was chosen. Training plates fit the likeness, against a third set of non-plates.
Every picture is first placed as a user's is, in each way of `placing`: drawn plates know their
corners to a fraction of a pixel, users cut boxes, and a detector is off by a few per cent.
"""

from typing import Any

import numpy as np

from ..config import TRAINING, Study
from ..files import sha256_of, write_json
from ..networks import load_weights
from ..readers import load_reader
from ..training.stage import begin, to_device
from .calibration import Calibration
from .characters import DRAWS, SAMPLES, agreeing_samples, read_plates
from .confidence import CharacterModel, fit_characters
from .figures import confidence_figures, rounded
from .judged import (
    acceptance_figures,
    chosen_thresholds,
    fitted_likenesses,
    other_likenesses,
    plate_likenesses,
)
from .likeness import Likeness
from .placing import CORNERS, FOUND, TIGHT, WAYS
from .subject import OTHERS, Frames, Subject, other_frames, plate_frames
from .texts import fit_text_power, text_figures, text_products

VARIANT = "full"
DIRECT = "direct"
PLATES_TO_FIT = 600


def calibrate(study: Study) -> Calibration:
    """Calibrates the study's `full` restorer and its direct reader, and writes what was found.

    Writes models/<profile>/calibration.json and reports/<profile>/metrics/calibration.json.

    Raises:
        DataError: the plates are missing.
        WeightsError: the restorer or the direct reader is missing or damaged.
    """
    calibration, metrics = measure(study)
    calibration.save(study.paths.calibration)
    write_json(study.paths.metrics("calibration"), metrics)
    return calibration


def measure(study: Study) -> tuple[Calibration, dict[str, Any]]:
    """The calibration of a study, and the figures that say what it is worth; writes nothing.

    Raises:
        DataError: the plates are missing.
        WeightsError: the restorer or the direct reader is missing or damaged.
    """
    subject = _open(study)
    validation = plate_frames(study, "validation")
    chosen, measured = halves(len(validation))
    likeness, thresholds, accepted = _judge(subject, validation, chosen, measured)
    models, powers = _fit(subject, validation.select(chosen))
    # Nothing is fitted to agreement: one half for each way is enough, and half the work.
    agreeing = {
        way: agreeing_samples(subject, validation.select(index), way)
        for way, index in ((CORNERS, chosen), (TIGHT, measured), (FOUND, measured))
    }
    calibration = Calibration(
        profile=study.profile,
        restorer_sha256=sha256_of(study.paths.restorer(VARIANT, study.seeds[0])),
        reader_sha256=sha256_of(study.paths.reader(DIRECT)),
        n={
            "plates_fitted": min(PLATES_TO_FIT, study.settings.plates.train),
            "plates_chosen": len(chosen),
            "plates_measured": len(measured),
            "others_fitted": OTHERS["fit"],
            "others_chosen": OTHERS["choose"],
            "others_measured": OTHERS["measure"],
        },
        likeness=likeness,
        likeness_threshold=thresholds,
        characters=models,
        text_power=powers,
        samples=SAMPLES,
        agreement_auroc={way: each["auroc"] for way, each in agreeing.items()},
    )
    metrics = {
        "n": calibration.n,
        "likeness": accepted,
        "confidence": _confidence(subject, validation.select(measured), models, powers),
        "agreement": {"samples": SAMPLES}
        | {
            way: {"shown": calibration.shows_agreement(way)} | _agreement_figures(each)
            for way, each in agreeing.items()
        },
    }
    return calibration, metrics


def halves(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the plates that choose, and of those that measure.

    They go in pairs: every other scene is tight, and each half should hold both.
    """
    first = np.arange(count) // 2 % 2 == 0
    return np.flatnonzero(first), np.flatnonzero(~first)


def _open(study: Study) -> Subject:
    device = begin(study)
    network, _ = load_weights(study.paths.restorer(VARIANT, study.seeds[0]), expect_kind="restorer")
    reader = load_reader(study.paths.reader(DIRECT), DIRECT).to(device)
    return Subject(study, reader, to_device(network, device).eval(), device)


def _judge(
    subject: Subject, validation: Frames, chosen: np.ndarray, measured: np.ndarray
) -> tuple[dict[str, Likeness], dict[str, float], dict[str, Any]]:
    """Each way's likeness and threshold, and how both do on what neither has seen."""
    likeness = fitted_likenesses(
        subject,
        plate_frames(subject.study, "train", PLATES_TO_FIT),
        other_frames(subject, "fit")[0],
    )
    found = plate_likenesses(subject, likeness, validation)
    thresholds = chosen_thresholds(
        {cell: values[chosen] for cell, values in found.items()},
        other_likenesses(subject, likeness, "choose"),
    )
    figures = acceptance_figures(
        {cell: values[measured] for cell, values in found.items()},
        other_likenesses(subject, likeness, "measure"),
        thresholds,
    )
    return likeness, thresholds, figures


def _fit(subject: Subject, plates: Frames) -> tuple[dict[str, CharacterModel], dict[str, float]]:
    """A character's model and a whole text's power in each way, fitted on these plates."""
    models, powers = {}, {}
    for way in WAYS:
        read = read_plates(subject, plates, way, TRAINING, DRAWS)
        rows = read.characters
        models[way] = fit_characters(rows["raw"], rows["sharp"], rows["agrees"], rows["right"])
        powers[way] = fit_text_power(*text_products(rows, read.texts, models[way]))
    return models, powers


def _confidence(
    subject: Subject, plates: Frames, models: dict[str, CharacterModel], powers: dict[str, float]
) -> dict[str, dict[str, Any]]:
    """What models and powers are worth on these plates, in each way and under each condition."""
    figures: dict[str, dict[str, Any]] = {way: {} for way in WAYS}
    for way in WAYS:
        for condition in subject.conditions:
            read = read_plates(subject, plates, way, condition, 1)
            if not len(read.characters):
                continue
            whole = text_products(read.characters, read.texts, models[way])
            figures[way][condition] = confidence_figures(
                read.characters, models[way], subject.seed
            ) | {"texts": text_figures(*whole, powers[way], subject.seed)}
    return figures


def _agreement_figures(found: dict[str, Any]) -> dict[str, Any]:
    """What `agreeing_samples` gives, for a file."""
    curve = found["auroc"]
    return {
        "characters": found["characters"],
        "auroc": None if curve is None else {k: round(v, 4) for k, v in vars(curve).items()},
        "auroc_of_raw_confidence": rounded(found["auroc_of_raw_confidence"]),
    }
