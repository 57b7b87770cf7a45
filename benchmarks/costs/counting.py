"""Operations and bytes of whatever runs in a block."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry


class Counting(TorchDispatchMode):
    """Counts the products and convolutions inside its block, and the bytes of every operation.

    torch's own FlopCounterMode follows modules too, and refuses penalties on a gradient for that.

    Attributes:
        flop: floating-point operations of products and convolutions, a multiply-add as two.
        bytes: of the tensors that went into and came out of every operation, as if no cache held
            anything between them; views move nothing and do not count.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flop = self.bytes = 0

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Calls the operation and counts it."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not func.is_view:
            tensors = [x for x in tree_leaves((args, kwargs, result)) if isinstance(x, Tensor)]
            self.bytes += sum(x.numel() * x.element_size() for x in tensors)
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.flop += count(*args, **kwargs, out_val=result)
        return result
