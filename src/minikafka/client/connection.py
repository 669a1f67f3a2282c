"""One blocking connection to one broker: a request goes out, its answer comes back.

What the broker serves is asked for once, by ApiVersions (KIP-35); a request then goes out in the highest version both
sides speak, unless the caller wants another one. TLS and SASL come first where the listener has them.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from minikafka import __version__
from minikafka.client.errors import BrokerUnreachable, ClientError, MalformedAnswer, TlsFailed, UnsupportedByBroker
from minikafka.client.security import UNSECURED, Security
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
    from ssl import SSLContext

    from typing_extensions import Self

    from minikafka.client.authentication import Authenticator
    from minikafka.client.security import Sasl
    from minikafka.protocol.messages import Message

_DEFAULT_PORT: Final = 9092
_MAX_ANSWER_BYTES: Final = 512 * 1024 * 1024
_SIZE: Final = Struct(">i")
_UNSUPPORTED: Final = UNSUPPORTED_VERSION.to_bytes(2, "big")
_SESSION_SHARE: Final = 0.85
"""A session is renewed when this much of it is over: the earliest that Kafka's clients do it (ReauthInfo)."""


class Connection:
    """A connection that is open until it is closed, or until a call on it failed.

    :param timeout_s: how long connecting, and each answer, may take.
    :param security: TLS, and who to log in as.
    :raises BrokerUnreachable: nobody answers at ``host:port``. TlsFailed, AuthenticationFailed, MalformedAnswer.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str = "minikafka",
        timeout_s: float = 30.0,
        security: Security = UNSECURED,
    ) -> None:
        self.host = host
        self.port = port
        self.client_id = client_id
        self.timeout_s = timeout_s
        self._security = security
        self._correlation_id = 0
        self._api_versions: ApiVersionsResponse | None = None
        self._authenticator: Authenticator | None = None
        self._renew_at: float | None = None
        try:
            self._socket = socket.create_connection((resolvable(host), port), timeout=timeout_s)  # type: ignore[arg-type]
        except OSError as error:
            raise BrokerUnreachable(f"cannot connect to {self}: {_reason(error)}") from error
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if security.tls is not None:
                self._start_tls(security.tls)
            if security.sasl is not None:
                self._start_session(security.sasl)
        except BaseException:
            self.close()
            raise

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

    @property
    def local_port(self) -> int:
        """The port that it comes from."""
        port: int = self._socket.getsockname()[1]
        return port

    def has_ended(self) -> bool:
        """Whether the broker has closed it, while no answer was awaited."""
        return bool(select.select([self._socket], [], [], 0)[0])

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
        """The request as it goes out: its size, header and body. Raises ApiError as ``call``.

        A session that is about to end is renewed before (KIP-368).
        """
        if self._renew_at is not None and time.monotonic() >= self._renew_at:
            self._log_in()
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
        body = self._receive_sized(what, 4)
        (correlation_id,) = _SIZE.unpack_from(body)
        if correlation_id != self._correlation_id:
            self.close()
            raise MalformedAnswer(
                f"{self} answered correlation id {correlation_id} to {what}, which has {self._correlation_id}"
            )
        return body

    def exchange_bare(self, message: bytes, what: str) -> bytes:
        """Send bytes with nothing but their size, and return those that come back. Raises as ``exchange``."""
        self.send(_SIZE.pack(len(message)) + message, what)
        return self._receive_sized(what, 0)

    @property
    def tls_version(self) -> str | None:
        """The version of TLS in use, e.g. ``TLSv1.3``; None without TLS."""
        version: str | None = self._socket.version() if self._security.tls is not None else None  # type: ignore[attr-defined]
        return version

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

    def _start_tls(self, context: SSLContext) -> None:
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=self.host)
        except TimeoutError as error:
            raise TlsFailed(f"{self} did not answer the TLS handshake within {self.timeout_s:g} s") from error
        except (OSError, ValueError) as error:  # ValueError: a name that no certificate can have
            raise TlsFailed(f"no TLS with {self}: {_tls_reason(error)}") from error

    def _start_session(self, sasl: Sasl) -> None:
        from minikafka.client.authentication import Authenticator

        self._authenticator = Authenticator(self, sasl)
        self._log_in()

    def _log_in(self) -> None:
        assert self._authenticator is not None  # only who has logged in does it again
        self._renew_at = None
        lifetime_ms = self._authenticator.log_in()
        if lifetime_ms > 0:
            self._renew_at = time.monotonic() + lifetime_ms / 1000 * _SESSION_SHARE

    def _ended(self, error: OSError, what: str) -> ClientError:
        if isinstance(error, TimeoutError):
            return BrokerUnreachable(f"{self} did not answer {what} within {self.timeout_s:g} s")
        if self._security.tls is not None and _is_alert(error):
            return TlsFailed(f"{self} ended TLS over {what}: {_tls_reason(error)}")
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

    def _receive_sized(self, what: str, min_size: int) -> bytes:
        try:
            (size,) = _SIZE.unpack(self._receive(4))
            if not min_size <= size <= _MAX_ANSWER_BYTES:
                raise MalformedAnswer(f"{self} announced an answer of {size} bytes to {what}")
            return self._receive(size)
        except OSError as error:
            self.close()
            raise self._ended(error, what) from error
        except BaseException:  # a malformed answer, or an interrupt: the rest of it would be taken for the next one
            self.close()
            raise

    def _receive(self, size_bytes: int) -> bytes:
        received = bytearray()
        while len(received) < size_bytes:
            chunk = self._socket.recv(min(size_bytes - len(received), 1 << 20))
            if not chunk:
                raise BrokerUnreachable(f"{self} closed the connection instead of answering")
            received += chunk
        return bytes(received)


def connect(
    bootstrap_servers: str,
    *,
    client_id: str = "minikafka",
    timeout_s: float = 30.0,
    security: Security = UNSECURED,
) -> Connection:
    """A connection to the first broker of ``host:port,host:port`` that can be reached; the port may be left out (9092).

    :raises BrokerUnreachable: none can, and why. ClientError: that is no list of addresses, or it does not let us in.
    """
    failures = []
    for host, port in addresses(bootstrap_servers):
        try:
            return Connection(host, port, client_id=client_id, timeout_s=timeout_s, security=security)
        except BrokerUnreachable as error:
            failures.append(str(error))
    raise BrokerUnreachable("; ".join(failures))


def resolvable(host: str) -> str | bytes:
    """``host`` for the resolver: as bytes where it can be. For text Python loads the codec of international names,
    which takes longer than to connect."""
    return host.encode() if host.isascii() else host


def addresses(bootstrap_servers: str) -> list[tuple[str, int]]:
    """Host and port of each part of ``host:port,host:port``. Raises ClientError."""
    found = []
    for text in filter(None, (part.strip() for part in bootstrap_servers.split(","))):
        host, port = text, str(_DEFAULT_PORT)
        if text.startswith("["):
            host, _, rest = text[1:].partition("]")
            port = rest.removeprefix(":") or port
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ClientError(f"{text!r} is no address of a broker: it has the form host:port, e.g. localhost:9092")
        found.append((host, int(port)))
    if not found:
        raise ClientError("no broker to connect to was given: it has the form host:port, e.g. localhost:9092")
    return found


def _highest_own_version(response: ApiVersionsResponse) -> int:
    return max((api.max_version for api in response.api_keys if api.api_key == ApiVersionsRequest.api_key), default=0)


def _name(request: Message) -> str:
    return type(request).__name__.removesuffix("Request")


def _is_alert(error: OSError) -> bool:
    from ssl import SSLError

    return isinstance(error, SSLError)


def _tls_reason(error: Exception) -> str:
    """OpenSSL's words, without the file and line of its source."""
    words = getattr(error, "verify_message", None) or getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(words or error).replace("_", " ").lower() if words and str(words).isupper() else str(words or error)


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
