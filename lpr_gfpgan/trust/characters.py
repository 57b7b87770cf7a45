"""Plates of known text, degraded and read: every character with what its confidence hangs on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..config import TRAINING
from ..plates import is_grammatical
from .confidence import agreement, sample_agreement
from .figures import agreement_auroc, auroc_or_none
from .samples import sample_restorations
from .sharpness import sharpness
from .subject import Frames, Subject, degraded_frames, placed_frames, readings, restored

DRAWS = 3
"""Degradations of each validation plate to fit the confidence of characters."""
SAMPLES = 6
"""Restorations of each validation plate to judge the agreement of samples."""


@dataclass(frozen=True)
class ReadPlates:
    """What was read off plates of known text.

    Attributes:
        characters: one row each: reading (a row of `texts`), plate, raw, sharp, agrees, right.
        texts: one row each: plate, complete (it is a plate's text by its grammar), right.
    """

    characters: pd.DataFrame
    texts: pd.DataFrame


def read_plates(
    subject: Subject, plates: Frames, way: str, condition: str, draws: int
) -> ReadPlates:
    """Reads degraded plates, and their restorations to see which characters agree.

    Args:
        subject: the networks.
        plates: the originals.
        way: how they are given, one of WAYS.
        condition: how they are degraded.
        draws: how often.
    """
    rows, texts = [], []
    for step in range(draws):
        seen = placed_frames(degraded_frames(subject, plates, condition, 3 + step), way, step=step)
        before = readings(subject, seen.image, seen.quad)
        after = readings(subject, restored(subject, seen.image), seen.quad)
        sharp = [sharpness(frame) for frame in seen.image]
        for plate, (reading, other, truth) in enumerate(
            zip(before, after, plates.text, strict=True)
        ):
            agrees = agreement(reading.text, other.text)
            right = agreement(reading.text, truth)
            rows += [
                (len(texts), plate, raw, sharp[plate], *row)
                for raw, *row in zip(reading.confidences, agrees, right, strict=True)
            ]
            texts.append((plate, is_grammatical(reading.text), reading.text == truth))
    names = ["reading", "plate", "raw", "sharp", "agrees", "right"]
    return ReadPlates(
        pd.DataFrame(rows, columns=names),
        pd.DataFrame(texts, columns=["plate", "complete", "right"]),
    )


def agreeing_samples(subject: Subject, plates: Frames, way: str) -> dict[str, Any]:
    """What the agreement of samples says of the characters of plates given in one way.

    Returns:
        `characters` (how many), `auroc` (an `Auroc` or None) and `auroc_of_raw_confidence` (a float
        or None).
    """
    rows = _sampled(subject, plates, way)
    draws = subject.study.settings.evaluation.bootstrap
    return {
        "characters": len(rows),
        "auroc": agreement_auroc(rows, draws=draws, seed=subject.seed),
        "auroc_of_raw_confidence": auroc_or_none(rows["raw"], rows["right"]),
    }


def _sampled(subject: Subject, plates: Frames, way: str) -> pd.DataFrame:
    """Every character read off plates degraded as in training: plate, raw, agreement, right."""
    seen = placed_frames(degraded_frames(subject, plates, TRAINING, 3 + DRAWS), way, step=DRAWS)
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
