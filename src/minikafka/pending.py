"""A value that arrives later: what a handler returns when its answer has to wait. A leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Pending(Generic[T]):
    """A one-shot promise, used on the event loop thread only.

    ``complete`` delivers the value to the one listener set by ``on_complete``, in either order. ``cancel`` is what
    the connection does when its peer has gone: a later ``complete`` is then ignored, and ``on_cancel`` is called so
    that whoever holds the promise can let go of it.
    """

    __slots__ = ("_listener", "_value", "cancelled", "done", "on_cancel")

    def __init__(self, on_cancel: Callable[[], None] | None = None) -> None:
        self.done = False
        self.cancelled = False
        self.on_cancel = on_cancel
        self._listener: Callable[[T], object] | None = None
        self._value: T | None = None

    def complete(self, value: T) -> bool:
        """Deliver ``value``. Returns False, and does nothing, when it is already completed or cancelled."""
        if self.done or self.cancelled:
            return False
        self.done = True
        # Who waits and who completes know each other through these two: a cycle that would be left to the collector.
        self.on_cancel = None
        listener, self._listener = self._listener, None
        if listener is not None:
            listener(value)
        else:
            self._value = value
        return True

    def on_complete(self, listener: Callable[[T], object]) -> None:
        """Call ``listener`` with the value: now if it is there, else when it comes. At most one listener."""
        if self.done:
            value, self._value = self._value, None
            listener(value)  # type: ignore[arg-type]
        else:
            self._listener = listener

    def cancel(self) -> None:
        """Forget the value; nothing is called but ``on_cancel``."""
        if self.done or self.cancelled:
            return
        self.cancelled = True
        self._listener = None
        on_cancel, self.on_cancel = self.on_cancel, None
        if on_cancel is not None:
            on_cancel()


class RunBlocking(Protocol):
    """Runs what may block (fsync, deletion, cleaning) off the event loop, and brings its outcome back to it."""

    def __call__(
        self, work: Callable[[], T], on_done: Callable[[T | None, BaseException | None], None] | None = None
    ) -> None:
        """Run ``work`` on a worker thread; then, on the event loop, ``on_done(result, None)`` or
        ``on_done(None, exception)``. Without ``on_done`` an exception is logged."""
        ...


def run_inline(work: Callable[[], T], on_done: Callable[[T | None, BaseException | None], None] | None = None) -> None:
    """A ``RunBlocking`` that runs the work at once, in the caller's thread: for tests and for start-up."""
    try:
        result = work()
    except Exception as error:
        if on_done is None:
            raise
        on_done(None, error)
        return
    if on_done is not None:
        on_done(result, None)
