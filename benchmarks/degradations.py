"""Speed of the degradations: images per second, one thread, JSON on standard output.

Run by hand: `python -m benchmarks.degradations [--threads 1] [--device cpu]`.
"""

import argparse
import json
from collections.abc import Callable

import torch

from lpr_gfpgan.degradations import DegradationRanges, degrade, draw

from .kept import machine, stamp
from .timing import seconds

RANGES = DegradationRanges(
    motion_probability=0.5,
    motion_length=(0.02, 0.08),
    motion_angle=(0, 180),
    defocus_probability=0.8,
    defocus_sigma=(0.002, 0.02),
    defocus_kinds={"isotropic": 1, "anisotropic": 1, "disk": 1},
    downsample_probability=0.8,
    downsample_width=(20, 64),
    noise_probability=0.7,
    noise_sigma=(1, 15),
    signal_noise=(0, 1),
    jpeg_probability=0.7,
    jpeg_quality=(30, 95),
    jpeg_clamped=False,
    order="physical",
)
SIZES = {(32, 64): 16, (64, 128): 16, (512, 512): 4}  # frame: batch


def median(call: Callable[[int], object], budget: float) -> float:
    """Median seconds of a call with step 0, 1, ..., repeated for about `budget` seconds."""
    call(0)
    times: list[float] = []
    while sum(times) < budget or len(times) < 3:
        step = len(times)
        times.append(seconds(lambda step=step: call(step)))
    return sorted(times)[len(times) // 2]


def main() -> None:
    """Measures drawing and degrading, with the fast and the exact codec, at three frame sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds a figure")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    about, figures = machine() | stamp(), []
    for (height, width), batch in SIZES.items():
        samples = torch.arange(batch, device=options.device)
        plate_width = torch.full((batch,), 0.92 * width, device=options.device)
        generator = torch.Generator().manual_seed(0)
        image = torch.rand(batch, 3, height, width, generator=generator).to(options.device) * 2 - 1

        def drawn(
            step: int,
            samples: torch.Tensor = samples,
            plate_width: torch.Tensor = plate_width,
            size: tuple[int, int] = (height, width),
        ) -> object:
            return draw(
                RANGES, seed=0, step=step, samples=samples, plate_width=plate_width, size=size
            )

        row = {"height": height, "width": width, "batch": batch}
        row["draw"] = batch / median(drawn, options.budget)
        for codec in ("fast", "exact"):

            def both(
                step: int,
                image: torch.Tensor = image,
                drawn: Callable = drawn,
                codec: str = codec,
            ) -> object:
                return degrade(image, drawn(step), codec=codec)

            row[codec] = batch / median(both, options.budget)
        figures.append({key: round(value, 1) for key, value in row.items()})
    print(
        json.dumps(
            {
                "unit": "images per second; fast and exact include the draw",
                "threads": options.threads,
                "device": options.device,
                **about,
                "figures": figures,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
