"""A checkpoint is whole or absent, and a killed run ends as if nothing had happened."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lpr_gfpgan.networks import load_weights
from lpr_gfpgan.training import train_restorer
from lpr_gfpgan.training.checkpoint import load_checkpoint, save_checkpoint
from lpr_gfpgan.training.restorer import RestorerTask

PARAMS = Path(__file__).parents[2] / "params.yaml"


def test_a_write_that_fails_half_way_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    state = {"fingerprint": "f", "step": 1, "weights": torch.arange(1000)}
    save_checkpoint(path, state)
    before, save = path.read_bytes(), torch.save

    def half(content, file):
        save(content, file)
        file.truncate(file.tell() // 2)
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(torch, "save", half)
        save_checkpoint(path, state | {"step": 2})
    assert path.read_bytes() == before
    assert load_checkpoint(path, fingerprint="f")["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_killed_while_it_writes_ends_with_the_weights_of_an_unbroken_one(
    trained, tmp_path, fresh_copy, monkeypatch
):
    whole, broken = (fresh_copy(trained, tmp_path / kind) for kind in ("whole", "broken"))
    train_restorer(whole, "full")
    script = Path(__file__).with_name("killed_run.py")
    arguments = [sys.executable, script, PARAMS, broken.paths.output]
    killed = subprocess.run(arguments, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not broken.paths.restorer("full", 0).exists()
    (checkpoint,) = broken.paths.runs.glob("*/*/checkpoint.pt")
    assert torch.load(checkpoint, weights_only=True)["step"] == 1

    steps, step_of = [], RestorerTask.step
    monkeypatch.setattr(RestorerTask, "step", lambda task, n: steps.append(n) or step_of(task, n))
    train_restorer(broken, "full")
    assert steps == list(range(1, broken.settings.restorer.steps))
    one, two = (load_weights(s.paths.restorer("full", 0))[0].state_dict() for s in (whole, broken))
    assert one.keys() == two.keys()
    for name in one:
        assert torch.equal(one[name], two[name]), name
    name = "restorer-full-0"
    assert whole.paths.curve(name).read_bytes() == broken.paths.curve(name).read_bytes()
    assert whole.paths.samples(name).read_bytes() == broken.paths.samples(name).read_bytes()
    assert not list(broken.paths.runs.glob("restorer-*/*"))
