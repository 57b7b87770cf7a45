"""A plate on which a method or reader fails is named and counted, never dropped.

Methods and readers take many plates at a time. Where one fails they are asked again plate by plate.
The image that a method fails to make is black and nobody reads it; a reading that fails is empty.
Both count as wrong in every figure of reading, and a black image counts as what the method made in
PSNR, SSIM, MSE and ringing; the reason stays with the row. A batch that fails though each of its
plates succeeds alone is no failure, but its reason stays with the rows too.

A black image is nothing that a method made, so measures of what images look like leave it out: KID
and consistency leave out its plate, for every method and under every condition. All methods are so
compared on the same plates: were the plate left out for the failing method alone, that method would
be spared the plates that it cannot do while the others are held to them. It still has the
advantage that a failure costs it nothing there, so the plates are counted where failures are named,
and n is lower by them. Emphasis is a difference of two PSNR, in which black may pass for a gain:
there the image has no value, by `rows.image_columns`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
RETRIED = "failed on a batch, succeeded plate by plate"
UNREAD = Reading(text="", confidences=(), confidence=0.0)
Reasons = dict[int, str]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Failures:
    """What went wrong with the images or readings of a set of plates, by their place.

    A reason begins with the name of the method or reader.

    Attributes:
        failed: why a plate has no image or no reading.
        retried: why the batch of a plate failed, which succeeded alone.
    """

    failed: Reasons = field(default_factory=dict)
    retried: Reasons = field(default_factory=dict)


def apply_method(
    method: Method, plates: PlateTest, degraded: DegradedSet
) -> tuple[np.ndarray, Failures]:
    """A method's images, uint8 [N, H, W, 3], black where it failed, and its failures.

    Raises:
        Exception: the method's own, where it fails on every plate.
    """

    def work(index: np.ndarray) -> list[np.ndarray]:
        if len(index) == len(plates):
            return list(method.apply(plates, degraded))
        return list(method.apply(plates.select(index), degraded.select(index)))

    made, failures = _attempt(work, len(plates), f"{method.name}: ")
    black = np.zeros_like(plates.image[0])
    return np.stack([black if image is None else image for image in made]), failures


def read_images(
    reader: Reader | HyperLPR,
    images: np.ndarray,
    plates: PlateTest,
    *,
    device: torch.device | str = "cpu",
    made: Failures | None = None,
) -> tuple[list[Reading], Failures]:
    """Reads uint8 [N, H, W, 3] at the plates' known corners, in chunks.

    Args:
        reader: who reads.
        images: of the plates, in their order.
        plates: whose corners they are.
        device: where the reader is.
        made: the failures of the method that made the images; what it did not make is not read.

    Returns:
        One reading per image, empty where it failed; and the failures, those of `made` too.

    Raises:
        Exception: the reader's own, where it fails on every image it is shown.
    """
    made = made or Failures()
    shown = np.array([i for i in range(len(images)) if i not in made.failed], dtype=int)

    def work(index: np.ndarray) -> list[Reading]:
        chosen = shown[index]
        quads = plates.batch.quad[torch.from_numpy(chosen)].to(device)
        return reader.read(image_tensor(images[chosen], device), quads)

    read, own = _attempt(work, len(shown), f"{reader.name}: ", chunk=CHUNK)
    readings = [UNREAD] * len(images)
    for place, reading in zip(shown, read, strict=True):
        readings[place] = UNREAD if reading is None else reading
    failed = made.failed | {int(shown[i]): reason for i, reason in own.failed.items()}
    retried = dict(made.retried)
    for i, reason in own.retried.items():
        place = int(shown[i])
        retried[place] = f"{retried[place]}; {reason}" if place in retried else reason
    return readings, Failures(failed=failed, retried=retried)


def failure_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How many plates a method or reader failed on, and which.

    Args:
        rows: the test's rows.

    Returns:
        One line per condition, method and reader: `estimate` is the share of plates, with Wilson's
        interval; `failed` their number; `no_image` how many of them have no image; `named` the
        plates' numbers and reasons; `retried` how many plates succeeded alone after their batch
        failed, and `retried_named` for what reasons; `left_out` in each line alike: how many plates
        of all these rows have no image by some method under some condition.
    """
    no_image = [
        why.startswith(f"{method}: ")
        for method, why in zip(rows["method"], rows["failure"], strict=True)
    ]
    rows = rows.assign(no_image=no_image)
    left_out = rows.loc[rows["no_image"], "plate"].nunique()
    lines = []
    groups = rows.groupby(["condition", "method", "reader"], sort=False)
    for (condition, method, reader), part in groups:
        failed, retried = part[part["failure"] != ""], part[part["retried"] != ""]
        found = (wilson(len(failed), len(part)), "Wilson")
        named = [f"plate {p} ({why})" for p, why in failed[["plate", "failure"]].to_numpy()]
        lines.append(
            {
                **table_line(found, condition, method, reader, FAILED),
                "failed": len(failed),
                "no_image": int(part["no_image"].sum()),
                "named": "; ".join(named),
                "retried": len(retried),
                "retried_named": "; ".join(dict.fromkeys(retried["retried"])),
                "left_out": left_out,
            }
        )
    return pd.DataFrame(lines)


