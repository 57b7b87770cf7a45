"""When a paired difference counts as shown: one rule for claims and contributions.

A difference is shown where its 95 % interval leaves 0 out and, if the line belongs to a family of
tests, its p-value adjusted by Holm's method is below 5 %. A line of a family whose p-value is
missing (NaN) shows nothing; a line that belongs to no family, which has no `holm_p` at all, is
judged by its interval.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

ALPHA = 0.05


def direction(line: Mapping[str, Any]) -> int | None:
    """Which way a difference points, as far as it is shown.

    Args:
        line: with estimate, low and high, and `holm_p` if, and only if, it belongs to a family.

    Returns:
        1 above 0, -1 below it, 0 where none is shown; None where the figure or its interval is
        undefined.
    """
    if not np.isfinite([line["estimate"], line["low"], line["high"]]).all():
        return None
    rejected = "holm_p" not in line or line["holm_p"] < ALPHA  # NaN is not below
    if not rejected or line["low"] <= 0 <= line["high"]:
        return 0
    return 1 if line["low"] > 0 else -1
