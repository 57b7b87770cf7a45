"""How strong the grid's conditions are in one frame, and which lie in the range of the training.

A restorer is asked for more than it was taught wherever a condition exceeds the degradations it was
trained on; such cells are marked, not left out.
"""

import math
from collections.abc import Iterable

import pandas as pd

from ..degradations import DegradationRanges, taps_as_published
from ..degradations.as_published import PUBLISHED_WIDTH
from .grid import AS_PUBLISHED, FACTORS, MOTION_ANGLE, GridCondition, skipped

LOW = "low_resolution"
ORDER = "order"
_TRAINED = {"gaussian": "defocus", "noise": "noise", "jpeg": "jpeg", "motion": "motion"}
_AFTER_BLUR = {"noise", "jpeg"}


def applied_range(
    condition: GridCondition, factor: str, size: tuple[int, int]
) -> tuple[float, float]:
    """What a factor's range comes to once the protocol's quirks have acted on it.

    In `as_published` the Gaussian is cut by its kernel's side, a motion of n whole px is n to
    sqrt(2) n long (below 1 px it does nothing), and qualities above 100 are 100. In `corrected` the
    range is what is drawn.

    Args:
        condition: a condition with this factor on.
        factor: one of `grid.FACTORS`.
        size: (H, W) of the frame, px.

    Returns:
        Lowest and highest sigma or length in px of the frame, sigma in levels of 0..255, or
        quality.
    """
    low, high = condition.ranges[factor]
    scale = size[1] / PUBLISHED_WIDTH if factor in ("gaussian", "motion") else 1
    low, high = low * scale, high * scale
    if condition.protocol != AS_PUBLISHED:
        return low, high
    if factor == "jpeg":
        return min(low, 100), min(high, 100)
    if factor == "motion":
        return math.floor(low), math.sqrt(2) * math.floor(high)
    if factor == "gaussian":
        reach = taps_as_published(size[1]) // 2
        return _cut_sigma(low, reach), _cut_sigma(high, reach)
    return low, high


def out_of_training_range(
    condition: GridCondition,
    training: DegradationRanges,
    size: tuple[int, int],
    *,
    share: float = 1.0,
) -> tuple[str, ...]:
    """What in a condition exceeds the training's degradations.

    A factor that is on is covered if training has it, at least as strong as the strongest that the
    condition applies, and at least as weak as the weakest; the last is waived where training also
    leaves the factor off, for the weaker strengths then lie between two that were trained. A factor
    that is off is covered if training at times leaves it off. Strengths are compared as applied
    (`applied_range`). Of the public code's other quirks only the order counts; the contrast stretch
    and the stored JPEG have no counterpart in the training's ranges.

    The grid's lengths follow the frame's width, the training's the plate's own. A plate narrower
    than the frame therefore meets a blur that is stronger for it, by 1 / share.

    Args:
        condition: a condition of the grid.
        training: what the restorer was trained on.
        size: (H, W) of the frame, px.
        share: of the frame's width that the plate fills, 0..1.

    Returns:
        Some of "gaussian", "noise", "jpeg", "motion", "low_resolution" and "order" (motion blur
        comes on the other side of noise or JPEG than in training); empty if all are covered.
    """
    out = [
        factor
        for factor in FACTORS
        if not (
            _covered(condition, factor, training, size, size[1] * share)
            if factor in condition.factors
            else getattr(training, f"{_TRAINED[factor]}_probability") < 1
        )
    ]
    if not _resolution_covered(condition.low_resolution, training, size[1] * share):
        out.append(LOW)
    order = "motion_last" if condition.protocol == AS_PUBLISHED else "physical"
    if "motion" in condition.factors and _AFTER_BLUR & set(condition.factors):
        out += [ORDER] * (order != training.order)
    return tuple(out)


def in_training_range(
    condition: GridCondition,
    training: DegradationRanges,
    size: tuple[int, int],
    *,
    share: float = 1.0,
) -> bool:
    """Whether a condition asks for nothing beyond the training; see `out_of_training_range`."""
    return not out_of_training_range(condition, training, size, share=share)


