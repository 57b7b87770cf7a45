"""Scenes drawn per second on one core; prints JSON.

Run: python -m benchmarks.scenes [--scenes N]
"""

import argparse
import json
import time

import cv2

from lpr_gfpgan.plates import scene_of

from .kept import machine, stamp


def measure(height: int, width: int, scenes: int) -> dict[str, float]:
    """Draw some scenes of the training mix in this process, on one thread."""
    request = {"seed": 0, "height": height, "width": width}
    styles = {"blue": 0.8, "yellow": 0.1, "green": 0.1}
    scene_of("train", 0, styles=styles, **request)  # loads the atlas
    wall, processor = time.perf_counter(), time.process_time()
    for index in range(scenes):
        scene_of("train", index, styles=styles, **request)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {
        "scenes_per_second": round(scenes / wall, 1),
        # Differs from the former where other programs share the core.
        "scenes_per_processor_second": round(scenes / processor, 1),
    }


def main() -> None:
    """Measure both common frame sizes."""
    parser = argparse.ArgumentParser(description=__doc__.split(";")[0])
    parser.add_argument("--scenes", type=int, default=300)
    scenes = parser.parse_args().scenes
    cv2.setNumThreads(1)
    about = machine() | stamp() | {"opencv": cv2.__version__}
    result = {f"{h}x{w}": measure(h, w, scenes) for h, w in ((64, 128), (32, 64))}
    print(json.dumps({"scenes": scenes, **result, **about}, indent=2))


if __name__ == "__main__":
    main()
