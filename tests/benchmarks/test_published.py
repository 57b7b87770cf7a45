"""The benchmark against the published networks: its clock, its own half, and its refusal."""

import dataclasses
import json
import subprocess
import sys

import pytest
import torch

from benchmarks.kept import ROOT
from benchmarks.published import __main__ as program
from benchmarks.published import clock, counted, measuring, memory, reference, sides
from benchmarks.published.measurement import Measurement


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """The published tables would make each network build for seconds."""
    monkeypatch.setattr(sides, "UNET", (8,) * 8)
    monkeypatch.setattr(sides, "DECODER", (8,) * 8)


def test_sides_are_timed_in_turn_and_the_first_call_does_not_count():
    calls = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = clock.alternate(sides, rounds=3, warm=1)
    assert calls == list("abababab")
    assert {name: len(values) for name, values in found.items()} == {"a": 3, "b": 3}


def test_a_speedup_above_one_means_that_ours_is_faster():
    found = clock.speedup([1.0, 2.0, 4.0], [3.0, 3.0, 3.0])
    assert found == {"speedup": 1.5, "lowest_round": 0.75, "highest_round": 3.0}
    assert clock.summary([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}


@pytest.mark.parametrize("case", ["forward", "forward_backward", "degradations"])
def test_our_half_of_a_case_runs_at_a_small_size(case):
    work = sides.CASES[case]("ours", 32, 2, "cpu")
    made = work()
    if case == "forward_backward":
        return
    assert made.shape == (2, 3, 32, 32) and made.isfinite().all()


@pytest.mark.parametrize(
    ("game", "moved"),
    [
        ("gan_step", {"network", "adversary", "region"}),
        ("gan_r1", {"adversary", "region"}),
        ("prior_step", {"generator", "adversary"}),
        ("prior_r1", {"adversary"}),
        ("prior_path", {"generator"}),
    ],
)
def test_a_step_moves_the_networks_that_it_is_about(game, moved):
    work = sides.CASES[game]("ours", 32, 2, "cpu")
    owner = work.__self__
    names = {"network", "adversary", "region", "generator"} & set(vars(owner))

    def weights(name):
        return torch.cat([p.detach().flatten() for p in getattr(owner, name).parameters()]).clone()

    before = {name: weights(name) for name in names}
    work()
    assert {name for name in names if not torch.equal(before[name], weights(name))} == moved


def test_a_mean_step_has_each_part_by_its_share():
    assert sides.MEANS["mean gan_step"] == {"gan_step": 1, "gan_r1": 1 / 16}
    parts = {part for shares in sides.MEANS.values() for part in shares}
    assert parts <= set(sides.CASES)


def test_what_doubles_is_counted_apart():
    network = sides.restorer("ours", 32).eval().requires_grad_(False)
    image = sides.images(32, 1, "cpu")
    doubling = counted.doubling_layers(network)
    decoder = {f"decoder.levels.{n}.enter.convolution" for n in range(1, 4)}
    assert set(doubling) == decoder | {f"unet.up.{n}.skip" for n in range(3)}
    found = counted.report(network, lambda: network(image))
    # A transposed 3 x 3 convolution of 8 to 8 channels, at the coarse sizes 4, 8 and 16, and the
    # 1 x 1 skips there; then the blur of 4 x 4 taps at the doubled sizes.
    coarse = 4**2 + 8**2 + 16**2
    products = coarse * (8 * 8 * 9 + 8 * 8) + 4 * coarse * 8 * 16
    # And a style for 8 channels from the code, and the power of each kernel, at each level.
    products += 3 * (sides.PAPER.prior.code_size * 8 + 8 * 8)
    assert found["gflop_doubling"] == round(2 * products / 1e9, 6)
    assert found["gflop"] == pytest.approx(
        found["gflop_doubling"] + found["gflop_otherwise"], abs=2e-6
    )


def test_the_share_of_time_is_that_of_the_layers_asked_for(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(counted.time, "perf_counter", lambda: now[0])

    class Sleeper(torch.nn.Module):
        def __init__(self, seconds):
            super().__init__()
            self.seconds = seconds

        def forward(self, x):
            now[0] += self.seconds
            return x

    one, other = Sleeper(3.0), Sleeper(1.0)
    assert counted.time_share({"one": one}, lambda: other(one(torch.zeros(1)))) == 0.75


def test_bfloat16_is_what_the_convolutions_compute_in():
    made = sides.in_precision(sides.CASES["forward"]("ours", 32, 2, "cpu"), "bfloat16", "cpu")()
    exact = sides.CASES["forward"]("ours", 32, 2, "cpu")()
    difference = (made.float() - exact).abs().max() / exact.abs().max()
    assert 1e-4 < difference < 0.1


def test_a_measurement_replaces_the_earlier_one_of_the_same_and_leaves_others():
    def about(**changed):
        fields = {"case": "gan_step", "size": 128, "batch": 4, "precision": "float32"}
        return Measurement(**(fields | {"device": "cpu", "threads": 2} | changed))

    def line(measurement, ours, reference):
        return dataclasses.asdict(measurement) | {
            "seconds": {"ours": {"median": ours}, "reference": {"median": reference}}
        }

    lines = []
    for case, ours, theirs in (("gan_step", 9.0, 9.0), ("gan_r1", 1.6, 3.2)):
        measuring.put(lines, about(case=case), line(about(case=case), ours, theirs))
    measuring.put(lines, about(), line(about(), 1.9, 3.8))
    measuring.put(lines, about(precision="bfloat16"), line(about(precision="bfloat16"), 0.9, 0.9))
    assert [one["case"] for one in lines] == ["gan_r1", "gan_step", "gan_step"]
    means = {m.precision: found for m, found in measuring.means(lines, 128, 2, "cpu")}
    assert means["float32"]["speedup"] == 2 and means["float32"]["seconds"]["ours"] == 2
    assert means["bfloat16"]["seconds"] == {"ours": 1.0, "reference": 1.1}


@pytest.fixture
def only_ours(monkeypatch):
    """Both sides are ours, so that the program runs without the published packages."""
    monkeypatch.setattr(reference, "installed", lambda: True)
    monkeypatch.setattr(reference, "prepare", lambda: None)
    monkeypatch.setattr(memory, "of_side", lambda about, side: 1.0)
    monkeypatch.setattr(measuring, "BATCHES", {32: {"forward": (1, 2)}})
    monkeypatch.setattr(measuring, "OTHERWISE", {32: (2,)})
    own = dict(sides.CASES)
    for name, case in own.items():
        monkeypatch.setitem(sides.CASES, name, lambda side, *how, case=case: case(sides.OURS, *how))
    restorer, restore, adversaries = sides.restorer, sides.restore, sides.adversaries
    monkeypatch.setattr(sides, "restorer", lambda side, size: restorer(sides.OURS, size))
    monkeypatch.setattr(sides, "adversaries", lambda side, size: adversaries(sides.OURS, size))
    monkeypatch.setattr(sides, "restore", lambda side, *what: restore(sides.OURS, *what))


def test_a_run_keeps_what_it_does_not_measure_and_says_of_which_code_each_line_is(
    only_ours, monkeypatch, tmp_path
):
    out = tmp_path / "reference.json"

    def run(commit, *cases):
        monkeypatch.setattr(program, "stamp", lambda: {"date": "2026-01-02", "commit": commit})
        given = ["--sizes", "32", "--precisions", "float32", "--rounds", "2", "--threads", "1"]
        monkeypatch.setattr("sys.argv", ["published", *given, "--out", str(out), "--cases", *cases])
        assert program.main() == 0
        found = json.loads(out.read_text("utf-8"))
        return found, {(x["case"], x["batch"]): x for x in found["lines"]}

    first, lines = run("one", "forward", "gan_step")
    again, replaced = run("two", "gan_step", "gan_r1")
    assert set(lines) == {("forward", 1), ("forward", 2), ("gan_step", 2)}
    assert set(replaced) == {*lines, ("gan_r1", 2), ("mean gan_step", 2)}
    assert replaced["forward", 1] == lines["forward", 1]
    assert {key: line.get("commit") for key, line in replaced.items()} == {
        ("forward", 1): "one",
        ("forward", 2): "one",
        ("gan_step", 2): "two",
        ("gan_r1", 2): "two",
        ("mean gan_step", 2): None,
    }
    line = replaced["gan_step", 2]
    assert line["lowest_round"] <= line["speedup"] <= line["highest_round"]
    for spread in line["seconds"].values():
        assert 0 < spread["min"] <= spread["median"] <= spread["max"]
    assert first["machine"] == again["machine"] and again["restorers"]["32"]["commit"] == "two"
    whole, region = (again["discriminators"]["32"]["ours"][name] for name in ("image", "region"))
    networks = sides.adversaries(sides.OURS, 32)
    for found, network in zip((whole, region), networks, strict=True):
        assert found["parameters"] == sum(p.numel() for p in network.parameters())
    one = torch.zeros(1, 3, 32, 32)
    again_counted, _ = counted.size_of(networks[0].requires_grad_(False), lambda: networks[0](one))
    # Twice the images take twice the operations: the count is of one.
    two = counted.size_of(networks[0], lambda: networks[0](one.expand(2, -1, -1, -1)))[0]
    assert whole == again_counted and two["gflop"] == pytest.approx(2 * whole["gflop"], rel=0.01)
    assert region["gflop"] > 0


def test_what_is_wanted_follows_the_case():
    found = measuring.wanted(["forward", "gan_r1", "degradations"], 128, "float32", "cpu", 2)
    assert [(one.case, one.batch, one.threads) for one in found] == [
        ("forward", 1, 2),
        ("forward", 8, 2),
        ("gan_r1", 4, 2),
        ("degradations", 8, 1),
    ]
    in_half = measuring.wanted(["forward", "gan_r1", "degradations"], 128, "bfloat16", "cpu", 2)
    assert {one.case for one in in_half} == {"forward"}


def test_memory_is_of_a_process_of_its_own_and_grows_with_the_batch():
    few, many = (
        memory.of_side(Measurement("degradations", 256, batch, "float32", "cpu", 1), sides.OURS)
        for batch in (1, 64)
    )
    assert 100 < few < many - 64 * 3 * 256**2 * 4 / memory.MIB


def test_without_the_published_packages_it_says_what_brings_them():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.published", "--sizes", "128"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "bench: gfpgan 1.3.8 and basicsr 1.4.2 are not in this environment; run `make bench`"
    )
