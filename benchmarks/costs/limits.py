"""What the machine can do at most: the floor under every other figure."""

import torch

from lpr_gfpgan.training.stage import precision_on

from ..timing import median_seconds

SIDE = 2048  # of the square matrices
NUMBERS = 2**26  # of the copied array: 256 MiB, more than any cache holds


def attainable(device: torch.device) -> dict[str, float]:
    """What large calls reach with this many threads.

    Returns:
        "float32" and "bfloat16", FLOP/s of a product of two large matrices (a multiply-add is
        two), and "bandwidth", bytes/s read and written by a copy. No "bfloat16" of a CPU without
        instructions for it: no stage computes in it there, and one product takes minutes.
    """
    found, formats = {}, {"float32": torch.float32}
    if precision_on(device, on_cpu=True) == "bfloat16":
        formats["bfloat16"] = torch.bfloat16
    for name, dtype in formats.items():
        a, b = (torch.randn(SIDE, SIDE, device=device, dtype=dtype) for _ in range(2))
        found[name] = 2 * SIDE**3 / median_seconds(lambda a=a, b=b: a @ b)
    there = torch.zeros(NUMBERS, device=device)
    back = torch.ones_like(there)
    found["bandwidth"] = (
        2 * there.numel() * there.element_size() / median_seconds(lambda: there.copy_(back))
    )
    return found
