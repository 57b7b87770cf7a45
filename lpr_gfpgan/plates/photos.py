"""Photographed plates: CCPD file names, labelled folders, files named by their text.

Whatever the source, a photograph ends as a PhotoFrame: the plate in the canonical frame, by the
homography of its four corners where they are known, and else as a tight crop.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, LabelError, LprError
from ..files import IMAGE_SUFFIXES, read_image
from .alphabet import CLASSES, MAX_CHARACTERS, encode, layout_of
from .batch import PlateBatch, image_tensor, label_arrays
from .geometry import canonical_quad, character_boxes, plate_box, quad_size, rectify, tight_to_frame
from .splits import split_of

if TYPE_CHECKING:
    import torch

# CCPD's own tables (github.com/detectRecog/CCPD); the last entry of each, O, stands for nothing.
_CCPD_PROVINCES = "皖沪津渝冀晋蒙辽吉黑苏浙京闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新警学O"
_CCPD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZO"
_CCPD_REST = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789O"

_CCPD_FIELDS = ("area", "tilt", "box", "corners", "characters", "brightness", "blurriness")
_POINT = r"-?\d+&-?\d+"
_CCPD_PATTERNS = {
    "area": r"\d+(\.\d+)?",
    "tilt": r"-?\d+_-?\d+",
    "box": rf"{_POINT}_{_POINT}",
    "corners": rf"{_POINT}(_{_POINT}){{3}}",
    "characters": r"\d+(_\d+){6,7}",
    "brightness": r"\d+",
    "blurriness": r"\d+",
}
_CCPD_EXAMPLES = {
    "area": "025",
    "tilt": "95_113",
    "box": "154&383_386&473",
    "corners": "386&473_177&454_154&383_363&402",
    "characters": "0_0_22_27_27_33_16",
    "brightness": "37",
    "blurriness": "15",
}


@dataclass(frozen=True)
class CcpdLabel:
    """What a CCPD file name says.

    Attributes:
        text: the plate's text.
        area: the first field as a number: the plate's part of the photograph, in thousandths, or
            an identifier in later releases.
        tilt: horizontal and vertical tilt in degrees; 90 is upright.
        box: float32 [4], x0, y0, x1, y1.
        corners: float32 [4, 2], upper left, upper right, lower right, lower left.
        brightness: of the plate's region.
        blurriness: of the plate's region; small is blurred.
    """

    text: str
    area: float
    tilt: tuple[int, int]
    box: np.ndarray
    corners: np.ndarray
    brightness: int
    blurriness: int


def parse_ccpd_name(name: str | Path) -> CcpdLabel:
    """Read the label in a CCPD file name, seven fields joined by "-".

    The corners come as lower right, lower left, upper left, upper right, and are put in the order
    of this package.

    Args:
        name: a file name or path, with or without a suffix.

    Raises:
        LabelError: names the first field that is missing or malformed.
    """
    name = Path(name).name
    stem = Path(name).stem if Path(name).suffix.lower() in IMAGE_SUFFIXES else name
    # A minus sign follows a separator; a field separator never does.
    values = re.split(r"(?<![-_&])-", stem)
    for number, field in enumerate(_CCPD_FIELDS):
        value = values[number] if number < len(values) else None
        if value is None or not re.fullmatch(_CCPD_PATTERNS[field], value):
            found = "is missing" if value is None else f"is {value!r}"
            raise LabelError(
                f"CCPD name {name}: field {number + 1} ({field}) {found}; expected something like "
                f"{_CCPD_EXAMPLES[field]}"
            )
    if len(values) > len(_CCPD_FIELDS):
        raise LabelError(
            f"CCPD name {name}: {len(values)} fields; expected {len(_CCPD_FIELDS)} joined by '-'"
        )
    area, tilt, box, corners, characters, brightness, blurriness = values
    points = _points(corners)
    return CcpdLabel(
        text=_ccpd_text(characters, name),
        area=float(area),
        tilt=tuple(int(v) for v in tilt.split("_")),
        box=_points(box).reshape(4),
        corners=points[[2, 3, 0, 1]],
        brightness=int(brightness),
        blurriness=int(blurriness),
    )


def _points(field: str) -> np.ndarray:
    return np.array([p.split("&") for p in field.split("_")], np.float32)


def _ccpd_text(field: str, name: str) -> str:
    text = ""
    for position, index in enumerate(map(int, field.split("_"))):
        table = (_CCPD_PROVINCES, _CCPD_LETTERS)[position] if position < 2 else _CCPD_REST
        if index >= len(table):
            raise LabelError(
                f"CCPD name {name}: field 5 (characters) has index {index} at position "
                f"{position + 1}; expected 0 to {len(table) - 1}"
            )
        text += table[index].replace("O", "")
    if not text:
        raise LabelError(f"CCPD name {name}: field 5 (characters) names no character; correct it")
    return text


@dataclass(frozen=True)
class Photo:
    """A photographed plate that has not been read yet.

    Attributes:
        path: the image.
        text: what the plate says.
        corners: float32 [4, 2] in that image, or None if the image is a tight crop.
        source: where it comes from, to report results apart.
    """

    path: Path
    text: str
    corners: np.ndarray | None
    source: str

    @property
    def split(self) -> str:
        """The split that this text belongs to, in every source."""
        return split_of(self.text)


def read_folder(folder: str | Path) -> list[Photo]:
    """List the labelled photographs of a folder; the images themselves are not opened.

    Three kinds of folders are understood: with a labels.csv (columns crop and text, optionally
    source, photo and corners, the corners being those in `photo`); with CCPD names; with files
    named by their text, after the last underscore or before the first (00001_皖A88888.png,
    皖A88888_2.jpg).

    Args:
        folder: the folder; sub-folders are searched unless there is a labels.csv.

    Returns:
        The photographs in the order of the table, or by name.

    Raises:
        DataError: the folder is missing or holds no image.
        LabelError: a label is malformed; names the file or the row, and the field.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"no folder {folder}; check the path")
    table = folder / "labels.csv"
    photos = list(_from_table(table) if table.is_file() else _from_names(folder))
    if not photos:
        what = "labels.csv has no rows" if table.is_file() else "no images"
        raise DataError(f"{folder}: {what}; give a folder with labelled photographs")
    return photos


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line numbers and rows of a table, checked for its shape."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restval="")
            for column in ("crop", "text"):
                if column not in (reader.fieldnames or ()):
                    raise LabelError(
                        f"{path} has no column {column!r}; it needs at least crop and text"
                    )
            for row in reader:
                if None in row:
                    raise LabelError(
                        f"{path}, line {reader.line_num}: more fields than columns; quote fields "
                        "that hold commas"
                    )
                yield reader.line_num, row
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise LabelError(f"{path} is no readable table ({error}); write it as CSV") from None


