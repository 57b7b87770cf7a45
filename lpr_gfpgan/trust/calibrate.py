"""Fixes on validation plates what a restorer and its reader may be trusted with.

One half of the validation plates and one set of non-plates choose; the other half and another set
measure what was chosen. Training plates fit the likeness, against a third set of non-plates.
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
from .samples import sample_restorations
from .subject import (
    OTHERS,
    Frames,
    Subject,
    degraded_frames,
    other_frames,
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
    plates = [found[name][chosen] for name in (CLEAN, TRAINING)]
    others = _other_likenesses(subject, likeness, "choose")
    threshold = threshold_between(plates, [others[name].to_numpy() for name in (CLEAN, TRAINING)])
    tested = _other_likenesses(subject, likeness, "measure")

    characters = _characters(subject, validation)
    of_chosen = characters["plate"].isin(chosen) & (characters["condition"] == TRAINING)
    fitting = characters[of_chosen]
    model = fit_characters(fitting["raw"], fitting["agrees"], fitting["right"])
    samples = _sampled(subject, validation)
    curve = agreement_auroc(samples, draws=study.settings.evaluation.bootstrap, seed=subject.seed)

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
            "characters_fitted": len(fitting),
            "characters_sampled": len(samples),
        },
        likeness=likeness,
        likeness_threshold=threshold,
        characters=model,
        samples=SAMPLES,
        agreement_auroc=curve,
    )
    unseen = characters[characters["plate"].isin(measured)]
    metrics = {
        "n": calibration.n,
        "likeness": {
            "threshold": round(threshold, 4),
            "accepted": {
                name: share(values[measured] >= threshold) for name, values in found.items()
            },
            "refused": {
                name: refused_shares(tested, name, threshold) for name in (CLEAN, TRAINING)
            },
        },
        "confidence": {
            condition: confidence_figures(part, model, subject.seed)
            for condition, part in unseen.groupby("condition", sort=False)
        },
        "agreement": {
            "shown": calibration.shows_agreement,
            "samples": SAMPLES,
            "auroc": None if curve is None else {k: round(v, 4) for k, v in vars(curve).items()},
            "auroc_of_raw_confidence": rounded(auroc_or_none(samples["raw"], samples["right"])),
        },
    }
    return calibration, metrics


def _fitted_likeness(subject: Subject) -> Likeness:
    plates = plate_frames(subject.study, "train", PLATES_TO_FIT)
    others = other_frames(subject, "fit")[0]
    sides = [
        np.concatenate(
            [
                _figures(subject, part)
                for part in (side, degraded_frames(subject, side, TRAINING, 0))
            ]
        )
        for side in (plates, others)
    ]
    return fit_likeness(*sides)


def _figures(subject: Subject, frames: Frames) -> np.ndarray:
    return frame_figures(subject.reader, frames.image, frames.quad)


def _likenesses(subject: Subject, likeness: Likeness, plates: Frames) -> dict[str, np.ndarray]:
    """Likeness [N] of plates, clean and under each condition."""
    found = {CLEAN: likeness.of(_figures(subject, plates))}
    for condition in subject.conditions:
        degraded = degraded_frames(subject, plates, condition, 1)
        found[condition] = likeness.of(_figures(subject, degraded))
    return found


def _other_likenesses(subject: Subject, likeness: Likeness, part: str) -> pd.DataFrame:
    """Likeness of non-plates, one row each: kind, clean, training."""
    others, kinds = other_frames(subject, part)
    degraded = degraded_frames(subject, others, TRAINING, 2)
    return pd.DataFrame(
        {
            "kind": kinds,
            CLEAN: likeness.of(_figures(subject, others)),
            TRAINING: likeness.of(_figures(subject, degraded)),
        }
    )


def _characters(subject: Subject, plates: Frames) -> pd.DataFrame:
    """Every character read off degraded plates: condition, plate, raw, agrees, right.

    The plates are degraded several times as in training, and once by each of the test's strengths.
    """
    rows = []
    for condition in subject.conditions:
        for step in range(DRAWS if condition == TRAINING else 1):
            seen = degraded_frames(subject, plates, condition, 3 + step)
            before = readings(subject, seen.image, seen.quad)
            after = readings(subject, restored(subject, seen.image), seen.quad)
            for plate, (reading, other, truth) in enumerate(
                zip(before, after, plates.text, strict=True)
            ):
                columns = reading.confidences, agreement(reading.text, other.text)
                right = agreement(reading.text, truth)
                rows += [(condition, plate, *row) for row in zip(*columns, right, strict=True)]
    return pd.DataFrame(rows, columns=["condition", "plate", "raw", "agrees", "right"])


def _sampled(subject: Subject, plates: Frames) -> pd.DataFrame:
    """Every character read off plates degraded as in training: plate, raw, agreement, right."""
    seen = degraded_frames(subject, plates, TRAINING, 3 + DRAWS)
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
