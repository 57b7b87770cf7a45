"""Fixes on validation plates what a restorer and its reader may be trusted with.

One half of the validation plates and one set of non-plates choose; the other half and another set
measure what was chosen. Training plates fit the likeness, against a third set of non-plates.
Every picture is first placed as a user's is, in both ways of `placing`: drawn plates know their
corners to a fraction of a pixel, users cut boxes.
"""

from typing import Any

import numpy as np
import pandas as pd

from ..config import TRAINING, Study
from ..files import sha256_of, write_json
from ..networks import load_weights
from ..readers import load_reader
from ..training.stage import begin, to_device
from .calibration import Calibration
from .confidence import agreement, fit_characters, sample_agreement
from .figures import (
    agreement_auroc,
    auroc_or_none,
    confidence_figures,
    refused_shares,
    rounded,
    share,
)
from .likeness import Likeness, fit_likeness, frame_figures, threshold_between
from .placing import TIGHT, WAYS
from .samples import sample_restorations
from .sharpness import sharpness
from .subject import (
    OTHERS,
    Frames,
    Subject,
    degraded_frames,
    other_frames,
    placed_frames,
    plate_frames,
    readings,
    restored,
)

VARIANT = "full"
DIRECT = "direct"
CLEAN = "clean"
PLATES_TO_FIT = 600
DRAWS = 3
"""Degradations of each validation plate to fit the confidence of characters."""
SAMPLES = 6
"""Restorations of each validation plate to judge the agreement of samples."""


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
    device = begin(study)
    weights = study.paths.restorer(VARIANT, study.seeds[0]), study.paths.reader(DIRECT)
    network, _ = load_weights(weights[0], expect_kind="restorer")
    reader = load_reader(weights[1], DIRECT).to(device)
    subject = Subject(study, reader, to_device(network, device).eval(), device)
    validation = plate_frames(study, "validation")
    # In pairs: every other scene is tight, and each half should hold both.
    first = np.arange(len(validation)) // 2 % 2 == 0
    chosen, measured = np.flatnonzero(first), np.flatnonzero(~first)

    likeness = _fitted_likeness(subject)
    found = _likenesses(subject, likeness, validation)
    others = _other_likenesses(subject, likeness, "choose")
    # One threshold serves both ways of giving a plate, sharp and degraded: the worst-off decides.
    cells = [(way, condition) for way in WAYS for condition in (CLEAN, TRAINING)]
    threshold = threshold_between(
        [found[cell][chosen] for cell in cells], [others[cell].to_numpy() for cell in cells]
    )
    tested = _other_likenesses(subject, likeness, "measure")

    models, unseen = {}, {}
    for way in WAYS:
        rows = _characters(subject, validation.select(chosen), way, TRAINING, DRAWS)
        models[way] = fit_characters(rows["raw"], rows["sharp"], rows["agrees"], rows["right"])
        others_read = {
            condition: _characters(subject, validation.select(measured), way, condition, 1)
            for condition in subject.conditions
        }
        unseen[way] = {
            condition: confidence_figures(rows, models[way], subject.seed)
            for condition, rows in others_read.items()
            if len(rows)
        }
    agreeing = _agreement(subject, validation, dict(zip(WAYS, (chosen, measured), strict=True)))

    calibration = Calibration(
        profile=study.profile,
        restorer_sha256=sha256_of(weights[0]),
        reader_sha256=sha256_of(weights[1]),
        n={
            "plates_fitted": min(PLATES_TO_FIT, study.settings.plates.train),
            "plates_chosen": len(chosen),
            "plates_measured": len(measured),
            "others_fitted": OTHERS["fit"],
            "others_chosen": OTHERS["choose"],
            "others_measured": OTHERS["measure"],
        },
        likeness=likeness,
        likeness_threshold=threshold,
        characters=models,
        samples=SAMPLES,
        agreement_auroc={way: each["auroc"] for way, each in agreeing.items()},
    )
    metrics = {
        "n": calibration.n,
        "likeness": {
            "threshold": round(threshold, 4),
            "accepted": {
                way: {
                    condition: share(found[way, condition][measured] >= threshold)
                    for condition in (CLEAN, *subject.conditions)
                }
                for way in WAYS
            },
            "refused": {
                way: {
                    condition: refused_shares(tested, (way, condition), threshold)
                    for condition in (CLEAN, TRAINING)
                }
                for way in WAYS
            },
        },
        "confidence": unseen,
        "agreement": {
            "samples": SAMPLES,
            **{
                way: {"shown": calibration.shows_agreement(tight=way == TIGHT)}
                | _agreement_figures(each)
                for way, each in agreeing.items()
            },
        },
    }
    return calibration, metrics


