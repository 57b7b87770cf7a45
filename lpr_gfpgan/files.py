"""Files at the edges: written whole or not at all, and images read with their faults named."""

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from .errors import DataError, ImageError

MAX_PIXELS = 100_000_000
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")

TEMPORARY = ".lpr-tmp-"
"""What the names of unfinished files and folders begin with."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# What ends a JPEG's coded data: no stuffed zero, no restart marker, no fill byte.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Tables, scans and comments; reserved markers have no place in a file.
_JPEG_SEGMENTS = _JPEG_FRAMES | {0xC4, 0xCC, *range(0xDA, 0xDE), *range(0xE0, 0xF0), 0xFE}


def _beside(path: Path) -> Path:
    """Return a free name in the folder of `path`, hidden, with the same suffix.

    It is no longer than a name that the system takes, however long that of `path` is, and like none
    that a person gives.
    """
    suffix = path.suffix if len(path.suffix) <= 16 else ""
    return path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{suffix}")


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path for a file that becomes `path` only if the block succeeds.

    The temporary file lies in the same folder, so the last step is a rename within one file
    system: a reader sees the old file or the new one, never half of it. An exception removes the
    temporary file and leaves `path` as it was.

    Args:
        path: the file to write; missing parent folders are created.

    Yields:
        The path to write to, with the suffix of `path`.

    Raises:
        OSError: it could not be written; names `path`, never the temporary file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except Exception as error:
        number = _system_number(error, temporary)
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RUST = re.compile(r"\(os error (\d+)\)")


def _system_number(error: Exception, temporary: Path) -> int | None:
    """The system's number of why `temporary` could not be written; None for any other error."""
    if isinstance(error, OSError):
        own = error.filename is None or str(error.filename) == str(temporary)
        return error.errno if own else None
    # Libraries that write by themselves: safetensors says why in words, PyTorch in the error that
    # its own one was raised upon.
    said = _RUST.search(str(error))
    number = int(said[1]) if said else getattr(error.__context__, "errno", None)
    return number if number in _NO_ROOM else None


@contextlib.contextmanager
def named_writes() -> Iterator[None]:
    """Turns the system's refusal to write a file inside the block into an error that can be mended.

    Raises:
        DataError: names the file and the reason, such as a full disk.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise DataError(
            f"cannot write {os.fsdecode(error.filename)} ({error.strerror}); free some space or "
            "mend that, then run the same command again"
        ) from error


@contextlib.contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `path` only if the block succeeds.

    A folder that was there before is moved aside just before the rename and deleted after it.

    Args:
        path: the folder to write; missing parent folders are created.

    Yields:
        An empty folder to fill.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, former = _beside(path), _beside(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            os.replace(path, former)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8 with plain line feeds, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON; refuses NaN and infinities, which JSON cannot hold."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def refuse_existing(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Refuses, before any work, what would be lost.

    Raises:
        DataError: one of the files is there already, and is not to be overwritten.
    """
    for path in paths:
        if path.exists() and not overwrite:
            raise DataError(f"{path} is there already; give --overwrite or another place")


def refuse_file(folder: Path) -> None:
    """Refuses a place that cannot be a folder, since it or one above it is a file.

    Raises:
        DataError: names the file.
    """
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if there.exists() and not there.is_dir():
        raise DataError(f"{there} is a file; give a folder")


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal.

    Raises:
        DataError: the file is missing.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path} ({error.strerror}); make it again") from None


def _png_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a PNG, or None if a chunk is cut off or its checksum is wrong."""
    size, position = None, len(_PNG)
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if end > len(data):
            return None
        if zlib.crc32(data[position + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            return None
        kind = data[position + 4 : position + 8]
        if kind == b"IHDR" and length >= 8:
            size = struct.unpack_from(">II", data, position + 8)
        if kind == b"IEND":
            return size
        position = end
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a JPEG, or None if its chain of markers breaks before its end."""
    size, position = None, 2
    while position + 2 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            position += 1
            continue
        if marker == 0xD9:
            return size
        if marker not in _JPEG_SEGMENTS or position + 9 > len(data):
            return None
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            size = width, height
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
        if marker == 0xDA:
            end = _JPEG_MARKER.search(data, position)
            position = end.start() if end else len(data)
    return None


