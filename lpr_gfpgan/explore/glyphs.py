"""Chinese characters drawn from the package's own atlas: not every browser has a font for them."""

from __future__ import annotations

import base64
from functools import cache
from html import escape

import cv2
import numpy as np

from ..plates import CLASSES

GLYPH_STYLE = """.lpr-glyph { display: inline-block; width: 0.95em; height: 1.3em;
  overflow: hidden; text-indent: 2em; vertical-align: text-bottom; background: currentColor;
  -webkit-mask: var(--glyph) center / 100% 100% no-repeat;
  mask: var(--glyph) center / 100% 100% no-repeat; }
"""


def characters(text: str) -> str:
    """A text as HTML; its Chinese characters are drawn, and stay text for who copies it or listens.

    Args:
        text: anything; what is on no plate is left to the browser's fonts.
    """
    return "".join(
        f'<span class="lpr-glyph" style="--glyph: url({_address(each)})">{each}</span>'
        if not each.isascii() and each in CLASSES
        else escape(each)
        for each in text
    )


@cache
def _address(character: str) -> str:
    """A PNG that holds itself: opaque where the character is."""
    from ..evaluation.restoration_figures import glyph_image  # draws for people: needs matplotlib

    cover = (glyph_image(character) * 255).round().astype(np.uint8)
    data = cv2.imencode(".png", np.dstack([np.zeros((*cover.shape, 3), np.uint8), cover]))[1]
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}"
