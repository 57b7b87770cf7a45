"""`restore` under torchrun: pictures shared without overlap, one file of readings, no run twice."""

import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from lpr_gfpgan.alone import LOCK, alone_in, along_in, let_in
from lpr_gfpgan.cli import processes as together
from lpr_gfpgan.cli.parts import gather_parts, part_of
from lpr_gfpgan.cli.processes import Processes
from lpr_gfpgan.errors import DataError
from lpr_gfpgan.files import read_image, write_png

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
MOMENTS = 20


def lines_of(folder):
    """The lines by what they are of; refuses two of one picture."""
    lines = [json.loads(text) for text in (folder / "readings.jsonl").read_bytes().splitlines()]
    by_output = {line["output"]: line for line in lines}
    assert len(by_output) == len(lines)
    return by_output


def files_of(folder):
    """Every file but the readings, with its bytes."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if path.name != "readings.jsonl"
    }


def assert_alike(one, two):
    """Two folders with the same files and lines; batches of other sizes change last digits."""
    assert files_of(one).keys() == files_of(two).keys()
    for name in files_of(one):
        pixels, others = (read_image(each / name).astype(int) for each in (one, two))
        assert abs(pixels - others).max() <= 1, name
    assert lines_of(one).keys() == lines_of(two).keys()
    for name, line in lines_of(one).items():
        other = lines_of(two)[name]
        assert line.keys() == other.keys()
        for field in line.keys() - {"alternatives", "alternatives_restored"}:
            numbers = isinstance(line[field], float) or "confidences" in field
            wanted = pytest.approx(line[field], abs=2e-4) if numbers else line[field]
            assert other[field] == wanted, (name, field)


@pytest.fixture(scope="module")
def many(pictures, tmp_path_factory):
    """A function: a folder with so many pictures, in three folders."""

    def make(count):
        folder = tmp_path_factory.mktemp("many")
        for number in range(count):
            picture = read_image(pictures / "a.png")
            picture[0, 0] = number % 256, number // 256, 0
            write_png(folder / str(number % 3) / f"{number:03}.png", picture)
        return folder

    return make


def test_every_picture_has_one_owner_and_what_is_named_after_it_too():
    for count in (1, 2, 3, 8):
        every = [Processes(rank, count) for rank in range(count)]
        shares = [0] * count
        for number in range(2000):
            names = [f"deep/{number}{more}.png" for more in ("", "-plate2", "-plate1-sample3")]
            (owner,) = {tuple(each.owns(name) for each in every) for name in names}
            assert sum(owner) == 1
            shares[owner.index(True)] += 1
        assert min(shares) > 0.8 * 2000 / count


def test_a_step_that_failed_anywhere_is_said_once(monkeypatch):
    def fail():
        raise DataError("no space")

    for failed, wanted in (([False, True], DataError), ([True, True], SystemExit)):
        monkeypatch.setattr(Processes, "exchange", lambda *_, failed=failed: failed)
        with pytest.raises(wanted):
            Processes(1, 2).agree(fail)
    monkeypatch.setattr(Processes, "exchange", lambda self, value: [True, value])
    with pytest.raises(SystemExit, match="2"):
        Processes(1, 2).agree(lambda: "went well here")


def test_the_processes_of_one_run_share_the_lock_and_keep_others_out(tmp_path):
    pytest.importorskip("fcntl")
    with alone_in(tmp_path) as lock:
        with pytest.raises(DataError, match="another run"), along_in(tmp_path):
            pass
        let_in(lock, tmp_path)
        with along_in(tmp_path):
            with pytest.raises(DataError, match="another run"), alone_in(tmp_path):
                pass
            os.close(os.dup(lock))
    assert not (tmp_path / LOCK).exists()


def test_another_run_is_kept_out_until_the_last_process_has_left(tmp_path):
    pytest.importorskip("fcntl")
    with contextlib.ExitStack() as others:
        with pytest.raises(RuntimeError), alone_in(tmp_path) as lock:
            let_in(lock, tmp_path)
            others.enter_context(along_in(tmp_path))
            raise RuntimeError("the first process fails")
        with pytest.raises(DataError, match="another run"), alone_in(tmp_path):
            pass
    with alone_in(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_the_first_process_nobody_goes_in(tmp_path):
    with pytest.raises(DataError, match="does not see the same folder"), along_in(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def torchrun(named):
    """torchrun(2, "restore", ...) runs the program in two processes."""

    def call(count, *arguments):
        command = [sys.executable, *TORCHRUN, str(count), "-m", "lpr_gfpgan.cli"]
        command += [*arguments, *named]
        return subprocess.run(
            list(map(str, command)),
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )

    return call


@pytest.mark.slow
def test_torchrun_makes_what_one_process_does(run, torchrun, many, tmp_path):
    folder, one, two = many(40), tmp_path / "one", tmp_path / "two"
    (folder / "bad.png").write_bytes(b"no picture")
    assert run("restore", folder, "-o", one, "--tight") == 1
    done = torchrun(2, "restore", folder, "-o", two, "--tight")
    assert done.returncode == 1
    assert done.stderr.count("skipped: ") == 1
    assert done.stderr.count("40 pictures restored, 0 refused as no plate, 1 failed") == 1
    assert_alike(one, two)

    # Going on with another number, and replacing.
    (two / "1" / "001.png").unlink()
    (folder / "bad.png").unlink()
    done = torchrun(3, "restore", folder, "-o", two, "--tight", "--skip-existing")
    assert done.returncode == 0, done.stderr
    assert "1 picture restored" in done.stderr and "39 there already" in done.stderr
    assert_alike(one, two)

    refused = torchrun(2, "restore", folder, "-o", two, "--tight")
    assert refused.returncode == 1
    assert refused.stderr.count("is there already; give --overwrite") == 1
    with alone_in(two):
        refused = torchrun(2, "restore", folder, "-o", two, "--tight", "--skip-existing")
    assert refused.returncode == 1 and refused.stderr.count("another run is writing") == 1


@pytest.fixture(scope="module")
def some_lines(many, run_at_untrained, tmp_path_factory):
    """Three lines of readings, as bytes."""
    out = tmp_path_factory.mktemp("lines") / "out"
    assert run_at_untrained("restore", many(3), "-o", out, "--tight") == 0
    return (out / "readings.jsonl").read_bytes().splitlines(keepends=True)


@pytest.fixture(scope="module")
def run_at_untrained(untrained):
    """Runs the program on the untrained weights, for fixtures of the module."""
    from lpr_gfpgan import cli

    weights = untrained / "models" / "smoke" / "restorer-full-0.safetensors"
    return lambda *given: cli.main([*map(str, given), "--weights", str(weights)])


def test_parts_are_gathered_without_what_was_cut_off(some_lines, tmp_path):
    first, second, third = some_lines
    (tmp_path / "readings.jsonl").write_bytes(first + second[:-40])
    part_of(tmp_path, 0).write_bytes(second)
    part_of(tmp_path, 11).write_bytes(third[:-1])  # whole, but for its end
    part_of(tmp_path, 2).write_bytes(third[:50])
    gather_parts(tmp_path)
    assert (tmp_path / "readings.jsonl").read_bytes() == first + second + third
    assert [path.name for path in tmp_path.iterdir()] == ["readings.jsonl"]


@pytest.mark.parametrize(
    "bad",
    [b"\0\0\0\0", b"no line\n", b'{"input": "a\n{"input": "b"}\n', b'{"input": "a"}\n'],
)
def test_a_damaged_part_changes_nothing(some_lines, tmp_path, bad):
    first, second, _ = some_lines
    part_of(tmp_path, 0).write_bytes(first)
    part_of(tmp_path, 1).write_bytes(second + bad)
    with pytest.raises(DataError, match=r"part-1\.jsonl: line 2 is no reading .* move the file"):
        gather_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        part_of(tmp_path, rank).name for rank in (0, 1)
    ]


def test_no_space_while_gathering_loses_nothing(some_lines, tmp_path, monkeypatch):
    first, second, third = some_lines
    (tmp_path / "readings.jsonl").write_bytes(first)
    part_of(tmp_path, 0).write_bytes(second + third)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="space"):
            gather_parts(tmp_path)
    assert (tmp_path / "readings.jsonl").read_bytes() == first
    gather_parts(tmp_path)
    assert (tmp_path / "readings.jsonl").read_bytes() == first + second + third


@pytest.mark.slow
def test_killed_while_gathering_counts_each_line_once(run, at_untrained, many, tmp_path):
    folder, out = many(6), tmp_path / "out"
    assert run("restore", folder, "-o", out, "--tight") == 0
    lines, whole = lines_of(out), (out / "readings.jsonl").read_bytes()
    part_of(out, 1).write_bytes(whole)
    (out / "readings.jsonl").write_bytes(whole[: len(whole) // 2])
    assert run("restore", folder, "-o", out, "--tight", "--skip-existing") == 0
    assert lines_of(out) == lines and not part_of(out, 1).exists()


@pytest.mark.slow
def test_killed_at_twenty_moments_it_ends_as_if_it_had_never_been(
    run, at_untrained, many, tmp_path
):
    """Each kill falls so many milliseconds after the run began to write; forks, to be cheap."""
    if not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    folder, one, out = many(640), tmp_path / "one", tmp_path / "out"
    given = ("restore", folder, "--tight", "-o")
    assert run(*given, one) == 0
    moments, kills = random.Random(5), 0
    while kills < MOMENTS:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                run(*given, out, "--skip-existing")
            os._exit(0)
        before = _count(out)
        while _count(out) == before and os.waitpid(child, os.WNOHANG)[0] == 0:
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.06))
        try:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            break
        kills += 1
        assert _count(out) >= before
    assert kills >= MOMENTS and _count(out) < 640, "all was done before the last kill"
    assert run(*given, out, "--skip-existing") == 0
    assert files_of(out) == files_of(one) and lines_of(out) == lines_of(one)


def _count(folder):
    """How many whole lines there are."""
    path = folder / "readings.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


FULL = """
import resource, sys
from lpr_gfpgan import cli
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.slow
def test_a_full_disk_is_one_error_and_loses_nothing(run, named, many, tmp_path):
    """A limit on the size of a file: the readings reach it, as they would a full disk's end."""
    pytest.importorskip("resource")
    folder, one, out = many(60), tmp_path / "one", tmp_path / "out"
    given = ("restore", folder, "--tight", "-o")
    assert run(*given, one) == 0
    limit = (one / "readings.jsonl").stat().st_size * 2 // 3
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(limit), *map(str, given), out, *named],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if "accepted" not in line]
    assert len(errors) == 1 and "File too large" in errors[0], done.stderr
    kept = _count(out)
    assert 16 <= kept < 60 and len(lines_of(out)) == kept
    assert run(*given, out, "--skip-existing") == 0
    assert files_of(out) == files_of(one) and lines_of(out) == lines_of(one)


def test_alone_nothing_is_joined(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    with together.started() as processes:
        assert (processes.rank, processes.count) == (0, 1)
        assert processes.exchange("a") == ["a"] and processes.device(None) is None
