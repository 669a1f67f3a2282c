"""One blocking connection to one broker: a request goes out, its answer comes back.

What the broker serves is asked for once, by ApiVersions (KIP-35); a request then goes out in the highest version both
sides speak, unless the caller wants another one.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from minikafka import __version__
from minikafka.client.errors import BrokerUnreachable, ClientError, MalformedAnswer, UnsupportedByBroker
from minikafka.errors import NONE, UNSUPPORTED_VERSION, ProtocolError, name_of
from minikafka.protocol.headers import request_header_version, response_header_version
from minikafka.protocol.messages import (
    ApiVersionsRequest,
    ApiVersionsResponse,
    RequestHeaderData,
    ResponseHeaderData,
    response_class,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from minikafka.protocol.messages import Message

_DEFAULT_PORT: Final = 9092
_MAX_ANSWER_BYTES: Final = 512 * 1024 * 1024
_SIZE: Final = Struct(">i")
_UNSUPPORTED: Final = UNSUPPORTED_VERSION.to_bytes(2, "big")


class Connection:
    """A connection that is open until it is closed, or until a call on it failed.

    :param timeout_s: how long connecting, and each answer, may take.
    :raises BrokerUnreachable: nobody answers at ``host:port``.
    """

    def __init__(self, host: str, port: int, *, client_id: str = "minikafka", timeout_s: float = 30.0) -> None:
        self.host = host
        self.port = port
        self.client_id = client_id
        self.timeout_s = timeout_s
        self._correlation_id = 0
        self._api_versions: ApiVersionsResponse | None = None
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout_s)
        except OSError as error:
            raise BrokerUnreachable(f"cannot connect to {self}: {_reason(error)}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, request: Message, version: int | None = None) -> Any:
        """Send ``request`` and return the answer, an instance of the API's response class.

        :param version: the highest both sides speak when left out; else this one, whatever the broker says it serves.
        :raises UnsupportedByBroker: there is no such version. ApiError(UNSUPPORTED_VERSION): a field is set that the
            version lacks. BrokerUnreachable, MalformedAnswer: no answer came, or something else did.
        """
        if version is None:
            version = self.highest_version(request)
        body = self.exchange(self.framed(request, version), f"{_name(request)} v{version}")
        return self.decoded(body, request, version)

    def decoded(self, body: bytes, request: Message, version: int) -> Any:
        """The answer to ``request`` that ``body`` is, from its correlation id on. Raises MalformedAnswer."""
        try:
            _, position = ResponseHeaderData.decode_from(body, 0, response_header_version(request.api_key, version))
            return response_class(request.api_key).decode(memoryview(body)[position:], version)
        except ProtocolError as error:
            self.close()
            raise MalformedAnswer(f"{self} sent no answer to {_name(request)} v{version}: {error}") from error

    def api_versions(self) -> ApiVersionsResponse:
        """What the broker serves: APIs with their versions, and features. Asked for once.

        :raises ClientError: it does not say.
        """
        if self._api_versions is None:
            self._api_versions = self._negotiate()
        return self._api_versions

    def served_versions(self, api_key: int) -> tuple[int, int] | None:
        """The lowest and highest version of an API that the broker serves; None when it does not have the API."""
        return next(
            ((api.min_version, api.max_version) for api in self.api_versions().api_keys if api.api_key == api_key), None
        )

    def highest_version(self, request: Message) -> int:
        """The highest version of the request that both sides speak. Raises UnsupportedByBroker."""
        served = self.served_versions(request.api_key)
        if served is None:
            raise UnsupportedByBroker(f"{self} does not serve {_name(request)} (API key {request.api_key})")
        version = min(served[1], request.max_version)
        if version < max(served[0], request.min_version):
            raise UnsupportedByBroker(
                f"{self} serves {_name(request)} in the versions {served[0]} to {served[1]}, and this client speaks "
                f"{request.min_version} to {request.max_version}"
            )
        return version

    def framed(self, request: Message, version: int) -> bytes:
        """The request as it goes out: its size, header and body. Raises ApiError as ``call``."""
        self._correlation_id += 1
        header = RequestHeaderData(
            request_api_key=request.api_key,
            request_api_version=version,
            correlation_id=self._correlation_id,
            client_id=self.client_id,
        )
        frame = header.encode(request_header_version(request.api_key, version)) + request.encode(version)
        return _SIZE.pack(len(frame)) + frame

    def exchange(self, frame: bytes, what: str) -> bytes:
        """Send the framed request and return the answer from its correlation id on.

        ``what`` names the request in errors. Raises BrokerUnreachable, MalformedAnswer.
        """
        self.send(frame, what)
        return self.receive(what)

    def send(self, frame: bytes, what: str) -> None:
        """Send a framed request without waiting for its answer. Raises BrokerUnreachable."""
        try:
            self._socket.sendall(frame)
        except OSError as error:
            self.close()
            raise self._ended(error, what) from error
        except BaseException:  # an interrupt: what follows on this connection would be out of step
            self.close()
            raise

    def receive(self, what: str) -> bytes:
        """The answer to the last request, from its correlation id on. Raises BrokerUnreachable, MalformedAnswer."""
        try:
            (size,) = _SIZE.unpack(self._receive(4))
            if not 4 <= size <= _MAX_ANSWER_BYTES:
                raise MalformedAnswer(f"{self} announced an answer of {size} bytes to {what}")
            body = self._receive(size)
        except OSError as error:
            self.close()
            raise self._ended(error, what) from error
        except BaseException:  # a malformed answer, or an interrupt: the rest of it would be taken for the next one
            self.close()
            raise
        (correlation_id,) = _SIZE.unpack_from(body)
        if correlation_id != self._correlation_id:
            self.close()
            raise MalformedAnswer(
                f"{self} answered correlation id {correlation_id} to {what}, which has {self._correlation_id}"
            )
        return body

    @contextmanager
    def patience(self, further_s: float) -> Iterator[None]:
        """Answers may take ``further_s`` longer: for requests that the broker answers when others have done theirs."""
        self._socket.settimeout(self.timeout_s + further_s)
        try:
            yield
        finally:
            if not self.is_closed:
                self._socket.settimeout(self.timeout_s)

    @property
    def is_closed(self) -> bool:
        return self._socket.fileno() < 0

    def close(self) -> None:
        """Close the connection; may be called more than once."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def _ended(self, error: OSError, what: str) -> BrokerUnreachable:
        if isinstance(error, TimeoutError):
            return BrokerUnreachable(f"{self} did not answer {what} within {self.timeout_s:g} s")
        return BrokerUnreachable(f"{self} ended the connection over {what}: {_reason(error)}")

    def _negotiate(self) -> ApiVersionsResponse:
        version = ApiVersionsRequest.max_version
        while True:
            request = ApiVersionsRequest()
            if version >= 3:
                request.client_software_name = "minikafka"
                request.client_software_version = __version__
            body = self.exchange(self.framed(request, version), f"ApiVersions v{version}")
            response = self._decode_api_versions(body, version)
            if response.error_code == NONE:
                return response
            lower = _highest_own_version(response)
            if response.error_code != UNSUPPORTED_VERSION or lower >= version:
                raise ClientError(f"{self} answers ApiVersions v{version} with {name_of(response.error_code)}")
            version = lower

    def _decode_api_versions(self, body: bytes, version: int) -> ApiVersionsResponse:
        # A broker that lacks the version says so in version 0, and has the header of version 0 in any case (KIP-511).
        try:
            is_refused = body[4:6] == _UNSUPPORTED
            return ApiVersionsResponse.decode(body[4:], 0 if is_refused else version)
        except ProtocolError as error:
            self.close()
            raise MalformedAnswer(f"{self} sent no answer to ApiVersions v{version}: {error}") from error

    def _receive(self, size_bytes: int) -> bytes:
        received = bytearray()
        while len(received) < size_bytes:
            chunk = self._socket.recv(min(size_bytes - len(received), 1 << 20))
            if not chunk:
                raise BrokerUnreachable(f"{self} closed the connection instead of answering")
            received += chunk
        return bytes(received)


