"""Frames: every message on the wire is an int32 size, big-endian, and then that many bytes.

``FrameReader`` cuts what comes from a peer into frames. It never allocates more than twice what has really arrived
(plus one step), whatever size the peer claims, and each frame is memory of its own, so that a record batch can be
patched in place and may outlive the connection's buffers.

What goes out is not framed here: a response is written with its size in front (``connection``).
"""

from __future__ import annotations

from collections import deque
from struct import Struct

from minikafka.errors import MinikafkaError, ProtocolError

SIZE = Struct(">i")

SCRATCH_BYTES = 128 * 1024
"""How much is read from a socket at once. One scratch buffer serves all connections of an event loop."""

_FIRST_ALLOCATION_BYTES = 1024 * 1024
_DIRECT_READ_BYTES = 32 * 1024
_SHOWN_BYTES = 16


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol. Nothing more can be read from it: the connection has to be closed."""


class LocalProtocolError(MinikafkaError):
    """This side broke the protocol, e.g. by answering a request twice: a bug of the program, not of the peer."""


class FrameReader:
    """The receiving end of a connection: bytes in, whole frames out, in order.

    Bytes come in either by ``receive_data`` or, without a copy for large frames, by ``get_buffer`` and
    ``buffer_updated`` (the two calls of ``asyncio.BufferedProtocol``). Neither raises: what the peer did wrong is told
    by ``next_frame``, after the good frames before it.
    """

    __slots__ = (
        "_fault",
        "_filled",
        "_frames",
        "_head",
        "_is_first",
        "_max_frame_bytes",
        "_partial",
        "_scratch",
        "_size",
    )

    def __init__(self, max_frame_bytes: int, scratch: bytearray | None = None) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._scratch = bytearray(SCRATCH_BYTES) if scratch is None else scratch
        self._frames: deque[bytearray] = deque()
        self._head = b""
        """The first bytes of a size that has not arrived completely: 0 to 3 bytes."""
        self._partial: bytearray | None = None
        """The frame that is arriving: its first ``_filled`` bytes are there, of ``_size``."""
        self._filled = 0
        self._size = 0
        self._is_first = True
        self._fault: str | None = None

    def get_buffer(self, sizehint: int = -1) -> memoryview:
        """Where to read the next bytes into; never empty. To be followed by ``buffer_updated``."""
        partial = self._partial
        if partial is not None and self._size - self._filled >= _DIRECT_READ_BYTES:
            if self._filled == len(partial):
                partial = self._grow(self._filled + 1)
            return memoryview(partial)[self._filled :]
        return memoryview(self._scratch)

    def buffer_updated(self, received_bytes: int) -> None:
        """``received_bytes`` were read into what ``get_buffer`` gave."""
        if self._partial is not None and self._size - self._filled >= _DIRECT_READ_BYTES:
            self._filled += received_bytes
            if self._filled == self._size:
                self._finish_partial()
        else:
            self._cut(self._scratch, received_bytes)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take ``data``, of any length, from the peer."""
        self._cut(bytearray(data), len(data))

    def next_frame(self) -> bytearray | None:
        """The next whole frame, without its size; None when it has not arrived yet.

        :raises RemoteProtocolError: the next frame has a size that is negative or over the limit.
        """
        if self._frames:
            return self._frames.popleft()
        if self._fault is not None:
            raise RemoteProtocolError(self._fault)
        return None

    @property
    def has_frame(self) -> bool:
        """Whether ``next_frame`` has something to give or to raise."""
        return bool(self._frames) or self._fault is not None

    @property
    def buffered_bytes(self) -> int:
        """What is held: whole frames that were not taken yet, and the beginning of the next."""
        return sum(map(len, self._frames)) + self._filled + len(self._head)

    def _cut(self, data: bytearray, end: int) -> None:
        if self._fault is not None:
            return
        position = self._complete_partial(data, end) if self._partial is not None else 0
        if self._head:
            data = bytearray(self._head) + data[position:end]
            position, end = 0, len(data)
            self._head = b""
        frames = self._frames
        while end - position >= 4:
            size: int = SIZE.unpack_from(data, position)[0]
            if not 0 <= size <= self._max_frame_bytes:
                self._fault = self._describe_bad_size(size, data[position:end])
                return
            self._is_first = False
            start = position + 4
            position = start + size
            if position > end:
                self._begin_partial(size, data[start:end])
                return
            frames.append(data[start:position])
        if position < end:
            self._head = bytes(data[position:end])

    def _begin_partial(self, size: int, beginning: bytearray) -> None:
        self._size = size
        self._filled = len(beginning)
        self._partial = beginning
        self._grow(min(size, _FIRST_ALLOCATION_BYTES))

    def _grow(self, at_least_bytes: int) -> bytearray:
        """Make room in the partial frame, by doubling: a peer that claims 100 MB has to send them first."""
        old = self._partial
        assert old is not None
        new = bytearray(min(self._size, max(at_least_bytes, 2 * self._filled)))
        new[: self._filled] = memoryview(old)[: self._filled]
        self._partial = new
        return new

    def _complete_partial(self, data: bytearray, end: int) -> int:
        """Move what belongs to the partial frame out of ``data``; returns how much that was."""
        taken = min(end, self._size - self._filled)
        filled = self._filled + taken
        partial = self._partial
        assert partial is not None
        if filled > len(partial):
            partial = self._grow(filled)
        partial[self._filled : filled] = data if taken == len(data) else data[:taken]
        self._filled = filled
        if filled == self._size:
            self._finish_partial()
        return taken

    def _finish_partial(self) -> None:
        assert self._partial is not None
        self._frames.append(self._partial)
        self._partial = None
        self._filled = self._size = 0

    def _describe_bad_size(self, size: int, data: bytearray) -> str:
        limit = (
            f"a frame of {size} bytes was announced, but 0 to {self._max_frame_bytes} "
            "(socket.request.max.bytes) are allowed"
        )
        guess = recognise(data) if self._is_first else None
        if guess is not None:
            return f"{guess}; {limit}"
        return f"{limit}; the bytes are {data[:_SHOWN_BYTES].hex(' ')}"


def recognise(data: bytes | bytearray) -> str | None:
    """What the first bytes of a connection look like, where they are no Kafka frame: a phrase for the log, or None."""
    if data[:1] == b"\x16" and data[1:2] == b"\x03":
        return "this looks like a TLS ClientHello: the client speaks SSL, this listener does not"
    if data[:4] == b"SSH-":
        return "this looks like an SSH client"
    word = bytes(data[:8]).split(b" ", 1)[0]
    if word in _HTTP_WORDS:
        line = bytes(data[:80]).split(b"\r", 1)[0].decode("ascii", "backslashreplace")
        return f"this looks like HTTP ({line!r}): Kafka clients do not speak HTTP"
    return None


_HTTP_WORDS = frozenset((b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"PRI"))
