"""One line of the result: what it is about, both sides' seconds, their ratio and their memory."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from ..kept import stamp
from ..timing import four_digits
from . import clock, memory, sides

BATCHES = {
    128: {"forward": (1, 8), "degradations": (8,)},
    512: {"forward": (1, 8), "degradations": (2,)},
}
"""Images of a call, by size and case."""
OTHERWISE = {128: (4,), 512: (2,)}
Line = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What one line of the result is about.

    Attributes:
        case: a key of `sides.CASES`, or of `sides.MEANS`.
        size: px, of the square image.
        batch: images of a call.
        precision: a key of `sides.PRECISIONS`.
        device: "cpu" or "cuda".
        threads: of the CPU.
    """

    case: str
    size: int
    batch: int
    precision: str
    device: str
    threads: int

    def of(self, line: Line) -> bool:
        """Whether a line of the result is about the same."""
        return all(line.get(key) == value for key, value in dataclasses.asdict(self).items())

    def work(self, side: str) -> sides.Work:
        """What one side does."""
        work = sides.CASES[self.case](side, self.size, self.batch, self.device)
        return sides.in_precision(work, self.precision, self.device)

    def timed(self, rounds: int) -> Line:
        """Both sides in turn, `rounds` times."""
        works = {side: self.work(side) for side in (sides.OURS, sides.REFERENCE)}
        took = clock.alternate(works, rounds=rounds)
        line = dataclasses.asdict(self) | {"rounds": rounds}
        line |= clock.speedup(took[sides.OURS], took[sides.REFERENCE])
        line["seconds"] = {side: clock.summary(values) for side, values in took.items()}
        line["peak_memory_mib"] = {side: memory.of_side(self, side) for side in works}
        return line | stamp()


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