def connect(bootstrap_servers: str, *, client_id: str = "minikafka", timeout_s: float = 30.0) -> Connection:
    """A connection to the first broker of ``host:port,host:port`` that can be reached; the port may be left out (9092).

    :raises BrokerUnreachable: none can, and why. ClientError: that is no list of addresses.
    """
    failures = []
    for host, port in _addresses(bootstrap_servers):
        try:
            return Connection(host, port, client_id=client_id, timeout_s=timeout_s)
        except BrokerUnreachable as error:
            failures.append(str(error))
    raise BrokerUnreachable("; ".join(failures))


def _addresses(bootstrap_servers: str) -> list[tuple[str, int]]:
    addresses = []
    for text in filter(None, (part.strip() for part in bootstrap_servers.split(","))):
        host, port = text, str(_DEFAULT_PORT)
        if text.startswith("["):
            host, _, rest = text[1:].partition("]")
            port = rest.removeprefix(":") or port
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ClientError(f"{text!r} is no address of a broker: it has the form host:port, e.g. localhost:9092")
        addresses.append((host, int(port)))
    if not addresses:
        raise ClientError("no broker to connect to was given: it has the form host:port, e.g. localhost:9092")
    return addresses


def _highest_own_version(response: ApiVersionsResponse) -> int:
    return max((api.max_version for api in response.api_keys if api.api_key == ApiVersionsRequest.api_key), default=0)


def _name(request: Message) -> str:
    return type(request).__name__.removesuffix("Request")


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
