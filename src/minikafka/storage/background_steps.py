"""Work that goes back and forth between the event loop and the pool, written down in one piece.

A generator runs on the event loop; each function it yields is called on the pool, and its result (or its exception) is
what the ``yield`` gives. What needs the logs stays between the yields, what takes long is yielded.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from time import perf_counter
from typing import Any, TypeVar

from minikafka.pending import RunBlocking

T = TypeVar("T")

Steps = Generator[Callable[[], Any], Any, T]

_TURN_SECONDS = 0.0005


class Turn:
    """For steps that are many small ones on the event loop: when it is time to let others have a turn.

    ``if turn.is_over: yield turn.end``
    """

    __slots__ = ("_began_at",)

    def __init__(self) -> None:
        self._began_at: float | None = None

    @property
    def is_over(self) -> bool:
        now = perf_counter()
        if self._began_at is None:
            self._began_at = now
        return now - self._began_at > _TURN_SECONDS

    def end(self) -> None:
        """To be called on the pool: the event loop does what has come meanwhile before it takes note of that."""
        self._began_at = None


def run_steps(
    steps: Steps[T], run_blocking: RunBlocking, on_done: Callable[[T | None, BaseException | None], None]
) -> None:
    """Begin ``steps``; ``on_done(result, None)`` or ``on_done(None, exception)`` follows on the event loop."""
    _Run(steps, run_blocking, on_done).advance(None, None)


class _Run:
    def __init__(
        self, steps: Steps[Any], run_blocking: RunBlocking, on_done: Callable[[Any, BaseException | None], None]
    ) -> None:
        self._steps = steps
        self._run_blocking = run_blocking
        self._on_done = on_done
        self._is_advancing = False
        self._outcome: tuple[Any, BaseException | None] | None = None

    def advance(self, result: Any, error: BaseException | None) -> None:
        """Work that is done at once (``run_inline``) reports while this still runs: it loops, and does not nest."""
        self._outcome = result, error
        if self._is_advancing:
            return
        self._is_advancing = True
        try:
            while self._outcome is not None:
                result, error = self._outcome
                self._outcome = None
                try:
                    work = self._steps.throw(error) if error is not None else self._steps.send(result)
                except StopIteration as end:
                    self._on_done(end.value, None)
                    return
                except Exception as raised:
                    self._on_done(None, raised)
                    return
                self._run_blocking(work, self.advance)
        finally:
            self._is_advancing = False
