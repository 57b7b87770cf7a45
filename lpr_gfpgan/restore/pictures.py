"""Pictures of any kind as arrays: files, PIL images and arrays themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ImageError
from ..files import MAX_PIXELS, read_image

if TYPE_CHECKING:
    from PIL.Image import Image

    Picture = np.ndarray | Image | Path | str


def to_array(image: Picture) -> tuple[np.ndarray, str]:
    """A picture as uint8 RGB [h, w, 3], and what to call it in a message.

    Args:
        image: such an array, a PIL image (turned as its EXIF says) or a path.

    Raises:
        ImageError: it is none of these, or cannot be read.
    """
    if isinstance(image, str | Path):
        return read_image(image), f"image {image}"
    if not isinstance(image, np.ndarray):
        image = _from_pil(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(
            f"picture: need uint8 RGB [h, w, 3], got {image.dtype} {image.shape}; convert it"
        )
    _refuse_huge(image.shape[1], image.shape[0])
    return image, "the picture"


def _from_pil(image: Any) -> np.ndarray:
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        raise ImageError(
            f"picture: got {type(image).__name__}; give a uint8 RGB array, a PIL image or a path"
        )
    _refuse_huge(*image.size)  # before it is decoded
    try:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ImageError(f"picture: PIL cannot decode it ({error}); open it again") from None


def _refuse_huge(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"picture: {width} x {height} is over the limit of {MAX_PIXELS / 1e6:g} million "
            "pixels; scale it down or crop it"
        )
