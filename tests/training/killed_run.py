"""Trains the smoke restorer, saving after every step, and is killed half-way through the second.

Usage: killed_run.py PARAMS OUTPUT
"""

import dataclasses
import os
import signal
import sys
from pathlib import Path

import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.training import loop, train_restorer

SAVE = torch.save
WRITES = []


def save_and_die(state, file):
    """Writes the first checkpoint whole and half of the second, then sends this process SIGKILL."""
    SAVE(state, file)
    WRITES.append(file)
    if len(WRITES) == 2:
        file.truncate(file.tell() // 2)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    loop.CHECKPOINT_SECONDS = 0.0
    torch.save = save_and_die
    study = load_study("smoke", params=sys.argv[1])
    train_restorer(dataclasses.replace(study, paths=Paths(Path(sys.argv[2]), "smoke")), "full")
