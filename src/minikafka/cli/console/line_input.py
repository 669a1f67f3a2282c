"""Lines of standard input as they come, in bunches: all that can be read without waiting is one bunch."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

_CHUNK_BYTES = 1 << 16

Interruptible = Callable[[], "AbstractContextManager[None]"]


def read_lines(descriptor: int, interruptible: Interruptible) -> Iterator[list[str]]:
    """Bunches of lines without their ends (newline, carriage return, or both), until the input ends.

    :param interruptible: a context in which a signal may end the waiting.
    """
    decode = _splitter()
    while True:
        with interruptible():
            chunk = os.read(descriptor, _CHUNK_BYTES)
        lines = decode(chunk)
        if lines:
            yield lines
        if not chunk:
            return


def has_more(descriptor: int, timeout_s: float) -> bool:
    """Whether there is something to read, or the end, within ``timeout_s``."""
    if sys.platform == "win32":  # which can only wait for sockets
        return False
    return bool(select.select([descriptor], [], [], timeout_s)[0])


def _splitter() -> Callable[[bytes], list[str]]:
    rest = b""

    def split(chunk: bytes) -> list[str]:
        nonlocal rest
        data = rest + chunk
        # A carriage return at the end may be half of a line's end.
        lines = data.replace(b"\r\n", b"\n").split(b"\n") if chunk else ([data] if data else [])
        rest = lines.pop() if chunk else b""
        return [line.removesuffix(b"\r").decode("utf-8", "surrogateescape") for line in lines]

    return split
