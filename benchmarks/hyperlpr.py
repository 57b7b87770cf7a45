"""What HyperLPR reads and finds on real plates, by source, with Wilson intervals; prints JSON.

Run: LPR_GFPGAN_REAL_PLATES=<folder> python -m benchmarks.hyperlpr [--plates N] [--photos N]
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation.real_plates import real_folder
from lpr_gfpgan.files import read_image
from lpr_gfpgan.metrics import score, wilson
from lpr_gfpgan.plates import box_quad, image_tensor
from lpr_gfpgan.readers import HyperLPR, load_hyperlpr

from .kept import machine, stamp

WIDE, SHARP = 150, 200  # plate_width in pixels and variance of the Laplacian of a sharp plate
OVERLAP = 0.5  # intersection over union at which a plate counts as found


def share(right: list[bool]) -> dict[str, float | int]:
    """A proportion in per cent, with the ends of its interval and n."""
    if not right:
        return {"n": 0}
    found = wilson(sum(right), len(right))
    ends = {"estimate": found.estimate, "low": found.low, "high": found.high}
    return {**{name: round(100 * end, 1) for name, end in ends.items()}, "n": found.n}


def crops(reader: HyperLPR, folder: Path, table: pd.DataFrame) -> dict[str, object]:
    """Shares of crops read completely and without the province, as given and refined."""
    pictures = [read_image(folder / name) for name in table["crop"]]
    result = {}
    for name, refine in (("as given", False), ("refined", True)):
        start = time.process_time()
        readings = reader.read_crops(pictures, refine=refine)
        seconds = time.process_time() - start
        scores = [score(t, r.text) for t, r in zip(table["text"], readings, strict=True)]
        seven = table["text"].str.len().to_numpy() == 7
        result[name] = {
            "plates": share([s.exact for s in scores]),
            "without province": share([s.exact6 for s in scores]),
            "seven characters, without province": share(
                [s.exact6 for s, kept in zip(scores, seven, strict=True) if kept]
            ),
            "processor milliseconds each": round(1000 * seconds / len(scores), 1),
        }
    return result


def overlap(quad: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two convex quadrilaterals."""
    one, two = quad.astype(np.float32), other.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(one, two)
    return common / (cv2.contourArea(one) + cv2.contourArea(two) - common)


def photographs(reader: HyperLPR, folder: Path, table: pd.DataFrame) -> dict[str, object]:
    """Labelled plates found in whole photographs, and read at the corners found there."""
    found, read, labelled, seconds, boxes, quads = [], [], [], [], [], []
    for row in tqdm(table.itertuples(), total=len(table), desc="photographs", disable=None):
        photo, truth = read_image(folder / row.photo), np.array(json.loads(row.corners))
        start = time.process_time()
        plates = reader.find_plates(photo)
        seconds.append(time.process_time() - start)
        best = max(plates, key=lambda plate: overlap(plate.quad, truth), default=None)
        found.append(best is not None and overlap(best.quad, truth) >= OVERLAP)
        read.append(found[-1] and read_at(reader, photo, best.quad) == row.text)
        labelled.append(read_at(reader, photo, truth) == row.text)
        if found[-1]:
            detections = (box_quad(d.box) for d in reader.detect(photo))
            boxes.append(max(overlap(box, truth) for box in detections))
            quads.append(overlap(best.quad, truth))
    return {
        "plates found": share(found),
        "found and read": share(read),
        "read at the labelled corners": share(labelled),
        "overlap of boxes, of quadrilaterals": [round(float(np.mean(x)), 3) for x in (boxes, quads)]
        if boxes
        else None,
        "processor milliseconds a photograph": round(1000 * float(np.median(seconds)), 1),
    }


def read_at(reader: HyperLPR, photo: np.ndarray, quad: np.ndarray) -> str:
    """The text at some corners, without further refinement."""
    return reader.read(image_tensor(photo[None]), torch.from_numpy(quad)[None])[0].text


def main() -> None:
    """Measure every source of the folder."""
    parser = argparse.ArgumentParser(description=__doc__.split(";")[0])
    parser.add_argument("--plates", type=int, help="at most so many crops of a source, the first")
    parser.add_argument("--photos", type=int, help="at most so many photographs, the first")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    about = machine() | stamp() | {"opencv": cv2.__version__}
    folder, reader = real_folder(), load_hyperlpr()
    table = pd.read_csv(folder / "labels.csv")
    for column in ("source", "crop", "text", "plate_width", "sharpness", "photo", "corners"):
        if column not in table:
            raise DataError(f"{folder}/labels.csv has no column {column!r}; add it")
    sets = {str(name): rows for name, rows in table.groupby("source")}
    for name, rows in list(sets.items()):
        sharp = rows[(rows["plate_width"] >= WIDE) & (rows["sharpness"] >= SHARP)]
        if 0 < len(sharp) < len(rows):
            sets[f"{name}, sharp"] = sharp
    whole = {str(n): r for n, r in table[table["photo"].notna()].groupby("source")}
    result = {
        "crops": {n: crops(reader, folder, r[: arguments.plates]) for n, r in sets.items()},
        "photographs": {
            n: photographs(reader, folder, r[: arguments.photos]) for n, r in whole.items()
        },
        **about,
    }
    print(json.dumps(result, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