def strength_table(
    cells: Iterable[GridCondition],
    training: DegradationRanges,
    size: tuple[int, int],
    *,
    share: float = 1.0,
) -> pd.DataFrame:
    """One row per condition: what it is, its mean strengths in this frame, and its marks.

    Args:
        cells: conditions of the grid.
        training: what the restorer was trained on.
        size: (H, W) of the frame, px.
        share: of the frame's width that the plates fill, 0..1.

    Returns:
        Columns condition, protocol, level, factors, low_resolution (px), sigma_px (mean over both
        axes), motion_px, noise_sigma (levels of 0..255), jpeg_quality, in_training_range,
        out_of_range (what exceeds it), skipped (the reason, or ""). Means are of what is drawn,
        before a quirk acts on it, and missing where the factor is off.
    """
    cells = list(cells)
    reasons = skipped(cells, size)
    scale = size[1] / PUBLISHED_WIDTH
    rows = []
    for cell in cells:
        mean = {factor: sum(ends) / 2 for factor, ends in cell.ranges.items()}
        out = out_of_training_range(cell, training, size, share=share)
        rows.append(
            {
                "condition": cell.name,
                "protocol": cell.protocol,
                "level": cell.level,
                "factors": "+".join(cell.factors),
                "low_resolution": cell.low_resolution,
                "sigma_px": mean.get("gaussian", math.nan) * scale,
                "motion_px": mean.get("motion", math.nan) * scale,
                "noise_sigma": mean.get("noise", math.nan),
                "jpeg_quality": mean.get("jpeg", math.nan),
                "in_training_range": not out,
                "out_of_range": "+".join(out),
                "skipped": reasons.get(cell.name, ""),
            }
        )
    return pd.DataFrame(rows).astype({"level": "Int64", "low_resolution": "Int64"})


def _cut_sigma(sigma: float, reach: int) -> float:
    """Standard deviation along an axis, px, of a Gaussian sampled at -reach..reach px."""
    weights = [math.exp(-((x / max(sigma, 1e-2)) ** 2) / 2) for x in range(-reach, reach + 1)]
    moment = sum(w * x * x for w, x in zip(weights, range(-reach, reach + 1), strict=True))
    return math.sqrt(moment / sum(weights))


def _covered(
    condition: GridCondition,
    factor: str,
    training: DegradationRanges,
    size: tuple[int, int],
    plate: float,
) -> bool:
    probability = getattr(training, f"{_TRAINED[factor]}_probability")
    low, high = applied_range(condition, factor, size)
    if factor == "noise":
        trained = training.noise_sigma
    elif factor == "jpeg":  # the lower the stronger
        low, high = -high, -low
        trained = -training.jpeg_quality[1], -training.jpeg_quality[0]
    else:
        low, high = low / plate, high / plate
        trained = training.defocus_sigma if factor == "gaussian" else training.motion_length
    if factor == "gaussian" and not all(
        training.defocus_kinds[kind] > 0 for kind in ("isotropic", "anisotropic")
    ):
        return False
    if factor == "motion" and not _directions_covered(condition, training):
        return False
    weak_enough = low >= trained[0] or probability < 1
    return probability > 0 and weak_enough and high <= trained[1]


def _directions_covered(condition: GridCondition, training: DegradationRanges) -> bool:
    low, high = training.motion_angle
    if condition.protocol != AS_PUBLISHED:
        drawn = MOTION_ANGLE[condition.protocol]
        return low <= drawn[0] and drawn[1] <= high
    # The published kernel's directions are -45..45, which is 0..45 and 135..180.
    return (low, high) == (0, 180)


def _resolution_covered(n: int | None, training: DegradationRanges, plate: float) -> bool:
    low, high = training.downsample_width
    if n is None or n >= plate:  # the plate keeps the frame's resolution
        return training.downsample_probability < 1 or high >= plate
    weak_enough = n <= high or training.downsample_probability < 1
    return training.downsample_probability > 0 and low <= n and weak_enough
