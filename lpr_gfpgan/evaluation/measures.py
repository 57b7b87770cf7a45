"""What figures measure: a value for each row, the scale it is shown in, and its bounds."""

from collections.abc import Callable

import pandas as pd

from ..metrics import character_accuracy

SHARES = ("plate_accuracy", "plate_accuracy_without_province")
READING_MEASURES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "plate_accuracy": lambda rows: rows["exact"].astype(float),
    "character_accuracy": lambda rows: rows["cer"].map(character_accuracy),
    "plate_accuracy_without_province": lambda rows: rows["exact6"].astype(float),
    "character_accuracy_without_province": lambda rows: rows["cer6"].map(character_accuracy),
}
IMAGE_MEASURES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "psnr_plate": lambda rows: rows["psnr_plate"],
    "psnr_frame": lambda rows: rows["psnr_frame"],
    "psnr_surroundings": lambda rows: rows["psnr_surroundings"],
    "ssim_plate": lambda rows: rows["ssim_plate"],
    "ssim_frame": lambda rows: rows["ssim_frame"],
    "mse_plate": lambda rows: rows["mse_plate"],
    "mse_frame": lambda rows: rows["mse_frame"],
    "mse_surroundings": lambda rows: rows["mse_surroundings"],
    "ringing_plate": lambda rows: rows["ringing_plate"],
}
MEASURES = READING_MEASURES | IMAGE_MEASURES

LOWER_IS_BETTER = ("mse", "ringing", "kid")
"""First words of the measures of which less is better."""

DIFFERENCES = (-1.0, 1.0)
"""Ends between which paired differences of READING_MEASURES lie; others are taken for unbounded."""

NUMBERS = {
    "psnr": (1, 2),
    "ssim": (1, 3),
    "mse": (1, 1),
    "ringing": (1, 3),
    "kid": (1, 4),
    "auroc": (1, 3),
    "ratio": (1, 2),
}
"""Scale and digits in which a measure is shown, by the first word of its name; others per cent."""
