"""Results as JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..readers import Reading


def reading_fields(reading: Reading, suffix: str = "") -> dict[str, Any]:
    """A reading as JSON fields; `complete` tells whether it is a whole plate text."""
    from ..plates.alphabet import is_grammatical

    confidences = [round(value, 4) for value in reading.confidences]
    return {
        f"text{suffix}": reading.text,
        f"complete{suffix}": is_grammatical(reading.text),
        f"confidences{suffix}": confidences,
    }
