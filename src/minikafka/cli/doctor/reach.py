"""From an address to a broker that answers: resolve, connect, TLS, log in, ApiVersions; and who answers instead."""

from __future__ import annotations

import socket
import time
from typing import Final

from minikafka.cli.doctor import advice
from minikafka.cli.doctor.advice import Address, Problem
from minikafka.cli.doctor.probe import is_old_kafka, look_at, offered_mechanisms, speaks_tls
from minikafka.cli.doctor.steps import Steps
from minikafka.client.connection import Connection
from minikafka.client.errors import AuthenticationFailed, BrokerUnreachable, ClientError, MalformedAnswer, TlsFailed
from minikafka.client.security import Security
from minikafka.errors import ApiError
from minikafka.protocol.messages import FetchRequest, MetadataRequest, MetadataResponse, ProduceRequest

CLIENT_ID: Final = "minikafka-doctor"


class Reach:
    """Goes to addresses as a client with these settings does."""

    def __init__(self, steps: Steps, security: Security, timeout_s: float) -> None:
        self._steps = steps
        self._security = security
        self._timeout_s = timeout_s

    def examine(self, address: Address) -> None:
        """Step by step, up to the versions that are served. Raises Problem."""
        self._resolve(address)
        self._connect(address)
        if self._security.tls is not None:
            self._handshake(address)
        if self._security.sasl is not None:
            self._log_in(address)
        self._ask_versions(address)

    def visit(self, address: Address, cluster_id: str | None) -> None:
        """In one go, to an address that the cluster tells its clients. Raises Problem."""
        _resolved(address)
        _try_connect(address, self._timeout_s)
        try:
            with self._connection(address, self._security) as connection:
                there: MetadataResponse = connection.call(MetadataRequest(topics=[]))
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except AuthenticationFailed as error:
            mechanism = "" if self._security.sasl is None else self._security.sasl.mechanism
            raise advice.login_failed(address, error, mechanism, self._security.tls is not None) from error
        except (ClientError, ApiError) as error:
            raise self.dead_end(address, error) from error
        if cluster_id is not None and there.cluster_id not in (None, cluster_id):
            raise Problem(
                f"another cluster answers there ({there.cluster_id} instead of {cluster_id})",
                "Two brokers have the same address in different networks, or a tunnel ends at the wrong one.",
            )

    def without_login(self, address: Address) -> Problem | None:
        """Whether it is a login that is missing, when a broker does not answer what it answers to its users only."""
        if self._security.sasl is not None:
            return None
        mechanisms = offered_mechanisms(address.host, address.port, self._timeout_s, self._security)
        if mechanisms is None:
            return None
        return advice.wants_login(address, mechanisms, self._security.tls is not None)

    def dead_end(self, address: Address, error: Exception) -> Problem:
        """No answer, or none of Kafka's: look at who is there."""
        if isinstance(error, (BrokerUnreachable, MalformedAnswer)):
            if is_old_kafka(address.host, address.port, self._timeout_s):
                return Problem(f"{address} is Kafka 0.9 or older", "This tool needs Kafka 0.10 or newer.")
            if self._security.tls is None:
                return advice.not_kafka(address, look_at(address.host, address.port, self._timeout_s))
        return Problem(
            f"{address} does not answer as a Kafka broker does: {error}",
            "Is this the right port? If it is, the broker may be starting still, or hang: look at its log.",
        )

    def _resolve(self, address: Address) -> None:
        self._steps.begin("resolve")
        found = _resolved(address)
        self._steps.ok(f"{address.host} is {' and '.join(found)}")

    def _connect(self, address: Address) -> None:
        self._steps.begin("connect")
        begun = time.monotonic()
        _try_connect(address, self._timeout_s)
        self._steps.ok(f"{address} takes connections ({milliseconds_since(begun)})")

    def _handshake(self, address: Address) -> None:
        self._steps.begin("TLS")
        try:
            with self._connection(address, Security(self._security.tls)) as connection:
                version = connection.tls_version
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except ClientError as error:
            raise self.dead_end(address, error) from error
        self._steps.ok(f"{version}; the certificate is trusted")

    def _log_in(self, address: Address) -> None:
        self._steps.begin("log in")
        assert self._security.sasl is not None
        mechanism = self._security.sasl.mechanism
        try:
            self._connection(address, self._security).close()
        except AuthenticationFailed as error:
            raise advice.login_failed(address, error, mechanism, self._security.tls is not None) from error
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except ClientError as error:
            raise self.dead_end(address, error) from error
        self._steps.ok(f"the broker let us in with {mechanism}")

    def _ask_versions(self, address: Address) -> None:
        self._steps.begin("versions")
        try:
            with self._connection(address, self._security) as connection:
                served = {api.api_key: api.max_version for api in connection.api_versions().api_keys}
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except ClientError as error:
            raise self.dead_end(address, error) from error
        if not served.keys() >= {MetadataRequest.api_key, ProduceRequest.api_key, FetchRequest.api_key}:
            raise Problem(
                f"{address} serves neither topics nor records: it is a listener of a controller",
                "Use the port of a broker's listener: one of listeners that is not in controller.listener.names.",
            )
        self._steps.ok(f"{address} speaks Kafka's protocol: {len(served)} APIs")

    def _tls_problem(self, address: Address, error: TlsFailed) -> Problem:
        is_certificate = getattr(error.__cause__, "verify_code", None) is not None
        # With the right protocol there is nothing to look for: TLS was spoken, and ended.
        is_spoken = is_certificate or speaks_tls(address.host, address.port, self._timeout_s)
        endpoint = None if is_spoken else look_at(address.host, address.port, self._timeout_s)
        return advice.tls_failed(address, error, endpoint)

    def _connection(self, address: Address, security: Security) -> Connection:
        return Connection(address.host, address.port, client_id=CLIENT_ID, timeout_s=self._timeout_s, security=security)


def _resolved(address: Address) -> list[str]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise advice.no_address(address.host, error) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _try_connect(address: Address, timeout_s: float) -> None:
    try:
        socket.create_connection(address, timeout=timeout_s).close()
    except OSError as error:
        raise advice.not_connected(address, error, timeout_s) from error


def milliseconds_since(begun: float) -> str:
    return f"{(time.monotonic() - begun) * 1000:.0f} ms"
