"""Whether the readers' confidences hold on restored images: calibration, ranking, abstention.

A reading is right here if every character is. Pooled figures resample plates, each with its rows
under all conditions.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..metrics import (
    Interval,
    aurc,
    auroc,
    bootstrap_mean,
    bootstrap_statistic,
    calibrated_error,
    calibration_bins,
    expected_calibration_error,
    risk_at_coverage,
    wilson,
)
from ..metrics.calibration import BINS
from .lines import by_condition, condition_of, share_of_rows, table_line

COVERAGES = tuple(k / 10 for k in range(1, 11))
Found = tuple[Interval, str]


def calibration_table(
    rows: pd.DataFrame, *, draws: int, seed: int, bins: int = BINS, pooled_only: bool = False
) -> pd.DataFrame:
    """Figures of the confidences, per condition and pooled, per method and reader.

    - `overconfidence`: mean confidence less the share of right readings.
    - `confidence_gap`: mean confidence of right readings less that of wrong ones.
    - `auroc`: chance that a right reading is more confident than a wrong one.
    - `aurc`: area under the risk-coverage curve.
    - `ece`: expected calibration error in bins of equal mass. It is biased upward by chance, and so
      are its resamples: its interval is the basic bootstrap, which covers less than 95 % (measured:
      87 % with 120 plates, 71 % with 24).
    - `ece_if_calibrated`: what the same confidences would show if they were true, its mean and its
      central 95 %. An `ece` within that range is no sign of miscalibration.

    Undefined figures (a gap or AUROC where all is right or all is wrong) are NaN. Where the
    resamples do not spread, an `aurc` of 0 or 1 has Wilson's interval over plates and other figures
    have none; nor has an `ece` so small that its interval would lie below 0.

    Args:
        rows: the test's rows.
        draws: bootstrap resamples.
        seed: of the resamples.
        bins: of the calibration errors.
        pooled_only: leave out the single conditions, whose few plates say little.

    Returns:
        A long table as those of `tables`.

    Raises:
        DataError: there are no rows, or a confidence lies outside [0, 1].
    """
    lines = []
    for condition, part in by_condition(_filled(rows))[-1 if pooled_only else 0 :]:
        for (method, reader), group in part.groupby(["method", "reader"], sort=False):
            for measure, found in _Readings(group, draws=draws, seed=seed).figures(bins).items():
                lines.append(table_line(found, condition, method, reader, measure))
    return pd.DataFrame(lines)


def reliability_table(
    rows: pd.DataFrame, *, draws: int, seed: int, bins: int = BINS, binning: str = "mass"
) -> pd.DataFrame:
    """Reliability diagrams: the share of right readings by confidence, per method and reader.

    Args:
        rows: the rows to be pooled.
        draws: bootstrap resamples.
        seed: of the resamples.
        bins: see `metrics.calibration_bins`.
        binning: see `metrics.calibration_bins`.

    Returns:
        A long table of the measure `accuracy`, n in plates, with further columns: `bin`,
        `confidence` (the mean in it), `lowest` and `highest` confidence, and `readings`.

    Raises:
        DataError: there are no rows, or a confidence lies outside [0, 1].
    """
    lines = []
    for (method, reader), group in _filled(rows).groupby(["method", "reader"], sort=False):
        condition = condition_of(group)
        values = group["confidence"].to_numpy(dtype=float)
        place = calibration_bins(values, bins=bins, binning=binning)
        for number in np.unique(place):
            inside = place == number
            found = share_of_rows(
                group["exact"].to_numpy()[inside],
                group["plate"].to_numpy()[inside],
                one_condition=group["condition"].nunique() == 1,
                draws=draws,
                seed=seed,
            )
            extra = {
                "bin": int(number),
                "confidence": float(values[inside].mean()),
                "lowest": float(values[inside].min()),
                "highest": float(values[inside].max()),
                "readings": int(inside.sum()),
            }
            lines.append({**table_line(found, condition, method, reader, "accuracy"), **extra})
    return pd.DataFrame(lines)


def risk_coverage_table(
    rows: pd.DataFrame, *, draws: int, seed: int, coverages: Sequence[float] = COVERAGES
) -> pd.DataFrame:
    """Share of wrong readings among the most confident ones, per method and reader.

    Args:
        rows: the rows to be pooled.
        draws: bootstrap resamples.
        seed: of the resamples.
        coverages: shares of the readings that are kept, in (0, 1].

    Returns:
        A long table of the measure `risk`, with the further columns `coverage` and `threshold`,
        the lowest confidence that is kept.

    Raises:
        DataError: there are no rows, or a confidence lies outside [0, 1].
    """
    lines = []
    for (method, reader), group in _filled(rows).groupby(["method", "reader"], sort=False):
        readings = _Readings(group, draws=draws, seed=seed)
        falling = np.sort(readings.confidence)[::-1]
        for coverage, found in zip(coverages, readings.risks(coverages), strict=True):
            lowest = falling[readings.kept(coverage) - 1]
            extra = {"coverage": coverage, "threshold": float(lowest)}
            line = table_line(found, condition_of(group), method, reader, "risk")
            lines.append({**line, **extra})
    return pd.DataFrame(lines)


class _Readings:
    """One reader's readings of one method, and the figures of their confidences."""

    def __init__(self, rows: pd.DataFrame, *, draws: int, seed: int) -> None:
        self.confidence = rows["confidence"].to_numpy(dtype=float)
        self.right = rows["exact"].to_numpy(dtype=float)
        plates, self.place = np.unique(rows["plate"], return_inverse=True)
        self.plates = len(plates)
        self.draws, self.seed = draws, seed

    def figures(self, bins: int) -> dict[str, Found]:
        """Every measure of `calibration_table`."""
        chance = calibrated_error(self.confidence, draws=self.draws, rng=self._rng(), bins=bins)
        low, high = (float(end) for end in np.quantile(chance, [0.025, 0.975]))
        excess = bootstrap_mean(
            np.bincount(self.place, weights=self.confidence - self.right),
            counts=np.bincount(self.place),
            draws=self.draws,
            rng=self._rng(),
        )
        error = self._resampled(expected_calibration_error, basic=True, bins=bins)
        error = Interval(error.estimate, max(error.low, 0.0), min(error.high, 1.0), error.n)
        return {
            "overconfidence": (excess, "bootstrap"),
            "confidence_gap": self._checked(self._resampled(_gap)),
            "auroc": self._checked(self._resampled(auroc)),
            "aurc": self._checked(self._resampled(aurc), kept=len(self.place)),
            "ece": self._checked(error, kind="basic bootstrap"),
            "ece_if_calibrated": (
                Interval(float(chance.mean()), low, high, self.plates),
                "central 95 %",
            ),
        }

    def risks(self, coverages: Sequence[float]) -> list[Found]:
        """Risk at each coverage."""
        found = self._resampled(risk_at_coverage, coverage=np.asarray(coverages))
        return [
            self._checked(ends, kept=self.kept(coverage))
            for ends, coverage in zip(found, coverages, strict=True)
        ]

    def kept(self, coverage: float) -> int:
        """How many of the most confident readings a coverage keeps, the last perhaps in part."""
        return max(math.ceil(coverage * len(self.confidence) - 1e-9), 1)

    def _resampled(self, figure: Callable[..., Any], *, basic: bool = False, **options: Any) -> Any:
        """Bootstrap over plates of a figure of weighted readings."""

        def statistic(weights: np.ndarray) -> np.ndarray:
            counted = np.take(weights, self.place, axis=-1)
            return figure(self.confidence, self.right, weights=counted, **options)

        return bootstrap_statistic(
            statistic,
            self.plates,
            draws=self.draws,
            rng=self._rng(),
            basic=basic,
            rows=len(self.place),
        )

    def _checked(self, found: Interval, *, kept: int = 0, kind: str = "bootstrap") -> Found:
        """What the interval is called; other ends where it claims certainty.

        Args:
            found: the figure.
            kept: for a share of wrong readings, how many of the most confident ones it looks at.
            kind: what a proper interval is called.
        """
        if np.isnan(found.estimate):
            return found, "undefined"
        if found.low < found.high:
            return found, kind
        if kept and found.estimate in (0.0, 1.0):
            order = np.argsort(-self.confidence, kind="stable")
            n = len(np.unique(self.place[order[:kept]]))
            ends = wilson(int(found.estimate) * n, n)
            return Interval(found.estimate, ends.low, ends.high, n), "Wilson over plates"
        return Interval(found.estimate, np.nan, np.nan, found.n), "none"

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


def _gap(confidence: np.ndarray, right: np.ndarray, *, weights: np.ndarray) -> np.ndarray:
    """Mean confidence of right less that of wrong readings, for each row of weights."""
    totals = [weights @ part for part in (confidence * right, right)]
    totals += [weights @ part for part in (confidence * (1 - right), 1 - right)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals[0] / totals[1] - totals[2] / totals[3]


def _filled(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        raise DataError("no rows to summarise; run `make reproduce` first")
    return rows
