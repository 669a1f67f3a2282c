"""Jute, the encoding of ZooKeeper's protocol (its package org.apache.jute): big-endian, nothing optional, no tags.

A ``buffer`` and a ``ustring`` have an int of their size in bytes before them, a vector one of its length; -1 is null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct, error
from typing import TypeVar

from minikafka.errors import MinikafkaError

T = TypeVar("T")

_INT = Struct(">i")
_LONG = Struct(">q")


class JuteError(MinikafkaError):
    """The bytes are not what they should be: says what was read, and at which position."""


class JuteReader:
    """Reads ``data`` from its start; every method raises JuteError where it does not go on as expected."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def is_at_end(self) -> bool:
        return self.position == len(self.data)

    def integer(self) -> int:
        return self._number(_INT)

    def long(self) -> int:
        return self._number(_LONG)

    def boolean(self) -> bool:
        return self._take(1, "boolean") != b"\0"

    def buffer(self) -> bytes | None:
        size = self.integer()
        return None if size < 0 else self._take(size, "buffer")

    def string(self) -> str:
        """A ustring; null reads as empty."""
        start = self.position
        try:
            return (self.buffer() or b"").decode()
        except UnicodeDecodeError as failure:
            raise JuteError(f"the string at {start} is no UTF-8: {failure.reason}") from failure

    def vector(self, item: Callable[[], T]) -> list[T]:
        # Even an empty item takes a byte: a length from the wire costs no more memory than the frame did.
        count = self.integer()
        if count > len(self.data) - self.position:
            raise JuteError(f"a vector of {count} at {self.position - 4}, with {self._left} bytes left")
        return [item() for _ in range(count)]

    @property
    def _left(self) -> int:
        return len(self.data) - self.position

    def _number(self, kind: Struct) -> int:
        try:
            (value,) = kind.unpack_from(self.data, self.position)
        except error:
            raise JuteError(f"a number of {kind.size} bytes at {self.position}, with {self._left} left") from None
        self.position += kind.size
        return int(value)

    def _take(self, size: int, what: str) -> bytes:
        if size > self._left:
            raise JuteError(f"a {what} of {size} bytes at {self.position}, with {self._left} left")
        taken = self.data[self.position : self.position + size]
        self.position += size
        return taken


def integer(value: int) -> bytes:
    return _INT.pack(value)


def long(value: int) -> bytes:
    return _LONG.pack(value)


def boolean(value: bool) -> bytes:
    return b"\1" if value else b"\0"


def buffer(value: bytes | None) -> bytes:
    return integer(-1) if value is None else integer(len(value)) + value


def string(value: str) -> bytes:
    return buffer(value.encode())


def vector(items: Sequence[bytes]) -> bytes:
    """Items that are encoded already."""
    return integer(len(items)) + b"".join(items)