def failure_note(test: pd.DataFrame, *others: pd.DataFrame) -> str:
    """What `failure_table` found, in sentences, with every failure named.

    Args:
        test: of the study's own test, which alone has KID and consistency.
        others: of further rows.
    """
    table = pd.concat([test, *others])
    failed, retried = table[table["failed"] > 0], table[table["retried"] > 0]
    total = f"{int(table['n'].sum())} readings of {table['method'].nunique()} methods' images"
    if failed.empty:
        said = [f"No method and no reader failed on an image ({total})."]
    else:
        named = [
            f"{line.condition}, {line.method} read by {line.reader}: {line.named}"
            for line in failed.itertuples()
        ]
        count = int(failed["failed"].sum())
        said = [f"{count} of {total} failed and count as wrong: {'. '.join(named)}."]
    if left_out := int(test["left_out"].max()):
        said.append(
            f"KID and consistency leave out the plates of the test of which some method made no "
            f"image ({left_out}), for every method."
        )
    if len(retried):
        named = [
            f"{line.condition}, {line.method} read by {line.reader}: {line.retried} plates "
            f"({line.retried_named})"
            for line in retried.itertuples()
        ]
        count = int(retried["retried"].sum())
        said.append(f"{count} readings {RETRIED}: {'. '.join(named)}.")
    return " ".join(said)


def _attempt(
    work: Callable[[np.ndarray], Sequence[T]], count: int, name: str, *, chunk: int | None = None
) -> tuple[list[T | None], Failures]:
    """Results by place, None where the work fails even on that place alone, and why.

    A batch's error that one of its plates repeats alone is that plate's. One that none repeats is
    the batch's own and kept with all of its plates that succeed.
    """
    results: list[T | None] = []
    found = Failures()
    last: Exception | None = None
    for start in range(0, count, chunk or max(count, 1)):
        index = np.arange(start, min(start + (chunk or count), count))
        try:
            results += work(index)
        except Exception as batch:  # whatever it is, it stays with the rows
            own: Reasons = {}
            for place in index:
                try:
                    results += work(np.array([place]))
                except Exception as error:
                    last = error
                    results.append(None)
                    own[int(place)] = name + _line(error)
            reason = name + _line(batch)
            if reason not in own.values():
                found.retried.update({int(i): reason for i in index if int(i) not in own})
            found.failed.update(own)
    if count and len(found.failed) == count:
        raise last
    return results, found


def _line(error: Exception) -> str:
    """An error's kind where it says nothing, otherwise its words in one line."""
    return " ".join(str(error).split()) or type(error).__name__
