"""Layers with equalised learning rate, and modulated convolution.

A layer here holds zeros until `initialise(network, seed)` fills it, so that a network's first
weights depend on its seed and on the layers' names alone; every network of this package calls it
at the end of its constructor.

Shape legend: B batch, I and O input and output channels, K kernel size, H x W pixels, D code size.
"""

import contextlib
import hashlib
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .filters import blur

SLOPE = 0.2  # of the leaky rectifier below zero
GAIN = math.sqrt(2.0)  # keeps the mean square through a leaky rectifier (He et al. 2015, nearly)


def initialise(network: nn.Module, seed: int) -> None:
    """Fill a network with its first weights, in place; global random state is not touched.

    Each layer draws from its own generator, keyed by the seed and the layer's name, so adding a
    layer leaves the others as they were. Layers of this package know their distribution; plain
    convolutions and linear layers get He's normal distribution (leaky slope 0.2) and zero biases,
    recurrent layers U(-1/sqrt(n), 1/sqrt(n)), normalisations the identity. On the meta device
    nothing is done.

    Args:
        network: any module built of the layers named above.
        seed: any integer.
    """
    for name, module in network.named_modules():
        first = next(module.parameters(recurse=False), None)
        buffer = next(module.buffers(recurse=False), None)
        if any(tensor is not None and tensor.is_meta for tensor in (first, buffer)):
            continue
        digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=7).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest, "little"))
        with torch.no_grad():
            if hasattr(module, "fill"):
                module.fill(generator)
            elif isinstance(module, nn.Conv2d | nn.Conv1d | nn.Linear):
                fan_in = module.weight[0].numel()
                module.weight.normal_(generator=generator).mul_(GAIN / math.sqrt(fan_in))
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, nn.RNNBase):
                bound = 1 / math.sqrt(module.hidden_size)
                for parameter in module.parameters():
                    parameter.uniform_(-bound, bound, generator=generator)
            elif isinstance(module, nn.GroupNorm | nn.LayerNorm):
                module.weight.fill_(1)
                module.bias.zero_()


def full_precision(device: torch.device) -> contextlib.AbstractContextManager:
    """A block in which autocast changes no dtype."""
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()


def leaky(x: Tensor) -> Tensor:
    """Leaky rectifier with slope 0.2, in place; gains are folded into the weights before it.

    Call it on a fresh result alone. A convolution's derivative does not need its result, and the
    rectifier's is told by the sign of its own, so one copy in memory serves both.
    """
    return F.leaky_relu_(x, SLOPE)


def scale_smaller(x: Tensor, weight: Tensor, factor: float | Tensor) -> tuple[Tensor, Tensor]:
    """Scale one of the two that a linear layer multiplies, whichever has fewer numbers.

    On coarse maps the weights outnumber the activations by far, on fine ones it is the reverse.

    Args:
        x: activations.
        weight: what they are multiplied by.
        factor: a constant, or one factor per input channel, shaped to fit both.

    Returns:
        The activations and the weight, one of them scaled.
    """
    if x[0].numel() < weight.numel():  # of one sample: an exported graph serves any batch
        return x * factor, weight
    return x, weight * factor


