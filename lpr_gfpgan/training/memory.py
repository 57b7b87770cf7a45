"""A batch that does not fit: said in terms of the setting that makes it smaller."""

import contextlib
from collections.abc import Iterator

import torch

from ..errors import ConfigError

# PyTorch gives its own type for the GPU alone; on the CPU its allocator is told by its words.
_CPU = "DefaultCPUAllocator: can't allocate memory"


@contextlib.contextmanager
def named_memory(setting: str, batch: int) -> Iterator[None]:
    """Turns running out of memory inside the block into an error that names the batch's setting.

    Args:
        setting: where params.yaml gives the batch, such as "profiles.quick.prior.batch".
        batch: images per step over all processes.

    Raises:
        ConfigError: there was not enough memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and _CPU not in str(error):
            raise
        raise ConfigError(
            f"{setting}: not enough memory for a step of {batch} images; lower it in params.yaml, "
            "or share it among more processes"
        ) from error
