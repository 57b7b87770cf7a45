"""Measures: how close an image is, how right a reading is, and how sure either figure is.

- `image`: PSNR and SSIM of the plate region or the frame; the kernel distance (KID) of two sets.
- `reading`: exact match and character error rate by edit distance, with and without the province.
- `statistics`: Wilson and bootstrap intervals, paired differences, McNemar's exact test.
"""

from .image import crop_box, kid, kid_subsets, mean_squared_error, psnr, ssim
from .reading import (
    ReadingScore,
    aligned_matches,
    alignment,
    character_accuracy,
    character_error_rate,
    edit_distance,
    majority_text,
    score,
)
from .statistics import Interval, McNemar, bootstrap_difference, bootstrap_mean, mcnemar, wilson

__all__ = [
    "Interval",
    "McNemar",
    "ReadingScore",
    "aligned_matches",
    "alignment",
    "bootstrap_difference",
    "bootstrap_mean",
    "character_accuracy",
    "character_error_rate",
    "crop_box",
    "edit_distance",
    "kid",
    "kid_subsets",
    "majority_text",
    "mcnemar",
    "mean_squared_error",
    "psnr",
    "score",
    "ssim",
    "wilson",
]
