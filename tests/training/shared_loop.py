"""The loop in several processes whose losses differ: whole, paused after every step, with a NaN.

Every process writes what it met to FOLDER/RANK.json.

Usage: torchrun shared_loop.py FOLDER
"""

import json
import sys
import time
from pathlib import Path

import torch

from lpr_gfpgan.errors import LprError
from lpr_gfpgan.training import Paused, distributed, loop

STEPS = 8
RANK_SHARE = 100.0  # what the loss of the next process is higher by


class Uneven:
    """Loss of a step: its number and a hundred for each process before; `bad_step` has none."""

    batch = 2

    def __init__(self, bad_step=None, nap=0.0):
        self.parts = {"weight": torch.nn.Linear(1, 1)}
        self.bad_step, self.nap = bad_step, nap

    def step(self, step):
        time.sleep(self.nap)
        bad = step == self.bad_step and distributed.rank() == 1
        value = float("nan") if bad else step + RANK_SHARE * distributed.rank()
        return {"loss": torch.tensor(value)}

    def grid(self):
        return None

    def waited(self):
        return 0.0


def run(folder, name, task, **options):
    loop.run(
        task,
        name=name,
        steps=STEPS,
        setting="batch",
        folder=folder / name,
        fingerprint="f",
        curve=folder / f"{name}.csv",
        **options,
    )


def main(folder):
    distributed.start()
    loop.REPORTS = 2  # rows of four steps: every other pause falls inside one
    run(folder, "whole", Uneven())
    pauses = 0
    while True:
        try:
            run(folder, "paused", Uneven(nap=0.1), max_seconds=0, timing=folder / "timing.json")
            break
        except Paused:
            pauses += 1
    loop.CHECKPOINT_SECONDS = 0.0 if distributed.rank() == 0 else 1e9  # the main process decides
    run(folder, "saving", Uneven())
    try:
        run(folder, "bad", Uneven(bad_step=5))
        error = None
    except LprError as raised:
        error = str(raised)
    met = {"pauses": pauses, "error": error}
    (folder / f"{distributed.rank()}.json").write_text(json.dumps(met))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
