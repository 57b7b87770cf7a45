"""The benchmark against the published networks: its clock, its own half, and its refusal."""

import subprocess
import sys

import pytest
import torch

from .scripts import TOOLS

BENCH = TOOLS / "bench"


@pytest.fixture
def modules(monkeypatch):
    """clock and sides as the script imports them, from its own folder."""
    monkeypatch.syspath_prepend(str(BENCH))
    names = ("clock", "sides", "reference")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    import clock
    import sides

    # The published tables would make each network build for seconds.
    monkeypatch.setattr(sides, "UNET", (8,) * 8)
    monkeypatch.setattr(sides, "DECODER", (8,) * 8)
    yield clock, sides
    for name in names:
        sys.modules.pop(name, None)


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


def test_without_the_published_packages_it_says_what_brings_them():
    done = subprocess.run(
        [sys.executable, str(BENCH / "run.py"), "--sizes", "128"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "bench: gfpgan 1.3.8 and basicsr 1.4.2 are not in this environment; run `make bench`"
    )
