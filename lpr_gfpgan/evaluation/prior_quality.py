"""What the prior's scenes are worth: how near to plates they are, and whether anything can be read.

The scenes drawn from codes have no known corners, so every picture here is cut out at the canonical
place of a plate: the prior's scenes, those of the same network before its training, the test's
untouched plates, and the same degraded as a restorer is given them. All are compared with the
validation plates, cut out likewise, in the features of the reader `judge`. A prior that is farther
from plates than degraded ones, or in whose scenes nobody reads a plate's text, has little to give.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..config import Study
from ..errors import DataError
from ..metrics import Interval, kid_interval, wilson
from ..networks import Generator, load_weights
from ..plates import canonical_quad, image_tensor, is_grammatical
from ..readers import Reader, load_reader
from ..training import sample_prior, untrained_prior
from ..training.pictures import to_pixels
from ..training.stage import begin
from .lines import as_json, table_line
from .methods import DEGRADED, JUDGE
from .protocol import CHUNK, VALIDATION, load_plates, study_conditions
from .sets import kept_degraded_set

UNTRAINED, PRIOR, UNTOUCHED = "prior before training", "prior", "untouched test plates"
KID, WHOLE_TEXT = "kid", "whole_text"


def prior_quality(study: Study) -> pd.DataFrame:
    """KID, and what the judge reads, of the prior's scenes and of plates cut out likewise.

    Args:
        study: the study; its prior and its reader `judge` must be trained.

    Returns:
        A long table as those of `tables`, one set of pictures after the other as `method`:
        UNTRAINED, PRIOR, UNTOUCHED, and "degraded, <condition>" for each of the study's own. Its
        measures: `kid` from the validation plates; `whole_text`, the share of pictures in which the
        judge reads a whole plate text by its grammar, whichever.

    Raises:
        DataError: the plates are missing, damaged or too few.
        WeightsError: the prior or the judge is missing or damaged.
    """
    device = begin(study)
    judge = load_reader(study.paths.reader(JUDGE), JUDGE).to(device)
    settings, seed = study.settings.evaluation, study.seeds[0]
    count = min(settings.kid_plates, study.settings.plates.validation)
    real = load_plates(study, VALIDATION, count=count).image
    trained, _ = load_weights(study.paths.prior, expect_kind="generator")
    sets = {
        name: _scenes(generator.to(device).eval(), count, seed=seed)
        for name, generator in (
            (UNTRAINED, untrained_prior(study, seed=seed)),
            (PRIOR, trained),
        )
    }
    test = load_plates(study)
    sets[UNTOUCHED] = test.image
    for condition in study_conditions(study):
        sets[f"{DEGRADED}, {condition.name}"] = kept_degraded_set(
            study.paths.degraded, test, condition
        ).bicubic
    size, draws = study.settings.frame.size, settings.bootstrap
    reference = _features(judge, real, size)
    lines = []
    for name, images in sets.items():
        for measure, (found, kind) in _figures(
            judge, images, reference, size, draws=draws, seed=settings.seed
        ).items():
            reader = "" if measure == KID else JUDGE
            lines.append(table_line((found, kind), "", name, reader, measure))
    return pd.DataFrame(lines).drop(columns="condition")


def prior_figures(table: pd.DataFrame) -> dict[str, Any]:
    """The table as metrics/prior.json holds it: set, measure, figure with its interval and n."""
    figures: dict[str, Any] = {}
    for line in table.to_dict("records"):
        figures.setdefault(line["method"], {})[line["measure"]] = as_json(line)
    return figures


def read_prior_table(path: Path) -> pd.DataFrame:
    """The table back from metrics/prior.json, but for `reader` and `interval`.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
        lines = [
            {"method": name, "measure": measure, **line}
            for name, measures in figures.items()
            for measure, line in measures.items()
        ]
        return pd.DataFrame(lines)[["method", "measure", "n", "estimate", "low", "high"]]
    except FileNotFoundError:
        raise DataError(f"no metrics of the prior in {path}; run `make reproduce` first") from None
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        raise DataError(f"{path} is damaged; run `make reproduce` again") from None


@torch.no_grad()
def _scenes(generator: Generator, count: int, *, seed: int) -> np.ndarray:
    """Pictures of the prior, rounded to 8 bits as the others are: uint8 [count, H, W, 3]."""
    return to_pixels(sample_prior(generator, count, seed=seed))


def _figures(
    judge: Reader,
    images: np.ndarray,
    reference: np.ndarray,
    size: tuple[int, int],
    *,
    draws: int,
    seed: int,
) -> dict[str, tuple[Interval, str]]:
    """The measures of one set of pictures, each with how its interval was found."""
    rng = np.random.default_rng(seed)
    near = kid_interval(reference, _features(judge, images, size), draws=draws, rng=rng)
    readings = [
        reading for part, quad in _parts(judge, images, size) for reading in judge.read(part, quad)
    ]
    whole = sum(is_grammatical(reading.text) for reading in readings)
    return {
        KID: (near, "bootstrap of both sets"),
        WHOLE_TEXT: (wilson(whole, len(readings)), "Wilson"),
    }


def _features(judge: Reader, images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Features float32 [N, F] of uint8 [N, H, W, 3] at the canonical place."""
    found = [judge.features(part, quad) for part, quad in _parts(judge, images, size)]
    return torch.cat(found).float().cpu().numpy()


def _parts(
    judge: Reader, images: np.ndarray, size: tuple[int, int]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The pictures in chunks, each with the canonical corners, on the judge's device."""
    device = next(judge.network.parameters()).device
    quad = torch.as_tensor(canonical_quad(*size), dtype=torch.float32, device=device)
    for start in range(0, len(images), CHUNK):
        part = image_tensor(images[start : start + CHUNK], device)
        yield part, quad.expand(len(part), -1, -1)
