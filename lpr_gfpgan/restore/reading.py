"""Readings character by character: how sure each one is, and what else it might be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ..networks.ctc import BLANK
from ..plates import CLASSES, is_grammatical

if TYPE_CHECKING:
    from ..trust import Calibration

ALTERNATIVES = 3
"""At most so many alternatives of a character."""
LEAST_ALTERNATIVE = 0.001
"""Probability below which an alternative is not worth a word."""


@dataclass(frozen=True)
class Character:
    """One character of a reading.

    Attributes:
        character: what was read.
        confidence: the probability, 0 to 1, that it is right; the reader's own, or calibrated.
        alternatives: up to three other characters, the most probable first, each with the reader's
            own probability for it at this place, in which the blank has no part.
    """

    character: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class PlateReading:
    """What a reader saw.

    Attributes:
        text: the characters, left to right; empty where nothing was seen.
        characters: one for each character of the text.
        confidence: the probability that the whole text is right; 0 where the text is incomplete,
            which is no plate's whatever its characters are. As the reader has it, the product of
            its characters'; calibrated, that product raised to the calibration's `text_power`.
        complete: whether the text is that of a whole plate, by its grammar.
    """

    text: str
    characters: tuple[Character, ...]
    confidence: float
    complete: bool

    @classmethod
    def of(cls, characters: Sequence[Character]) -> PlateReading:
        """The reading that consists of these characters."""
        text = "".join(each.character for each in characters)
        complete = is_grammatical(text)
        whole = math.prod(each.confidence for each in characters) if complete else 0.0
        return cls(text, tuple(characters), whole, complete)

    @property
    def confidences(self) -> tuple[float, ...]:
        """The confidence of each character."""
        return tuple(each.confidence for each in self.characters)

    def calibrated(
        self,
        calibration: Calibration,
        agreed: Sequence[bool | None],
        *,
        sharp: float,
        way: str,
    ) -> PlateReading:
        """The same reading with the probability that each character, and the whole text, is right.

        Args:
            calibration: of this reader.
            agreed: for each character, whether a reading of the restoration agrees with it; None
                where that was not read.
            sharp: the `trust.sharpness` of the frame that was read.
            way: how its plate was placed, one of `trust.placing.WAYS`.
        """
        reading = PlateReading.of(
            [
                replace(
                    each,
                    confidence=calibration.confidence(
                        each.confidence, agrees, sharp=sharp, way=way
                    ),
                )
                for each, agrees in zip(self.characters, agreed, strict=True)
            ]
        )
        whole = calibration.text_confidence(reading.confidence, way)
        return replace(reading, confidence=whole)


def readings_of(logits: Tensor) -> list[PlateReading]:
    """Greedy CTC readings (Graves et al. 2006), as `Reader.read` gives them, with alternatives.

    A character's run of steps has its peak where the character is most probable. There its own
    probability is the confidence, and the others' are the alternatives'.

    Args:
        logits: [B, T, N], class 0 the blank.
    """
    probabilities = logits.detach().float().softmax(2).cpu().numpy()
    return [PlateReading.of(_characters(rows)) for rows in probabilities]


def _characters(rows: np.ndarray) -> list[Character]:
    """The characters along one plate's class probabilities [T, N]."""
    characters = []
    best = rows.argmax(1)
    for chosen, run in groupby(range(len(rows)), key=best.__getitem__):
        if chosen == BLANK:
            continue
        peak = rows[max(run, key=rows[:, chosen].__getitem__)]
        confidence = float(peak[chosen])
        seen = peak / (1 - peak[BLANK])
        others = [
            (CLASSES[index - 1], float(seen[index]))
            for index in np.argsort(-seen, kind="stable")
            if index not in (BLANK, chosen) and seen[index] >= LEAST_ALTERNATIVE
        ]
        characters.append(Character(CLASSES[chosen - 1], confidence, tuple(others[:ALTERNATIVES])))
    return characters
