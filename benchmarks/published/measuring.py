"""Lines of the result: both sides' seconds, their ratio, their memory, and the means of steps."""

import dataclasses
import itertools
from collections.abc import Iterator

from ..timing import four_digits
from . import clock, memory, sides
from .measurement import Line, Measurement

BATCHES = {
    128: {"forward": (1, 8), "degradations": (8,)},
    512: {"forward": (1, 8), "degradations": (2,)},
}
"""Images of a call, by size and case."""
OTHERWISE = {128: (4,), 512: (2,)}


def timed(about: Measurement, rounds: int) -> Line:
    """Both sides in turn, `rounds` times."""
    works = {side: about.work(side) for side in (sides.OURS, sides.REFERENCE)}
    took = clock.alternate(works, rounds=rounds)
    line = dataclasses.asdict(about) | {"rounds": rounds}
    line |= clock.speedup(took[sides.OURS], took[sides.REFERENCE])
    line["seconds"] = {side: clock.summary(values) for side, values in took.items()}
    line["peak_memory_mib"] = {side: memory.of_side(about, side) for side in works}
    return line


def wanted(
    cases: list[str], size: int, precision: str, device: str, threads: int
) -> list[Measurement]:
    """What to measure of some cases at one size in one number format."""
    return [
        Measurement(case, size, batch, precision, device, 1 if case == "degradations" else threads)
        for case in cases
        if precision == "float32" or case in sides.IN_BFLOAT16
        for batch in BATCHES[size].get(case, OTHERWISE[size])
    ]


def put(lines: list[Line], about: Measurement, line: Line) -> None:
    """Adds a line, in place of the one about the same."""
    lines[:] = [other for other in lines if not about.of(other)] + [line]


def means(
    lines: list[Line], size: int, threads: int, device: str
) -> Iterator[tuple[Measurement, Line]]:
    """The mean step of each game, from the medians of its parts; without those not measured.

    The lazy penalties are in float32 whatever the step is in, as in training.
    """
    (batch,) = OTHERWISE[size]
    for precision, (name, shares) in itertools.product(sides.PRECISIONS, sides.MEANS.items()):
        parts = {}
        for case in shares:
            own = precision if case in sides.IN_BFLOAT16 else "float32"
            about = Measurement(case, size, batch, own, device, threads)
            parts.update((case, line) for line in lines if about.of(line))
        if len(parts) < len(shares):
            continue
        seconds = {
            side: sum(share * parts[p]["seconds"][side]["median"] for p, share in shares.items())
            for side in (sides.OURS, sides.REFERENCE)
        }
        ratio = seconds[sides.REFERENCE] / seconds[sides.OURS]
        mean = Measurement(name, size, batch, precision, device, threads)
        numbers = {side: four_digits(value) for side, value in seconds.items()}
        yield mean, dataclasses.asdict(mean) | {"speedup": round(ratio, 3), "seconds": numbers}
