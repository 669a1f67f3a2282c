"""How fast records were written, and how long each took (the statistics of Kafka's ProducerPerformance)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

_MAX_SAMPLES: Final = 500_000
_MIB: Final = 1024.0 * 1024.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Stats:
    """Of ``record_count`` records; every now and then it prints how the last ones went.

    :param is_steady: these are the records behind the warm-up.
    :param before_printing: is called before a line is printed.
    """

    def __init__(
        self,
        record_count: int,
        interval_ms: int,
        *,
        is_steady: bool = False,
        before_printing: Callable[[], None] = lambda: None,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self.is_silent = False
        self.count = 0
        self._interval_ms = interval_ms
        self._is_steady = is_steady
        self._before_printing = before_printing
        self._now = now
        self._start_ms = now()
        self._sampling = max(1, record_count // min(record_count, _MAX_SAMPLES))
        self._latencies: list[int] = []
        self._bytes = 0
        self._total_latency = 0
        self._max_latency = 0
        self._window_count = self._window_bytes = self._window_latency = self._window_max_latency = 0
        self._window_start_ms = self._start_ms

    def add(self, latencies_ms: Sequence[int], size_bytes: int) -> None:
        """Records that were written, with the sum of their sizes."""
        count = len(latencies_ms)
        total, longest = sum(latencies_ms), max(latencies_ms)
        if self._sampling == 1:
            self._latencies += latencies_ms
        else:
            self._latencies += latencies_ms[-self.count % self._sampling :: self._sampling]
        self.count += count
        self._bytes += size_bytes
        self._total_latency += total
        self._max_latency = max(self._max_latency, longest)
        self._window_count += count
        self._window_bytes += size_bytes
        self._window_latency += total
        self._window_max_latency = max(self._window_max_latency, longest)
        if self._now() - self._window_start_ms >= self._interval_ms:
            self._end_window()

    def print_total(self) -> None:
        elapsed_ms = max(1, self._now() - self._start_ms)
        # Kafka's array has a zero behind the last sample, which is what it finds where there is none.
        samples = [*sorted(self._latencies), 0]
        fifty, ninety_five, ninety_nine, last = (
            samples[int(share * (len(samples) - 1))] for share in (0.5, 0.95, 0.99, 0.999)
        )
        average = self._total_latency / self.count if self.count else float("nan")
        self._before_printing()
        print(
            f"{self.count}{' steady state' if self._is_steady else ''} records sent, "
            f"{1000.0 * self.count / elapsed_ms:.6f} records/sec "
            f"({1000.0 * self._bytes / elapsed_ms / _MIB:.2f} MB/sec), "
            f"{_java(average)} ms avg latency, {self._max_latency:.2f} ms max latency, "
            f"{fifty} ms 50th, {ninety_five} ms 95th, {ninety_nine} ms 99th, {last} ms 99.9th."
        )

    def _end_window(self) -> None:
        if not self.is_silent:
            self._before_printing()
            if self._is_steady and self.count == self._window_count:
                print("In steady state.")
            elapsed_ms = max(1, self._now() - self._window_start_ms)
            print(
                f"{self._window_count} records sent, {1000.0 * self._window_count / elapsed_ms:.1f} records/sec "
                f"({1000.0 * self._window_bytes / elapsed_ms / _MIB:.2f} MB/sec), "
                f"{self._window_latency / self._window_count:.1f} ms avg latency, "
                f"{self._window_max_latency:.1f} ms max latency.",
                flush=True,
            )
        self._begin_window()

    def _begin_window(self) -> None:
        self._window_start_ms = self._now()
        self._window_count = self._window_bytes = self._window_latency = self._window_max_latency = 0


def _java(number: float) -> str:
    return "NaN" if number != number else f"{number:.2f}"
