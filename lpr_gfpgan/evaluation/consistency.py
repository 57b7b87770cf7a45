"""Whether a restored image is an image that could have led to the degraded one.

The blur and the downsampling of every plate are known. Applied once more, without noise and JPEG,
to a restored image they should give the degraded image back, but for its noise:

    distance(x) = RMS over the plate of degrade(x) - y, at least RMS of rounding, 1 / sqrt(12)
    ratio(x) = distance(x) / distance(original)

in levels of 0..255, y being the degraded image as a restorer gets it. A ratio near 1 says that the
image agrees with what was seen as well as the truth does; far above 1, that it contradicts it;
below 1, that it follows the noise. It does not say that the image is right: what the degradation
has wiped out is free. How much is free shows in the ratio of a wrong plate: another plate's
original put in this one's place. Where that is near 1, too, the measure tells nothing. Such
data fidelity is the constraint of super-resolution's ill-posed inverse (Lugmayr et al. 2020; Bahat
and Michaeli 2020).

The wrong plate is warped to this plate's corners and given the mean and contrast of its colours, so
that the characters differ and not the place or the light, which any measure would notice. It is an
original, not a restoration: as sharp as the truth, and the same beside every method.

A figure is the geometric mean of the plates' ratios. Distances of the original differ between
plates by the drawn noise, tenfold and more; a ratio of means would be a figure of the noisiest
plates alone, and in a mean of ratios twice too far and half as far would not cancel. y is known to
its rounding only, hence the least distance: without it a set without noise would divide by nothing.
"""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..degradations import DegradationParameters, degrade
from ..errors import DataError
from ..metrics import bootstrap_mean, crop_box
from ..plates import image_tensor, paste_back, plate_box, rectify
from .lines import by_condition, table_line
from .methods import ORIGINAL
from .protocol import CHUNK, DegradedSet, PlateTest

WRONG = "wrong plate"
ROUNDING = 12**-0.5  # RMS of a value's distance to the nearest whole level
FINER = 2  # the wrong plate is cut out on a grid so much finer, so that it stays as sharp as it was


def without_noise(parameters: DegradationParameters) -> DegradationParameters:
    """The same blur and downsampling, with noise and JPEG switched off."""
    return replace(
        parameters,
        noise_sigma=torch.zeros_like(parameters.noise_sigma),
        signal_gain=torch.zeros_like(parameters.signal_gain),
        jpeg_quality=torch.zeros_like(parameters.jpeg_quality),
    )


def distances(
    plates: PlateTest,
    degraded: DegradedSet,
    images: np.ndarray,
    *,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """How far each image, degraded again without noise and JPEG, is from the degraded image.

    Args:
        plates: the test's plates, for their boxes.
        degraded: their degraded set, made by `degradations.degrade`.
        images: uint8 [N, H, W, 3], one for each plate.
        device: where to degrade.

    Returns:
        float64 [N], RMS over the plate's box and RGB in levels of 0..255; at least ROUNDING.

    Raises:
        DataError: there are not as many images and parameters as plates.
    """
    if not len(plates) == len(images) == len(degraded.parameters):
        raise DataError(
            f"{len(plates)} plates, {len(images)} images and {len(degraded.parameters)} degraded "
            "ones; give one image for each plate of the set"
        )
    rows = degraded.parameters.to_dict("records")
    parameters = without_noise(DegradationParameters.from_rows(rows, device))
    found = []
    for start in range(0, len(plates), CHUNK):
        part = slice(start, start + CHUNK)
        chosen = parameters.select(torch.arange(len(plates))[part])
        again = degrade(image_tensor(images[part], device), chosen, codec="exact")
        seen = image_tensor(degraded.bicubic[part], device)
        difference = ((again - seen) * 127.5).permute(0, 2, 3, 1).cpu().numpy()
        for number, box in zip(difference, plates.batch.box[part].numpy(), strict=True):
            inside = crop_box(number, box).astype(np.float64)
            found.append(np.sqrt(np.mean(inside * inside)))
    return np.maximum(found, ROUNDING)


def wrong_plates(plates: PlateTest) -> np.ndarray:
    """For each plate, its image with another plate's original in its place.

    The other plate is the next one, in the test's order and beginning again at its end, that has
    another text and the same style if there is one; otherwise the next with another text. It is
    warped to the corners of the plate it replaces and takes over the mean and the standard
    deviation of its colours, channel by channel. The surroundings stay.

    Args:
        plates: the test's plates.

    Returns:
        uint8 [N, H, W, 3].

    Raises:
        DataError: some plate's text is the only one.
    """
    height, width = plates.image.shape[1:3]
    size = (FINER * height, FINER * width)
    flat = [
        rectify(image, quad, size)
        for image, quad in zip(plates.image, plates.batch.quad.numpy(), strict=True)
    ]
    return np.stack(
        [
            paste_back(
                plates.image[number],
                _recolour(flat[other], crop_box(flat[number], plate_box(*size))),
                plates.batch.quad[number].numpy(),
            )
            for number, other in enumerate(_others(plates))
        ]
    )


def consistency_rows(
    plates: PlateTest,
    degraded: DegradedSet,
    images: Mapping[str, np.ndarray],
    *,
    device: torch.device | str = "cpu",
) -> pd.DataFrame:
    """The distances of every method's images, of the originals and of the wrong plates.

    Args:
        plates: the test's plates.
        degraded: their degraded set.
        images: uint8 [N, H, W, 3] by method. The originals are added; so is `wrong_plates` under
            the name WRONG, unless it is among them: it is the same for every set of the plates.
        device: where to degrade.

    Returns:
        Columns condition, method, plate, distance; the wrong plates' method is WRONG.

    Raises:
        DataError: as in `distances` and `wrong_plates`.
    """
    compared = {**images, ORIGINAL: plates.image}
    if WRONG not in compared:
        compared[WRONG] = wrong_plates(plates)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "condition": degraded.condition,
                    "method": method,
                    "plate": plates.batch.index.numpy(),
                    "distance": distances(plates, degraded, made, device=device),
                }
            )
            for method, made in compared.items()
        ],
        ignore_index=True,
    )


