"""What some tests need that a machine may lack, and the marks that skip them there."""

import os
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from lpr_gfpgan.evaluation.real_plates import VARIABLE
from lpr_gfpgan.readers import hyperlpr_models

PHOTOGRAPHS = os.environ.get(VARIABLE)
"""The folder of real plates; None or empty where there is none."""


def _has_hyperlpr() -> bool:
    try:
        return distribution(hyperlpr_models.PACKAGE).version == hyperlpr_models.VERSION
    except PackageNotFoundError:
        return False


HYPERLPR_INSTALLED = _has_hyperlpr()

needs_photographs = pytest.mark.skipif(
    not PHOTOGRAPHS, reason=f"{VARIABLE} names no folder of real plates"
)
needs_hyperlpr = pytest.mark.skipif(
    not HYPERLPR_INSTALLED, reason="package hyperlpr is not installed"
)
