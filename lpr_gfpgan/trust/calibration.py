"""What a trained restorer and its reader may be trusted with: kept beside their weights."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError, DataError
from ..files import write_text
from ..readers import Reader
from ..settings import build
from .confidence import CharacterModel
from .likeness import Likeness, frame_figures, reader_figures
from .placing import WAYS
from .texts import POWERS

FILE = "calibration.json"
FORMAT = 3
"""Of the file; 1, which had no number, knew no `text_power`, and 2 no plates that were found."""
MEND = "`make reproduce`"
LEAST_AUROC = 0.7
"""Agreement of samples is shown only if it ranks right characters above wrong ones so often."""


@dataclass(frozen=True, kw_only=True)
class Auroc:
    """How well the agreement of samples tells right characters from wrong ones, on validation.

    Attributes:
        estimate: chance that a right character has more agreement than a wrong one.
        low: lower end of its 95 % bootstrap interval over plates.
        high: upper end.
        n: plates.
    """

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Figures fixed on validation plates, for one restorer and one direct reader.

    Attributes:
        profile: of the study.
        restorer_sha256: of the restorer's weights file.
        reader_sha256: of the direct reader's weights file.
        n: how many plates, characters and non-plates each part was made from.
        likeness: the fitted score of what looks like a plate, for each way of placing one
            (`placing.WAYS`).
        likeness_threshold: at or above it a frame passes for a plate, for each way.
        characters: the fitted model of a character's confidence, for each way.
        text_power: to which the product of its characters' confidences is raised to give that of a
            whole text (`texts`), for each way.
        samples: restorations a plate whose agreement was measured; of fewer it is not known what
            their agreement says.
        agreement_auroc: of that agreement, for each way; None where all
            characters were right or all wrong.
    """

    profile: str
    restorer_sha256: str
    reader_sha256: str
    n: dict[str, int]
    likeness: dict[str, Likeness]
    likeness_threshold: dict[str, float]
    characters: dict[str, CharacterModel]
    text_power: dict[str, float]
    samples: int
    agreement_auroc: dict[str, Auroc | None]

    def shows_agreement(self, way: str) -> bool:
        """Whether the agreement of samples says enough about wrong characters to be shown.

        Args:
            way: how the plate was placed, one of `placing.WAYS`.
        """
        auroc = self.agreement_auroc[way]
        return auroc is not None and auroc.estimate >= LEAST_AUROC

    def plate_likeness(self, reader: Reader, frames: Sequence[np.ndarray], way: str) -> np.ndarray:
        """How much each frame looks like a plate, for `accepts`.

        Args:
            reader: the direct reader whose weights `check` accepts.
            frames: uint8 RGB [H, W, 3] each, of one size, the plate in the canonical box.
            way: how the plates were placed, one of `placing.WAYS`.

        Returns:
            float64 [N].

        Raises:
            DataError: no frames.
        """
        return self.likeness[way].of(frame_figures(reader, frames))

    @torch.no_grad()
    def look(
        self, reader: Reader, image: Tensor, quad: Tensor, ways: Sequence[str]
    ) -> tuple[np.ndarray, Tensor]:
        """Likeness of a batch, and the reader's class scores of it, of one reading.

        Args:
            reader: the direct reader whose weights `check` accepts.
            image: float32 [B, 3, H, W] in [-1, 1].
            quad: float32 [B, 4, 2], corners in pixels.
            ways: B of `placing.WAYS`, how each plate was placed.

        Returns:
            The likeness, float64 [B], and the scores [B, T, C].
        """
        figures, logits = reader_figures(reader, image, quad)
        values = [self.likeness[way].of(row[None]) for way, row in zip(ways, figures, strict=True)]
        return np.concatenate(values), logits

    def heeds_restoration(self, way: str) -> bool:
        """Whether a confidence depends on how the restoration is read.

        Args:
            way: how the plate was placed, one of `placing.WAYS`.
        """
        model = self.characters[way]
        return model.rise > 0 or model.fall > 0

    def accepts(self, likeness: float, way: str) -> bool:
        """Whether a frame of this likeness, placed in one of `placing.WAYS`, passes for a plate."""
        return bool(likeness >= self.likeness_threshold[way])

    def confidence(self, raw: float, agrees: bool | None, *, sharp: float, way: str) -> float:
        """The calibrated probability that a read character is right.

        Args:
            raw: the direct reader's own confidence in it, read from the input, in [0, 1].
            agrees: whether the reading of the restoration has it at its place (see
                `confidence.agreement`); None where that was not read.
            sharp: the `sharpness` of the frame.
            way: how the plate was placed, one of `placing.WAYS`.

        Raises:
            DataError: the raw confidence is outside [0, 1].
        """
        if not 0 <= raw <= 1:
            raise DataError(f"a confidence must lie in [0, 1], got {raw}; check the reader")
        model = self.characters[way]
        return float(model.probability(raw, sharp, agrees))

    def text_confidence(self, product: float, way: str) -> float:
        """The calibrated probability that a whole text is right.

        Args:
            product: of the calibrated confidences of its characters, in [0, 1].
            way: how the plate was placed, one of `placing.WAYS`.
        """
        return float(product ** self.text_power[way])

    def check(self, restorer_sha256: str, reader_sha256: str) -> None:
        """Refuses weights that this was not made for.

        Raises:
            DataError: names whose weights are other ones.
        """
        held = {"restorer": self.restorer_sha256, "direct reader": self.reader_sha256}
        given = {"restorer": restorer_sha256, "direct reader": reader_sha256}
        for name, sha256 in held.items():
            if given[name] != sha256:
                raise DataError(
                    f"{FILE} was made for another {name} ({sha256[:12]}, given "
                    f"{given[name][:12]}); make it again with {MEND}"
                )

    def save(self, path: Path | str) -> None:
        """Writes it as JSON, whole or not at all."""
        values = {"format": FORMAT} | dataclasses.asdict(self)
        content = json.dumps(values, allow_nan=False, sort_keys=True)
        write_text(path, content + "\n")

    @classmethod
    def load(cls, path: Path | str) -> "Calibration":
        """Reads what `save` wrote.

        Raises:
            DataError: the file is missing, no JSON, of another format, lacks a value, holds an
                unknown one or one of the wrong type or out of range, or its tables do not fit
                together.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(f"no calibration in {path}; make it with {MEND}") from None
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise _damaged(path, f"no JSON: {reason}") from None
        if isinstance(content, dict):
            held = content.pop("format", 1)
            if held != FORMAT:
                raise _damaged(path, f"format {held!r}, where {FORMAT} is needed")
        try:
            found = build(cls, content, FILE)
        except ConfigError as error:  # its advice is about params.yaml
            raise _damaged(path, str(error).split(";")[0]) from None
        found._check_tables(path)
        return found

    def _check_tables(self, path: Path | str) -> None:
        by_way = (
            self.likeness,
            self.likeness_threshold,
            self.characters,
            self.text_power,
            self.agreement_auroc,
        )
        if not all(set(each) == set(WAYS) for each in by_way):
            raise _damaged(path, f"needed are figures of plates given by {', '.join(WAYS)}")
        for likeness in self.likeness.values():
            trunk, figures = len(likeness.trunk_mean), len(likeness.centre)
            square = [len(row) for row in likeness.trunk_precision] == [trunk] * trunk
            same = len(likeness.scale) == len(likeness.weights) == figures > trunk
            if not (square and same and min(likeness.scale) > 0):
                raise _damaged(path, "the tables of the likeness do not fit together")
        for model in self.characters.values():
            if min(model.slope, model.clear, model.rise, model.fall) < 0:
                raise _damaged(path, "a slope, clear, rise or fall below 0")
            if not model.softest <= model.usual <= model.sharpest:
                raise _damaged(path, "a usual sharpness beyond its ends")
        if not all(POWERS[0] <= power <= POWERS[1] for power in self.text_power.values()):
            raise _damaged(path, f"a text_power outside {POWERS[0]:g} to {POWERS[1]:g}")
        if any(len(sha256) != 64 for sha256 in (self.restorer_sha256, self.reader_sha256)):
            raise _damaged(path, "a SHA-256 that is none")
        for auroc in self.agreement_auroc.values():
            if auroc is not None and not 0 <= auroc.low <= auroc.estimate <= auroc.high <= 1:
                raise _damaged(path, "an agreement_auroc outside its interval or [0, 1]")


def _damaged(path: Path | str, reason: str) -> DataError:
    return DataError(f"{path} is no calibration ({reason}); make it again with {MEND}")
