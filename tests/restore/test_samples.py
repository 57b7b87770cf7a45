"""Samples beside the restoration, and how far they agree."""

import numpy as np
import pytest

from lpr_gfpgan.restore import Restorer
from lpr_gfpgan.restore import sampling as module


@pytest.fixture
def drawn(monkeypatch):
    """Three samples in place of the network's: two light frames and a dark one; notes the seeds."""
    seeds = []

    def sample(network, frames, k, seed):
        seeds.append(seed)
        return [[np.full_like(frame, level) for frame in frames] for level in (200, 200, 20)[:k]]

    monkeypatch.setattr(module, "sample_restorations", sample)
    return seeds


def test_agreement_is_the_share_of_samples(make, crop, calibration, drawn):
    restorer = make(says=("皖A12345", "皖A12395"), calibration=calibration)
    first, second = restorer.restore([crop, crop], samples=3)
    assert len(first.samples) == 3 and first.samples[2].shape == (32, 64, 3)
    assert first.agreement == second.agreement == (1, 1, 1, 1, 1, 2 / 3, 1)
    assert first.note == "" and len(drawn) == 1


def test_agreement_that_means_nothing_is_withheld(make, crop, calibration, drawn):
    calibration.shown = {"corners", "found"}
    result = make(calibration=calibration).restore(crop, samples=2)
    assert len(result.samples) == 2 and result.agreement is None
    assert "agree" in result.note and "given by their four corners" in result.note
    corners = [[0, 0], [128, 0], [128, 41], [0, 41]]
    assert make(calibration=calibration).restore(crop, corners, samples=2).agreement is not None
    assert make(calibration=calibration).restore(crop).note == ""
    calibration.shown = set()  # then corners would not help
    assert "corners" not in make(calibration=calibration).restore(crop, samples=2).note


@pytest.mark.parametrize(("count", "shown"), [(1, False), (2, True), (3, True)])
def test_agreement_of_fewer_samples_than_were_measured_is_withheld(
    make, crop, calibration, drawn, count, shown
):
    result = make(calibration=calibration).restore(crop, samples=count)
    assert len(result.samples) == count and (result.agreement is not None) == shown
    assert shown == (result.note == "")
    assert shown or ("measured with 2 samples" in result.note and "at least 2" in result.note)


def test_without_text_or_calibration_there_is_no_agreement(make, calibration, crop, drawn):
    wall = np.full((40, 120, 3), 200, np.uint8)
    refused = make(calibration=calibration).restore(wall, "tight", samples=2)
    assert refused.agreement is None and "not look like a plate" in refused.note
    assert "agree" not in refused.note  # there is no text that they could agree on
    uncalibrated = make().restore(crop, samples=2)
    assert uncalibrated.agreement is None
    assert "Without a calibration" in uncalibrated.note
    assert "samples agree is withheld: without a calibration" in uncalibrated.note


def test_what_is_said_of_the_samples_comes_after_what_is_said_of_the_text(
    make, crop, calibration, drawn
):
    partial = make(says=("A1234", "A1234"), calibration=calibration)
    alone = partial.restore(crop, "tight").note
    assert alone.startswith("The text is no whole plate's")
    both = partial.restore(crop, "tight", samples=1).note
    assert both.startswith(f"{alone} How far the samples agree is withheld")
    assert partial.restore(crop, "tight", samples=2).note == alone


def test_the_network_draws_the_same_samples_again(weights, crop):
    restorer = Restorer.from_pretrained(weights / "restorer-full-0.safetensors")
    first, second = (restorer.restore(crop, samples=2).samples for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).any()