def _other_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) from the header of a BMP, TIFF or WebP; None if it is none of these.

    Pillow's readers of each kind are asked, not `PIL.Image.open`, whose own limit on pixels holds
    for the whole process.
    """
    readers = {b"BM": BmpImageFile, b"RIFF": WebPImageFile}
    readers |= dict.fromkeys((b"II", b"MM"), TiffImageFile)
    for magic, reader in readers.items():
        if data.startswith(magic):
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a faulty tag is no matter of the size
                return reader(io.BytesIO(data)).size
    return None


def read_image(path: str | Path, max_pixels: float = MAX_PIXELS) -> np.ndarray:
    """Read a photograph.

    The size is taken from the header, so that a huge image is refused before it is decoded. The
    orientation noted by the camera (EXIF) is applied.

    Damage, which OpenCV fills with grey or noise, is refused where the file shows it: any change of
    a PNG, by its checksums; a JPEG that is cut off, has lost its end, or breaks its chain of
    markers, as random bytes do. JPEG, BMP and uncompressed TIFF have no checksums: a JPEG whose
    coded data was zeroed, left out in part or changed without forming a marker decodes to a wrong
    picture and is accepted.

    Args:
        path: a PNG, JPEG, BMP, WebP or TIFF file, whatever its name.
        max_pixels: the largest width times height accepted.

    Returns:
        uint8 [H, W, 3], RGB.

    Raises:
        ImageError: the file is missing, no image, damaged or too large.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except ValueError:
        name = repr(str(path))
        raise ImageError(f"image {name}: no path holds a NUL character; check the path") from None
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        mend = "allow reading it" if isinstance(error, PermissionError) else "check the path"
        raise ImageError(f"cannot read image {path}: {reason}; {mend}") from None
    known = {_PNG: _png_size, _JPEG: _jpeg_size}
    magic = next((m for m in known if data.startswith(m)), None)
    size = _other_size(data) if magic is None else known[magic](data)
    if size is None and magic is not None:
        raise ImageError(f"image {path} is damaged or cut off; copy it again")
    if size is None:
        raise _undecodable(path)
    refuse_huge(f"image {path}", *size, max_pixels)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise _undecodable(path)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _undecodable(path: Path) -> ImageError:
    return ImageError(
        f"{path} is no image that can be decoded; give a whole PNG, JPEG, BMP, WebP or TIFF"
    )


def refuse_huge(
    name: str,
    width: int,
    height: int,
    max_pixels: float = MAX_PIXELS,
    longest: float = float("inf"),
) -> None:
    """Refuses a picture that would take too much memory, before it is decoded.

    Args:
        name: what to call it in the message.
        width: columns.
        height: rows.
        max_pixels: most pixels in all.
        longest: most pixels of a side.

    Raises:
        ImageError: it has more.
    """
    if width * height > max_pixels:
        limit = f"the limit of {max_pixels / 1e6:g} million pixels"
    elif max(width, height) > longest:
        limit = f"{longest} pixels on its longest side"
    else:
        return
    raise ImageError(f"{name} is {width} x {height}, over {limit}; scale it down or crop it")


def write_png(path: str | Path, image: np.ndarray, facts: Mapping[str, str] | None = None) -> None:
    """Write an image losslessly, whole or not at all.

    Args:
        path: the file to write.
        image: uint8 [H, W, 3] RGB or [H, W] grey.
        facts: text to keep in the file, by keyword (1 to 79 Latin-1 characters): tEXt chunks, or
            iTXt where the text is not Latin-1. They stand before the pixels.

    Raises:
        ImageError: the array is not such an image.
    """
    image = np.asarray(image)
    colour = image.ndim == 3 and image.shape[2] == 3
    if image.dtype != np.uint8 or not (colour or image.ndim == 2) or image.size == 0:
        raise ImageError(
            f"cannot write {path}: need uint8 [H, W, 3] or [H, W], got {image.dtype} {image.shape}"
        )
    if facts:
        chunks = PngInfo()
        for keyword, text in facts.items():
            chunks.add_text(keyword, text)
        with atomic_path(path) as temporary:
            # Pillow, since OpenCV writes no text; at OpenCV's own level of compression.
            Image.fromarray(image).save(temporary, "PNG", pnginfo=chunks, compress_level=1)
        return
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if colour else image
    done, data = cv2.imencode(".png", bgr)
    if not done:
        raise ImageError(f"cannot write {path}: the image could not be encoded as PNG")
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.tobytes())
