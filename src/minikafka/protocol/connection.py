"""One client's conversation with the broker, without input or output.

Bytes from the client go in by ``get_buffer``/``buffer_updated`` or ``receive_data``; ``next_request`` gives the
requests one at a time; ``send_response`` takes the answer; ``data_to_send`` gives what has to go out. Whoever drives
it (a socket, a TLS object, a test) does nothing else than carry bytes.

The rules of the conversation are Kafka's (``SocketServer.Processor``, ``RequestContext.parseRequest``):

* One request is in work at a time. ``next_request`` gives None until the one before was answered, so that answers go
  out in the order of the requests; pipelined requests wait.
* Each request is answered once, or told to have no answer (Produce with acks=0): ``send_response(request, None)``.
* An API key or version that is not served, or bytes that are not what the header says, end the conversation, with one
  exception: ApiVersions of a version from the future is answered in version 0 (KIP-35, KIP-511), so that a client that
  knows more than the broker can find out.

    state    | next_request               | send_response
    ---------+----------------------------+------------------------------------
    IDLE     | a request -> BUSY, or None | LocalProtocolError
    BUSY     | None                       | the request's own -> IDLE
    FAULTED  | RemoteProtocolError        | LocalProtocolError
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import TYPE_CHECKING, Any, Protocol

from minikafka.errors import ProtocolError
from minikafka.protocol.framing import SIZE, FrameReader, LocalProtocolError, RemoteProtocolError
from minikafka.protocol.headers import decode_request_header, write_response_header
from minikafka.protocol.messages import Message, request_class

if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = ["LocalProtocolError", "RemoteProtocolError", "Request", "ServerConnection"]

_KEY_AND_VERSION = Struct(">hh")
_API_VERSIONS_KEY = 18
_SIZE_PLACEHOLDER = b"\0\0\0\0"


class Slice(Protocol):
    """Bytes that are somewhere else, such as a part of a file."""

    size_bytes: int

    def read(self) -> bytes: ...


Outgoing: TypeAlias = "bytearray | bytes | memoryview | Slice"


class Request:
    """A request as it came: header, decoded body, and the size of its frame."""

    __slots__ = ("api_key", "api_version", "client_id", "correlation_id", "message", "response_version", "size_bytes")

    def __init__(
        self,
        api_key: int,
        api_version: int,
        response_version: int,
        correlation_id: int,
        client_id: str | None,
        message: Any,
        size_bytes: int,
    ) -> None:
        self.api_key = api_key
        self.api_version = api_version
        """As the client wrote it: for ApiVersions it may be one that is not served."""
        self.response_version = response_version
        """What the answer is written in: ``api_version``, or 0 where that is not served."""
        self.correlation_id = correlation_id
        self.client_id = client_id
        self.message = message
        self.size_bytes = size_bytes


class ServerConnection(FrameReader):
    """The broker's end of one connection.

    :param versions: what is served, as API key -> (name, lowest version, highest version).
    :param max_frame_bytes: socket.request.max.bytes.
    :param scratch: where small reads go; may be shared by all connections of one thread.
    """

    __slots__ = ("_in_work", "_out", "_outgoing", "_spliced_bytes", "_versions")

    def __init__(
        self,
        versions: Mapping[int, tuple[str, int, int]],
        max_frame_bytes: int,
        scratch: bytearray | None = None,
    ) -> None:
        super().__init__(max_frame_bytes, scratch)
        self._versions = versions
        self._in_work: Request | None = None
        self._out = bytearray()
        self._outgoing: list[Outgoing] = []
        """What is before ``_out`` when answers hold slices: ``_spliced_bytes`` bytes."""
        self._spliced_bytes = 0

    @property
    def in_work(self) -> Request | None:
        """The request that was given out and is not answered yet."""
        return self._in_work

    @property
    def waiting_requests(self) -> int:
        """How many requests have arrived completely and were not given out."""
        return len(self._frames)

    def next_request(self) -> Request | None:
        """The next request; None when it has not arrived completely, or the one before is still in work.

        :raises RemoteProtocolError: the client sent what cannot be a request, or one that is not served.
        """
        if self._in_work is not None:
            return None
        if self._frames:
            request = self._in_work = self._parse(self._frames.popleft())
            return request
        if self._fault is not None:
            raise RemoteProtocolError(self._fault)
        return None

    def send_response(self, request: Request, response: Message | None) -> None:
        """Answer the request in work; None where its answer is to send nothing.

        Where writing the response fails nothing of it is sent, and the request stays in work.

        :raises LocalProtocolError: it is not the request in work.
        """
        if request is not self._in_work:
            raise LocalProtocolError(f"a response to {self.describe(request)}, which is not in work")
        if response is not None:
            out = self._out
            start = len(out)
            splices: list[tuple[int, Slice]] = []
            out += _SIZE_PLACEHOLDER
            try:
                write_response_header(out, request.api_key, request.response_version, request.correlation_id)
                response.write(out, request.response_version, splices)
            except BaseException:
                del out[start:]
                raise
            size_bytes = len(out) - start - 4
            for _, piece in splices:
                size_bytes += piece.size_bytes
            SIZE.pack_into(out, start, size_bytes)
            if splices:
                self._splice(splices)
        self._in_work = None

    @property
    def unsent_bytes(self) -> int:
        """How many bytes of answers wait for ``data_to_send``."""
        return len(self._out) + self._spliced_bytes

    def data_to_send(self) -> list[Outgoing]:
        """What has to go out now, in order, once: bytes, and slices where the answer holds parts of files."""
        out = self._out
        if out:
            self._outgoing.append(out)
            self._out = bytearray()
        outgoing, self._outgoing = self._outgoing, []
        self._spliced_bytes = 0
        return outgoing

    def describe(self, request: Request) -> str:
        """The request in words for the log, e.g. ``Produce v9 (correlation id 5, client id 'app')``."""
        name = self._versions[request.api_key][0]
        return (
            f"{name} v{request.api_version} (correlation id {request.correlation_id}, client id {request.client_id!r})"
        )

    def _splice(self, splices: list[tuple[int, Slice]]) -> None:
        """Cut the bytes written so far where slices belong between them."""
        out = self._out
        position = 0
        for cut, piece in splices:
            if cut > position:
                self._outgoing.append(out[position:cut])
            if piece.size_bytes:
                self._outgoing.append(piece)
                self._spliced_bytes += piece.size_bytes
            position = cut
        self._spliced_bytes += position
        self._out = out[position:]

    def _parse(self, frame: bytearray) -> Request:
        try:
            api_key, api_version = _KEY_AND_VERSION.unpack_from(frame)
        except Exception:
            raise self._fail(f"a frame of {len(frame)} bytes is too short for a request header") from None
        served = self._versions.get(api_key)
        if served is None:
            raise self._fail(f"API key {api_key} is not served; the frame begins with {frame[:16].hex(' ')}")
        name, lowest, highest = served
        response_version = api_version
        if not lowest <= api_version <= highest:
            if api_key != _API_VERSIONS_KEY:
                raise self._fail(f"{name} version {api_version} is not served, {lowest} to {highest} are")
            response_version = 0
        view = memoryview(frame)
        try:
            _, _, correlation_id, client_id, position = decode_request_header(view)
            cls = request_class(api_key)
            if response_version == api_version:
                # As Kafka does, bytes after the last known field are let pass.
                message, _ = cls.decode_from(view, position, api_version)
            else:
                message = cls()
        except ProtocolError as error:
            raise self._fail(f"a malformed {name} version {api_version} request: {error}") from error
        return Request(api_key, api_version, response_version, correlation_id, client_id, message, len(frame))

    def _fail(self, sentence: str) -> RemoteProtocolError:
        self._fault = sentence
        self._frames.clear()
        return RemoteProtocolError(sentence)
