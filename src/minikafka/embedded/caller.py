"""What the conveniences build on: one call, and waiting for what calls tell."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from minikafka.errors import NONE, ApiError

if TYPE_CHECKING:
    from minikafka.protocol.messages import Message

T = TypeVar("T")

_POLL_INTERVAL_S = 0.002


class Caller(ABC):
    """Asks a broker."""

    @abstractmethod
    def call(self, request: Message, version: int | None = None, *, timeout_s: float = 30.0) -> Any:
        """The answer to ``request``."""

    @property
    @abstractmethod
    def may_wait(self) -> bool:
        """Whether this thread can wait without keeping the broker from its work."""

    def refuse_to_block(self) -> None:
        """:raises RuntimeError: waiting here would wait for ever."""
        if not self.may_wait:
            raise RuntimeError(
                "the broker runs on the event loop of this thread: waiting for it here would wait for ever. Await "
                "asyncio.to_thread(...) of this call, or let the broker have a thread of its own: 'async with Broker()'"
            )

    def wait_until(self, look: Callable[[], T | None], timeout_s: float, describe: Callable[[], str]) -> T:
        """Call ``look`` until it gives something, and return that.

        :raises TimeoutError: it did not within ``timeout_s``; ``describe`` says what was awaited, and what was there.
        """
        self.refuse_to_block()
        deadline = time.monotonic() + timeout_s
        while True:
            found = look()
            if found is not None:
                return found
            if time.monotonic() >= deadline:
                raise TimeoutError(f"not within {timeout_s:g} s: {describe()}")
            time.sleep(_POLL_INTERVAL_S)


def check(code: int, message: str | None = None) -> None:
    """:raises ApiError: the answer holds an error code."""
    if code != NONE:
        raise ApiError(code, message)
