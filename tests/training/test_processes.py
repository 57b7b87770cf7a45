"""One training shared by several processes is the training of one."""

import dataclasses
import json
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
from lpr_gfpgan.training.curve import Curve
from lpr_gfpgan.training.prior import PriorTask
from lpr_gfpgan.training.restorer import RestorerTask

PARAMS = Path(__file__).parents[2] / "params.yaml"
TRAIN = ["-m", "lpr_gfpgan.cli", "train", "--profile", "smoke"]
LAUNCH = ["-m", "torch.distributed.run", "--standalone"]
TORCHRUN = [*LAUNCH, "--nproc-per-node=2"]
FEW_STEPS = Path(__file__).with_name("few_steps.py")
CPU = torch.device("cpu")


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


def test_sums_of_a_checkpoint_go_to_this_process_device(monkeypatch):
    """Read from a file they lie on the CPU, where the losses that are added do not."""
    monkeypatch.setattr(distributed, "device", lambda: torch.device("meta"))
    curve = Curve("t", {"sums": {"loss": (torch.tensor([3.0]), 2)}})
    assert {total.device.type for total, _ in curve._sums.values()} == {"meta"}
    curve.add(3, {"loss": torch.ones((1,), device="meta")[0]})
    assert {total.device.type for total, _ in curve._sums.values()} == {"meta"}


def test_sums_of_so_many_processes_are_shared_out_among_others():
    curve = Curve("t", {"sums": {"loss": (torch.tensor([3.0, 7.0]), 2)}})
    assert curve.report(1, 1)["loss"] == 2.5  # one process goes on from two: (3 + 7) / 2 over 2


def test_processes_with_losses_of_their_own_pause_save_and_stop_together(tmp_path):
    script = Path(__file__).with_name("shared_loop.py")
    done = subprocess.run(
        [sys.executable, *LAUNCH, "--nproc-per-node=2", script, tmp_path],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Steps 0 to 3 and 4 to 7, of a process without and one with a hundred on top.
    rows = pd.read_csv(tmp_path / "whole.csv")
    assert rows["loss"].tolist() == [51.5, 55.5]
    for name in ("paused", "saving"):
        assert (tmp_path / f"{name}.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    met = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert met[0] == met[1]
    assert met[0]["pauses"] == 7
    assert "bad: the loss 'loss' is no longer finite at step 6;" in met[0]["error"]
    timing = json.loads((tmp_path / "timing.json").read_text())
    assert timing["steps"] == 8  # over all pauses
    assert timing["seconds"] >= 0.8  # eight naps, of which the last run took one
    assert timing["images_per_second"] <= 20


@pytest.fixture(scope="module")
def few_steps(trained, tmp_path_factory):
    """A function: what few_steps.py writes in so many processes, and each one's samples."""
    folder, found = tmp_path_factory.mktemp("few-steps"), {}

    def run(processes):
        if processes not in found:
            result = folder / f"{processes}.pt"
            launcher = [*LAUNCH, f"--nproc-per-node={processes}"] if processes > 1 else []
            arguments = [FEW_STEPS, PARAMS, trained.paths.output, result]
            done = subprocess.run(
                [sys.executable, *launcher, *arguments],
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr[-2000:]
            seen = [torch.load(f"{result}.{rank}") for rank in range(processes)]
            found[processes] = torch.load(result), seen
        return found[processes]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 4])
def test_reader_prior_and_restorer_come_out_as_from_one_process(few_steps, processes):
    """At an equal batch over all processes, discriminators included, within 1e-5."""
    (one, alone), (several, shares) = few_steps(1), few_steps(processes)
    assert (one["processes"], several["processes"]) == (1, processes)
    one, several = one["weights"], several["weights"]
    assert one.keys() == several.keys()
    parts = {name.rsplit(".", 1)[0].split(".")[0] for name in one}
    assert parts == {"reader", "prior", "restorer"}
    assert {"restorer.discriminator", "restorer.region", "prior.discriminator"} <= {
        ".".join(name.split(".")[:2]) for name in one
    }
    for name in one:
        assert torch.allclose(one[name].float(), several[name].float(), rtol=0, atol=1e-5), name
    for step, whole in alone[0].items():
        assert torch.equal(torch.cat([share[step] for share in shares]), whole)  # none seen twice


@pytest.mark.parametrize("processes", [2, 4])
def test_shares_are_the_batch_of_one_process_draws_included(
    trained, monkeypatch, closing, processes
):
    """Scenes and degradations, bit for bit: draws are keyed by the number in the whole batch."""
    restorer = dataclasses.replace(trained.settings.restorer, batch=16)
    settings = dataclasses.replace(trained.settings, restorer=restorer)
    study = dataclasses.replace(trained, settings=settings)
    whole, degraded = closing(RestorerTask(study, "full", 0, CPU)).stream.fetch(5)
    monkeypatch.setattr(distributed, "world_size", lambda: processes)
    scenes, images = [], []
    for rank in range(processes):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        batch, image = closing(RestorerTask(study, "full", 0, CPU)).stream.fetch(5)
        scenes.append(batch.index)
        images.append(image)
    assert torch.equal(torch.cat(scenes), whole.index)
    assert len(set(whole.index.tolist())) == 16
    assert torch.equal(torch.cat(images), degraded)