def _fitted_likeness(subject: Subject) -> Likeness:
    plates = plate_frames(subject.study, "train", PLATES_TO_FIT)
    others = other_frames(subject, "fit")[0]
    sides = [
        np.concatenate(
            [
                _figures(subject, part, way)
                for part in (side, degraded_frames(subject, side, TRAINING, 0))
                for way in WAYS
            ]
        )
        for side in (plates, others)
    ]
    return fit_likeness(*sides)


def _figures(subject: Subject, frames: Frames, way: str) -> np.ndarray:
    placed = placed_frames(frames, way)
    return frame_figures(subject.reader, placed.image, placed.quad)


def _likenesses(
    subject: Subject, likeness: Likeness, plates: Frames
) -> dict[tuple[str, str], np.ndarray]:
    """Likeness [N] of plates in each way of giving them, clean and under each condition."""
    found = {}
    for condition in (CLEAN, *subject.conditions):
        seen = plates if condition == CLEAN else degraded_frames(subject, plates, condition, 1)
        for way in WAYS:
            found[way, condition] = likeness.of(_figures(subject, seen, way))
    return found


def _other_likenesses(subject: Subject, likeness: Likeness, part: str) -> pd.DataFrame:
    """Likeness of non-plates, one row each: kind, and (way, condition) of two conditions."""
    others, kinds = other_frames(subject, part)
    seen = {CLEAN: others, TRAINING: degraded_frames(subject, others, TRAINING, 2)}
    columns = {
        (way, condition): likeness.of(_figures(subject, frames, way))
        for way in WAYS
        for condition, frames in seen.items()
    }
    return pd.DataFrame({"kind": kinds} | columns)


def _characters(
    subject: Subject, plates: Frames, way: str, condition: str, draws: int
) -> pd.DataFrame:
    """Every character read off degraded plates: plate, raw, sharp, agrees, right.

    Args:
        subject: the networks.
        plates: the originals.
        way: how they are given, one of WAYS.
        condition: how they are degraded.
        draws: how often.
    """
    rows = []
    for step in range(draws):
        seen = placed_frames(degraded_frames(subject, plates, condition, 3 + step), way)
        before = readings(subject, seen.image, seen.quad)
        after = readings(subject, restored(subject, seen.image), seen.quad)
        sharp = [sharpness(frame) for frame in seen.image]
        for plate, (reading, other, truth) in enumerate(
            zip(before, after, plates.text, strict=True)
        ):
            agrees = agreement(reading.text, other.text)
            right = agreement(reading.text, truth)
            rows += [
                (plate, raw, sharp[plate], *row)
                for raw, *row in zip(reading.confidences, agrees, right, strict=True)
            ]
    return pd.DataFrame(rows, columns=["plate", "raw", "sharp", "agrees", "right"])


def _agreement(
    subject: Subject, plates: Frames, numbers: dict[str, np.ndarray]
) -> dict[str, dict[str, Any]]:
    """What the agreement of samples says in each way of giving plates, each with its own plates."""
    found = {}
    for way, index in numbers.items():
        rows = _sampled(subject, plates.select(index), way)
        found[way] = {
            "characters": len(rows),
            "auroc": agreement_auroc(
                rows, draws=subject.study.settings.evaluation.bootstrap, seed=subject.seed
            ),
            "auroc_of_raw_confidence": auroc_or_none(rows["raw"], rows["right"]),
        }
    return found


def _agreement_figures(found: dict[str, Any]) -> dict[str, Any]:
    """The same for a file."""
    curve = found["auroc"]
    return {
        "characters": found["characters"],
        "auroc": None if curve is None else {k: round(v, 4) for k, v in vars(curve).items()},
        "auroc_of_raw_confidence": rounded(found["auroc_of_raw_confidence"]),
    }


def _sampled(subject: Subject, plates: Frames, way: str) -> pd.DataFrame:
    """Every character read off plates degraded as in training: plate, raw, agreement, right."""
    seen = placed_frames(degraded_frames(subject, plates, TRAINING, 3 + DRAWS), way)
    before = readings(subject, seen.image, seen.quad)
    samples = [
        readings(subject, np.stack(made), seen.quad)
        for made in sample_restorations(subject.network, seen.image, SAMPLES, subject.seed)
    ]
    rows = []
    for plate, (reading, truth) in enumerate(zip(before, plates.text, strict=True)):
        shares = sample_agreement(reading.text, [each[plate].text for each in samples])
        right = agreement(reading.text, truth)
        rows += [(plate, *row) for row in zip(reading.confidences, shares, right, strict=True)]
    return pd.DataFrame(rows, columns=["plate", "raw", "agreement", "right"])
