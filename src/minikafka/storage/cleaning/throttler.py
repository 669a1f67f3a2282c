"""How much of the disk and of the interpreter background work may take (Kafka: Throttler)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from time import perf_counter
from typing import TypeVar, overload

from minikafka.clock import Clock

T = TypeVar("T")

_CHECK_INTERVAL_MS = 300
_WORK_SECONDS = 0.0005
_REST_SECONDS = 0.0002
_ITEMS_BETWEEN_LOOKS = 16


class Throttler:
    """Holds threads, together, to a number of bytes a second, on average, by making them sleep.

    ``bytes_per_second`` gives the number as it is at the time. ``sleep`` takes seconds; it may return early, when there
    is nothing to wait for any more.
    """

    def __init__(self, bytes_per_second: Callable[[], float], clock: Clock, sleep: Callable[[float], object]) -> None:
        self._bytes_per_second = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._period_start_ms = clock.monotonic_ms()
        self._observed_bytes = 0

    def maybe_throttle(self, size_bytes: int) -> None:
        """Count ``size_bytes`` that have been read or written, and sleep if they came too fast."""
        with self._lock:
            self._throttle(size_bytes)

    def _throttle(self, size_bytes: int) -> None:
        self._observed_bytes += size_bytes
        now_ms = self._clock.monotonic_ms()
        elapsed_ms = now_ms - self._period_start_ms
        if elapsed_ms <= _CHECK_INTERVAL_MS or not self._observed_bytes:
            return
        wanted_ms = self._observed_bytes / self._bytes_per_second() * 1000
        if wanted_ms > elapsed_ms:
            self._sleep((wanted_ms - elapsed_ms) / 1000)
        self._period_start_ms = self._clock.monotonic_ms()
        self._observed_bytes = 0


class Breather:
    """Makes a thread that computes let go of the interpreter before Python takes it away.

    A thread that wants the interpreter gets it after 5 ms at the latest (sys.getswitchinterval), and the event loop has
    to ask for it anew after each of its system calls. So the work pauses every half a millisecond, and those of one
    answer add up to little.
    """

    def __init__(self, sleep: Callable[[float], object]) -> None:
        self._sleep = sleep
        self._rested_at = perf_counter()

    def breathe(self) -> None:
        """To be called every fraction of a millisecond."""
        if perf_counter() - self._rested_at > _WORK_SECONDS:
            self._sleep(_REST_SECONDS)
            self._rested_at = perf_counter()

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """``items``, with pauses in between. What is done with one takes microseconds."""
        for count, item in enumerate(items):
            if count % _ITEMS_BETWEEN_LOOKS == 0:
                self.breathe()
            yield item

    def sequence(self, items: Sequence[T]) -> Sequence[T]:
        """``items``, which make those pauses whenever somebody goes through them."""
        return _PausingSequence(items, self)


class _PausingSequence(Sequence[T]):
    def __init__(self, items: Sequence[T], breather: Breather) -> None:
        self._items = items
        self._breather = breather

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._items[index]

    def __iter__(self) -> Iterator[T]:
        return self._breather.each(self._items)
