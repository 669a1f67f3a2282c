"""SASL over Kafka's protocol, the client's side.

ApiVersions -> SaslHandshake (which mechanism, KIP-43) -> SaslAuthenticate, once for each message of the mechanism
(KIP-152); brokers before 1.0 are sent the messages bare, with nothing but their size. Source: SaslClientAuthenticator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.client.errors import AuthenticationFailed
from minikafka.errors import ILLEGAL_SASL_STATE, NONE, UNSUPPORTED_SASL_MECHANISM, message_of, name_of
from minikafka.protocol.messages import (
    ApiVersionsRequest,
    SaslAuthenticateRequest,
    SaslHandshakeRequest,
    SaslHandshakeResponse,
)
from minikafka.security.sasl import SaslClient, SaslError

if TYPE_CHECKING:
    from minikafka.client.connection import Connection
    from minikafka.client.security import Sasl


class Authenticator:
    """Logs in on one connection, and again before its session ends."""

    def __init__(self, connection: Connection, sasl: Sasl) -> None:
        self._connection = connection
        self._sasl = sasl
        self._served: dict[int, int] | None = None

    def log_in(self) -> int:
        """Returns for how many ms the session lasts, 0 when it has no end (KIP-368).

        :raises AuthenticationFailed: the broker does not let this client in, or is not who it should be.
            BrokerUnreachable, MalformedAnswer: it does not answer.
        """
        try:
            return self._exchange(self._agree())
        except SaslError as error:
            self._connection.close()
            raise AuthenticationFailed(f"{self._connection} cannot be authenticated with: {error}") from error
        except AuthenticationFailed:
            self._connection.close()
            raise

    def _exchange(self, version: int | None) -> int:
        machine = self._sasl.make_client()
        lifetime_ms = 0
        message = machine.step(b"")
        while message is not None:
            if version is None:
                challenge = self._connection.exchange_bare(message, f"a {self._sasl.mechanism} message")
            else:
                challenge, lifetime_ms = _sasl_authenticate(self._connection, message, version)
            message = None if machine.is_complete else machine.step(challenge)
        _ensure_complete(machine)
        return lifetime_ms

    def _agree(self) -> int | None:
        """Ask for the mechanism; returns the version of SaslAuthenticate to use, None for bare messages."""
        served = self._served_versions()
        request = SaslHandshakeRequest(mechanism=self._sasl.mechanism)
        version = min(served.get(request.api_key, 0), request.max_version)
        _check_handshake(self._connection, self._sasl.mechanism, self._connection.call(request, version))
        if version == 0 or SaslAuthenticateRequest.api_key not in served:
            return None
        return min(served[SaslAuthenticateRequest.api_key], SaslAuthenticateRequest.max_version)

    def _served_versions(self) -> dict[int, int]:
        """API -> highest version. Asked for once: when a session is over, a handshake has to come first."""
        if self._served is None:
            # Version 0: brokers of 0.10 take any other one for a message of Kerberos.
            answer = self._connection.call(ApiVersionsRequest(), 0)
            self._served = {api.api_key: api.max_version for api in answer.api_keys}
        return self._served


def _check_handshake(connection: Connection, mechanism: str, answer: SaslHandshakeResponse) -> None:
    if answer.error_code == UNSUPPORTED_SASL_MECHANISM:
        raise AuthenticationFailed(
            f"{connection} does not offer {mechanism}; it offers {', '.join(answer.mechanisms) or 'nothing'}",
            answer.error_code,
            answer.mechanisms,
        )
    if answer.error_code == ILLEGAL_SASL_STATE:
        raise AuthenticationFailed(
            f"{connection} asks nobody to log in: its listener is without SASL", ILLEGAL_SASL_STATE
        )
    if answer.error_code != NONE:
        raise AuthenticationFailed(
            f"{connection} answers SaslHandshake with {name_of(answer.error_code)}", answer.error_code
        )


def _sasl_authenticate(connection: Connection, message: bytes, version: int) -> tuple[bytes, int]:
    answer = connection.call(SaslAuthenticateRequest(auth_bytes=message), version)
    if answer.error_code != NONE:
        reason = answer.error_message or message_of(answer.error_code)
        raise AuthenticationFailed(f"{connection} refuses the login: {reason}", answer.error_code)
    return bytes(answer.auth_bytes), answer.session_lifetime_ms


def _ensure_complete(machine: SaslClient) -> None:
    if not machine.is_complete:
        raise SaslError("it ends the exchange before it has proved itself")
