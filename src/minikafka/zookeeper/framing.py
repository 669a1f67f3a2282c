"""What comes over a connection, taken apart: a four-letter word, or messages behind their sizes. No input or output.

A word is told from a size by its bytes: as a number, four letters are far more than a message may have.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.errors import MinikafkaError

MAX_FRAME_BYTES = 0xFFFFF
"""The default of ZooKeeper's jute.maxbuffer."""

_WORD_BYTES = 4


class FramingError(MinikafkaError):
    """What came is neither a word nor a message; says what it was."""


class Framing:
    """Feed it with ``receive``; ``words`` are those that count as such."""

    def __init__(self, words: frozenset[bytes]) -> None:
        self._words = words
        self._received = bytearray()
        self._is_at_start = True

    def receive(self, data: bytes) -> None:
        self._received += data

    def word(self) -> bytes | None:
        """The four-letter word that the connection began with, once."""
        if self._is_at_start and len(self._received) >= _WORD_BYTES:
            self._is_at_start = False
            start = bytes(self._received[:_WORD_BYTES])
            if start in self._words:
                self._received.clear()
                return start
        return None

    def frames(self) -> Iterator[bytes]:
        """The messages that are whole by now. Raises FramingError."""
        while len(self._received) >= _WORD_BYTES:
            start = bytes(self._received[:_WORD_BYTES])
            size = int.from_bytes(start, "big", signed=True)
            if not 0 <= size < MAX_FRAME_BYTES:
                raise FramingError(f"{start!r}, which is no word and no size of a message")
            end = _WORD_BYTES + size
            if len(self._received) < end:
                return
            frame = bytes(self._received[_WORD_BYTES:end])
            del self._received[:end]
            yield frame
