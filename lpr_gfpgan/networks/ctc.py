"""Reading networks: a plate crop to one distribution over characters per step along its width.

Trained with connectionist temporal classification (Graves et al. 2006): class 0 is the blank, and
a text is what remains when runs of one class are merged and blanks dropped. Two architectures that
share no layer, so that one can judge what was trained with the other.

Normalisation is per sample (Wu and He 2018, group normalisation): a reading does not depend on the
batch around it, in training as in use.

Shape legend: B batch, H x W pixels of the crop, T steps along the width, N classes, F features.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ConfigError, LprError
from .checks import expect_shape, height_and_width, whole_numbers
from .layers import initialise, leaky

MAX_STEPS = 32
MIN_STEPS = 16
BLANK = 0
ARCHITECTURES = ("plain", "residual")


class Reading(NamedTuple):
    """What a reader saw, most probable path; rows are padded on the right.

    Attributes:
        indices: int64 [B, T], class indices; 0 beyond the text.
        lengths: int64 [B], number of characters.
        confidences: [B, T] in [0, 1], each character's largest probability in its run; 0 beyond.
    """

    indices: Tensor
    lengths: Tensor
    confidences: Tensor


def _norm(channels: int) -> nn.GroupNorm:
    """Group normalisation with groups of about eight channels."""
    groups = max(n for n in range(1, max(channels // 8, 1) + 1) if channels % n == 0)
    return nn.GroupNorm(groups, channels)


class _PlainStage(nn.Module):
    """Strided 3 x 3 convolution, then another 3 x 3 convolution, each with norm and rectifier."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int], *, refine: bool) -> None:
        super().__init__()
        self.enter = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.enter_norm = _norm(outputs)
        self.refine = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False) if refine else None
        self.refine_norm = _norm(outputs) if refine else None

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, H/sy, W/sx]."""
        x = leaky(self.enter_norm(self.enter(x)))
        return x if self.refine is None else leaky(self.refine_norm(self.refine(x)))


class _ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside the identity, norm and rectifier first (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first_norm, self.second_norm = _norm(channels), _norm(channels)
        self.first = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape."""
        y = self.first(F.silu(self.first_norm(x)))
        return x + self.second(F.silu(self.second_norm(y)))


class _ResidualStage(nn.Module):
    """A linear strided convolution with overlap, then residual blocks."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int], *, blocks: int) -> None:
        super().__init__()
        kernel = tuple(2 + step for step in stride)  # one pixel of overlap on each side
        self.enter = nn.Conv2d(inputs, outputs, kernel, stride, 1)
        self.blocks = nn.Sequential(*(_ResidualBlock(outputs) for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, H, W] -> [B, O, H/sy, W/sx]."""
        return self.blocks(self.enter(x))


