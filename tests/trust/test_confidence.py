import numpy as np
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.metrics import expected_calibration_error
from lpr_gfpgan.trust import agreement, sample_agreement
from lpr_gfpgan.trust.confidence import CharacterModel, fit_characters, logit


def characters(n=20_000, *, offset=-1.0, slope=0.5, clear=0.8, rise=0.7, fall=1.5, seed=0):
    """Raw confidences of a reader that is too sure, and how its characters turn out."""
    rng = np.random.default_rng(seed)
    raw = 1 / (1 + np.exp(-rng.normal(2, 2, n)))
    sharp = rng.uniform(-1, 0, n)
    agrees = rng.random(n) < 0.4 + 0.5 * raw
    model = CharacterModel(
        offset=offset,
        slope=slope,
        clear=clear,
        usual=-0.5,
        softest=-1.0,
        sharpest=0.0,
        rise=rise,
        fall=fall,
    )
    return raw, sharp, agrees, rng.random(n) < model.probability(raw, sharp, agrees)


def test_the_fit_is_calibrated_where_the_reader_is_not():
    raw, sharp, agrees, right = characters()
    fitted = fit_characters(*(each[::2] for each in (raw, sharp, agrees, right)))
    after = fitted.probability(raw[1::2], sharp[1::2], agrees[1::2])
    assert expected_calibration_error(raw[1::2], right[1::2]) > 0.1
    assert expected_calibration_error(after, right[1::2]) < 0.03
    for group in (agrees, ~agrees, sharp < -0.8, sharp > -0.2):
        gap = fitted.probability(raw[group], sharp[group], agrees[group]).mean()
        assert abs(gap - right[group].mean()) < 0.02


def test_without_the_sharpness_soft_pictures_are_trusted_too_far():
    raw, sharp, agrees, right = characters(clear=1.5)
    whole, blind = (fit_characters(raw, s, agrees, right) for s in (sharp, np.zeros(len(raw))))
    soft = sharp < -0.8
    share = right[soft].mean()
    assert blind.probability(raw[soft], 0 * sharp[soft], agrees[soft]).mean() > share + 0.05
    assert abs(whole.probability(raw[soft], sharp[soft], agrees[soft]).mean() - share) < 0.02


def test_a_disagreement_lowers_and_an_agreement_raises():
    fitted = fit_characters(*characters())
    raw, sharp = np.linspace(0, 1, 50), np.full(50, -0.5)
    unread, alike, otherwise = (
        fitted.probability(raw, sharp, answer) for answer in (None, np.ones(50), np.zeros(50))
    )
    assert (otherwise < unread).all() and (unread < alike).all()
    assert (np.diff(unread[1:-1]) > 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_disagreement_never_raises_even_where_the_plates_say_so(seed):
    raw, sharp, agrees, right = characters(400, rise=-1.0, fall=-2.0, seed=seed)
    fitted = fit_characters(raw, sharp, agrees, right)
    assert fitted.fall == 0
    unread = fitted.probability(raw, sharp)
    assert (fitted.probability(raw, sharp, np.zeros(400)) <= unread).all()


def test_a_surer_reader_is_never_trusted_less():
    raw, sharp, agrees, right = characters(2000, slope=-1.0)
    fitted = fit_characters(raw, sharp, agrees, right)
    assert fitted.slope == 0 and fitted.clear > 0
    assert abs(fitted.probability(raw, sharp).mean() - right.mean()) < 0.01


def test_a_sharper_picture_is_never_trusted_less():
    raw, sharp, agrees, right = characters(2000, clear=-1.0)
    fitted = fit_characters(raw, sharp, agrees, right)
    assert fitted.clear == 0 and fitted.slope > 0
    assert abs(fitted.probability(raw, sharp).mean() - right.mean()) < 0.01


def test_beyond_what_fitted_it_the_sharpness_says_no_more():
    fitted = fit_characters(*characters())
    assert fitted.softest == pytest.approx(-0.99, abs=0.01)
    assert fitted.probability(0.5, -9.0) == fitted.probability(0.5, fitted.softest)
    assert fitted.probability(0.5, 9.0) == fitted.probability(0.5, fitted.sharpest)


def test_without_characters_the_readers_own_confidence_stands():
    fitted = fit_characters([], [], [], [])
    raw = np.linspace(0.01, 0.99, 9)
    assert np.allclose(fitted.probability(raw, np.full(9, -0.7)), raw)
    assert np.allclose(fitted.probability(raw, np.zeros(9), np.zeros(9)), raw)


def test_few_characters_all_right_do_not_make_certainty():
    fitted = fit_characters([0.9] * 5, [-0.5] * 5, [True] * 5, [True] * 5)
    assert 0.9 < fitted.probability(0.9, -0.5, True) < 0.999


def test_the_ends_stay_probabilities():
    fitted = fit_characters(*characters(500))
    ends = fitted.probability([0.0, 1.0], [-0.5, -0.5], [False, True])
    assert (ends > 0).all() and (ends < 1).all() and np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_lengths_must_agree():
    with pytest.raises(DataError, match="one of each"):
        fit_characters([0.5, 0.6], [0.0, 0.0], [True], [True, False])


def test_agreement_goes_by_place_and_skips_what_is_left_out():
    assert agreement("皖A12345", "皖A12345") == (True,) * 7
    assert agreement("皖A12345", "皖B12345") == (True, False, *(True,) * 5)
    assert agreement("皖A12345", "皖A2345") == (True, True, False, *(True,) * 4)
    assert agreement("皖A12345", "") == (False,) * 7
    assert agreement("", "皖A1") == ()


def test_sample_agreement_is_the_share_of_samples():
    assert sample_agreement("AB1", ["AB1", "AC1", "AB1", "A1"]) == (1.0, 0.5, 1.0)
    assert sample_agreement("", ["A"]) == ()
    with pytest.raises(DataError, match="at least one sample"):
        sample_agreement("AB", [])
