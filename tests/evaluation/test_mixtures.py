"""The table of the conditions' strengths agrees with what the conditions draw."""

import dataclasses
import re

import pytest
import torch

from lpr_gfpgan.evaluation import load_plates, study_conditions
from lpr_gfpgan.evaluation.mixtures import mixture_table, mixture_view
from lpr_gfpgan.training.stage import plate_width

WIDTH = 50.0


def ends(text):
    return [float(number) for number in re.findall(r"[\d.]+", text.split(" (on")[0])]


def test_the_ranges_are_those_that_are_drawn(study):
    samples = torch.arange(4000)
    widths = torch.full((len(samples),), WIDTH)
    shown = study_conditions(study)
    table = mixture_table({c.name: c.ranges for c in shown}, WIDTH)
    assert list(table.index) == ["light", "strong"]
    for condition in shown:
        line = table.loc[condition.name]
        drawn = condition.draw(samples, plate_width=widths, size=(32, 64))
        for column, values in (
            ("motion length (px)", drawn.motion_length),
            ("defocus sigma (px)", drawn.sigma_major),
            ("noise sigma (of 255)", drawn.noise_sigma),
            ("JPEG quality", drawn.jpeg_quality[drawn.jpeg_quality > 0]),
        ):
            low, high = ends(line[column])
            assert float(values.min()) == pytest.approx(low, rel=0.03, abs=0.01), column
            assert float(values.max()) == pytest.approx(high, rel=0.03, abs=0.01), column
        for name in ("motion length", "defocus sigma", "width on the small image"):
            percent, pixels = (ends(line[f"{name} ({unit})"]) for unit in ("%", "px"))
            assert pixels == pytest.approx([WIDTH * end / 100 for end in percent], rel=0.01)


def test_a_factor_on_some_plates_says_on_how_many(study):
    (light, _) = study_conditions(study)
    table = mixture_table({"light": light.ranges}, WIDTH)
    assert table.loc["light", "JPEG quality"] == "85 to 95 (on 50 % of plates)"
    assert table.loc["light", "width on the small image (px)"] == "46 to 54"
    assert table.loc["light", "width on the small image (%)"].startswith("92 to 108 (on 50 %")
    assert table.loc["light", "motion length (%)"] == "3 to 5"
    still = dataclasses.replace(light.ranges, noise_sigma=(2, 2))
    assert mixture_table({"light": still}, WIDTH).loc["light", "noise sigma (of 255)"] == "2"


def test_pixels_are_of_this_profiles_plates(study):
    view = mixture_view(study)
    widths = plate_width(load_plates(study).batch.quad)
    middle = float(widths.median())
    assert f"of a plate of {middle:.1f} px in a frame of 64 px" in view.attrs["caption"]
    assert f"n = {len(widths)} test plates" in view.attrs["caption"]
    assert ends(view.loc["light", "motion length (px)"]) == pytest.approx(
        [0.03 * middle, 0.05 * middle], abs=0.01
    )
