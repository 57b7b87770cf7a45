import numpy as np
import pytest
import torch
from scipy import stats

from lpr_gfpgan.randomness import keys, normal, uniform

SAMPLES = torch.arange(2000)


def splitmix64(state, n):
    """The published generator, in plain integers."""
    mask, out = (1 << 64) - 1, []
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        out.append(z ^ (z >> 31))
    return out


def test_known_answer_of_splitmix64():
    # The first outputs for seed 1234567, as widely published for checking implementations.
    assert splitmix64(1234567, 2) == [6457827717110365317, 3203168211198807973]
    drawn = uniform(torch.tensor([1234567]), 2)[0] * 2.0**53
    assert drawn.tolist() == [6457827717110365317 >> 11, 3203168211198807973 >> 11]


@pytest.mark.parametrize("key", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_wraps_like_unsigned_arithmetic(key):
    expected = [z >> 11 for z in splitmix64(key & ((1 << 64) - 1), 5)]
    assert (uniform(torch.tensor([key]), 5)[0] * 2.0**53).tolist() == expected


def test_a_draw_does_not_depend_on_its_batch():
    k = keys(3, 7, SAMPLES, "a")
    chosen = torch.tensor([41, 5, 1999])
    alone = keys(3, 7, chosen, "a")
    assert torch.equal(k[chosen], alone)
    assert torch.equal(uniform(k, 4)[chosen], uniform(alone, 4))
    assert torch.equal(normal(k, (3, 2))[chosen], normal(alone, (3, 2)))
    assert torch.equal(uniform(k, 9)[:, :4], uniform(k, 4))


@pytest.mark.parametrize("other", [(4, 7, "a"), (3, 8, "a"), (3, 7, "b"), (7, 3, "a")])
def test_every_part_of_the_name_matters(other):
    seed, step, stream = other
    a = uniform(keys(3, 7, SAMPLES, "a"), 1)[:, 0].numpy()
    b = uniform(keys(seed, step, SAMPLES, stream), 1)[:, 0].numpy()
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.08
    assert not (a == b).any()


def test_negative_and_large_seeds_are_names_too():
    drawn = {float(uniform(keys(s, 0, SAMPLES[:1], "a"), 1)) for s in (-1, 0, 2**40, 2**63)}
    assert len(drawn) == 4


def test_uniform_is_uniform_along_and_across_samples():
    u = uniform(keys(0, 0, SAMPLES, "u"), 50)
    assert u.dtype == torch.float64
    assert u.min() >= 0
    assert u.max() < 1
    assert stats.kstest(u.flatten().numpy(), "uniform").pvalue > 1e-3
    assert stats.kstest(u[:, 0].numpy(), "uniform").pvalue > 1e-3
    neighbours = np.corrcoef(u[:-1, 0].numpy(), u[1:, 0].numpy())[0, 1]
    assert abs(neighbours) < 0.08


def test_normal_is_normal_and_white():
    z = normal(keys(0, 0, SAMPLES, "n"), (3, 5, 3))
    assert z.dtype == torch.float32
    assert z.shape == (2000, 3, 5, 3)
    assert stats.kstest(z.flatten().numpy(), "norm").pvalue > 1e-3
    flat = z.flatten(1).numpy()
    correlation = np.corrcoef(flat.T) - np.eye(flat.shape[1])
    assert abs(correlation).max() < 0.12


def test_normal_and_uniform_of_one_key_share_nothing():
    k = keys(0, 0, SAMPLES, "x")
    z, u = normal(k, (8,)).numpy(), uniform(k, 8).numpy()
    assert abs(np.corrcoef(z.T, u.T)[:8, 8:]).max() < 0.1


def test_global_state_is_neither_read_nor_changed():
    k = keys(0, 0, SAMPLES[:3], "g")
    before = torch.get_rng_state()
    torch.manual_seed(1)
    a = normal(k, (4,))
    torch.manual_seed(2)
    assert torch.equal(a, normal(k, (4,)))
    torch.set_rng_state(before)
    normal(k, (4,))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_devices_agree():
    k = keys(0, 0, SAMPLES, "d")
    assert torch.equal(keys(0, 0, SAMPLES.cuda(), "d").cpu(), k)
    assert torch.equal(uniform(k.cuda(), 6).cpu(), uniform(k, 6))
    torch.testing.assert_close(normal(k, (6,), "cuda").cpu(), normal(k, (6,)), atol=2e-6, rtol=1e-5)
