"""Answers as bytes that no handler would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka.protocol.framing import SIZE
from minikafka.protocol.headers import write_response_header

if TYPE_CHECKING:
    from minikafka.faults.calls import Call
    from minikafka.protocol.connection import Request

_CORRELATION_ID_BYTES = 4
_GARBAGE = b"\xde\xad\xbe\xef"


def encode(request: Request, response: Any) -> bytes:
    """The whole frame of an answer, with what it has of files read."""
    out = bytearray(SIZE.size)
    write_response_header(out, request.api_key, request.response_version, request.correlation_id)
    splices: list[tuple[int, Any]] = []
    response.write(out, request.response_version, splices)
    frame = bytearray()
    position = 0
    for cut, piece in splices:
        frame += out[position:cut]
        frame += piece.read()
        position = cut
    frame += out[position:]
    SIZE.pack_into(frame, 0, len(frame) - SIZE.size)
    return bytes(frame)


def throttled(call: Call, response: Any, throttle_ms: int) -> Any:
    """The answer with that in it, where its version has a place for it."""
    if throttle_ms and response is not None:
        version = call.request.response_version
        for field in type(response)._schema.fields:
            if field.name == "throttle_time_ms" and field.is_in(version):
                response.throttle_time_ms = throttle_ms
    return response


def corrupted(records: Any) -> Any:
    """Record batches with their last byte changed; nothing of none."""
    data = bytearray(
        records if isinstance(records, (bytes, bytearray, memoryview)) else records.read() if records else b""
    )
    if data:
        data[-1] ^= 0xFF
    return bytes(data)


class Garbled:
    """Writes itself in place of a response, with a wrong correlation id or a body without meaning."""

    def __init__(self, request: Request, response: Any, *, is_body: bool) -> None:
        self._request = request
        self._response = response
        self._is_body = is_body

    def write(self, out: bytearray, version: int, splices: list[Any]) -> None:
        """See ``Message.write``. The header is there already."""
        if self._is_body:
            out += _GARBAGE
            return
        header = bytearray()
        write_response_header(header, self._request.api_key, version, self._request.correlation_id)
        start = len(out) - len(header)
        other_id = (self._request.correlation_id + 1_000_000) & 0x7FFFFFFF
        out[start : start + _CORRELATION_ID_BYTES] = other_id.to_bytes(_CORRELATION_ID_BYTES, "big")
        self._response.write(out, version, splices)
