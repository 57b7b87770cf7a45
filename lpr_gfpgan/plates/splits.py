"""Which split a plate belongs to, decided by its text alone."""

import hashlib

SPLITS = ("train", "judge", "validation", "test")
"""The parts of a synthetic set; "judge" has training texts in every typeface."""


def split_of(text: str) -> str:
    """Return "train" (80 %), "validation" (10 %) or "test" (10 %) for a plate text.

    The SHA-256 of the text decides, so every source, drawn or photographed, now or later, agrees
    and no plate text is ever in two splits.

    Example:
        >>> split_of("皖A88888")
        'train'
    """
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return "train" if share < 0.8 else "validation" if share < 0.9 else "test"
