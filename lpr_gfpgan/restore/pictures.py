"""Pictures of any kind as arrays: files, PIL images and arrays themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ImageError
from ..files import read_image, refuse_huge

if TYPE_CHECKING:
    from PIL.Image import Image

    Picture = np.ndarray | Image | Path | str

LONGEST = 32_766
"""Pixels of the longest side that OpenCV can resample."""


def to_array(image: Picture) -> tuple[np.ndarray, str]:
    """A picture as uint8 RGB [h, w, 3], and what to call it in a message.

    A file or PIL image is turned as its EXIF says. Grey becomes three equal channels, a palette its
    colours. Of 16 bits the upper 8 are kept. Transparency is ignored: the colours stored beneath it
    stand, over no background.

    Args:
        image: such an array, a PIL image or a path.

    Raises:
        ImageError: it is none of these, cannot be read, or a side is longer than LONGEST.
    """
    if isinstance(image, str | Path):
        pixels, name = read_image(image), f"image {image}"
    else:
        pixels, name = image if isinstance(image, np.ndarray) else _from_pil(image), "the picture"
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ImageError(
            f"picture: need uint8 RGB [h, w, 3], got {pixels.dtype} {pixels.shape}; convert it"
        )
    refuse_huge(name, pixels.shape[1], pixels.shape[0], longest=LONGEST)
    return pixels, name


def _from_pil(image: Any) -> np.ndarray:
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        raise ImageError(
            f"picture: got {type(image).__name__}; give a uint8 RGB array, a PIL image or a path"
        )
    if image.mode in ("I", "F"):  # nothing says which value is white
        raise ImageError(f"picture: PIL mode {image.mode} has no fixed white; convert it to RGB")
    refuse_huge("the picture", *image.size, longest=LONGEST)  # before it is decoded
    try:
        turned = ImageOps.exif_transpose(image)
        if turned.mode.startswith("I;16"):  # PIL's own conversion cuts off all above 255
            grey = (np.asarray(turned) >> 8).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=2)
        return np.asarray(turned.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ImageError(f"picture: PIL cannot decode it ({error}); open it again") from None
