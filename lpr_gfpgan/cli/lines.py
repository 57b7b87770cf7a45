"""Results as the fields of JSON lines."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .words import in_options

if TYPE_CHECKING:
    import numpy as np

    from ..restore import PlacedPlate, PlateReading, RestoredPlate
    from ..restore.examiner import Examination


def json_line(fields: dict[str, Any]) -> str:
    """One line of JSON, without its end; characters stand as themselves.

    But for lone surrogates, which stand for the bytes of a file's name that is not UTF-8.
    """
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False)
    return re.sub("[\ud800-\udfff]", lambda lone: f"\\u{ord(lone[0]):04x}", text)


def restored_fields(plate: RestoredPlate) -> dict[str, Any]:
    """What is known of a restored plate, but for where it is stored; see `restore.RestoredPlate`.

    `accepted` is None where no calibration tells plates from other pictures.
    """
    return {
        **_reading(plate.reading),
        **_reading(plate.reading_restored, "_restored"),
        "agreement": plate.agreement and _rounded(plate.agreement),
        **_judgement(plate),
        **_place(plate.quad, plate.plate_width),
    }


def read_fields(seen: Examination, placed: PlacedPlate) -> dict[str, Any]:
    """What is known of a plate that was read, and of which no restoration is kept."""
    return {**_reading(seen.reading), **_judgement(seen), **_place(placed.quad, placed.width)}


def _reading(reading: PlateReading | None, suffix: str = "") -> dict[str, Any]:
    """A reading; `complete` tells whether it is a whole plate text, and None where none is read."""
    names = [name + suffix for name in ("text", "complete", "confidence")]
    names += [name + suffix for name in ("confidences", "alternatives")]
    if reading is None:
        return dict.fromkeys(names)
    alternatives = [
        [[other, round(share, 4)] for other, share in each.alternatives]
        for each in reading.characters
    ]
    confidence = round(reading.confidence, 4)
    confidences = _rounded(reading.confidences)
    values = (reading.text, reading.complete, confidence, confidences, alternatives)
    return dict(zip(names, values, strict=True))


def _judgement(seen: RestoredPlate | Examination) -> dict[str, Any]:
    likeness = None if seen.likeness is None else round(seen.likeness, 4)
    note = in_options(seen.note) or None
    return {"accepted": seen.is_plate, "likeness": likeness, "note": note}


def _place(quad: np.ndarray, width: float) -> dict[str, Any]:
    """Where the plate is in the picture, in pixels; corners from the upper left clockwise."""
    corners = [_rounded(point) for point in quad.tolist()]
    return {"plate_width": round(width, 1), "corners": corners}


def _rounded(values: tuple[float, ...] | list[float]) -> list[float]:
    return [round(value, 4) for value in values]
