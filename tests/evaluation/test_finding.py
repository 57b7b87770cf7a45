"""One rule tells what is shown, for claims and for contributions."""

import numpy as np
import pytest

from lpr_gfpgan.evaluation import ablations, claims
from lpr_gfpgan.evaluation.finding import direction

ABOVE = {"estimate": 0.02, "low": 0.01, "high": 0.03}
BELOW = {"estimate": -0.02, "low": -0.03, "high": -0.01}
AROUND = {"estimate": 0.02, "low": -0.01, "high": 0.05}


@pytest.mark.parametrize("line, sign", [(ABOVE, 1), (BELOW, -1), (AROUND, 0)])
def test_a_line_of_no_family_is_judged_by_its_interval(line, sign):
    assert direction(line) == sign


@pytest.mark.parametrize("line, sign", [(ABOVE, 1), (BELOW, -1), (AROUND, 0)])
def test_a_line_of_a_family_needs_its_p_value_too(line, sign):
    assert direction(line | {"holm_p": 0.049}) == sign
    assert direction(line | {"holm_p": 0.05}) == 0
    assert direction(line | {"holm_p": np.nan}) == 0


@pytest.mark.parametrize("end", ["estimate", "low", "high"])
def test_without_figure_or_interval_nothing_can_be_said(end):
    for value in (np.nan, np.inf):
        assert direction(ABOVE | {end: value, "holm_p": 0.001}) is None


@pytest.mark.parametrize(
    "known, claimed, contributed",
    [
        (ABOVE | {"holm_p": 0.01}, claims.BETTER, ablations.HIGHER),
        (BELOW | {"holm_p": 0.01}, claims.WORSE, ablations.LOWER),
        (ABOVE | {"holm_p": np.nan}, claims.NO_DIFFERENCE, ablations.NULL),
        (ABOVE | {"low": np.nan, "holm_p": 0.01}, claims.NOT_MEASURED, ablations.UNDEFINED),
    ],
)
def test_claims_and_contributions_say_the_same(known, claimed, contributed):
    assert claims.finding({"measure": "psnr_plate", **known}) == claimed
    assert ablations.FINDINGS[direction(known)] == contributed
