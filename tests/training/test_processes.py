"""The command line under torchrun: the same training, shared by two processes."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.training import distributed
from lpr_gfpgan.training.prior import PriorTask

PARAMS = Path(__file__).parents[2] / "params.yaml"
TRAIN = ["-m", "lpr_gfpgan.cli", "train", "--profile", "smoke"]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


@pytest.fixture
def command(tmp_path):
    """A function that trains below a folder, at batches of eight, and returns the process."""
    root = tmp_path / "root"
    root.mkdir()
    params = yaml.safe_load(PARAMS.read_text())
    for part in ("prior", "restorer"):  # two processes share whole groups of four
        params["profiles"]["smoke"][part]["batch"] = 8
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    (root / "dvc.yaml").touch()

    def call(folder, *arguments, launcher=()):
        output = {"LPR_GFPGAN_ROOT": str(root), "LPR_GFPGAN_OUTPUT": str(folder)}
        return subprocess.run(
            [sys.executable, *launcher, *TRAIN, *arguments],
            env=os.environ | output | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )

    return call


def outputs(folder):
    """Every file below `folder` but those of unfinished runs, which no stage declares."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {str(path) for path in files if path.parts[0] != "runs"}


def test_torchrun_trains_pauses_and_writes_what_one_process_does(command, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    alone = command(one)
    assert alone.returncode == 0, alone.stderr

    paused = command(two, "--max-seconds", "0", launcher=TORCHRUN)
    assert paused.returncode == 1  # torchrun's own; each process ends with 75
    assert "reader-loss: paused at step 1 of 4; run the same command to go on" in paused.stderr
    assert "exitcode  : 75" in paused.stderr
    assert {path.split("/")[0] for path in outputs(two)} == {"data"}  # the plates alone

    together = command(two, launcher=TORCHRUN)
    assert together.returncode == 0, together.stderr
    assert outputs(two) == outputs(one)
    assert not list(two.glob("runs/smoke/*/*/checkpoint.pt"))

    curves = sorted(path for path in outputs(one) if path.endswith(".csv") and "curves" in path)
    assert len(curves) == 4  # the reader of the loss, prior, warm-up, restorer
    for path in curves:
        a, b = pd.read_csv(one / path), pd.read_csv(two / path)
        assert list(a.columns) == list(b.columns)
        assert a["images"].tolist() == b["images"].tolist()
        if "reader" in path:  # starts from the same weights: the first step's losses agree
            assert b.iloc[0].to_numpy() == pytest.approx(a.iloc[0].to_numpy(), rel=1e-3)


def test_a_share_that_splits_the_path_samples_is_refused(trained, monkeypatch):
    distributed.refuse_split_path(6, 4)  # alone, any batch is taken as it is
    monkeypatch.setattr("lpr_gfpgan.training.distributed.world_size", lambda: 2)
    distributed.refuse_split_path(8, 4)
    with pytest.raises(ConfigError, match=r"batch: 6 over 2 processes leaves 3 each.*path_shrink"):
        distributed.refuse_split_path(6, 2)
    odd = dataclasses.replace(trained.settings.prior, batch=8, path_shrink=3)
    settings = dataclasses.replace(trained.settings, prior=odd)
    with pytest.raises(ConfigError, match=r"batch: 8 over 2 processes leaves 4 each.*path_shrink"):
        PriorTask(dataclasses.replace(trained, settings=settings), 0, torch.device("cpu"))


def test_a_mean_over_processes_is_taken_on_this_process_device(monkeypatch):
    """A sum restored from a checkpoint lies on the CPU, where NCCL refuses it."""
    reduced = []
    monkeypatch.setattr(distributed, "device", lambda: torch.device("meta"))
    monkeypatch.setattr(distributed.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed.dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(distributed.dist, "all_reduce", reduced.append)
    distributed.mean(torch.tensor(1.0))
    assert [value.device.type for value in reduced] == ["meta"]
