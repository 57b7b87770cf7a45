"""Times two sides in turn, so that what else the machine does falls on both alike."""

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from ..timing import four_digits, seconds


def alternate(
    sides: Mapping[str, Callable[[], Any]], *, rounds: int, warm: int = 1
) -> dict[str, list[float]]:
    """Seconds of each side, round by round: A B A B.

    Args:
        sides: what to call, by name.
        rounds: how many calls of each count.
        warm: how many calls of each come first and do not count.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(warm + rounds):
        for name, work in sides.items():
            took = seconds(work)
            if number >= warm:
                found[name].append(took)
    return found


def summary(values: list[float]) -> dict[str, float]:
    """Median, least and greatest of some seconds, to four digits."""
    ends = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: four_digits(value) for name, value in ends.items()}


def speedup(ours: list[float], reference: list[float]) -> dict[str, float]:
    """Reference time over ours, from the medians, and the spread of the ratio within a round."""
    pairs = [theirs / own for own, theirs in zip(ours, reference, strict=True)]
    ratio = statistics.median(reference) / statistics.median(ours)
    ends = {"speedup": ratio, "lowest_round": min(pairs), "highest_round": max(pairs)}
    return {name: round(value, 3) for name, value in ends.items()}
