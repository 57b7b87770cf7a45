"""How strong the study's own conditions are: per cent of a plate's width, and pixels of a frame."""

import pandas as pd
import torch
from torch import Tensor

from ..config import Study
from ..plates import PlateSet
from ..ranges import DegradationRanges, Range
from ..training.stage import plate_width
from .protocol import study_conditions
from .views import CAPTION, TITLE


def mixture_view(study: Study) -> pd.DataFrame:
    """The ranges of the test's conditions in this profile, as the page shows them.

    Args:
        study: the study, whose test plates give the width that pixels are counted by.

    Returns:
        `mixture_table` with a caption that names the plates' widths.

    Raises:
        ConfigError: as in `study_conditions`.
        DataError: the plates are missing or damaged.
    """
    quads = PlateSet(study.paths.plates, "test").quads[: study.settings.evaluation.plates]
    widths = plate_width(torch.as_tensor(quads))
    ranges = {condition.name: condition.ranges for condition in study_conditions(study)}
    table = mixture_table(ranges, float(widths.median()))
    table.attrs[TITLE] = "strengths of the test's conditions"
    table.attrs[CAPTION] = _caption(widths, study.settings.frame.width)
    return table


def mixture_table(ranges: dict[str, DegradationRanges], width: float) -> pd.DataFrame:
    """What each condition draws, and on which share of the plates.

    Args:
        ranges: by the condition's name.
        width: px of a plate in its frame.

    Returns:
        One line per condition, of texts such as "3 to 5": motion length and defocus sigma in per
        cent of the plate's width and in px of the frame, the plate's width on the small image in
        both, noise sigma in levels of 0..255, JPEG quality. Where a factor is not on every plate,
        its first cell says on how many.
    """
    lines = {}
    for name, drawn in ranges.items():
        lines[name] = {}
        for factor, heading, pair in (
            ("motion", "motion length", drawn.motion_length),
            ("defocus", "defocus sigma", drawn.defocus_sigma),
            ("downsample", "width on the small image", _share(drawn.downsample_width, width)),
        ):
            on = _on(getattr(drawn, f"{factor}_probability"))
            percent, pixels = (_span(pair, scale) for scale in (100, width))
            lines[name] |= {f"{heading} (%)": percent + on, f"{heading} (px)": pixels}
        lines[name] |= {
            "noise sigma (of 255)": _span(drawn.noise_sigma) + _on(drawn.noise_probability),
            "JPEG quality": _span(drawn.jpeg_quality) + _on(drawn.jpeg_probability),
        }
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("condition")


def _share(pair: Range, width: float) -> Range:
    """A range of px as fractions of the plate's width."""
    return pair[0] / width, pair[1] / width


def _span(pair: Range, scale: float = 1) -> str:
    low, high = (f"{end * scale:.3g}" for end in pair)
    return low if low == high else f"{low} to {high}"


def _on(probability: float) -> str:
    return "" if probability == 1 else f" (on {100 * probability:.3g} % of plates)"


def _caption(widths: Tensor, frame: int) -> str:
    low, middle, high = (float(end) for end in (widths.min(), widths.median(), widths.max()))
    return (
        f"%: of the plate's width; px: of a plate of {middle:.1f} px in a frame of {frame} px, the "
        f"median of n = {len(widths)} test plates ({low:.1f} to {high:.1f} px); a width on the "
        "small image at or above the plate's own leaves the image as it is"
    )
