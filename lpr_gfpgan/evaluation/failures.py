"""A plate on which a method or a reader fails is named and counted, never dropped.

Methods and readers take many plates at a time. Where one fails they are asked again plate by plate.
The image that a method fails to make is black and nobody reads it; a reading that fails is empty.
Both count as wrong in every figure, and the reason stays with the row.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import torch

from ..metrics import wilson
from ..plates import image_tensor
from ..readers import HyperLPR, Reader, Reading
from .lines import table_line
from .methods import Method
from .protocol import CHUNK, DegradedSet, PlateTest

FAILED = "failed"
UNREAD = Reading(text="", confidences=(), confidence=0.0)
Reasons = dict[int, str]
T = TypeVar("T")


def apply_method(
    method: Method, plates: PlateTest, degraded: DegradedSet
) -> tuple[np.ndarray, Reasons]:
    """A method's images, uint8 [N, H, W, 3], and the reason by the place of each that failed.

    Raises:
        Exception: the method's own, where it fails on every plate.
    """

    def work(index: np.ndarray) -> list[np.ndarray]:
        if len(index) == len(plates):
            return list(method.apply(plates, degraded))
        return list(method.apply(plates.select(index), degraded.select(index)))

    made, reasons = _attempt(work, len(plates), f"{method.name}: ")
    black = np.zeros_like(plates.image[0])
    return np.stack([black if image is None else image for image in made]), reasons


def read_images(
    reader: Reader | HyperLPR,
    images: np.ndarray,
    plates: PlateTest,
    *,
    device: torch.device | str = "cpu",
    skip: Reasons | None = None,
) -> tuple[list[Reading], Reasons]:
    """Reads uint8 [N, H, W, 3] at the plates' known corners, in chunks.

    Args:
        reader: who reads.
        images: of the plates, in their order.
        plates: whose corners they are.
        device: where the reader is.
        skip: places of images that no method made, and why; they are not read.

    Returns:
        One reading per image, empty where it failed; and the reason by place, those of `skip` too.

    Raises:
        Exception: the reader's own, where it fails on every image it is shown.
    """
    shown = np.array([i for i in range(len(images)) if i not in (skip or {})], dtype=int)

    def work(index: np.ndarray) -> list[Reading]:
        chosen = shown[index]
        quads = plates.batch.quad[torch.from_numpy(chosen)].to(device)
        return reader.read(image_tensor(images[chosen], device), quads)

    read, reasons = _attempt(work, len(shown), f"{reader.name}: ", chunk=CHUNK)
    readings = [UNREAD] * len(images)
    for place, reading in zip(shown, read, strict=True):
        readings[place] = UNREAD if reading is None else reading
    return readings, (skip or {}) | {int(shown[i]): reason for i, reason in reasons.items()}


def failure_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How many plates a method or reader failed on, and which.

    Args:
        rows: the test's rows.

    Returns:
        One line per condition, method and reader: `estimate` is the share of plates, with Wilson's
        interval; `failed` their number; `named` the plates' numbers and reasons.
    """
    lines = []
    groups = rows.groupby(["condition", "method", "reader"], sort=False)
    for (condition, method, reader), part in groups:
        failed = part[part["failure"] != ""]
        found = (wilson(len(failed), len(part)), "Wilson")
        named = [f"plate {p} ({why})" for p, why in failed[["plate", "failure"]].to_numpy()]
        line = table_line(found, condition, method, reader, FAILED)
        lines.append({**line, "failed": len(failed), "named": "; ".join(named)})
    return pd.DataFrame(lines)


def failure_note(*tables: pd.DataFrame) -> str:
    """What `failure_table` found, in a sentence, with every failure named."""
    table = pd.concat(tables)
    failed = table[table["failed"] > 0]
    total = f"{int(table['n'].sum())} readings of {table['method'].nunique()} methods' images"
    if failed.empty:
        return f"No method and no reader failed on an image ({total})."
    named = [
        f"{line.condition}, {line.method} read by {line.reader}: {line.named}"
        for line in failed.itertuples()
    ]
    return f"{int(failed['failed'].sum())} of {total} failed and count as wrong: {'. '.join(named)}"


def _attempt(
    work: Callable[[np.ndarray], Sequence[T]], count: int, name: str, *, chunk: int | None = None
) -> tuple[list[T | None], Reasons]:
    """Results by place, None where the work fails even on that place alone, and why."""
    results: list[T | None] = []
    reasons: Reasons = {}
    last: Exception | None = None
    for start in range(0, count, chunk or max(count, 1)):
        index = np.arange(start, min(start + (chunk or count), count))
        try:
            results += work(index)
        except Exception:  # whatever it is, it is this plate's and stays with its row
            for place in index:
                try:
                    results += work(np.array([place]))
                except Exception as error:
                    last = error
                    results.append(None)
                    reasons[int(place)] = name + " ".join(str(error).split())
    if count and len(reasons) == count:
        raise last
    return results, reasons
