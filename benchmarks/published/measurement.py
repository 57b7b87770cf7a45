"""What one line of the result is about."""

import dataclasses
from typing import Any

from . import sides

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
