"""What one image takes: parameters, operations, and in restoring what of them changes resolution.

The two designs double the resolution differently: the published decoder convolves after a bilinear
enlargement, ours by a transposed convolution at the coarse size, then a blur. So the operations of
the layers that double are counted apart from those of all others, which are the same work.
"""

import time
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.utils.flop_counter import FlopCounterMode

ROUNDS = 3


def doubling_layers(network: nn.Module) -> dict[str, nn.Module]:
    """The layers that double the resolution, by name: convolutions of the decoder, U-Net's skips.

    Found by what the layers of either side say of themselves.
    """
    found = {}
    for name, module in network.named_modules():
        if getattr(module, "double", False) is True or (
            getattr(module, "sample_mode", None) == "upsample"
        ):
            found[name] = module
        up = getattr(module, "up", False) is True or getattr(module, "scale_factor", None) == 2
        if up and hasattr(module, "skip"):
            found[f"{name}.skip"] = module.skip
    return found


def size_of(network: nn.Module, run: Callable[[], Any]) -> tuple[dict[str, Any], FlopCounterMode]:
    """Parameters and GFLOP (a multiply-add is two), and the counter that knows the layers' own.

    Args:
        network: without gradients: the counter's hooks would want one of every parameter.
        run: passes one image through it, on the CPU.
    """
    with FlopCounterMode(display=False) as counter:
        run()
    parameters = sum(p.numel() for p in network.parameters())
    return {"parameters": parameters, "gflop": _giga(counter.get_total_flops())}, counter


def report(network: nn.Module, restore: Callable[[], Any]) -> dict[str, Any]:
    """As `size_of`, and the doubling layers' GFLOP and share of the time.

    Args:
        network: as in `size_of`.
        restore: passes one image through it, on the CPU.
    """
    doubling = doubling_layers(network)
    found, counter = size_of(network, restore)
    counts, total = counter.get_flop_counts(), counter.get_total_flops()
    root = type(network).__name__
    in_doubling = sum(sum(counts.get(f"{root}.{name}", {}).values()) for name in doubling)
    return found | {
        "gflop_doubling": _giga(in_doubling),
        "gflop_otherwise": _giga(total - in_doubling),
        "time_share_doubling": round(time_share(doubling, restore), 3),
    }


def _giga(operations: int) -> float:
    return round(operations / 1e9, 6)


def time_share(layers: dict[str, nn.Module], run: Callable[[], Any]) -> float:
    """Share of the wall-clock time of `run` that passes inside these layers, on a CPU."""
    inside, entered, hooks = 0.0, 0.0, []

    def enter(*_: Any) -> None:
        nonlocal entered
        entered = time.perf_counter()

    def leave(*_: Any) -> None:
        nonlocal inside
        inside += time.perf_counter() - entered

    for layer in layers.values():
        hooks += [layer.register_forward_pre_hook(enter), layer.register_forward_hook(leave)]
    run()  # the first call is slower
    inside, start = 0.0, time.perf_counter()
    for _ in range(ROUNDS):
        run()
    whole = time.perf_counter() - start
    for hook in hooks:
        hook.remove()
    return inside / whole
