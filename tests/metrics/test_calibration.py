"""Calibration against values by hand and slow references."""

import itertools

import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import (
    calibrated_error,
    calibration_bins,
    expected_calibration_error,
    reliability,
    wilson,
)


def draw(rng, *, ties):
    """Some readings, right about as often as their confidence says; few distinct ones on demand."""
    n = int(rng.integers(1, 12))
    confidence = rng.integers(0, 5, n) / 4 if ties else rng.random(n)
    return confidence, (rng.random(n) < confidence).astype(int)


def cases(count=60):
    rng = np.random.default_rng(0)
    return [draw(rng, ties=bool(k % 2)) for k in range(count)]


def test_equal_width_bins_hold_their_upper_ends():
    confidence = [0.0, 0.1, 0.100001, 0.3, 0.7, 0.95, 1.0]
    assert calibration_bins(confidence, bins=10, binning="width").tolist() == [0, 0, 1, 2, 6, 9, 9]


def test_equal_mass_bins_differ_by_one_at_most_without_ties():
    rng = np.random.default_rng(1)
    for n, bins in itertools.product((1, 7, 50, 103), (1, 3, 10)):
        confidence = rng.permutation(np.linspace(0, 1, n))
        place = calibration_bins(confidence, bins=bins)
        counts = np.bincount(place, minlength=bins)
        assert counts.max() - counts.min() <= 1
        assert (np.diff(place[np.argsort(confidence)]) >= 0).all()


def test_equal_confidences_share_a_bin():
    place = calibration_bins([0.9, 0.2, 0.9, 0.9, 0.9, 0.5, 0.9, 0.9], bins=4)
    assert place.tolist() == [2, 0, 2, 2, 2, 0, 2, 2]
    assert set(calibration_bins([0.5] * 9, bins=3)) == {1}


def test_calibration_error_by_hand():
    confidence, right = [0.1, 0.3, 0.8, 1.0], [0, 1, 1, 0]
    # Bins of two: |0.5 - 0.2| and |0.5 - 0.9|, each with half of the readings.
    assert expected_calibration_error(confidence, right, bins=2) == pytest.approx(0.35)
    # Ranges of a quarter: 0.1 apart, 0.3 apart, 0.8 with 1.0.
    wide = expected_calibration_error(confidence, right, bins=4, binning="width")
    assert wide == pytest.approx((0.1 + 0.7 + 2 * 0.4) / 4)


@pytest.mark.parametrize("binning", ["mass", "width"])
def test_calibration_error_is_the_mean_gap_of_the_reliability_bins(binning):
    for confidence, right in cases():
        found = reliability(confidence, right, bins=4, binning=binning)
        assert sum(b.accuracy.n for b in found) == len(right)
        assert all(b.low <= b.confidence <= b.high for b in found)
        assert all(a.high < b.low for a, b in itertools.pairwise(found))
        error = sum(b.accuracy.n * abs(b.accuracy.estimate - b.confidence) for b in found)
        measured = expected_calibration_error(confidence, right, bins=4, binning=binning)
        assert measured == pytest.approx(error / len(right))
        assert 0 <= measured <= 1


def test_reliability_bins_have_wilson_intervals():
    (low, high) = reliability([0.2, 0.4, 0.6, 0.7, 0.8], [0, 1, 1, 1, 0], bins=2, binning="width")
    assert (low.low, low.high, low.confidence) == (0.2, 0.4, pytest.approx(0.3))
    assert low.accuracy == wilson(1, 2) and high.accuracy == wilson(2, 3)


def test_a_calibrated_reader_is_within_chance_and_an_overconfident_one_is_not():
    rng = np.random.default_rng(2)
    confidence = rng.beta(3, 1, 300)
    chance = calibrated_error(confidence, draws=400, rng=rng)
    assert chance.shape == (400,) and (chance > 0).all()
    ends = np.quantile(chance, [0.025, 0.975])
    inside = 0
    for _ in range(200):
        error = expected_calibration_error(confidence, rng.random(300) < confidence)
        inside += ends[0] <= error <= ends[1]
    assert 0.90 <= inside / 200 <= 0.99
    assert expected_calibration_error(confidence, rng.random(300) < confidence**2) > chance.max()


def test_certain_and_right_has_no_calibration_error():
    assert expected_calibration_error([1.0, 1.0, 0.0], [1, 1, 0]) == 0
    assert (calibrated_error([1.0, 0.0], draws=5, rng=np.random.default_rng(0)) == 0).all()
    assert expected_calibration_error([1.0, 1.0], [0, 0]) == 1


def test_weighted_calibration_error_keeps_the_bins():
    confidence, right = np.array([0.1, 0.3, 0.8, 1.0]), np.array([0, 1, 1, 0])
    weights = np.array([[1, 1, 1, 1], [2, 0, 0, 2], [0, 0, 0, 0]])
    found = expected_calibration_error(confidence, right, bins=2, weights=weights)
    assert found[:2] == pytest.approx([0.35, (2 * 0.1 + 2 * 1.0) / 4]) and np.isnan(found[2])


def test_the_order_of_the_readings_is_no_matter():
    rng = np.random.default_rng(6)
    for confidence, right in cases():
        order = rng.permutation(len(right))
        assert expected_calibration_error(confidence[order], right[order]) == pytest.approx(
            expected_calibration_error(confidence, right)
        )


@pytest.mark.parametrize("figure", [expected_calibration_error, reliability])
def test_refuses_what_is_no_set_of_readings(figure):
    with pytest.raises(DataError, match="N >= 1"):
        figure([], [])
    with pytest.raises(DataError, match=r"\[0, 1\], got nan"):
        figure([0.5, np.nan], [1, 0])
    with pytest.raises(DataError, match=r"\[0, 1\], got 1.5"):
        figure([0.5, 1.5], [1, 0])
    with pytest.raises(DataError, match="wrong or right"):
        figure([0.5, 0.6], [1])
    with pytest.raises(DataError, match="wrong or right"):
        figure([0.5, 0.6], [1, np.nan])


def test_refuses_bins_it_does_not_know():
    with pytest.raises(DataError, match="1 bin or more"):
        calibration_bins([0.5], bins=0)
    with pytest.raises(DataError, match="mass or width"):
        calibration_bins([0.5], binning="count")
