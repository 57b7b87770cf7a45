"""Writes the figures of docs/speed.md from reports/benchmarks, between its two marks.

Usage: python tools/speed.py [--check]
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from marked import MarkedPage, head, row, titled

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "reports" / "benchmarks"
PAGE = MarkedPage(ROOT / "docs" / "speed.md", "tools/speed.py")
CASES = {
    "forward": "restoring",
    "forward_backward": "restoring, and all derivatives",
    "gan_step": "a step of the restorer's game",
    "gan_r1": "its R1 penalties",
    "mean gan_step": "**a mean step of the game, penalties by their share**",
    "prior_step": "a step of the prior's game",
    "prior_r1": "its R1 penalty",
    "prior_path": "its path-length penalty",
    "mean prior_step": "**a mean step of it**",
    "degradations": "degradations",
}

SIDES = ("reference", "ours")
DISCRIMINATORS = {"image": "discriminator", "region": "discriminator of the region"}


def figures() -> str:
    """All tables, as Markdown."""
    reference = json.loads((BENCHMARKS / "reference.json").read_text("utf-8"))
    costs = json.loads((BENCHMARKS / "costs-release.json").read_text("utf-8"))
    parts = [against(reference), equal_work(reference), of_stages(costs)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def against(reference: Mapping[str, Any]) -> Iterator[str]:
    """Reference and ours, line by line."""
    machine = reference["machine"]
    named = " and ".join(f"{name} {version}" for name, version in machine["reference"].items())
    columns = "reference, s | ours, s | times as fast [lowest, highest round] | memory, MiB | code"
    yield from titled(
        f"**Against {named}**, {machine['processor']}, torch {machine['torch']}:",
        f"size | what | images | format | threads | {columns}",
    )
    order = list(CASES)
    lines = sorted(
        reference["lines"],
        key=lambda line: (
            line["size"],
            line["precision"] != "float32",
            order.index(line["case"]),
            line["batch"],
        ),
    )
    for line in lines:
        yield row(
            line["size"],
            CASES[line["case"]],
            *(line[key] for key in ("batch", "precision", "threads")),
            *(middle(line["seconds"][side]) for side in SIDES),
            ratio(line),
            memory(line),
            code(line),
        )


def middle(seconds: Mapping[str, float] | float) -> str:
    """Median seconds; a mean step has one number."""
    value = seconds["median"] if isinstance(seconds, Mapping) else seconds
    return f"{value:.3g}"


def ratio(line: Mapping[str, Any]) -> str:
    """The speedup, with the ends of its rounds where it has any."""
    if "rounds" not in line:
        return f"{line['speedup']:.2f}"
    return f"{line['speedup']:.2f} [{line['lowest_round']:.2f}, {line['highest_round']:.2f}]"


def memory(line: Mapping[str, Any]) -> str:
    """Peak memory of both sides."""
    found = line.get("peak_memory_mib")
    return f"{found['reference']:.0f}, ours {found['ours']:.0f}" if found else ""


def code(line: Mapping[str, Any]) -> str:
    """The commit that was measured; a mean of measurements has none of its own."""
    return "" if "rounds" not in line else line.get("commit", "not recorded")


def equal_work(reference: Mapping[str, Any]) -> Iterator[str]:
    """Whether both sides do the same work."""
    columns = "parameters | GFLOP | of layers that double | of all others | time in doubling layers"
    yield from titled(
        "**The same work?** One image, a multiply-add counts as two operations:",
        f"size | network | side | {columns}",
    )
    for size, restorers in reference["restorers"].items():
        for side in SIDES:
            found = restorers[side]
            doubling = (f"{found[key]:.2f}" for key in ("gflop_doubling", "gflop_otherwise"))
            share = percent(found["time_share_doubling"])
            yield row(size, "restorer", side, *counts(found), *doubling, share)
        for network, name in DISCRIMINATORS.items():
            for side in SIDES:
                found = reference["discriminators"][size][side][network]
                yield row(size, name, side, *counts(found), "", "", "")


def counts(network: Mapping[str, Any]) -> tuple[str, str]:
    """Parameters and GFLOP."""
    return f"{network['parameters']:,}", f"{network['gflop']:.2f}"


def of_stages(costs: Mapping[str, Any]) -> Iterator[str]:
    """Where the time of each stage goes."""
    limits = costs["attainable"]
    formats = [name for name in ("float32", "bfloat16") if name in limits]  # a CPU may lack one
    rates = " and ".join(f"{limits[name] / 1e9:.0f} GFLOP/s in {name}" for name in formats)
    yield (
        f"**Where the time goes**, profile `{costs['profile']}`, {costs['processor']}, "
        f"{costs['threads']} thread(s). Large matrix products reach {rates}, "
        f"a large copy {limits['bandwidth'] / 1e9:.1f} GB/s:"
    )
    yield ""
    columns = "GFLOP a step | of the attainable | GB a step | of the bandwidth"
    yield from head(
        f"stage | images a step | format | s a step | waiting for data | {columns} | "
        "largest operations | code"
    )
    for stage in costs["stages"]:
        if "left_out" in stage:
            continue
        yield row(
            stage["stage"],
            stage["batch"],
            stage["format"],
            f"{stage['seconds_a_step']:.3g}",
            percent(stage["share_waiting_for_data"]),
            stage["gflop_a_step"],
            percent(stage["share_of_attainable_flop"]),
            stage["gbyte_a_step"],
            percent(stage["share_of_attainable_bandwidth"]),
            three(list(stage["largest"].items())),
            stage.get("commit", "not recorded"),
        )


def percent(value: float) -> str:
    """A share of 1 in whole per cent."""
    return f"{100 * value:.0f} %"


def three(operations: Sequence[tuple[str, float]]) -> str:
    """The three largest operations."""
    return ", ".join(f"`{name}` {percent(share)}" for name, share in operations[:3])


if __name__ == "__main__":
    sys.exit(PAGE.main(figures, __doc__))
