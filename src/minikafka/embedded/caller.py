"""What the conveniences build on: one call, and waiting for what calls tell."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from minikafka.errors import NONE, ApiError

if TYPE_CHECKING:
    from minikafka.embedded.watches import Watch
    from minikafka.protocol.messages import Message

T = TypeVar("T")

_LEAST_INTERVAL_S = 0.002
"""Between two looks: a busy topic would else keep the broker busy with those who wait."""


class Caller(ABC):
    """Asks a broker."""

    @abstractmethod
    def call(self, request: Message, version: int | None = None, *, timeout_s: float = 30.0) -> Any:
        """The answer to ``request``."""

    @property
    @abstractmethod
    def may_wait(self) -> bool:
        """Whether this thread can wait without keeping the broker from its work."""

    @abstractmethod
    def watch(self, topics: Collection[str] | None) -> Watch:
        """Watch topics, or all of them."""

    def refuse_to_block(self) -> None:
        """:raises RuntimeError: waiting here would wait for ever."""
        if not self.may_wait:
            raise RuntimeError(
                "the broker runs on the event loop of this thread: waiting for it here would wait for ever. Await "
                "asyncio.to_thread(...) of this call, or let the broker have a thread of its own: 'async with Broker()'"
            )

    def wait_until(
        self,
        look: Callable[[], T | None],
        timeout_s: float,
        describe: Callable[[], str],
        topics: Collection[str] | None,
    ) -> T:
        """Call ``look`` until it gives something, and return that.

        :param topics: it is called again when one of these changes; None: any.
        :raises TimeoutError: it did not within ``timeout_s``; ``describe`` says what was awaited, and what was there.
        """
        self.refuse_to_block()
        deadline = time.monotonic() + timeout_s
        with closing(self.watch(topics)) as watch:
            while True:
                looked_at = time.monotonic()
                found = look()
                if found is not None:
                    return found
                if not wait_for_change(watch, looked_at, deadline):
                    raise TimeoutError(f"not within {timeout_s:g} s: {describe()}")


def wait_for_change(watch: Watch, looked_at: float, deadline: float) -> bool:
    """Wait until there may be something new since ``looked_at``; False when ``deadline`` has passed. Both are monotonic
    times in seconds."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        return False
    watch.wait(left_s)
    time.sleep(max(0.0, min(looked_at + _LEAST_INTERVAL_S, deadline) - time.monotonic()))
    return True


def name_of_topic(topic: object) -> str:
    """Raises TypeError: that is no name."""
    if not isinstance(topic, str):
        raise TypeError(f"a topic is named by text, not by {topic!r}")
    return topic


def check(code: int, message: str | None = None) -> None:
    """:raises ApiError: the answer holds an error code."""
    if code != NONE:
        raise ApiError(code, message)
