"""`degrade`: a test case whose answer is known."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..errors import ConfigError, ImageError
from .arguments import Commands, add_command, add_overwrite, path

if TYPE_CHECKING:
    from ..degradations import DegradationParameters


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = add_command(commands, degrade)
    parser.add_argument("path", type=path, metavar="PATH", help="a sharp picture")
    parser.add_argument("-o", "--output", type=path, required=True, metavar="FILE", help="a PNG")
    lengths = "in pixels of the picture"
    parser.add_argument("--motion-length", type=float, default=0, metavar="PX", help=lengths)
    parser.add_argument(
        "--motion-angle", type=float, default=0, metavar="DEGREES", help="0 to 180, 0 horizontal"
    )
    parser.add_argument(
        "--defocus", type=float, default=0, metavar="PX", help=f"the Gaussian's sigma {lengths}"
    )
    parser.add_argument(
        "--width", type=int, metavar="PX", help="columns it is reduced to, at most its own"
    )
    parser.add_argument(
        "--noise", type=float, default=0, metavar="SIGMA", help="in levels of 0..255, 0 to 255"
    )
    parser.add_argument("--jpeg", type=int, metavar="QUALITY", help="1 (coarse) to 100")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    add_overwrite(parser)


def degrade(options: argparse.Namespace) -> int:
    """Makes a test case: a picture degraded by known parameters, which are written beside it."""
    import torch

    from ..degradations import degrade as apply
    from ..files import (
        read_image,
        refuse_existing,
        refuse_file,
        sha256_of,
        write_json,
        write_png,
    )
    from ..plates import image_tensor
    from ..training.pictures import to_pixels

    record = options.output.with_suffix(".json")
    if options.output.suffix.lower() != ".png":
        raise ImageError(f"{options.output}: the result is stored without loss; name it .png")
    if options.output.resolve() == options.path.resolve():
        raise ImageError(f"{options.path} would be replaced by its copy; name another file")
    refuse_file(options.output.parent)
    refuse_existing([options.output, record], overwrite=options.overwrite)
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


def _parameters(options: argparse.Namespace, height: int, width: int) -> DegradationParameters:
    """What was asked for, for one picture.

    Raises:
        ConfigError: a value is out of its range.
    """
    import torch

    from ..degradations import DegradationParameters
    from ..randomness import keys

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
