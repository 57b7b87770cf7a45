"""The processes of one command: one alone, or those that torchrun started on one or more nodes.

A picture belongs to one process by its name alone. Processes that see the folders differently, or
are another number than before, share no picture, and leave none out.
"""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from .exit_codes import REFUSED

Result = TypeVar("Result")

WAIT = timedelta(days=30)
"""How long one process may wait for the others; torchrun itself ends all where one failed."""
_ADDED = re.compile(r"(-(plate|sample)\d+)*(\.png)?$")


class Processes:
    """This process and the others of the command.

    Attributes:
        rank: the number of this one, from 0 on.
        count: how many there are.
    """

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count

    def owns(self, name: str) -> bool:
        """Whether a restored picture is made by this process.

        Args:
            name: of its PNG, from the output folder on. A picture and all that could be named after
                it, such as `NAME-plate1.png`, have the same owner, who sees where two meet.
        """
        if self.count == 1:
            return True
        return zlib.crc32(os.fsencode(_ADDED.sub("", name))) % self.count == self.rank

    def exchange(self, value: Any) -> list[Any]:
        """The values of all processes by rank; waits until each has given its own."""
        if self.count == 1:
            return [value]
        import torch.distributed as dist

        values = [None] * self.count
        dist.all_gather_object(values, value)
        return values

    def agree(self, step: Callable[[], Result]) -> Result:
        """Does a step in every process; where one fails, all end and one says why.

        Raises:
            BaseException: what the step raised here, if it failed in no process of a lower rank.
            SystemExit: another process says why.
        """
        failure: BaseException | None = None
        try:
            result = step()
        except BaseException as error:  # kept until the others know of it, and raised then
            failure = error
        failed = self.exchange(failure is not None)
        if failure is not None and not any(failed[: self.rank]):
            raise failure
        if any(failed):
            # Until the one that says why has ended: torchrun ends all when the first ends.
            with contextlib.suppress(RuntimeError):
                self.exchange(None)
            raise SystemExit(REFUSED)
        return result

    def device(self, wished: str | None) -> str | None:
        """The GPU of this process, where it has one of several; else what was wished."""
        if self.count == 1 or wished not in (None, "cuda"):
            return wished
        import torch

        if not torch.cuda.is_available():
            return wished
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0')) % torch.cuda.device_count()}"


@contextlib.contextmanager
def started() -> Iterator[Processes]:
    """Joins the processes that torchrun started; one alone where it started none."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    import torch.distributed as dist

    # A few short messages in all: gloo, whatever restores.
    dist.init_process_group("gloo", timeout=WAIT)
    yield Processes(dist.get_rank(), count)
    dist.destroy_process_group()  # after a failure nothing waits: the process ends
