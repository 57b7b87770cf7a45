"""Rates, penalties' weights and averages have the values that their sources state."""

import dataclasses
import math

import pytest
import torch

from lpr_gfpgan.settings import AdversarySettings
from lpr_gfpgan.training.optimise import Ema, adam, adversary_adam, due_r1, falling_rate, update

ADVERSARY = AdversarySettings(
    channels=[4], learning_rate=0.01, beta1=0.5, beta2=0.99, r1=10.0, r1_every=16
)


def test_lazy_r1_weighs_half_gamma_times_its_interval_where_due():
    assert [due_r1(ADVERSARY, step) for step in (0, 1, 15, 16, 17, 32)] == [80, 0, 0, 80, 0, 80]
    without = dataclasses.replace(ADVERSARY, r1=0.0)
    assert not any(due_r1(without, step) for step in range(40))


def test_adam_is_corrected_for_the_extra_steps_of_a_lazy_penalty():
    network = torch.nn.Linear(1, 1)
    (plain,) = adam(network, learning_rate=0.01, betas=(0.5, 0.99)).param_groups
    assert (plain["lr"], plain["betas"]) == (0.01, (0.5, 0.99))
    c = 16 / 17
    lazy = adam(network, learning_rate=0.01, betas=(0.5, 0.99), lazy_every=16)
    for (group,) in (lazy.param_groups, adversary_adam(network, ADVERSARY).param_groups):
        assert group["lr"] == pytest.approx(0.01 * c)
        assert group["betas"] == pytest.approx((0.5**c, 0.99**c))
    (without,) = adversary_adam(network, dataclasses.replace(ADVERSARY, r1=0.0)).param_groups
    assert (without["lr"], without["betas"]) == (0.01, (0.5, 0.99))


def test_adam_holds_what_requires_a_gradient():
    network = torch.nn.Linear(2, 1)
    network.bias.requires_grad_(False)
    (group,) = adam(network, learning_rate=0.01, betas=(0.5, 0.99)).param_groups
    assert len(group["params"]) == 1 and group["params"][0] is network.weight


def test_the_rate_rises_for_a_twentieth_and_falls_to_a_hundredth():
    optimiser = adam(torch.nn.Linear(1, 1), learning_rate=0.2, betas=(0, 0.99), lazy_every=1)
    top = 0.1  # a penalty at every step halves the rate

    def rate(step, steps=200):
        falling_rate(optimiser, step=step, steps=steps)
        return optimiser.param_groups[0]["lr"]

    assert rate(0) == pytest.approx(top / 10)
    assert rate(4) == pytest.approx(top / 2)
    assert rate(9) == pytest.approx(top)
    assert rate(10) == pytest.approx(top)
    assert rate(105) == pytest.approx(top * 0.505)
    assert rate(199) == pytest.approx(top * 0.01, rel=0.01)
    assert rate(0, steps=4) == pytest.approx(top)  # too short to rise


def test_the_highest_rate_outlives_a_checkpoint():
    network = torch.nn.Linear(1, 1)
    first = adam(network, learning_rate=0.2, betas=(0, 0.99))
    falling_rate(first, step=150, steps=200)
    second = adam(network, learning_rate=0.2, betas=(0, 0.99))
    second.load_state_dict(first.state_dict())
    falling_rate(second, step=10, steps=200)
    assert second.param_groups[0]["lr"] == pytest.approx(0.2)


def test_an_average_counts_half_after_its_half_life_and_earlier_half_of_what_was_seen():
    network = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(network.weight)
    ema = Ema(network, half_life=100)
    assert not any(p.requires_grad for p in ema.parameters())
    torch.nn.init.ones_(network.weight)
    ema.update(network, batch=50, seen=10_000)
    assert ema.module.weight.item() == pytest.approx(1 - math.sqrt(0.5))
    ema.update(network, batch=50, seen=10_050)
    assert ema.module.weight.item() == pytest.approx(0.5)
    torch.nn.init.zeros_(ema.module.weight)
    ema.update(network, batch=10, seen=20)  # half of 20 images seen: a half-life of 10
    assert ema.module.weight.item() == pytest.approx(0.5)
    torch.nn.init.zeros_(ema.module.weight)
    ema.update(network, batch=10, seen=10)  # the first step: a half-life of 5, two of them
    assert ema.module.weight.item() == pytest.approx(0.75)


def test_an_update_moves_its_own_network_and_leaves_no_gradient_in_the_other():
    own, other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    before = own.weight.item(), other.weight.item()
    optimiser = adam(own, learning_rate=0.1, betas=(0, 0.99))
    update(own, optimiser, other(own(torch.ones(1, 1))).sum())
    assert own.weight.item() != before[0] and other.weight.item() == before[1]
    assert own.weight.grad is not None and other.weight.grad is None
