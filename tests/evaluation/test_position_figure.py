"""The figure of positions shows each figure of the table at its own place on the plate."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from lpr_gfpgan.evaluation.figures import position_figure
from lpr_gfpgan.evaluation.method_style import STYLES

METHODS = ("degraded", "full")
GREEN = 8  # the position that green plates alone have


@pytest.fixture(scope="module")
def positions():
    """Positions 0 (all) to 8 of two methods, each with a figure of its own."""
    lines = list(itertools.product(METHODS, range(GREEN + 1)))
    table = pd.DataFrame(lines, columns=["method", "position"])
    estimate = 0.3 + np.arange(len(table)) / 40
    n = np.where(table["position"] == GREEN, 60, 300)
    ends = {"low": estimate - 0.01, "high": estimate + 0.02}
    return table.assign(n=n, estimate=estimate, **ends, interval="bootstrap")


def drawn(axes, method):
    """The method's (place, height) in a panel, and the ends of its intervals."""
    colour, marker, _ = STYLES[method]
    (points,) = (
        line
        for line in axes.lines
        if line.get_marker() == marker and same_color(line.get_color(), colour)
    )
    (bars,) = (bar for bar in axes.collections if same_color(bar.get_color()[0], colour))
    return points.get_xydata(), np.array(bars.get_segments())


def test_each_position_has_its_own_figure_in_its_own_place(positions):
    panels = position_figure(positions).axes
    halves = ([1, 2, 3, 4], [5, 6, 7, 8])
    for axes, places in zip(panels, halves, strict=True):
        labels = [label.get_text() for label in axes.get_xticklabels()]
        assert labels == [f"{k}\nn = {60 if k == GREEN else 300}" for k in places]
        assert list(axes.get_xticks()) == [0, 1, 2, 3]
        for method in METHODS:
            own = positions[positions["method"] == method].set_index("position").loc[places]
            points, ends = drawn(axes, method)
            assert np.round(points[:, 0]).tolist() == [0, 1, 2, 3]
            assert points[:, 1] == pytest.approx(100 * own["estimate"].to_numpy())
            assert ends[:, 0, 1] == pytest.approx(100 * own["low"].to_numpy())
            assert ends[:, 1, 1] == pytest.approx(100 * own["high"].to_numpy())


def test_a_method_without_a_position_leaves_its_place_empty(positions):
    lost = (positions["method"] == "full") & (positions["position"] == 2)
    panel = position_figure(positions[~lost]).axes[0]
    points, _ = drawn(panel, "full")
    assert np.round(points[:, 0]).tolist() == [0, 2, 3]
    own = positions[positions["method"] == "full"].set_index("position")
    assert points[:, 1] == pytest.approx(100 * own.loc[[1, 3, 4], "estimate"].to_numpy())
