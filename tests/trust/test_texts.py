"""The probability that a whole text is right."""

import numpy as np
import pandas as pd
import pytest

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.trust.confidence import CharacterModel
from lpr_gfpgan.trust.texts import POWERS, fit_text_power, text_figures, text_products


def texts(power, n=20_000, seed=0):
    """Products, and texts that are right as often as the product to this power says."""
    rng = np.random.default_rng(seed)
    product = rng.beta(2, 1, n)
    return product, rng.random(n) < product**power


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_power_that_made_the_texts_is_found(power):
    assert fit_text_power(*texts(power)) == pytest.approx(power, rel=0.03)


def test_characters_that_fail_together_lower_the_power():
    rng = np.random.default_rng(0)
    soft = rng.random(5000) < 0.5
    share = np.where(soft, 0.8, 0.99)
    # Where a soft plate fails, it fails as a whole.
    right = rng.random(5000) < np.where(soft, 0.8, 0.99**7)
    assert fit_text_power(share**7, right) < 0.5


def test_without_texts_the_product_stands():
    assert fit_text_power([], []) == pytest.approx(1, abs=1e-4)


def test_sure_texts_that_are_all_wrong_or_right_stay_within_the_bounds():
    for right in (np.zeros(200), np.ones(200)):
        for product in (np.full(200, 1.0), np.full(200, 0.5), np.zeros(200)):
            assert POWERS[0] <= fit_text_power(product, right) <= POWERS[1]


@pytest.mark.parametrize(
    ("product", "right", "reason"),
    [([0.5, 0.5], [1], r"must both be \[N\]"), ([1.5], [1], r"must lie in \[0, 1\]")],
)
def test_what_is_no_probability_is_refused(product, right, reason):
    with pytest.raises(DataError, match=reason):
        fit_text_power(product, right)


def test_the_error_falls_and_the_order_stays():
    product, right = texts(0.4)
    power = fit_text_power(product[::2], right[::2])
    found = text_figures(product[1::2], right[1::2], power, seed=0)
    assert found["n"] == 10_000
    assert found["ece"]["product"] > 0.15 > 0.03 > found["ece"]["calibrated"]
    assert found["brier"]["product"] > found["brier"]["calibrated"] + 0.02
    assert found["excess"]["product"] < -0.15 and abs(found["excess"]["calibrated"]) < 0.03
    assert (np.argsort(product**power) == np.argsort(product)).all()
    assert text_figures(product[:0], right[:0], power, seed=0) == {"n": 0}


def test_only_complete_texts_have_a_product_and_each_has_its_own():
    model = CharacterModel(
        offset=0.0, slope=1.0, clear=0.0, usual=0.0, softest=0.0, sharpest=0.0, rise=0.0, fall=0.0
    )
    read = pd.DataFrame(
        {
            "complete": [True, False, False, True],
            "right": [True, False, False, False],
        }
    )
    characters = pd.DataFrame(
        {
            "reading": [0, 0, 1, 3, 3, 3],  # of the third nothing was read
            "raw": [0.5, 0.8, 0.9, 0.5, 0.5, 0.4],
            "sharp": 0.0,
            "agrees": True,
        }
    )
    products, right = text_products(characters, read, model)
    np.testing.assert_allclose(products, [0.4, 0.1])
    assert right.tolist() == [True, False]
