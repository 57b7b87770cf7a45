"""Work that follows a dragged slider: of the requests that wait, only the newest is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Request = TypeVar("Request")


class Latest(Generic[Request]):
    """Does work in a thread of its own and forgets what is out of date.

    `ask` returns at once. While one request is worked on, the newest of those that come in waits
    and the others are dropped: what is shown lags by no more than one piece of work, however
    quickly requests come, and the last request is always done.

    Args:
        work: what to do with a request; runs in one thread at a time.
        failed: told what `work` raised, in the same thread, so that no failure goes unseen; later
            requests are done all the same. It must not raise.
    """

    def __init__(
        self, work: Callable[[Request], None], failed: Callable[[Exception], None]
    ) -> None:
        self._work, self._failed = work, failed
        self._waiting: list[Request] = []  # one at most
        self._busy = False
        self._change = threading.Condition()

    def ask(self, request: Request) -> None:
        """Hands over a request, in place of the one that waits."""
        with self._change:
            self._waiting[:] = [request]
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._run, name="latest", daemon=True).start()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until nothing is left to do; False if seconds `timeout` passed before that."""
        with self._change:
            return self._change.wait_for(lambda: not self._busy, timeout)

    def _run(self) -> None:
        while True:
            with self._change:
                if not self._waiting:
                    self._busy = False
                    self._change.notify_all()
                    return
                request = self._waiting.pop()
            try:
                self._work(request)
            except Exception as error:
                self._failed(error)
