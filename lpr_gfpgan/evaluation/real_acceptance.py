"""How many photographed plates the calibration takes for plates, as a user would give them.

The calibration's likeness was fitted and its threshold chosen on drawn plates, so this is its test
on what it has never seen. Nothing here is a refusal of non-plates: the folder holds none.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from ..config import Study
from ..errors import DataError, ImageError
from ..metrics import crop_box, wilson
from ..plates import Photo, canonical_quad, plate_box
from ..restore import TIGHT, PlacedPlate, Restorer
from .lines import POOLED, by_condition, table_line
from .methods import FULL
from .protocol import DegradedSet
from .real_plates import RealPlates
from .real_tables import UNTOUCHED

ACCEPTED = "accepted_as_plate"


def acceptance_rows(
    study: Study,
    real: RealPlates,
    sets: Sequence[DegradedSet],
    *,
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """Whether each plate passes for one, under each condition.

    An untouched plate is given as it lies in the folder: a tight crop as "tight", a photograph with
    its corners. A degraded one is given as the conditions leave it, in the size of the study's
    frame, enlarged bicubically: of a tight crop the plate alone, else the frame with its corners.
    What is refused as too small to be restored counts as not accepted.

    Args:
        study: its first `full` restorer, direct reader and calibration are used.
        real: the plates.
        sets: these plates under each condition, the untouched ones among them.
        device: where networks run; a CUDA device if there is one, when not given.

    Returns:
        One row for each plate and condition: condition, source, plate, `accepted` (0 or 1) and
        `likeness`, NaN where nothing was placed.

    Raises:
        WeightsError: the restorer or reader is missing or damaged.
        DataError: there is no calibration of them.
    """
    path = study.paths.restorer(FULL, study.seeds[0])
    restorer = Restorer.from_pretrained(path, device=device)
    if restorer.calibration is None:
        raise DataError(
            f"{study.paths.calibration} is missing or of other weights than {path.name}; run "
            "`make reproduce`, whose stage `calibration` makes it"
        )
    sources = real.plates.table["source"].to_numpy()
    parts = []
    for each in sets:
        placed = [
            _untouched(restorer, photo)
            if each.condition == UNTOUCHED
            else _degraded(restorer, frame, tight=photo.corners is None)
            for photo, frame in zip(real.photos, each.bicubic, strict=True)
        ]
        known = iter(restorer.examine_placed([one for one in placed if one is not None]))
        found = [None if one is None else next(known) for one in placed]
        parts.append(
            pd.DataFrame(
                {
                    "condition": each.condition,
                    "source": sources,
                    "plate": real.plates.batch.index.numpy(),
                    "accepted": [int(one is not None and bool(one.is_plate)) for one in found],
                    "likeness": [np.nan if one is None else one.likeness for one in found],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def acceptance_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The share of plates that pass for plates, per source and condition, with Wilson's interval.

    Args:
        rows: of `acceptance_rows`.

    Returns:
        A long table with the column `source`, POOLED for all sources together.
    """
    lines = []
    for source in [*rows["source"].unique(), POOLED]:
        own = rows if source == POOLED else rows[rows["source"] == source]
        for condition, part in by_condition(own)[:-1]:
            found = wilson(int(part["accepted"].sum()), len(part)), "Wilson"
            lines.append({**table_line(found, condition, "", "", ACCEPTED), "source": source})
    return pd.DataFrame(lines)


def _untouched(restorer: Restorer, photo: Photo) -> PlacedPlate | None:
    try:
        return restorer.place(photo.path, TIGHT if photo.corners is None else photo.corners)
    except ImageError:
        return None


def _degraded(restorer: Restorer, frame: np.ndarray, *, tight: bool) -> PlacedPlate | None:
    size = frame.shape[:2]
    try:
        if tight:
            return restorer.place(crop_box(frame, plate_box(*size)), TIGHT)
        return restorer.place(frame, canonical_quad(*size))
    except ImageError:
        return None
