"""How sharp a frame shows its plate, however it is lit and as far as possible whatever it says."""

import cv2
import numpy as np

from ..metrics import crop_box
from ..plates import plate_box

COLUMNS = 64
"""The plate is first averaged down to so many, so that frames of all sizes are measured alike."""
FLOOR = 0.3  # levels, far below any plate's contrast: a frame of one colour has a value too


def sharpness(frame: np.ndarray) -> float:
    """The logarithm of fine detail over coarse detail along the plate's rows.

    Fine is the mean absolute second difference of neighbouring pixels, coarse the mean absolute
    difference of the next but one. Blur lowers it, noise raises it, contrast cancels.

    Args:
        frame: uint8 RGB [H, W, 3], the plate in the canonical box.

    Returns:
        About -1 for a strongly blurred plate, -0.1 for a sharp one.
    """
    plate = crop_box(frame, plate_box(*frame.shape[:2]))
    height, width = plate.shape[:2]
    if width > COLUMNS:
        rows = max(round(height * COLUMNS / width), 1)
        plate = cv2.resize(plate, (COLUMNS, rows), interpolation=cv2.INTER_AREA)
    grey = plate.astype(np.float64).mean(2)
    coarse = np.abs(grey[:, 2:] - grey[:, :-2]).mean()
    fine = np.abs(grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2]).mean()
    return float(np.log((fine + FLOOR) / (coarse + FLOOR)))
