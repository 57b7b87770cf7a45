"""What made a result, so that it can be traced and is taken for nothing else."""

from __future__ import annotations

import argparse
import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .pictures import report

if TYPE_CHECKING:
    import numpy as np

    from ..restore import Restorer

RESTORED = "restored by a model: not evidence"
READ = "read by a model: not evidence"


def open_restorer(options: argparse.Namespace) -> tuple[Restorer, dict[str, Any]]:
    """Opens the weights that the user named, or those found, and says which they are.

    Returns:
        The restorer, and as JSON values: `software`, `model` (folder and name of its file),
        `model_sha256`, and of the reader `reader` (its name), `reader_profile`, `reader_sha256` and
        whether its confidences are `calibrated`; the reader's are None where there is none.

    Raises:
        WeightsError: there are no weights, or they are damaged.
        ConfigError: there is no such device.
    """
    from ..files import sha256_of
    from ..restore import Restorer, find_weights

    path = options.weights or find_weights()
    restorer = Restorer.from_pretrained(path, device=options.device)
    model = "/".join(path.absolute().parts[-2:])
    facts = {"software": software(), "model": model, "model_sha256": sha256_of(path)}
    return restorer, facts | _reader_facts(restorer, path)


def software() -> str:
    """Name and version of this package."""
    try:
        return f"lpr-gfpgan {version('lpr-gfpgan')}"
    except PackageNotFoundError:  # imported from a folder
        return "lpr-gfpgan, not installed"


def png_facts(facts: dict[str, Any], input_sha256: str, image: np.ndarray) -> dict[str, str]:
    """What a restored PNG keeps; Software and Disclaimer are keywords of the PNG standard.

    Args:
        facts: see `open_restorer`.
        input_sha256: of the input.
        image: uint8 RGB [h, w, 3], what the PNG shows. The hash of its bytes, row by row, tells
            whether it was edited since: programs that edit pictures may keep the rest.
    """
    return {
        "Software": facts["software"],
        "Disclaimer": RESTORED,
        "model_sha256": facts["model_sha256"],
        "input_sha256": input_sha256,
        "pixels_sha256": hashlib.sha256(image.tobytes()).hexdigest(),
    }


def is_restoration(path: Path, input_sha256: str, model_sha256: str | None = None) -> bool:
    """Whether a file is a PNG that `png_facts` say was restored from that input.

    Args:
        path: the file.
        input_sha256: of the input.
        model_sha256: of the weights that must have made it; any may when not given.
    """
    facts = _facts_of(path)
    wanted = {"Disclaimer": RESTORED, "input_sha256": input_sha256}
    if model_sha256 is not None:
        wanted["model_sha256"] = model_sha256
    return all(facts.get(name) == value for name, value in wanted.items())


def warn_of_restoration(path: Path) -> None:
    """Says so where a picture that is to be worked on is itself a restoration."""
    if _facts_of(path).get("Disclaimer") == RESTORED:
        report(f"{path} was itself restored by a model: what it shows may be invented")


def is_untouched(path: Path, input_sha256: str) -> bool:
    """Whether a file is a restoration of that input and shows what was written, see `png_facts`."""
    from PIL.PngImagePlugin import PngImageFile

    if not is_restoration(path, input_sha256):
        return False
    try:
        with PngImageFile(path) as picture:
            shown = hashlib.sha256(picture.tobytes()).hexdigest()
            return picture.info.get("pixels_sha256") == shown
    except (OSError, SyntaxError, ValueError):
        return False


def _facts_of(path: Path) -> dict[str, Any]:
    """The text in a PNG; of what is no PNG, nothing."""
    from PIL.PngImagePlugin import PngImageFile

    try:
        with PngImageFile(path) as picture:
            return picture.info
    except (OSError, SyntaxError, ValueError):
        return {}


def _reader_facts(restorer: Restorer, weights: Path) -> dict[str, Any]:
    from ..files import sha256_of
    from ..networks import load_weights
    from ..restore.weights import READER

    facts: dict[str, Any] = {"reader": None, "reader_profile": None, "reader_sha256": None}
    if restorer.reader is not None:
        path = weights.with_name(READER)
        facts["reader"] = restorer.reader.name
        facts["reader_profile"] = load_weights(path)[1]["provenance"].get("profile")
        facts["reader_sha256"] = sha256_of(path)
    return facts | {"calibrated": restorer.calibration is not None}
