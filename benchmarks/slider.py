"""Seconds from a slider's change to the finished row; writes reports/benchmarks/slider.json.

Run: python -m benchmarks.slider [--profile quick] [--moves 40]

The row is finished when its text is handed to the browser; sending and drawing it are not in the
figures. LPR_GFPGAN_OUTPUT names the folder of the trained networks, as everywhere.
"""

import argparse
import json
import os
import platform
import time

import cv2
import numpy as np
import torch

from lpr_gfpgan.config import Study, load_study
from lpr_gfpgan.explore import Explorer, Settings, Subject, View
from lpr_gfpgan.explore.panel import Panel
from lpr_gfpgan.files import write_json

from .kept import RESULTS, machine, stamp

RESULT = RESULTS / "slider.json"
THREADS = (2, 1)
DRAGGED, EVERY = 20, 0.05  # changes, and seconds between two of them
SLIDERS = ("motion_length", "motion_angle", "defocus", "resolution", "noise", "jpeg")


class Watched(Explorer):
    """An explorer that notes what it made, and when that was finished."""

    def __init__(self, study: Study) -> None:
        super().__init__(study, device="cpu")
        self.made: list[tuple[float, float]] = []  # noise, time

    def render(self, subject: Subject, settings: Settings, **rest: object) -> View:
        """As in `Explorer`."""
        view = super().render(subject, settings, **rest)
        self.made.append((settings.noise, time.perf_counter()))
        return view


def move(panel: Panel, moves: int) -> list[float]:
    """Seconds of moves of one slider after the other, each to another place."""
    times, rng = [], np.random.default_rng(0)
    for number in range(moves + len(SLIDERS)):
        slider = panel.controls[SLIDERS[number % len(SLIDERS)]]
        places = np.arange(slider.min, slider.max + slider.step / 2, slider.step)
        others = places[np.abs(places - slider.value) > slider.step / 2]
        start = time.perf_counter()
        slider.value = type(slider.value)(rng.choice(others))
        panel.wait()
        times.append(time.perf_counter() - start)
    return times[len(SLIDERS) :]  # the first of each opens and warms what it needs


def spread(times: list[float]) -> dict[str, float | int]:
    """Median, quartiles and extremes in seconds, and how many moves they are of."""
    names = ("least", "lower_quartile", "median", "upper_quartile", "most")
    shares = np.quantile(times, (0, 0.25, 0.5, 0.75, 1))
    return {"moves": len(times)} | {
        n: round(float(s), 4) for n, s in zip(names, shares, strict=True)
    }


def drag(panel: Panel) -> dict[str, float | int | bool]:
    """A slider dragged for a second: what was made after it stopped, and how long that took."""
    slider, made = panel.controls["noise"], panel.explorer.made
    slider.value = 0.0
    panel.wait()
    made.clear()
    start = time.perf_counter()
    for number in range(DRAGGED):
        time.sleep(max(0.0, start + number * EVERY - time.perf_counter()))
        slider.value = float(number + 1)
    stopped = time.perf_counter()
    panel.wait()
    after = [noise for noise, finished in made if finished > stopped]
    return {
        "changes": DRAGGED,
        "seconds_of_dragging": round(stopped - start, 3),
        "rows_made": len(made),
        "last_row_is_of_last_value": made[-1][0] == slider.value,
        "stale_rows_after_the_last_change": len(after) - 1,
        "seconds_to_the_last_row": round(time.perf_counter() - stopped, 4),
    }


def main() -> None:
    """Measures the default variants and all of them, with each number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.split(";")[0])
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--moves", type=int, default=40)
    options = parser.parse_args()
    about, before, figures = machine() | stamp(), os.getloadavg(), []
    panel = Panel(Watched(load_study(options.profile)))
    panel.wait()
    for threads in THREADS:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        for shown in (panel.explorer.chosen, panel.explorer.variants):
            for name, box in panel.variants.items():
                box.value = name in shown
            panel.wait()
            figure = {"threads": threads, "variants": list(shown)}
            figure["seconds"] = spread(move(panel, options.moves))
            figures.append(figure | {"dragging": drag(panel)})
    result = {
        "what": "from a slider's change to the finished row, in the kernel",
        "profile": options.profile,
        "frame": list(panel.explorer.size),
        **about,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        # Of all programs, over 1, 5 and 15 minutes; this one adds to that after it.
        "load_average_before": [round(each, 2) for each in before],
        "load_average_after": [round(each, 2) for each in os.getloadavg()],
        "figures": figures,
    }
    write_json(RESULT, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
