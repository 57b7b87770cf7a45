"""The lines beneath the prior's picture follow from the figures, whichever way they fall."""

import pandas as pd
import pytest

from lpr_gfpgan.evaluation.kernel_distance import CONTROL
from lpr_gfpgan.evaluation.prior_note import OF_DEGRADED, OF_PLATES, prior_note

ENDS = {CONTROL: (0.01, -0.005, 0.045), "degraded": (0.32, 0.28, 0.36)}


def kid(methods):
    lines = [("all", name, 300, *ENDS[name]) for name in methods]
    lines += [("light", name, 300, 9.0, 9.0, 9.0) for name in methods]
    return pd.DataFrame(lines, columns=["condition", "method", "n", "estimate", "low", "high"])


@pytest.mark.parametrize(
    ("final", "of_plates", "of_degraded"),
    [
        (0.391, "above", "above"),
        (0.3, "above", "within"),
        (0.1, "above", "below"),
        (0.02, "within", "below"),
        (-0.01, "below", "below"),
    ],
)
def test_the_note_follows_from_the_intervals(final, of_plates, of_degraded):
    metrics = {"kid_initial": 0.947, "kid_final": final, "n": 300}
    note = prior_note(metrics, kid(ENDS))
    assert f"0.947 before training, {final:.3f} after" in note
    assert f"0.010 [-0.005, 0.045], n = 300: the prior is {of_plates} that" in note
    assert f"0.320 [0.280, 0.360], n = 300: the prior is {of_degraded} that" in note
    found = {
        text for text in (*OF_PLATES.values(), *OF_DEGRADED.values()) if f"are {text}." in note
    }
    assert found == {OF_PLATES[of_plates], OF_DEGRADED[of_degraded]}


def test_what_was_not_measured_is_not_spoken_of():
    metrics = {"kid_initial": 0.947, "kid_final": 0.391, "n": 300}
    assert "untouched" not in prior_note(metrics, kid(["degraded"]))
    note = prior_note(metrics, kid([]))
    assert "the prior is" not in note and "0.391 after" in note
