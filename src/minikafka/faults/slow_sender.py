"""Sends an answer a few bytes at a time, by the broker's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.server.piece_sender import PieceSender

if TYPE_CHECKING:
    import asyncio

    from minikafka.clock import Timer, Timers
    from minikafka.protocol.connection import Outgoing

_INTERVAL_MS = 20
_MS = 1000


class SlowSender(PieceSender):
    """A ``PieceSender`` that is done with what it was given after ``size / bytes_per_s``.

    :param on_drained: called when all is sent.
    """

    __slots__ = ("_backlog", "_bytes_per_s", "_interval_ms", "_on_drained", "_timer", "_timers")

    def __init__(
        self, transport: asyncio.Transport, timers: Timers, bytes_per_s: int, on_drained: Callable[[], None]
    ) -> None:
        super().__init__(transport)
        self._timers = timers
        self._bytes_per_s = bytes_per_s
        self._interval_ms = max(_INTERVAL_MS, -(-_MS // bytes_per_s))
        self._on_drained = on_drained
        self._backlog = bytearray()
        self._timer: Timer | None = None

    @property
    def is_ready(self) -> bool:
        return not self._backlog and super().is_ready

    def send(self, outgoing: list[Outgoing]) -> None:
        for item in outgoing:
            self._backlog += item if isinstance(item, (bytes, bytearray, memoryview)) else item.read()
        self._wait()

    def drop(self) -> None:
        super().drop()
        self._backlog.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        if self._timer is None and self._backlog:
            self._timer = self._timers.after(self._interval_ms, self._send_some)

    def _send_some(self) -> None:
        self._timer = None
        if self._transport.is_closing():
            return
        size_bytes = max(1, self._bytes_per_s * self._interval_ms // _MS)
        some = bytes(self._backlog[:size_bytes])
        del self._backlog[:size_bytes]
        self._transport.write(some)
        if self._backlog:
            self._wait()
        else:
            self._on_drained()
