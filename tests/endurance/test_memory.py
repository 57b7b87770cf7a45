"""A step that asks for more memory than there is: the setting to lower is named."""

import pytest
import torch

from lpr_gfpgan.errors import ConfigError
from lpr_gfpgan.training import Paused, train_prior, train_reader, train_restorer
from lpr_gfpgan.training.memory import named_memory
from lpr_gfpgan.training.prior import PriorTask
from lpr_gfpgan.training.reader import ReaderTask
from lpr_gfpgan.training.restorer import RestorerTask

TOO_MUCH = 1 << 50
STARTS = ("reader-loss", "prior", "prior-discriminator", "warmup")
TRAININGS = {
    "readers.judge": (ReaderTask, lambda study, **k: train_reader(study, "judge", **k), 8),
    "prior": (PriorTask, train_prior, 4),
    "restorer": (RestorerTask, lambda study, **k: train_restorer(study, "full", **k), 4),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_the_batch_of_the_stage_is_named_and_the_checkpoint_kept(
    own_copy, tmp_path, monkeypatch, name
):
    task, train, batch = TRAININGS[name]
    study, step = own_copy(tmp_path / "study", *STARTS), task.step
    if name == "prior":
        study.paths.prior.unlink()
    with pytest.raises(Paused):
        train(study, max_seconds=0)
    (checkpoint,) = study.paths.runs.glob("*/*/checkpoint.pt")
    before = checkpoint.read_bytes()

    def greedy(self, number):
        torch.empty(TOO_MUCH, dtype=torch.uint8)
        return step(self, number)

    with monkeypatch.context() as patch, pytest.raises(ConfigError) as told:
        patch.setattr(task, "step", greedy)
        train(study)
    assert str(told.value) == (
        f"profiles.smoke.{name}.batch: not enough memory for a step of {batch} images; lower it "
        "in params.yaml, or share it among more processes"
    )
    assert checkpoint.read_bytes() == before
    with pytest.raises(Paused):  # it goes on
        train(study, max_seconds=0)


def test_so_is_what_the_thread_that_fetches_asked_for(own_copy, tmp_path, monkeypatch):
    def greedy(*_, **__):
        return torch.empty(TOO_MUCH, dtype=torch.uint8)

    monkeypatch.setattr("lpr_gfpgan.training.reader.degraded", greedy)
    with pytest.raises(ConfigError, match=r"profiles\.smoke\.readers\.loss\.batch: not enough"):
        train_reader(own_copy(tmp_path / "study"), "loss")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_full_gpu_is_told_alike():
    with pytest.raises(ConfigError, match="not enough memory"), named_memory("here", 1):
        torch.empty(TOO_MUCH, dtype=torch.uint8, device="cuda")


def test_other_errors_keep_their_own_words():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), named_memory("here", 1):
        torch.zeros(2, 3) @ torch.zeros(2, 3)
