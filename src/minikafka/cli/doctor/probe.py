"""What answers at an address that does not answer as it should: another protocol of Kafka, or no Kafka at all."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from minikafka.client.connection import Connection
from minikafka.client.errors import AuthenticationFailed, ClientError
from minikafka.client.security import Sasl, Security
from minikafka.errors import ILLEGAL_SASL_STATE, UNSUPPORTED_SASL_MECHANISM, ProtocolError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import MetadataRequest

if TYPE_CHECKING:
    from ssl import SSLContext

    from minikafka.security.sasl import SaslClient

_PATIENCE_S: Final = 2.0
_NO_MECHANISM: Final = "NONE"
_KNOWN: Final = (
    # what to say, how the answer begins, who that is
    (b"srvr", (b"Zookeeper version", b"This ZooKeeper", b"srvr is not executed"), "ZooKeeper"),
    (b"GET / HTTP/1.0\r\n\r\n", (b"HTTP/",), "a web server"),
)
_BANNERS: Final = ((b"SSH-", "an SSH server"), (b"220", "a mail or FTP server"), (b"+OK", "a mail server"))


class Endpoint(NamedTuple):
    """Who is behind a port. ``mechanisms`` are those it offers to log in with; None: it wants no login, or is no Kafka.

    ``what`` is ``kafka``, or who else it is, in words; empty when it cannot be told.
    """

    what: str
    uses_tls: bool = False
    mechanisms: list[str] | None = None


def look_at(host: str, port: int, timeout_s: float) -> Endpoint:
    """Try what may be there, each with a connection of its own."""
    patience_s = min(timeout_s, _PATIENCE_S)
    if speaks_tls(host, port, patience_s):
        mechanisms = _mechanisms(host, port, patience_s, uses_tls=True)
        is_kafka = mechanisms is not None or _speaks_kafka(host, port, patience_s, uses_tls=True)
        return Endpoint("kafka" if is_kafka else "", True, mechanisms)
    other = _other_protocol(host, port, patience_s)
    if other:
        return Endpoint(other)
    if _speaks_kafka(host, port, patience_s, uses_tls=False):
        return Endpoint("kafka", False, _mechanisms(host, port, patience_s, uses_tls=False))
    return Endpoint("")


def speaks_tls(host: str, port: int, timeout_s: float) -> bool:
    """Whether a TLS handshake succeeds, whoever the certificate is for."""
    import ssl

    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            _any_tls().wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLError as error:
        # An alert is a word of TLS, too: it may be that our versions or certificates are not liked.
        return "alert" in (error.reason or "").lower()
    except (OSError, ValueError):
        return False
    return True


def is_old_kafka(host: str, port: int, timeout_s: float) -> bool:
    """Whether Kafka's protocol is spoken, but without ApiVersions: that is Kafka before 0.10."""
    try:
        with Connection(host, port, timeout_s=min(timeout_s, _PATIENCE_S)) as connection:
            connection.call(MetadataRequest(topics=[]), 0)
            return True
    except (ClientError, ProtocolError):
        return False


def offered_mechanisms(host: str, port: int, timeout_s: float, security: Security) -> list[str] | None:
    """The SASL mechanisms of a listener that wants a login; None when it wants none, or does not tell."""
    nobody = security._replace(sasl=Sasl(_NO_MECHANISM, _never))
    try:
        Connection(host, port, timeout_s=min(timeout_s, _PATIENCE_S), security=nobody).close()
    except AuthenticationFailed as error:
        if error.code == UNSUPPORTED_SASL_MECHANISM:
            return error.offered
        if error.code == ILLEGAL_SASL_STATE:
            return None
    except ClientError:
        pass
    return None


def _mechanisms(host: str, port: int, timeout_s: float, *, uses_tls: bool) -> list[str] | None:
    return offered_mechanisms(host, port, timeout_s, Security(_any_tls() if uses_tls else None))


def _speaks_kafka(host: str, port: int, timeout_s: float, *, uses_tls: bool) -> bool:
    try:
        security = Security(_any_tls() if uses_tls else None)
        with Connection(host, port, timeout_s=timeout_s, security=security) as connection:
            return bool(connection.api_versions().api_keys)
    except ClientError:
        return False


def _other_protocol(host: str, port: int, timeout_s: float) -> str:
    for question, beginnings, who in _KNOWN:
        answer = _ask(host, port, question, timeout_s)
        if answer.startswith(beginnings):
            return who
        for banner, other in _BANNERS:
            if answer.startswith(banner):
                return other
    return ""


def _ask(host: str, port: int, question: bytes, timeout_s: float) -> bytes:
    with suppress(OSError), socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.sendall(question)
        return connection.recv(64)
    return b""


def _any_tls() -> SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _never() -> SaslClient:
    raise AssertionError("no broker offers this mechanism")