def scale_and_add(y: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
    """`y * factor + offset`; in place where no derivative needs `y`, so `y` must be fresh.

    On a CPU new memory costs several times what the arithmetic does.

    Args:
        y: [B, O, H, W].
        factor: broadcast against y.
        offset: broadcast against y.
    """
    needed = any(tensor.requires_grad for tensor in (y, factor, offset))
    if needed and torch.is_grad_enabled():
        return torch.addcmul(offset, y, factor)
    return y.mul_(factor).add_(offset)


class _KernelPower(torch.autograd.Function):
    """Sum of squares of each kernel, without a copy of the weights in forward."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        ctx.save_for_backward(weight)
        # With channels last, each tap's channels lie side by side; a reduction over the last two
        # axes jumps from one to the next instead.
        first, *others = weight.flatten(2).unbind(2)
        power = first.square()
        for tap in others:
            power.addcmul_(tap, tap)
        return power

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (weight,) = ctx.saved_tensors
        return weight * (2 * gradient)[:, :, None, None]


class EqualisedLinear(nn.Module):
    """Fully connected layer whose weights are scaled at run time (Karras et al. 2018, section 4.1).

    Computes `gain * m * (W x / sqrt(I) + b)` with W from N(0, 1/m^2), where m is the learning-rate
    multiplier: every layer then moves at the same relative speed under Adam.

    Args:
        inputs: I.
        outputs: O.
        bias: first value of every bias, after all scaling but the gain.
        spread: standard deviation of W's first values, relative to the usual one.
        multiplier: m; 0.01 in the mapping network.
        gain: factor on the result; sqrt(2) before a leaky rectifier.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: float = 0.0,
        spread: float = 1.0,
        multiplier: float = 1.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.first_bias, self.spread, self.multiplier = bias, spread, multiplier
        self.weight_scale = gain * multiplier / math.sqrt(inputs)
        self.bias_scale = gain * multiplier

    def fill(self, generator: torch.Generator) -> None:
        """Draw the first weights."""
        self.weight.normal_(generator=generator).mul_(self.spread / self.multiplier)
        self.bias.fill_(self.first_bias / self.multiplier)

    def forward(self, x: Tensor) -> Tensor:
        """[..., I] -> [..., O]."""
        bias = self.bias if self.bias_scale == 1 else self.bias * self.bias_scale
        return F.linear(*scale_smaller(x, self.weight, self.weight_scale), bias)

    def extra_repr(self) -> str:
        """Shape and learning-rate multiplier."""
        outputs, inputs = self.weight.shape
        return f"{inputs}, {outputs}, multiplier={self.multiplier}"


class EqualisedConv2d(nn.Module):
    """Convolution whose weights are scaled at run time, optionally halving the resolution.

    Computes `gain * (W * x / sqrt(I K^2) + b)` with W from N(0, 1). With `halve`, x is blurred by
    [1, 3, 3, 1] and every second result is computed, as in StyleGAN2's discriminator.

    Args:
        inputs: I.
        outputs: O.
        kernel: K, odd.
        bias: first value of every bias; None for a layer without.
        spread: standard deviation of W's first values.
        gain: factor on the result; sqrt(2) before a leaky rectifier.
        halve: whether the result has half the height and width.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        bias: float | None = 0.0,
        spread: float = 1.0,
        gain: float = 1.0,
        halve: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.bias = None if bias is None else nn.Parameter(torch.zeros(outputs))
        self.first_bias, self.spread, self.gain, self.halve = bias, spread, gain, halve
        self.weight_scale = gain / math.sqrt(inputs * kernel**2)

    def fill(self, generator: torch.Generator) -> None:
        """Draw the first weights."""
        self.weight.normal_(generator=generator).mul_(self.spread)
        if self.bias is not None:
            self.bias.fill_(self.first_bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, H, W], or [B, O, H/2, W/2] with `halve`."""
        bias = self.bias if self.bias is None or self.gain == 1 else self.bias * self.gain
        reach = self.weight.shape[-1] // 2
        if self.halve:
            x = blur(x, reach + 1, gain=self.weight_scale)
            return F.conv2d(x, self.weight, bias, stride=2)
        return F.conv2d(*scale_smaller(x, self.weight, self.weight_scale), bias, padding=reach)

    def extra_repr(self) -> str:
        """Shape of the kernel and whether the resolution is halved."""
        outputs, inputs, kernel, _ = self.weight.shape
        return f"{inputs}, {outputs}, kernel={kernel}, halve={self.halve}"


class ModulatedConv2d(nn.Module):
    """Convolution whose input channels are scaled per sample by a style (Karras et al. 2020, 2.2).

    With the style s = A w + b and W' = s_i W_oi the layer computes `d_o * (W' * x)`, where
    d_o = 1 / sqrt(sum_ik (s_i W_oik)^2 + eps) (their equations 1 and 3). Because s scales whole
    input channels and d whole output channels, both can act on the activations, and one ordinary
    convolution with the shared W serves the whole batch: s before it, d after it. For a single
    image s acts on the weights where these are fewer. With K = 1 the weights are few enough for
    a matrix of each sample's own.

    With `double`, zeros are inserted between the pixels of x, W is applied, and the result is
    blurred by [1, 3, 3, 1]: a transposed convolution with stride 2, then the blur.

    Args:
        inputs: I.
        outputs: O.
        kernel: K, odd.
        code_size: D.
        demodulate: whether d is applied; not in layers that make RGB.
        double: whether the result has double the height and width.
    """

    EPSILON = 1e-8

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        code_size: int,
        *,
        demodulate: bool = True,
        double: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.style = EqualisedLinear(code_size, inputs, bias=1.0)
        self.demodulate, self.double = demodulate, double
        self.weight_scale = 1 / math.sqrt(inputs * kernel**2)

    def fill(self, generator: torch.Generator) -> None:
        """Draw the first weights."""
        self.weight.normal_(generator=generator)

    def forward(self, x: Tensor, code: Tensor, offset: Tensor, *, gain: float = 1.0) -> Tensor:
        """Modulate, convolve, demodulate, and add an offset.

        Args:
            x: [B, I, H, W].
            code: [B, D].
            offset: added to the result, broadcast against [B, O, H', W'].
            gain: factor on the convolution, not on the offset.

        Returns:
            [B, O, H', W'], where H' x W' is H x W or 2H x 2W.
        """
        style = self.style(code) * self.weight_scale
        y = self._convolve(x, style)
        if not self.demodulate:
            return y * gain + offset if gain != 1 else y + offset
        # A sum of squares needs float32 even where the convolution runs in bfloat16.
        with full_precision(x.device):
            style = style.to(self.weight.dtype)
            power = F.linear(style.square(), _KernelPower.apply(self.weight))
            factor = torch.rsqrt(power + self.EPSILON) * gain
        return scale_and_add(y, factor.to(y.dtype)[:, :, None, None], offset.to(y.dtype))

    def _convolve(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, I, H, W] and [B, I] -> [B, O, H', W'], not demodulated."""
        weight, reach = self.weight, self.weight.shape[-1] // 2
        style = style.to(x.dtype)
        if reach == 0:
            matrices = weight.flatten(1) * style[:, None]
            pixels = x.movedim(1, 3).flatten(1, 2)
            # In this order the derivative by the weights is a product of few rows. The other way
            # round it has few columns, which a CPU's library takes ten times as long for.
            y = matrices.to(x.dtype) @ pixels.transpose(1, 2)
            return y.unflatten(2, x.shape[2:])
        style = style[:, :, None, None]
        if not torch.compiler.is_exporting() and len(x) == 1:
            x, weight = scale_smaller(x, weight, style)
        else:
            x = x * style
        if self.double:
            y = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2, padding=reach - 1)
            return blur(y, 1, gain=4.0)
        return F.conv2d(x, weight, padding=reach)

    def extra_repr(self) -> str:
        """Shape of the kernel and what is done around it."""
        outputs, inputs, kernel, _ = self.weight.shape
        return (
            f"{inputs}, {outputs}, kernel={kernel}, demodulate={self.demodulate}, "
            f"double={self.double}"
        )


def group_size(batch: int, group: int) -> int:
    """Samples compared with each other by `batch_deviation`: B's largest divisor up to `group`."""
    return next(n for n in range(min(group, batch), 0, -1) if batch % n == 0)


def batch_deviation(x: Tensor, group: int) -> Tensor:
    """Append how much each group of samples varies (Karras et al. 2018, section 3).

    A group is a run of consecutive samples, so a batch split over processes at multiples of the
    group gives the same result as the whole. Its size is `group_size(B, group)`; a group of one
    sample varies by nothing.

    Args:
        x: [B, C, H, W].
        group: the wished number of samples in a group, at least 1.

    Returns:
        [B, C + 1, H, W]: the last channel holds the standard deviation over the group, averaged
        over channels and pixels.
    """
    batch, _, height, width = x.shape
    size = group_size(batch, group)
    grouped = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    grouped = grouped.unflatten(0, (-1, size))
    # The small constant keeps the root's derivative finite where the samples agree.
    deviation = (grouped.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    deviation = deviation.repeat_interleave(size).to(x.dtype)
    return torch.cat([x, deviation[:, None, None, None].expand(-1, 1, height, width)], 1)
