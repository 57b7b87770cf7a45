"""Measures: how close an image is, how right a reading is, and how sure either figure is.

- `image`: PSNR and SSIM of the plate region or the frame; the kernel distance (KID) of two sets.
- `paired_kid`: the same distance of originals and what was made of them; `ringing`: overshoot at
  edges.
- `reading`: exact match and character error rate by edit distance, with and without the province.
- `calibration`: whether a reader's confidence is true to size.
- `selective`: whether it ranks right readings above wrong ones, and what abstention gains.
- `statistics`: Wilson and bootstrap intervals, paired differences, McNemar's test, Holm's method.
- `resampling`: bootstrap of any figure, and intervals over training seeds and plates.
"""

from .calibration import (
    ReliabilityBin,
    calibrated_error,
    calibration_bins,
    expected_calibration_error,
    reliability,
)
from .image import crop_box, kid, kid_subsets, mean_squared_error, psnr, psnr_of_error, ssim
from .paired_kid import kid_interval, pair_terms, paired_kid, weighted_kid
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
from .resampling import (
    SeedInterval,
    bootstrap_seeds,
    bootstrap_statistic,
    crossed_interval,
    crossed_p,
)
from .ringing import ringing
from .selective import (
    RiskCoverage,
    acceptance_threshold,
    aurc,
    auroc,
    risk_at_coverage,
    risk_coverage,
)
from .statistics import (
    Interval,
    McNemar,
    bootstrap_mean,
    holm,
    mcnemar,
    wilson,
)

__all__ = [
    "Interval",
    "McNemar",
    "ReadingScore",
    "ReliabilityBin",
    "RiskCoverage",
    "SeedInterval",
    "acceptance_threshold",
    "aligned_matches",
    "alignment",
    "aurc",
    "auroc",
    "bootstrap_mean",
    "bootstrap_seeds",
    "bootstrap_statistic",
    "calibrated_error",
    "calibration_bins",
    "character_accuracy",
    "character_error_rate",
    "crop_box",
    "crossed_interval",
    "crossed_p",
    "edit_distance",
    "expected_calibration_error",
    "holm",
    "kid",
    "kid_interval",
    "kid_subsets",
    "majority_text",
    "mcnemar",
    "mean_squared_error",
    "pair_terms",
    "paired_kid",
    "psnr",
    "psnr_of_error",
    "reliability",
    "ringing",
    "risk_at_coverage",
    "risk_coverage",
    "score",
    "ssim",
    "weighted_kid",
    "wilson",
]
