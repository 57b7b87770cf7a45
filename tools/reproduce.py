"""Runs what has changed of the study, stages that do not need each other side by side.

The same as `dvc repro`, which runs one stage after the other: a training of this size keeps one
core busy, not two. Each stage is a `dvc repro --single-item` of its own, begun when all it depends
on is done, so results, caches and dvc.lock are those of the plain command.

Usage: python tools/reproduce.py
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from lpr_gfpgan.config import load_study
from lpr_gfpgan.errors import LprError

MOST = 4  # more would wait for each other most of the time
DVC = (sys.executable, "-m", "dvc", "--wait-for-lock")
POLITE = ("nice", "-n", "10") if shutil.which("nice") else ()
_EDGE = re.compile(r'^"([^"]+)" -> "([^"]+)";$')
_NODE = re.compile(r'^"([^"]+)";$')


def parse(dot: str) -> dict[str, set[str]]:
    """The stages of dvc.yaml and what each depends on, from `dvc dag --dot`.

    Single data files and the stages of other folders are no part of the study.
    """
    graph: dict[str, set[str]] = {}
    for line in map(str.strip, dot.splitlines()):
        if node := _NODE.match(line):
            graph.setdefault(node[1], set())
        elif edge := _EDGE.match(line):
            graph.setdefault(edge[1], set())
            graph.setdefault(edge[2], set()).add(edge[1])
    own = {name for name in graph if not name.endswith(".dvc") and ":" not in name}
    return {name: needs & own for name, needs in graph.items() if name in own}


def reach(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """How many stages wait for each one, directly or not: what most wait for goes first."""
    waiting: dict[str, set[str]] = {name: set() for name in graph}
    for name in reversed(list(TopologicalSorter(graph).static_order())):
        for need in graph[name]:
            waiting[need] |= waiting[name] | {name}
    return {name: len(others) for name, others in waiting.items()}


def run_all(
    graph: Mapping[str, set[str]],
    run: Callable[[str], int],
    workers: int,
    stop: Callable[[], None] = lambda: None,
) -> list[str]:
    """Runs every stage after those it depends on; after a failure begins no other.

    Args:
        graph: stages and what each depends on.
        run: runs one stage to its end and returns its exit status.
        workers: how many may run at a time.
        stop: ends what is running, called when this is interrupted.

    Returns:
        The stages that failed.
    """
    order, first = TopologicalSorter(graph), reach(graph)
    order.prepare()
    ready: list[str] = []
    running, failed = {}, []
    with ThreadPoolExecutor(workers) as pool:
        while order.is_active() and not (failed and not running):
            ready = sorted([*ready, *order.get_ready()], key=lambda name: -first[name])
            while ready and len(running) < workers and not failed:
                name = ready.pop(0)
                running[pool.submit(run, name)] = name
            try:
                finished = wait(running, return_when=FIRST_COMPLETED).done
            except KeyboardInterrupt:  # leaving the pool would wait for what runs
                stop()
                raise
            for future in finished:
                name = running.pop(future)
                if future.result():
                    failed.append(name)
                else:
                    order.done(name)
    return failed


class Stages:
    """Runs stages as processes and prints their lines, each after the stage's name.

    Where more run than there are cores, a stage gives way to those that more others wait for.

    Args:
        first: the stages, and how many others wait for each, see `reach`.
    """

    def __init__(self, first: Mapping[str, int]) -> None:
        self.first, self.finished = first, 0
        self.processes: dict[subprocess.Popen, str] = {}
        self.lock = threading.Lock()

    def run(self, name: str) -> int:
        """One stage to its end; returns its exit status."""
        start = time.perf_counter()
        with self.lock:
            gives_way = any(
                self.first[other] > self.first[name] for other in self.processes.values()
            )
            process = subprocess.Popen(
                [*(POLITE if gives_way else ()), *DVC, "repro", "--single-item", name],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            self.processes[process] = name
        for line in process.stdout:
            print(f"{name}: {line}", end="", flush=True)
        status = process.wait()
        with self.lock:
            del self.processes[process]
            self.finished += 1
            word = "done" if status == 0 else f"failed with {status}"
            seconds = time.perf_counter() - start
            print(
                f"[{self.finished}/{len(self.first)}] {name}: {word}, {seconds:.0f} s", flush=True
            )
        return status

    def stop(self) -> None:
        """Ends what is running; training keeps its checkpoints."""
        with self.lock:
            for process in self.processes:
                process.terminate()


def workers_for(cpu_threads: int | None, cores: int) -> int:
    """Stages at a time: one where a stage takes the whole machine, else one more than have cores.

    The one more fills the time in which others start, and shares out what does not divide evenly.
    """
    return 1 if cpu_threads is None else min(MOST, cores // cpu_threads + 1)


def main() -> int:
    """Runs the stages; 0 if all are done."""
    try:
        study = load_study()
    except LprError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 1
    dag = subprocess.run([*DVC, "dag", "--dot"], capture_output=True, text=True, check=False)
    if dag.returncode:
        print(dag.stderr, end="", file=sys.stderr)
        return dag.returncode
    graph = parse(dag.stdout)
    stages = Stages(reach(graph))
    try:
        failed = run_all(
            graph,
            stages.run,
            workers_for(study.settings.cpu_threads, os.cpu_count() or 1),
            stages.stop,
        )
    except KeyboardInterrupt:
        print("reproduce: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    for name in failed:
        print(f"reproduce: {name} failed; its lines above say why", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
