"""The command line: lpr-gfpgan restore | read | degrade | train | evaluate.

Exit codes: 0 done; 1 some pictures were skipped, each named; 2 bad input, in one line; 75 training
paused, the same command goes on; 130 interrupted. torchrun knows only 0 and 1: under it a
training that paused or was refused ends with 1; the line that says why stands above torchrun's own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ConfigError, DataError, ImageError, LprError

if TYPE_CHECKING:
    from .restore import PlacedPlate, PlateReading, Restorer

SKIPPED, REFUSED, INTERRUPTED = 1, 2, 130
READINGS = "readings.jsonl"
BATCH = 16
"""Pictures that are held at once."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: of the command line; those of the process when not given.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (LprError, OSError) as error:
        print(f"lpr-gfpgan: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("lpr-gfpgan: interrupted", file=sys.stderr)
        return INTERRUPTED


def restore(options: argparse.Namespace) -> int:
    """Restores pictures into a folder: one PNG each, and their readings as JSON lines."""
    from .files import write_png, write_text

    pictures = _pictures(options)
    targets = _targets(pictures, options.output, overwrite=options.overwrite)
    restorer = _open(options)
    lines, skipped = [], 0
    for batch in _batches(pictures, restorer, options):
        restored = restorer.restore_placed([placed for _, placed in batch if placed is not None])
        for path, placed in batch:
            if placed is None:
                skipped += 1
                continue
            plate = restored.pop(0)
            write_png(targets[path], plate.image)
            line = {"input": str(path), "output": str(targets[path])}
            if restorer.reader is not None:
                line |= _fields(plate.reading) | _fields(plate.reading_restored, "_restored")
            lines.append(json.dumps(line, ensure_ascii=False))
    if lines:
        write_text(options.output / READINGS, "\n".join(lines) + "\n")
    return SKIPPED if skipped else 0


def read(options: argparse.Namespace) -> int:
    """Reads pictures as they are, without restoring them; prints JSON lines."""
    from .errors import WeightsError

    pictures = _pictures(options)
    restorer = _open(options)
    if restorer.reader is None:
        raise WeightsError("no reader beside the restorer's weights; run `make reproduce` first")
    skipped = 0
    for batch in _batches(pictures, restorer, options):
        readings = restorer.read_placed([placed for _, placed in batch if placed is not None])
        for path, placed in batch:
            if placed is None:
                skipped += 1
            else:
                line = {"input": str(path)} | _fields(readings.pop(0))
                print(json.dumps(line, ensure_ascii=False), flush=True)
    return SKIPPED if skipped else 0


def degrade(options: argparse.Namespace) -> int:
    """Makes a test case: a picture degraded by known parameters, which are written beside it."""
    import torch

    from .degradations import degrade as apply
    from .files import read_image, sha256_of, write_json, write_png
    from .plates import image_tensor
    from .training.pictures import to_pixels

    record = options.output.with_suffix(".json")
    if options.output.suffix.lower() != ".png":
        raise ImageError(f"{options.output}: the result is stored without loss; name it .png")
    _refuse_existing([options.output, record], overwrite=options.overwrite)
    image = read_image(options.path)
    parameters = _parameters(options, *image.shape[:2])
    factors = (options.motion_length, options.defocus, options.width, options.noise, options.jpeg)
    if not any(factors):
        print("lpr-gfpgan: no factor was given: the copy is not degraded", file=sys.stderr)
    with torch.inference_mode():
        degraded = apply(image_tensor(image[None]), parameters, codec="exact")
    write_png(options.output, to_pixels(degraded)[0])
    facts = {"input": str(options.path), "input_sha256": sha256_of(options.path)}
    write_json(record, {**facts, "seed": options.seed, **parameters.to_rows()[0]})
    return 0


def train(options: argparse.Namespace) -> int:
    """Trains one variant of the restorer, with everything it needs that is not trained yet."""
    from . import training

    try:
        training.train(
            options.profile, options.variant, options.seed, max_seconds=options.max_seconds
        )
    except training.Paused as pause:
        print(f"lpr-gfpgan: {pause}", file=sys.stderr)
        return pause.exit_code
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Runs the test of a trained study again, rewrites its rows and metrics, prints accuracies.

    The figures and the page are `make reproduce`'s.
    """
    from . import evaluation
    from .config import load_study

    study = load_study(options.profile)
    result = evaluation.evaluate(study, device=options.device)
    evaluation.write(result, study)
    settings = study.settings.evaluation
    table = evaluation.accuracy_table(result.rows, draws=settings.bootstrap, seed=settings.seed)
    table = table[table["measure"] == "character_accuracy"]
    shown = evaluation.readable(table, index=["method", "reader"], columns="condition")
    print("character accuracy in per cent, 95 % interval")
    print(shown.to_string())
    print(f"all figures: {study.paths.metrics('evaluation')}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lpr-gfpgan",
        description="Restores and reads pictures of licence plates. A restoration shows what is "
        "likely, not what was there: it is no evidence.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(function: Any) -> argparse.ArgumentParser:
        text = function.__doc__.splitlines()[0]
        made = commands.add_parser(function.__name__, help=text, description=text)
        made.set_defaults(run=function)
        return made

    for function in (restore, read):
        made = command(function)
        made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures, folders")
        place = made.add_mutually_exclusive_group()
        place.add_argument(
            "--tight",
            action="store_true",
            help="every picture ends at the plate's edges, as a rectified crop does",
        )
        place.add_argument(
            "--corners",
            nargs=4,
            type=_point,
            metavar="X,Y",
            help="the plate's corners in the one picture given, in pixels: upper left, upper "
            "right, lower right, lower left",
        )
        made.add_argument("--weights", type=Path, help="a restorer's weights file")
        made.add_argument("--device", help="cpu or cuda; a GPU if there is one")
        if function is restore:
            made.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
            made.add_argument("--overwrite", action="store_true", help="replace what is there")

    made = command(degrade)
    made.add_argument("path", type=Path, metavar="PATH", help="a sharp picture")
    made.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="a PNG")
    lengths = "in pixels of the picture"
    made.add_argument("--motion-length", type=float, default=0, metavar="PX", help=lengths)
    made.add_argument(
        "--motion-angle", type=float, default=0, metavar="DEGREES", help="0 to 180, 0 horizontal"
    )
    made.add_argument(
        "--defocus", type=float, default=0, metavar="PX", help=f"the Gaussian's sigma {lengths}"
    )
    made.add_argument("--width", type=int, metavar="PX", help="columns it is reduced to")
    made.add_argument("--noise", type=float, default=0, metavar="SIGMA", help="in levels of 0..255")
    made.add_argument("--jpeg", type=int, metavar="QUALITY", help="1 to 100")
    made.add_argument("--seed", type=int, default=0, help="of the noise")
    made.add_argument("--overwrite", action="store_true", help="replace what is there")

    made = command(train)
    made.add_argument("--profile", help="smoke, quick, gpu or paper; else that of params.yaml")
    made.add_argument("--variant", default="full", help="a key of `ablations` or `baselines`")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--max-seconds", type=float, metavar="S", help="pause after so many")

    made = command(evaluate)
    made.add_argument("--profile", help="smoke, quick, gpu or paper; else that of params.yaml")
    made.add_argument("--device", help="cpu or cuda; a GPU if there is one")
    return parser


def _open(options: argparse.Namespace) -> Restorer:
    from .restore import Restorer

    return Restorer.from_pretrained(options.weights, device=options.device)


def _point(text: str) -> tuple[float, float]:
    """Two numbers with a comma between them."""
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no point; give it as X,Y") from None
    return x, y


def _pictures(options: argparse.Namespace) -> list[tuple[Path, Path]]:
    """The pictures asked for, see `_find`; corners belong to one picture alone."""
    pictures = _find(options.paths)
    if options.corners is not None and len(pictures) != 1:
        raise DataError(
            f"--corners are those of one picture, got {len(pictures)}; run it for each of them"
        )
    return pictures


def _find(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Every picture, and its place below the output folder; folders are searched in depth.

    Raises:
        DataError: a folder holds no picture.
    """
    from .files import IMAGE_SUFFIXES

    found = []
    for path in paths:
        if not path.is_dir():
            found.append((path, Path(path.name)))
            continue
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
        if not inside:
            raise DataError(f"{path}: no pictures in this folder; check the path")
        found += [(picture, picture.relative_to(path)) for picture in inside]
    return found


def _targets(
    pictures: Sequence[tuple[Path, Path]], folder: Path, *, overwrite: bool
) -> dict[Path, Path]:
    """The PNG each picture becomes; refuses before any work what would be lost.

    Raises:
        DataError: two pictures would become one file, or a file is there already.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; give a folder")
    targets: dict[Path, Path] = {}
    origin: dict[Path, Path] = {}
    for picture, place in pictures:
        target = (folder / place).with_suffix(".png")
        first = origin.setdefault(target, picture)
        if first != picture:
            raise DataError(f"{first} and {picture} would both become {target}; rename one")
        if target.resolve() == picture.resolve():
            raise DataError(f"{picture} would be replaced by its restoration; give another folder")
        targets[picture] = target
    _refuse_existing([*targets.values(), folder / READINGS], overwrite=overwrite)
    return targets


def _refuse_existing(paths: Sequence[Path], *, overwrite: bool) -> None:
    for path in paths:
        if path.exists() and not overwrite:
            raise DataError(f"{path} is there already; give --overwrite or another place")


def _batches(
    pictures: Sequence[tuple[Path, Path]], restorer: Restorer, options: argparse.Namespace
) -> Iterator[list[tuple[Path, PlacedPlate | None]]]:
    """Pictures with their plates, a batch at a time; a picture that cannot be used has None."""
    from tqdm import tqdm

    from .restore import TIGHT

    batch: list[tuple[Path, PlacedPlate | None]] = []
    with tqdm(total=len(pictures), unit="picture", disable=None) as bar:
        for path, _ in pictures:
            try:
                placed = restorer.place(path, TIGHT if options.tight else options.corners)
            except LprError as error:
                bar.write(f"lpr-gfpgan: skipped: {error}", file=sys.stderr)
                placed = None
            batch.append((path, placed))
            if len(batch) == BATCH:
                yield batch
                bar.update(len(batch))
                batch = []
        if batch:
            yield batch
            bar.update(len(batch))


def _fields(reading: PlateReading | None, suffix: str = "") -> dict[str, Any]:
    """A reading as JSON fields; `complete` tells whether it is a whole plate text."""
    if reading is None:
        return {f"text{suffix}": None}
    return {
        f"text{suffix}": reading.text,
        f"complete{suffix}": reading.complete,
        f"confidences{suffix}": [round(value, 4) for value in reading.confidences],
    }


def _parameters(options: argparse.Namespace, height: int, width: int) -> Any:
    """What `degrade` was asked for, for one picture.

    Raises:
        ConfigError: a value is out of its range.
    """
    import torch

    from .degradations import DegradationParameters
    from .randomness import keys

    small = width if options.width is None else options.width
    jpeg = 0 if options.jpeg is None else options.jpeg
    limits = {
        "--motion-length": (options.motion_length, 0, width),
        "--motion-angle": (options.motion_angle, 0, 180),
        "--defocus": (options.defocus, 0, width),
        "--width": (small, 1, width),
        "--noise": (options.noise, 0, 255),
        "--jpeg": (jpeg, 0 if options.jpeg is None else 1, 100),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise ConfigError(f"{name} {value:g}: stay within {low} to {high}")
    row = DegradationParameters.none(1, height, width).to_rows()[0]
    row |= {
        "motion_length": options.motion_length,
        "motion_angle": options.motion_angle,
        "sigma_major": options.defocus,
        "sigma_minor": options.defocus,
        "small_width": small,
        "small_height": max(1, round(height * small / width)),
        "noise_sigma": options.noise,
        "jpeg_quality": jpeg,
        "noise_key": keys(options.seed, 0, torch.tensor([0]), "cli/degrade").item(),
    }
    return DegradationParameters.from_rows([row])


if __name__ == "__main__":
    sys.exit(main())
