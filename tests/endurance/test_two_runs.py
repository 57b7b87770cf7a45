"""Two trainings of one name: the second is refused, and a killed one is in nobody's way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lpr_gfpgan.alone import LOCK
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.training import Paused, train_reader

PARAMS = Path(__file__).parents[2] / "params.yaml"
HOLDER = """
import dataclasses, sys, time
from pathlib import Path
from lpr_gfpgan.config import Paths, load_study
from lpr_gfpgan.training import reader, train_reader
study = load_study("smoke", params=sys.argv[1])
study = dataclasses.replace(study, paths=Paths(Path(sys.argv[2]), "smoke"))
step = reader.ReaderTask.step
def first_and_wait(task, number):
    if number == 1:
        print("in", flush=True)
        time.sleep(600)
    return step(task, number)
reader.ReaderTask.step = first_and_wait
train_reader(study, "loss")
"""


@pytest.fixture
def busy(own_copy, tmp_path):
    """A study whose loss reader another process is training; that is ended after the test."""
    pytest.importorskip("fcntl")
    study = own_copy(tmp_path / "study")
    command = [sys.executable, "-c", HOLDER, str(PARAMS), str(study.paths.output)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    yield study, process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
def test_a_second_training_is_refused_until_the_first_is_gone(busy, tmp_path, own_copy):
    study, process = busy
    place = study.paths.runs / "reader-loss"
    with pytest.raises(DataError, match=f"another run is writing into {place}; wait for its end"):
        train_reader(study, "loss")
    assert not study.paths.reports.exists() and not list(study.paths.models.iterdir())
    with pytest.raises(Paused):  # another name is another's
        train_reader(study, "judge", max_seconds=0)

    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (place / LOCK).exists()
    with pytest.raises(Paused):
        train_reader(study, "loss", max_seconds=0)
    train_reader(study, "loss")
    assert study.paths.reader("loss").exists() and not (place / LOCK).exists()
    whole = own_copy(tmp_path / "whole")
    train_reader(whole, "loss")
    assert study.paths.reader("loss").read_bytes() == whole.paths.reader("loss").read_bytes()
