"""A full disk: the file is named, what was there stays as it was, and nothing is left over."""

import subprocess

import numpy as np
import pytest
import torch

from lpr_gfpgan.errors import DataError
from lpr_gfpgan.evaluation import Evaluation, run
from lpr_gfpgan.files import TEMPORARY, atomic_path, named_writes, write_png, write_text
from lpr_gfpgan.networks import load_weights, save_weights
from lpr_gfpgan.training import loop, train_reader
from lpr_gfpgan.training.checkpoint import load_checkpoint, save_checkpoint

STARTS = ("reader-loss", "prior", "prior-discriminator", "warmup")
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def save_archive(path):
    with atomic_path(path) as temporary:
        np.savez(temporary, noise=NOISE)


def save_network(path):
    network, about = load_weights(path)
    save_weights(path, network, kind=about["kind"], config=about["config"], provenance={"now": 2})


WRITES = {
    "text.json": lambda path: write_text(path, "x" * 10_000),
    "picture.png": lambda path: write_png(path, NOISE),
    "facts.png": lambda path: write_png(path, NOISE, {"made": "today"}),
    "set.npz": save_archive,
    "checkpoint.pt": lambda path: save_checkpoint(path, {"weights": torch.arange(10_000)}),
    "net.safetensors": save_network,
}


@pytest.mark.parametrize("name", WRITES)
def test_every_kind_of_file_is_named_and_the_former_one_stays(
    smoke_study, tmp_path, largest_file, name
):
    path = tmp_path / name
    path.write_bytes(smoke_study.paths.reader("loss").read_bytes())
    former = path.read_bytes()
    with (
        largest_file(2000),
        pytest.raises(
            DataError, match=r"^cannot write .*File too large.*; free some space"
        ) as told,
        named_writes(),
    ):
        WRITES[name](path)
    assert str(path) in str(told.value) and TEMPORARY not in str(told.value)
    assert "\n" not in str(told.value)
    assert path.read_bytes() == former
    assert list(tmp_path.iterdir()) == [path]
    WRITES[name](path)  # with room again
    assert path.read_bytes() != former


def test_another_fault_keeps_its_own_words(tmp_path):
    with pytest.raises(FileNotFoundError, match="elsewhere"), atomic_path(tmp_path / "a"):
        (tmp_path / "elsewhere").read_bytes()
    with pytest.raises(RuntimeError, match="no fault of the disk"), atomic_path(tmp_path / "a"):
        raise RuntimeError("no fault of the disk")
    assert not list(tmp_path.iterdir())


def test_a_training_on_a_full_disk_keeps_its_checkpoint_and_goes_on(
    own_copy, tmp_path, largest_file, monkeypatch
):
    """Full first at a checkpoint, then at what is written last: the weights."""
    whole, study = own_copy(tmp_path / "whole"), own_copy(tmp_path / "full")
    train_reader(whole, "loss")
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    save, sizes = loop.save_checkpoint, []

    def save_and_note(path, state):
        save(path, state)
        sizes.append(path.stat().st_size)
        if len(sizes) == 2:
            monkeypatch.setattr(loop, "save_checkpoint", starved)

    def starved(path, state):
        with largest_file(sizes[0] // 2):
            save(path, state)

    monkeypatch.setattr(loop, "save_checkpoint", save_and_note)
    with pytest.raises(DataError, match=r"cannot write .*checkpoint\.pt .*run the same command"):
        train_reader(study, "loss")
    (checkpoint,) = study.paths.runs.glob("*/*/checkpoint.pt")
    assert load_checkpoint(checkpoint, fingerprint=checkpoint.parent.name)["step"] == 2
    assert not study.paths.reports.exists() and not list(study.paths.models.iterdir())

    monkeypatch.setattr(loop, "save_checkpoint", save)
    room = whole.paths.reader("loss").stat().st_size
    assert room < sizes[0]  # so that the checkpoint, which is there, would not fit either
    monkeypatch.setattr(loop, "save_checkpoint", lambda *_: None)
    with largest_file(room - 1), pytest.raises(DataError, match=r"reader-loss\.safetensors"):
        train_reader(study, "loss")
    assert checkpoint.exists() and not list(study.paths.models.iterdir())

    monkeypatch.setattr(loop, "save_checkpoint", save)
    train_reader(study, "loss")
    assert study.paths.reader("loss").read_bytes() == whole.paths.reader("loss").read_bytes()
    assert not list(study.paths.output.rglob(f"{TEMPORARY}*"))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets the tests mount no file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(small_disk):
    path = small_disk / "run" / "checkpoint.pt"
    save_checkpoint(path, {"fingerprint": "f", "step": 1, "weights": torch.zeros(20_000)})
    with (
        pytest.raises(DataError, match=r"checkpoint\.pt \(No space left on device\); free some"),
        named_writes(),
    ):
        save_checkpoint(path, {"fingerprint": "f", "step": 2, "weights": torch.zeros(60_000)})
    assert load_checkpoint(path, fingerprint="f")["step"] == 1
    assert list(path.parent.iterdir()) == [path]


def test_rows_that_find_no_room_leave_the_former_ones(
    smoke_study, tmp_path, largest_file, own_copy
):
    study = own_copy(tmp_path / "study")
    path = run.rows_path(study)
    write_text(path, "former")
    rows = run.pd.DataFrame({"plate": NOISE.ravel()})
    evaluation = Evaluation(rows, [], {}, [])
    with largest_file(1000), pytest.raises(DataError, match=r"evaluation\.csv\.gz \(File too la"):
        run.write(evaluation, study)
    assert path.read_text() == "former" and list(path.parent.iterdir()) == [path]
