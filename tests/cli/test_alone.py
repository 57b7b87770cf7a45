"""One run at a time writes into a folder, and one that was killed is in nobody's way."""

import os
import signal
import subprocess
import sys

import pytest

from lpr_gfpgan.alone import LOCK, alone_in
from lpr_gfpgan.errors import DataError

HOLDER = """
import sys, time
from pathlib import Path
from lpr_gfpgan.alone import alone_in
with alone_in(Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that is in the folder; ended after the test."""
    pytest.importorskip("fcntl")
    folder = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "in\n"
    yield folder, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_refused_before_it_writes(holder, known_answers, pictures, run, one_line):
    folder, _ = holder
    assert run("restore", pictures, "-o", folder) == 2
    assert f"another run is writing into {folder}; wait for its end" in one_line()
    assert [path.name for path in folder.iterdir()] == [LOCK]


def test_a_killed_run_is_in_nobodys_way(holder, known_answers, pictures, run):
    folder, process = holder
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (folder / LOCK).exists()
    assert run("restore", pictures, "-o", folder) == 0
    assert (folder / "a.png").exists() and not (folder / LOCK).exists()


def test_nothing_is_left_where_nothing_was_made(tmp_path):
    with pytest.raises(RuntimeError), alone_in(tmp_path / "out"):
        assert (tmp_path / "out" / LOCK).exists()
        raise RuntimeError
    assert not (tmp_path / "out").exists()
    (tmp_path / "own").mkdir()
    with alone_in(tmp_path / "own"):
        (tmp_path / "own" / "kept").touch()
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["kept"]


def test_one_that_ends_meanwhile_takes_no_other_ones_lock(tmp_path, monkeypatch):
    """Opened before another run removed the file: that lock would keep nobody out."""
    pytest.importorskip("fcntl")
    opened, real = [], os.open

    def open_and_lose(path, *rest):
        descriptor = real(path, *rest)
        opened.append(descriptor)
        if len(opened) == 1:
            os.unlink(path)
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    with alone_in(tmp_path):
        assert len(opened) == 2 and (tmp_path / LOCK).exists()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with (
        pytest.raises(DataError, match=r"out cannot be written to \(Permission denied\); give"),
        alone_in(tmp_path / "out"),
    ):
        pass
    assert not (tmp_path / "out").exists()