def consistency_table(rows: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Geometric mean ratios of the distances to the original's, per condition and pooled.

    Args:
        rows: of `consistency_rows`, of one or more conditions.
        draws: bootstrap resamples of plates.
        seed: of the resamples.

    Returns:
        A long table as those of `tables`, of the measure `ratio`; the originals, whose ratio is 1,
        have no line.

    Raises:
        DataError: there are no rows, the original's distance of some plate is missing, or a
            distance is not positive.
    """
    if rows.empty or not (rows["distance"] > 0).all():
        raise DataError("consistency needs rows with positive distances; make them again")
    keys = ["condition", "plate"]
    truth = rows[rows["method"] == ORIGINAL].set_index(keys)["distance"]
    others = rows[rows["method"] != ORIGINAL]
    own = others[keys].merge(truth.rename("truth"), how="left", left_on=keys, right_index=True)
    if own["truth"].isna().any():
        raise DataError("a plate has no distance of its original; make the rows again")
    others = others.assign(log=np.log(others["distance"].to_numpy() / own["truth"].to_numpy()))
    lines = []
    for condition, part in by_condition(others):
        for method, group in part.groupby("method", sort=False):
            _, place = np.unique(group["plate"], return_inverse=True)
            found = bootstrap_mean(
                np.bincount(place, weights=group["log"]),
                counts=np.bincount(place),
                draws=draws,
                rng=np.random.default_rng(seed),
            )
            ends = {key: float(np.exp(getattr(found, key))) for key in ("estimate", "low", "high")}
            line = table_line((replace(found, **ends), "bootstrap"), condition, method, "", "ratio")
            lines.append(line)
    return pd.DataFrame(lines)


def read_distances(path: Path) -> pd.DataFrame:
    """Reads the rows of `consistency_rows` from a file.

    Raises:
        DataError: the file is missing, damaged or lacks a column.
    """
    columns = ["condition", "method", "plate", "distance"]
    try:
        rows = pd.read_csv(path, keep_default_na=False)
        return rows[columns].astype({"plate": "int64", "distance": "float64"})
    except FileNotFoundError:
        raise DataError(f"no rows in {path}; run `make reproduce` first") from None
    except (OSError, EOFError, ValueError, KeyError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is damaged ({reason}); run `make reproduce` again") from None


def _others(plates: PlateTest) -> list[int]:
    texts, styles = (plates.table[name].to_numpy() for name in ("text", "style"))
    chosen = []
    for number in range(len(plates)):
        after = (number + 1 + np.arange(len(plates) - 1)) % len(plates)
        differ = after[texts[after] != texts[number]]
        if not len(differ):
            raise DataError(
                f"plate {texts[number]} is the only text of the test; a wrong plate needs another"
            )
        alike = differ[styles[differ] == styles[number]]
        chosen.append(int(alike[0] if len(alike) else differ[0]))
    return chosen


def _recolour(frame: np.ndarray, model: np.ndarray) -> np.ndarray:
    """The canonical frame with the plate's mean and deviation of each channel as in the model."""
    plate = crop_box(frame, plate_box(*frame.shape[:2]))
    here, there = ((part.mean(axis=(0, 1)), part.std(axis=(0, 1))) for part in (plate, model))
    matched = (frame - here[0]) * there[1] / np.maximum(here[1], 1e-6) + there[0]
    return np.clip(np.round(matched), 0, 255).astype(np.uint8)
