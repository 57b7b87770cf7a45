"""Draws README.md's picture: plates degraded, restored by the released weights, and as they were.

The plates are the first of the released weights' test on drawn plates, not chosen ones; beneath
each is what the judge reads.

Usage: python tools/picture.py
"""

import dataclasses
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lpr_gfpgan.config import ShippedPaths, find_root, load_study
from lpr_gfpgan.errors import DataError, LprError
from lpr_gfpgan.evaluation.figure_style import WIDTH, save
from lpr_gfpgan.evaluation.method_style import first_of_each
from lpr_gfpgan.evaluation.methods import DEGRADED, FULL, JUDGE, ORIGINAL, baselines, restorers
from lpr_gfpgan.evaluation.protocol import load_plates, study_conditions
from lpr_gfpgan.evaluation.released import TEST, draw_plates, released_study
from lpr_gfpgan.evaluation.restoration_figures import CELL_WIDTH, reading_image
from lpr_gfpgan.evaluation.run import Evaluation, compare, open_readers

PICTURE = Path("docs") / "restored.png"
PLATES = 4
CONDITIONS = 2  # the mildest, in the order of params.yaml
GAP = 12


def tested() -> Evaluation:
    """Degrades, restores and reads them, as the stage `released` does with all of its plates.

    Raises:
        WeightsError: a released network is damaged.
    """
    study = released_study(load_study("release"))
    readers = [reader for reader in open_readers(study, "cpu") if reader.name == JUDGE]
    methods = [*baselines(), *restorers(study, "cpu")]
    with tempfile.TemporaryDirectory() as folder:
        paths = ShippedPaths(Path(folder), study.profile, study.paths.folder)
        study = dataclasses.replace(study, paths=paths)
        draw_plates(study, {TEST: PLATES}, workers=1)
        plates = load_plates(study, count=PLATES)
        conditions = study_conditions(study)[:CONDITIONS]
        return compare(plates, conditions, methods, readers, device="cpu")


def draw(examples: Mapping[str, np.ndarray], methods: list[str], rows: pd.DataFrame) -> Figure:
    """Plates down; across, for each condition, degraded and restored, then the originals.

    Args:
        examples: by condition, uint8 [plates, methods, H, W, 3], the first plates of the test.
        methods: names of the second axis.
        rows: the test's rows.

    Raises:
        DataError: a method or a reading is missing.
    """
    shown = first_of_each(methods, (DEGRADED, FULL))
    if len(shown) != 2 or ORIGINAL not in methods:
        raise DataError(f"no {FULL!r}, {DEGRADED!r} or {ORIGINAL!r} in the test")
    columns = [(condition, method) for condition in examples for method in shown]
    columns.append((next(iter(examples)), ORIGINAL))
    readings = rows[rows["reader"] == JUDGE].set_index(["condition", "method", "plate"])
    plates = sorted(rows["plate"].unique())[:PLATES]
    lines = []
    for number, plate in enumerate(plates):
        cells = []
        for condition, method in columns:
            if (condition, method, plate) not in readings.index:
                raise DataError(f"no reading of plate {plate} by {method} under {condition}")
            line = readings.loc[(condition, method, plate)]
            image = _enlarged(examples[condition][number, methods.index(method)])
            cell = np.concatenate([image, reading_image(line["text"], line["reading"])])
            margin = ((GAP, 0), (GAP // 2, GAP // 2), (0, 0))
            cells.append(np.pad(cell, margin, "constant", constant_values=255))
        lines.append(np.concatenate(cells, axis=1))
    return _figure(np.concatenate(lines), [_label(*column) for column in columns])


def _label(condition: str, method: str) -> str:
    if method == ORIGINAL:
        return "as it was"
    return f"{condition} blur,\n{'degraded' if method == DEGRADED else 'restored'}"


def _enlarged(image: np.ndarray) -> np.ndarray:
    """An image at the width of a cell, its pixels kept as squares."""
    height = round(CELL_WIDTH * image.shape[0] / image.shape[1])
    return cv2.resize(image, (CELL_WIDTH, height), interpolation=cv2.INTER_NEAREST)


def _figure(picture: np.ndarray, labels: list[str]) -> Figure:
    height, width = picture.shape[:2]
    figure = Figure(figsize=(WIDTH, WIDTH * height / width + 0.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(picture, interpolation="none")
    step = width / len(labels)
    axes.set_xticks([step * (number + 0.5) for number in range(len(labels))], labels)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.tick_params(labelsize=11)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def main() -> int:
    """Draws the picture and says where it is."""
    try:
        found = tested()
        print(save(draw(found.examples, found.methods, found.rows), find_root() / PICTURE))
    except LprError as error:
        print(f"picture: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