def _from_table(path: Path) -> Iterator[Photo]:
    for line, row in _rows(path):
        place = f"{path}, line {line}"
        try:
            encode(row["text"])
        except LabelError as error:
            raise LabelError(f"{place}: {error}") from None
        photo, corners = row.get("photo", ""), row.get("corners", "")
        name = photo if photo and corners else row["crop"]
        if not name:
            raise LabelError(f"{place}: no crop, and no photo with corners; name an image")
        yield Photo(
            path=path.parent / name,
            text=row["text"],
            corners=_corners(corners, place) if photo and corners else None,
            source=row.get("source") or path.parent.name,
        )


def _corners(field: str, place: str) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # what is too great becomes infinite, and is refused
            corners = np.array(json.loads(field), np.float32)
    except (ValueError, TypeError, RecursionError):
        corners = np.empty(0)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise LabelError(f"{place}: corners are {field!r}; expected [[x, y], ...] four times")
    return corners


def _from_names(folder: Path) -> Iterator[Photo]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    for path in files:
        source = path.parent.name
        if re.match(r"\d+(\.\d+)?-|.*&", path.name):
            label = parse_ccpd_name(path)
            yield Photo(path, label.text, label.corners, source)
        else:
            yield Photo(path, _text_of_name(path), None, source)


def _text_of_name(path: Path) -> str:
    for part in (path.stem.rsplit("_")[-1], path.stem.split("_")[0]):
        # Seven or eight characters, lest a running number pass for a text.
        if 7 <= len(part) <= MAX_CHARACTERS and not part.isdigit() and set(part) <= set(CLASSES):
            return part
    raise LabelError(
        f"{path}: the name holds no plate text; name it like 00001_皖A88888{path.suffix}, "
        "or write a labels.csv"
    )


@dataclass(frozen=True)
class PhotoFrame:
    """A photographed plate in the canonical frame.

    Attributes:
        image: uint8 [H, W, 3], RGB.
        photo: where it comes from.
        tight: it came from a tight crop; where in it the plate lies is then a guess.
        width: of the plate in the photograph, px; of the crop, where that is all there is.
        quad: float32 [4, 2]; box: float32 [4]; character_boxes: float32 [8, 4]: nominal positions,
            exact only as far as the corners are.
    """

    image: np.ndarray
    photo: Photo
    tight: bool
    width: float
    quad: np.ndarray
    box: np.ndarray
    character_boxes: np.ndarray


def read_frame(photo: Photo, height: int, width: int) -> PhotoFrame:
    """Read a photograph and bring its plate into the canonical frame.

    Raises:
        ImageError: the image is missing, damaged, no image or too large.
        LabelError: its corners span no quadrilateral.
    """
    image = read_image(photo.path)
    if photo.corners is None:
        frame = tight_to_frame(image, height, width)
    else:
        try:
            frame = rectify(image, photo.corners, (height, width))
        except LprError as error:
            raise LabelError(f"{photo.path}: {error}") from None
    quad = canonical_quad(height, width)
    return PhotoFrame(
        image=frame,
        photo=photo,
        tight=photo.corners is None,
        width=image.shape[1] if photo.corners is None else quad_size(photo.corners)[0],
        quad=quad.astype(np.float32),
        box=np.array(plate_box(height, width), np.float32),
        character_boxes=character_boxes(layout_of(photo.text), quad),
    )


def frame_batch(frames: Sequence[PhotoFrame], device: torch.device | str = "cpu") -> PlateBatch:
    """Return frames of one size as a batch; `index` counts from 0.

    Raises:
        DataError: there are no frames.
    """
    import torch

    if not frames:
        raise DataError("no photographs to batch; give at least one")
    labels, lengths = label_arrays([frame.photo.text for frame in frames])

    def tensor(arrays: Sequence[np.ndarray] | np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.stack(list(arrays))).to(device)

    return PlateBatch(
        image=image_tensor(np.stack([frame.image for frame in frames]), device),
        quad=tensor([frame.quad for frame in frames]),
        box=tensor([frame.box for frame in frames]),
        character_boxes=tensor([frame.character_boxes for frame in frames]),
        labels=tensor(labels),
        lengths=tensor(lengths),
        tight=tensor(np.array([frame.tight for frame in frames])),
        index=torch.arange(len(frames), device=device),
    )
