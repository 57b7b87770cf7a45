"""How each method looks: one colour, marker and dash in every figure of the study.

What learns nothing is grey, told apart by marker and dash; what was trained has a colour, the full
model the strongest and the widest line. Colours of the trained are those of Paul Tol's scheme
"muted" (Colour Schemes, SRON technical note EPS/TN/09-002, 2021), safe for the colour-blind, with
one vermilion and one blue beside them (Okabe and Ito, Color Universal Design, 2008).
"""

import zlib
from collections.abc import Iterable
from colorsys import hls_to_rgb
from typing import Any

from .classical import (
    LANCZOS,
    RICHARDSON_LUCY_FIXED,
    RICHARDSON_LUCY_TRUE,
    UNSHARP,
    WIENER_FIXED,
    WIENER_TRUE,
)
from .methods import BICUBIC, DEGRADED, DIRECT_READING, FULL, ORIGINAL, base_name
from .tables import MAJORITY

MARKERS = "osD^vP*X<>dph"
STYLES: dict[str, tuple[str, str, str]] = {
    ORIGINAL: ("black", "*", "-"),
    MAJORITY: ("0.6", "x", ":"),
    DEGRADED: ("0.3", "s", "-"),
    BICUBIC: ("0.45", "D", "--"),
    LANCZOS: ("0.6", "^", "--"),
    UNSHARP: ("0.6", "v", "-."),
    WIENER_TRUE: ("0.3", "P", ":"),
    WIENER_FIXED: ("0.55", "X", "-."),
    RICHARDSON_LUCY_TRUE: ("0.3", "<", ":"),
    RICHARDSON_LUCY_FIXED: ("0.6", ">", ":"),
    FULL: ("#d55e00", "o", "-"),
    DIRECT_READING: ("#0072b2", "d", "-"),
    "plain_unet": ("#117733", "p", "-"),
    "rrdb": ("#44aa99", "h", "-"),
    "face_recipe": ("#332288", "v", "-"),
    "no_motion_blur": ("#aa4499", "^", "-"),
    "no_recognition_loss": ("#88ccee", "s", "-"),
    "no_region_discriminator": ("#999933", "D", "-"),
    "fixed_region": ("#cc6677", ">", "-"),
    "motion_after_noise": ("#882255", "<", "-"),
    "clamped_jpeg": ("#ddaa33", "P", "-"),
}
"""Colour, marker and dashes of each method that the study knows; grey values as matplotlib writes
them. Where a variant was trained with several seeds they share all but the marker."""


SHOWN = (DEGRADED, BICUBIC, RICHARDSON_LUCY_FIXED, "plain_unet", "rrdb", "face_recipe", FULL)
"""The methods of curves and sheets, where they were tested: more would hide each other, and the
tables hold all. Of the filters it is always the same one, whichever validation chose, so that the
figures of two runs can be laid side by side."""


def method_style(name: str) -> dict[str, Any]:
    """Colour, marker, dashes, width and order of a method's line, wherever it is drawn.

    A name that STYLES lacks has the colour, marker and dashes that follow from its letters.

    Args:
        name: of the method; a training seed at its end changes the marker only.

    Returns:
        Options of a matplotlib line.
    """
    base = base_name(name)
    colour, marker, dashes = STYLES.get(base) or _derived(base)
    if base != name:
        seed = int(name.rpartition("-")[2])
        marker = MARKERS[(MARKERS.index(marker) + seed) % len(MARKERS)]
    emphasised = base == FULL
    return {
        "color": colour,
        "marker": marker,
        "linestyle": dashes,
        "linewidth": 2.2 if emphasised else 1.2,
        "zorder": 3 if emphasised else 2,
    }


def first_of_each(names: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Those of the wanted methods that there are; of several training seeds the first.

    Args:
        names: the methods there are, with seeds where there are several.
        wanted: methods without seeds, in the order of the answer.
    """
    names = list(names)
    found = (next((n for n in names if base_name(n) == name), None) for name in wanted)
    return [name for name in found if name is not None]


def _derived(name: str) -> tuple[Any, str, str]:
    digest = zlib.crc32(name.encode())
    hue, lightness = (digest & 0xFFFF) / 0x10000, (0.3, 0.4, 0.5)[(digest >> 16) % 3]
    marker, dashes = MARKERS[(digest >> 18) % len(MARKERS)], ("--", "-.", ":")[(digest >> 22) % 3]
    return hls_to_rgb(hue, lightness, 0.55), marker, dashes
