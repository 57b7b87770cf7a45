"""Random numbers addressed by name instead of by turn.

A draw is a pure function of (seed, step, sample, stream): no generator state is carried along, so a
sample gets the same numbers alone or in a batch, on one process or on several, before or after a
resumed run. The bits come from SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
number generators", OOPSLA 2014): output i of key k is `mix(k + (i + 1) * GOLDEN)`. Everything is
integer arithmetic modulo 2^64 in int64 tensors, which wraps alike on every device.

Shape legend: B samples, n numbers per sample.
"""

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, made odd: the step of SplitMix64's counter
MULTIPLIER_1 = 0xBF58476D1CE4E5B9
MULTIPLIER_2 = 0x94D049BB133111EB
NORMAL_DOMAIN = 0x632BE59BD9B4E019  # keeps normal() off the counters that uniform() reads


def _signed(value: int) -> int:
    """The int64 that has the same 64 bits as `value` modulo 2^64."""
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def _mix_int(value: int) -> int:
    """SplitMix64's finaliser on one Python integer."""
    value &= MASK
    value = ((value ^ (value >> 30)) * MULTIPLIER_1) & MASK
    value = ((value ^ (value >> 27)) * MULTIPLIER_2) & MASK
    return value ^ (value >> 31)


def _shift_right(x: Tensor, bits: int) -> Tensor:
    """Logical shift: int64's own shift copies the sign bit, so the copies are masked away."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    """SplitMix64's finaliser, element by element, in place: large noise fields live in memory."""
    x.bitwise_xor_(_shift_right(x, 30)).mul_(_signed(MULTIPLIER_1))
    x.bitwise_xor_(_shift_right(x, 27)).mul_(_signed(MULTIPLIER_2))
    return x.bitwise_xor_(_shift_right(x, 31))


def _outputs(keys: Tensor, n: int) -> Tensor:
    """The first n outputs of each key: int64 [B] -> int64 [B, n]."""
    counter = torch.arange(1, n + 1, dtype=torch.int64, device=keys.device) * _signed(GOLDEN)
    return _mix(keys[:, None] + counter)


def keys(seed: int, step: int, samples: Tensor, stream: str) -> Tensor:
    """Names one source of random numbers per sample.

    Args:
        seed: the run's seed; integers count modulo 2^64.
        step: the training step (0 where there is none), likewise.
        samples: int64 [B], the samples' indices in their data set.
        stream: what the numbers are for; different streams are independent.

    Returns:
        int64 [B] on the device of `samples`, for `uniform` and `normal`.
    """
    digest = hashlib.blake2b(stream.encode(), digest_size=8).digest()
    state = int.from_bytes(digest, "little")
    for part in (seed, step):
        state = _mix_int(state + (part + 1) * GOLDEN)
    return _mix(_signed(state) + (samples.long() + 1) * _signed(GOLDEN))


def uniform(keys: Tensor, n: int) -> Tensor:
    """Uniform numbers in [0, 1), bit-equal on every device that has float64.

    Number i does not depend on n: asking for more only appends.

    Args:
        keys: int64 [B], from `keys`.
        n: how many numbers per key.

    Returns:
        float64 [B, n], multiples of 2^-53.
    """
    return _shift_right(_outputs(keys, n), 11).double() * 2.0**-53


def normal(keys: Tensor, shape: Sequence[int], device: torch.device | str | None = None) -> Tensor:
    """Standard normal numbers (Box and Muller 1958), two from each 64-bit output.

    The bits are equal on every device; logarithm and cosine agree to float32 rounding. The largest
    possible magnitude is 6.8.

    Args:
        keys: int64 [B], from `keys`.
        shape: shape of one sample's draw.
        device: where to draw; the device of `keys` when None.

    Returns:
        float32 [B, *shape].
    """
    keys = keys if device is None else keys.to(device)
    count = math.prod(shape)
    bits = _outputs(keys ^ _signed(NORMAL_DOMAIN), (count + 1) // 2)
    # The half keeps the logarithm's argument above 0.
    radius = ((_shift_right(bits, 32).float() + 0.5) * 2.0**-32).log_().mul_(-2).sqrt_()
    turn = (bits & 0xFFFFFFFF).float().mul_(2 * math.pi * 2.0**-32)
    pairs = torch.cat([radius * turn.cos(), radius * turn.sin()], dim=1)
    return pairs[:, :count].reshape(len(keys), *shape)
