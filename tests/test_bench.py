"""The benchmark against the published networks: its clock, its own half, and its refusal."""

import dataclasses
import json
import subprocess
import sys

import pytest
import torch

from .scripts import TOOLS, imports_from

BENCH = TOOLS / "bench"


@pytest.fixture
def modules(monkeypatch):
    """clock and sides as the script imports them, from its own folder."""
    with imports_from(BENCH):
        import clock
        import sides

        # The published tables would make each network build for seconds.
        monkeypatch.setattr(sides, "UNET", (8,) * 8)
        monkeypatch.setattr(sides, "DECODER", (8,) * 8)
        yield clock, sides


def test_sides_are_timed_in_turn_and_the_first_call_does_not_count(modules):
    clock, _ = modules
    calls = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = clock.alternate(sides, rounds=3, warm=1)
    assert calls == list("abababab")
    assert {name: len(values) for name, values in found.items()} == {"a": 3, "b": 3}


def test_a_speedup_above_one_means_that_ours_is_faster(modules):
    clock, _ = modules
    found = clock.speedup([1.0, 2.0, 4.0], [3.0, 3.0, 3.0])
    assert found == {"speedup": 1.5, "lowest_round": 0.75, "highest_round": 3.0}
    assert clock.summary([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}


@pytest.mark.parametrize("case", ["forward", "forward_backward", "degradations"])
def test_our_half_of_a_case_runs_at_a_small_size(modules, case):
    _, sides = modules
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
def test_a_step_moves_the_networks_that_it_is_about(modules, game, moved):
    _, sides = modules
    work = sides.CASES[game]("ours", 32, 2, "cpu")
    owner = work.__self__
    names = {"network", "adversary", "region", "generator"} & set(vars(owner))

    def weights(name):
        return torch.cat([p.detach().flatten() for p in getattr(owner, name).parameters()]).clone()

    before = {name: weights(name) for name in names}
    work()
    assert {name for name in names if not torch.equal(before[name], weights(name))} == moved


def test_a_mean_step_has_each_part_by_its_share(modules):
    _, sides = modules
    assert sides.MEANS["mean gan_step"] == {"gan_step": 1, "gan_r1": 1 / 16}
    parts = {part for shares in sides.MEANS.values() for part in shares}
    assert parts <= set(sides.CASES)


def test_what_doubles_is_counted_apart(modules):
    _, sides = modules
    import counted

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
    assert 0 < found["time_share_doubling"] < 1


def test_bfloat16_is_what_the_convolutions_compute_in(modules):
    _, sides = modules
    made = sides.in_precision(sides.CASES["forward"]("ours", 32, 2, "cpu"), "bfloat16", "cpu")()
    exact = sides.CASES["forward"]("ours", 32, 2, "cpu")()
    difference = (made.float() - exact).abs().max() / exact.abs().max()
    assert 1e-4 < difference < 0.1


def test_a_measurement_replaces_the_earlier_one_of_the_same_and_leaves_others(modules, tmp_path):
    import run

    def about(**changed):
        fields = {"case": "gan_step", "size": 128, "batch": 4, "precision": "float32"}
        return run.Measurement(**(fields | {"device": "cpu", "threads": 2} | changed))

    def line(measurement, ours, reference):
        return dataclasses.asdict(measurement) | {
            "seconds": {"ours": {"median": ours}, "reference": {"median": reference}}
        }

    lines = []
    for case, ours, reference in (("gan_step", 9.0, 9.0), ("gan_r1", 1.6, 3.2)):
        run._put(lines, about(case=case), line(about(case=case), ours, reference))
    run._put(lines, about(), line(about(), 1.9, 3.8))
    run._put(lines, about(precision="bfloat16"), line(about(precision="bfloat16"), 0.9, 0.9))
    assert [one["case"] for one in lines] == ["gan_r1", "gan_step", "gan_step"]
    means = {m.precision: found for m, found in run._means(lines, 128, 2, "cpu")}
    assert means["float32"]["speedup"] == 2 and means["float32"]["seconds"]["ours"] == 2
    assert means["bfloat16"]["seconds"] == {"ours": 1.0, "reference": 1.1}

    path = tmp_path / "reference.json"
    path.write_text(json.dumps({"machine": {"cores": 2}, "restorers": {}, "lines": lines}))
    assert run._earlier(path, {"cores": 2})["lines"] == lines
    assert run._earlier(path, {"cores": 64})["lines"] == []


def test_without_the_published_packages_it_says_what_brings_them():
    done = subprocess.run(
        [sys.executable, str(BENCH / "run.py"), "--sizes", "128"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "bench: gfpgan 1.3.8 and basicsr 1.4.2 are not in this environment; run `make bench`"
    )