class PlateReader(nn.Module):
    """Reads the text of a plate crop.

    The width is halved two to four times, so that T = W / 4, W / 8 or W / 16 lies between 16 and
    32: enough for eight characters with a blank between each pair. Each stage halves the height;
    what is left of it is folded into the channels before the last layers, which see the width only.

    "plain" is a stack of 3 x 3 convolutions, each normalised and rectified. "residual" is built of
    pre-activated residual blocks, and a bidirectional gated recurrent unit runs along the plate.

    Args:
        architecture: "plain" or "residual".
        channels: of each stage, finest first.
        input_size: (H, W) of the crop; H a multiple of 2^len(channels), W as said above.
        num_classes: N, with the blank.
        seed: of the first weights.

    Raises:
        ConfigError: the architecture is unknown or the sizes do not fit together.
    """

    def __init__(
        self,
        *,
        architecture: str,
        channels: Sequence[int],
        input_size: Sequence[int],
        num_classes: int,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if architecture not in ARCHITECTURES:
            raise ConfigError(
                f"architecture is {architecture!r}; give one of {', '.join(ARCHITECTURES)}"
            )
        self.architecture = architecture
        self.channels = whole_numbers("channels", channels, least=2)
        self.input_size = height_and_width("input_size", input_size)
        (self.num_classes,) = whole_numbers("num_classes", (num_classes,), least=2)
        self.config = {
            "architecture": architecture,
            "channels": list(self.channels),
            "input_size": list(self.input_size),
            "num_classes": num_classes,
        }
        height, width = self.input_size
        stages = len(self.channels)
        halvings = next((n for n in (2, 3, 4) if width >> n <= MAX_STEPS), 4)
        self.steps = width >> halvings
        if not MIN_STEPS <= self.steps <= MAX_STEPS or width % (1 << halvings):
            raise ConfigError(
                f"input_size has width {width}; give a multiple of 4 from 64 to 128, of 8 to 256 "
                "or of 16 to 512"
            )
        if stages < halvings or height % (1 << stages):
            raise ConfigError(
                f"channels has {stages} stages for input_size {height} x {width}; give at least "
                f"{halvings}, and a height that is a multiple of 2 to their number"
            )
        # Torch's own layers draw first values from the global generator when they are made.
        with torch.random.fork_rng(devices=[]):
            self._make_layers(halvings)
        initialise(self, seed)

    def _make_layers(self, halvings: int) -> None:
        """Make the layers; the first `halvings` stages halve the width, all halve the height."""
        stages, last = len(self.channels), self.channels[-1]
        strides = [(2, 2 if n < halvings else 1) for n in range(stages)]
        inputs = (3, *self.channels[:-1])
        folded = last * (self.input_size[0] >> stages)
        # The first stage sees the most pixels and the least in each: little depth is enough there.
        deep = [n > 0 for n in range(stages)]
        stages = zip(inputs, self.channels, strides, deep, strict=True)
        if self.architecture == "plain":
            self.stages = nn.Sequential(
                *(_PlainStage(i, o, stride, refine=more) for i, o, stride, more in stages)
            )
            self.fold = nn.Conv1d(folded, last, 3, padding=1)
            self.context = None
        else:
            self.stages = nn.Sequential(
                *(_ResidualStage(i, o, stride, blocks=int(more)) for i, o, stride, more in stages)
            )
            self.fold = nn.Conv1d(folded, last, 1)
            self.context = nn.GRU(last, last // 2, batch_first=True, bidirectional=True)
        head_inputs = last if self.context is None else last // 2 * 2
        self.head = nn.Linear(head_inputs, self.num_classes)

    def _sequence(self, crop: Tensor) -> Tensor:
        """Features along the width before any context: [B, 3, H, W] -> [B, F, T]."""
        expect_shape("crop", crop, None, 3, *self.input_size)
        x = self.stages(crop.contiguous(memory_format=torch.channels_last))
        return leaky(self.fold(x.flatten(1, 2)))

    def trunk(self, crop: Tensor) -> Tensor:
        """Features for comparing sets of images, averaged along the width.

        Args:
            crop: [B, 3, H, W] in [-1, 1].

        Returns:
            [B, F], where F is the last of `channels`.

        Raises:
            LprError: the crop has another shape.
        """
        return self._sequence(crop).mean(2)

    def forward(self, crop: Tensor) -> Tensor:
        """Logits per step: [B, 3, H, W] in [-1, 1] -> [B, T, N].

        Raises:
            LprError: the crop has another shape.
        """
        x = self._sequence(crop).transpose(1, 2)
        if self.context is not None:
            x, _ = self.context(x)
        return self.head(x)


def slot_logits(logits: Tensor, centres: Tensor) -> Tensor:
    """Logits at given places along the crop, linearly between the steps.

    Step t stands for the place (t + 0.5) / T; beyond the first and last step the end is held.

    Args:
        logits: [B, T, N].
        centres: [B, S], places in [0, 1] of the crop's width.

    Returns:
        [B, S, N].

    Raises:
        LprError: the shapes do not fit together.
    """
    expect_shape("logits", logits, None, None, None)
    expect_shape("centres", centres, len(logits), None)
    steps = logits.shape[1]
    place = (centres * steps - 0.5).clamp(0, steps - 1)[:, :, None]
    each = torch.arange(steps, device=logits.device, dtype=place.dtype)
    weights = (1 - (place - each).abs()).clamp_min(0)
    return weights.to(logits.dtype) @ logits


def decode_greedy(logits: Tensor) -> Reading:
    """The most probable path: best class per step, runs merged, blanks dropped.

    Args:
        logits: [B, T, N], class 0 the blank.

    Returns:
        The readings of the whole batch.

    Raises:
        LprError: logits has another number of dimensions.
    """
    expect_shape("logits", logits, None, None, None)
    if logits.shape[1] == 0:
        raise LprError("logits has no steps; give at least one")
    probability, best = logits.detach().float().softmax(2).max(2)
    begins = torch.ones_like(best, dtype=torch.bool)
    begins[:, 1:] = best[:, 1:] != best[:, :-1]
    # Every step carries the number of its run, and each run keeps its largest probability.
    run = begins.cumsum(1) - 1
    peak = torch.zeros_like(probability).scatter_reduce(1, run, probability, "amax")
    kept = begins & (best != BLANK)
    place = kept.cumsum(1) - 1
    row, step = kept.nonzero(as_tuple=True)
    column = place[row, step]
    indices = torch.zeros_like(best)
    confidences = torch.zeros_like(probability)
    indices[row, column] = best[row, step]
    confidences[row, column] = peak[row, run[row, step]]
    return Reading(indices, kept.sum(1), confidences)
