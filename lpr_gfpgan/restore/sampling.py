"""Other restorations of the same plates, and how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..trust import sample_agreement, sample_restorations
from ..trust.placing import CORNERS

if TYPE_CHECKING:
    from .. import networks
    from ..trust import Calibration
    from .examiner import Examiner
    from .placing import PlacedPlate
    from .result import RestoredPlate

SEED = 0
"""Of the samples: the same picture gives the same ones."""

UNKNOWN_AGREEMENT = (
    "How far the samples agree is withheld: without a calibration nobody knows what it says."
)
NO_AGREEMENT = (
    "How far the samples agree is withheld: on validation plates given in this way that did not "
    "tell wrong characters from right ones"
)
BY_CORNERS = "it did for plates given by their four corners"


def with_samples(
    plates: Sequence[RestoredPlate],
    placed: Sequence[PlacedPlate],
    count: int,
    network: networks.Restorer,
    examiner: Examiner,
) -> list[RestoredPlate]:
    """Adds samples, and how far they agree where that was found to mean something.

    Args:
        plates: restored, without samples.
        placed: what each was restored from.
        count: samples of each plate, 1 or more.
        network: that restored them.
        examiner: that read them; without its calibration nothing is known of agreement.
    """
    frames = [each.frame for each in placed]
    drawn = zip(*sample_restorations(network, frames, count, SEED), strict=True)
    results = []
    for plate, given, samples in zip(plates, placed, drawn, strict=True):
        shares, note = None, plate.note
        if plate.reading is not None:
            withheld = _withheld(examiner.calibration, given, count)
            note = f"{note} {withheld}".strip()
            if not withheld:
                readings = [each.text for each in examiner.read(samples)]
                shares = sample_agreement(plate.reading.text, readings)
        results.append(replace(plate, samples=samples, agreement=shares, note=note))
    return results


def _withheld(calibration: Calibration | None, placed: PlacedPlate, count: int) -> str:
    """Why the agreement of so many samples is not shown; empty where it is.

    As many samples as it was measured with are needed: of fewer, nothing is known.
    """
    if calibration is None:
        return UNKNOWN_AGREEMENT
    if not calibration.shows_agreement(placed.way):
        mend = f"; {BY_CORNERS}" if calibration.shows_agreement(CORNERS) else ""
        return f"{NO_AGREEMENT}{mend}."
    if count < calibration.samples:
        return (
            "How far the samples agree is withheld: what that says was measured with "
            f"{calibration.samples} samples, and {count} were asked for; ask for at least "
            f"{calibration.samples}."
        )
    return ""
