"""A method looks alike wherever it is drawn, and unlike the others."""

from itertools import combinations

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from lpr_gfpgan.evaluation import CLASSICAL
from lpr_gfpgan.evaluation.method_style import STYLES, first_of_each, method_style
from lpr_gfpgan.evaluation.methods import base_name


def look(style):
    return to_hex(style["color"]), style["marker"], style["linestyle"]


def test_no_two_methods_look_alike():
    styles = {name: method_style(name) for name in STYLES}
    assert len({look(style) for style in styles.values()}) == len(STYLES)
    grey = {name for name in STYLES if np.ptp(to_rgb(STYLES[name][0])) == 0}
    assert grey == {"original", "majority guess", "degraded", "bicubic", *CLASSICAL}
    assert len({styles[name]["marker"] for name in grey}) == len(grey)
    coloured = {name: np.array(to_rgb(STYLES[name][0])) for name in set(STYLES) - grey}
    for one, other in combinations(coloured, 2):
        assert np.abs(coloured[one] - coloured[other]).max() > 0.1, (one, other)


def test_the_full_model_is_emphasised():
    full = method_style("full")
    others = [method_style(name) for name in STYLES if name != "full"]
    assert all(full["linewidth"] > style["linewidth"] for style in others)
    assert all(full["zorder"] > style["zorder"] for style in others)


def test_seeds_share_all_but_the_marker():
    first, second = method_style("full-0"), method_style("full-1")
    assert first == method_style("full") and first["marker"] != second["marker"]
    assert {**first, "marker": ""} == {**second, "marker": ""}
    assert base_name("richardson-lucy true kernel") == "richardson-lucy true kernel"
    assert base_name("no_motion_blur-12") == "no_motion_blur"


def test_unknown_names_have_a_look_of_their_own_that_stays():
    names = [f"method of {k} kinds" for k in range(20)]
    looks = [look(method_style(name)) for name in names]
    assert looks == [look(method_style(name)) for name in names]
    assert len(set(looks)) == 20
    assert not set(looks) & {look(method_style(name)) for name in STYLES}
    # Known from its letters alone, whatever else is drawn.
    assert look(method_style("mystery")) == ("#772270", "^", "--")


def test_the_first_seed_stands_for_a_method():
    names = ["degraded", "full-0", "full-1", "rrdb"]
    assert first_of_each(names, ("rrdb", "full", "plain_unet")) == ["rrdb", "full-0"]
