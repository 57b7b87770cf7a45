"""Runs a job once undisturbed and once killed again and again; prints how it was killed, as JSON.

Every run is a fork of this process, which has imported everything and computed nothing. A kill is
SIGKILL at a seeded moment: some time after the start, at some write of any file (half-way through,
before the file takes its name, or after), or at a write of a declared output.

Usage: killing.py JOB PARAMS WHOLE BROKEN KILLS
"""

import dataclasses
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import pandas as pd
import torch

from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.evaluation import evaluate, read_rows, run, write
from lpr_gfpgan.files import read_image
from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.training import loop, train_restorer
from lpr_gfpgan.training.checkpoint import load_checkpoint

STEPS = 24
OUTPUTS = {"train": (1, 2, 3, 4), "evaluate": (1, 5, 9)}
"""At which of the outputs that are written at the end a run is killed, once each."""
SPREAD = {"train": 0.2, "evaluate": 0.8}
"""Within which share of an unbroken run's time the kills by the clock fall."""
PLACES = ("half", "before", "after")
FSYNC, REPLACE = os.fsync, os.replace


def study_of(params, output):
    study = load_study("smoke", params=params)
    restorer = dataclasses.replace(study.settings.restorer, steps=STEPS)
    tested = dataclasses.replace(study.settings.evaluation, conditions=["strong"])
    return dataclasses.replace(
        study,
        settings=dataclasses.replace(study.settings, restorer=restorer, evaluation=tested),
        paths=Paths(output, "smoke"),
        variants=["full"],
        baselines=[],
        seeds=[0],
    )


def train(study):
    loop.CHECKPOINT_SECONDS = 0.0  # after every step
    train_restorer(study, "full")


def test(study):
    run.open_hyperlpr = list  # takes its time and writes nothing of its own
    write(evaluate(study, device="cpu"), study)


JOBS = {"train": train, "evaluate": test}


def arm(writes, place, output, share):
    """This process will send itself SIGKILL at a write.

    Args:
        writes: at which, counted from 1.
        place: one of PLACES.
        output: whether only declared outputs count.
        share: of the file that is there when half of it is.
    """
    seen = []

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def fsync(descriptor):
        due = len(seen) + 1 == writes and place == "half"
        if due and (not output or "/runs/" not in os.readlink(f"/proc/self/fd/{descriptor}")):
            os.ftruncate(descriptor, int(share * os.fstat(descriptor).st_size))
            die()
        FSYNC(descriptor)

    def replace(source, target):
        if not output or "/runs/" not in str(target):
            seen.append(target)
        due = len(seen) == writes and seen[-1] == target
        if due and place == "before":
            die()
        REPLACE(source, target)
        if due:
            die()

    os.fsync, os.replace = fsync, replace


def forked(job, study, *, arming=None, after=None):
    """Runs a job in a fork; returns (the signal that ended it or 0, seconds)."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            if arming is not None:
                arm(**arming)
            job(study)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, "the job failed"
    return os.WTERMSIG(status), time.perf_counter() - start


def look(folder):
    """Loads every file that has its own name; returns the checkpoint's step, None without one."""
    step = None
    for path in folder.rglob("*"):
        if path.name.startswith(".") or not path.is_file() or path.is_symlink():
            continue
        if path.suffix == ".pt":
            step = load_checkpoint(path, fingerprint=path.parent.name)["step"]
        elif path.suffix == ".safetensors":
            load_weights(path)
        elif path.suffix == ".png":
            read_image(path)
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.name == "evaluation.csv.gz":
            read_rows(path)
        elif path.suffix in (".csv", ".gz"):
            pd.read_csv(path)
    return step


def nothing_is_lost(study):
    """What has its weights counts as trained: everything else of it must be there by then."""
    paths, name = study.paths, "restorer-full-0"
    if paths.restorer("full", 0).exists():
        for path in (paths.curve(name), paths.samples(name), paths.metrics(name)):
            assert path.exists(), f"no {path} beside finished weights"


def moments(name, kills, seconds, rng):
    """The moments of all kills: first any, then one at each output."""
    outputs = OUTPUTS[name]

    def write(number, place, *, output):
        share = rng.random()
        return {"arming": {"writes": number, "place": place, "output": output, "share": share}}

    for number in range(kills - len(outputs)):
        if number % 3:
            yield {"after": rng.uniform(0, seconds)}
        else:
            yield write(rng.randint(1, 3), PLACES[number // 3 % 3], output=False)
    for number in outputs:
        place = "after" if number == outputs[-1] else rng.choice(PLACES)
        yield write(number, place, output=True)


def main(name, params, whole, broken, kills):
    torch.set_num_threads(1)
    job, rng = JOBS[name], random.Random(7)
    ended, seconds = forked(job, study_of(params, whole))
    assert ended == 0
    study, killed, step = study_of(params, broken), [], 0
    for moment in moments(name, kills, seconds * SPREAD[name], rng):
        ended, _ = forked(job, study, **moment)
        found = look(broken)
        if name == "train":
            nothing_is_lost(study)
        # A run that ended before its kill came starts anew.
        assert ended == 0 or found is None or found >= step, (moment, step, found)
        step = found or 0
        if ended:
            assert ended == signal.SIGKILL
            killed.append({**moment, "step": step})
    ended, _ = forked(job, study)
    assert ended == 0
    print(json.dumps({"seconds": seconds, "killed": killed}))


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(Path, sys.argv[3:5]), int(sys.argv[5]))
