"""``Cluster``: the brokers of a cluster, each asked over a connection of its own.

Any Kafka will do: the first answer names all brokers, and leaders and the controller are then asked where they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from minikafka.client.connection import Connection, connect
from minikafka.client.errors import BrokerUnreachable, ClientError
from minikafka.client.security import UNSECURED, Security
from minikafka.errors import NONE, NOT_CONTROLLER, ApiError
from minikafka.protocol.messages import MetadataRequest, MetadataResponse

if TYPE_CHECKING:
    from typing_extensions import Self

    from minikafka.protocol.messages import Message

RETRY_BACKOFF_S: Final = 0.1
_CONTROLLER_ATTEMPTS: Final = 50


class Cluster:
    """What a client knows of a cluster, and its connections. Use it with ``with``, or ``close`` it.

    :param bootstrap_servers: ``HOST:PORT``, with commas between several.
    :param timeout_s: how long an answer may take.
    :param connect_timeout_s: for how long a broker that cannot be reached is tried again, as Kafka's clients do.
    :param security: TLS, and who to log in as.
    :param on_warning: is told, once, that no broker answers yet.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        client_id: str = "minikafka",
        timeout_s: float = 30.0,
        connect_timeout_s: float = 0.0,
        security: Security = UNSECURED,
        on_warning: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.client_id = client_id
        self.timeout_s = timeout_s
        self.security = security
        self._connect_timeout_s = connect_timeout_s
        self._on_warning = on_warning
        self._bootstrap: Connection | None = None
        self._connections: dict[tuple[int, str], Connection] = {}
        self._addresses: dict[int, tuple[str, int]] = {}
        self._controller_id = -1

    def any_broker(self) -> Connection:
        """A connection to one of the bootstrap servers. Raises BrokerUnreachable."""
        if self._bootstrap is None or self._bootstrap.is_closed:
            self._bootstrap = self._connected()
        return self._bootstrap

    def broker(self, node_id: int, *, channel: str = "") -> Connection:
        """A connection to a broker that an answer named. Raises BrokerUnreachable.

        :param channel: who leaves answers for later has a connection of their own, by this name.
        """
        connection = self._connections.get((node_id, channel))
        if connection is None or connection.is_closed:
            if node_id not in self._addresses:
                self.metadata([])
            if node_id not in self._addresses:
                raise BrokerUnreachable(f"there is no broker {node_id} in the cluster of {self.bootstrap_servers}")
            host, port = self._addresses[node_id]
            connection = Connection(
                host, port, client_id=self.client_id, timeout_s=self.timeout_s, security=self.security
            )
            self._connections[node_id, channel] = connection
        return connection

    def broker_ids(self) -> list[int]:
        """The ids of all brokers, ascending."""
        self.metadata([])
        return sorted(self._addresses)

    def address(self, node_id: int) -> tuple[str, int]:
        """Host and port of a broker as the cluster advertises it. KeyError when it is not there."""
        return self._addresses[node_id]

    def learn_broker(self, node_id: int, host: str, port: int) -> None:
        """What an answer told about a broker."""
        known = self._addresses.get(node_id)
        if known != (host, port):
            self._addresses[node_id] = (host, port)
            for key in [key for key in self._connections if key[0] == node_id]:
                self._connections.pop(key).close()

    def metadata(self, topics: Iterable[str] | None, *, allow_auto_topic_creation: bool = False) -> MetadataResponse:
        """Brokers and the topics named (None: all). Raises ClientError."""
        request = MetadataRequest()
        connection = self.any_broker()
        version = connection.highest_version(request)
        if topics is not None:
            request.topics = [MetadataRequest.MetadataRequestTopic(name=name) for name in topics]
        else:
            request.topics = None if version >= 1 else []
        if version >= 4:
            request.allow_auto_topic_creation = allow_auto_topic_creation
        response: MetadataResponse = connection.call(request, version)
        for broker in response.brokers:
            self.learn_broker(broker.node_id, broker.host, broker.port)
        self._controller_id = response.controller_id
        return response

    def call(self, request: Message) -> Any:
        """Ask a broker, whichever. Raises ClientError."""
        return self.any_broker().call(request)

    def call_controller(self, request: Message, error_codes: Callable[[Any], Iterable[int]]) -> Any:
        """Ask the controller, and look for it again while ``error_codes`` of the answer say that it moved.

        Raises ClientError.
        """
        for _ in range(_CONTROLLER_ATTEMPTS):
            if self._controller_id not in self._addresses:
                self.metadata([])
            known = self._controller_id in self._addresses
            connection = self.broker(self._controller_id) if known else self.any_broker()
            response = connection.call(request)
            if NOT_CONTROLLER not in error_codes(response):
                return response
            self._controller_id = -1
            time.sleep(RETRY_BACKOFF_S)
        raise ClientError(f"the cluster of {self.bootstrap_servers} has no controller")

    def close(self) -> None:
        """Close all connections."""
        for connection in [self._bootstrap, *self._connections.values()]:
            if connection is not None:
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> Connection:
        deadline = time.monotonic() + self._connect_timeout_s
        has_warned = False
        while True:
            try:
                return connect(
                    self.bootstrap_servers, client_id=self.client_id, timeout_s=self.timeout_s, security=self.security
                )
            except BrokerUnreachable as error:
                if time.monotonic() >= deadline:
                    raise BrokerUnreachable(f"{error}. Is a broker running there?") from error
                if not has_warned:
                    self._on_warning(f"{error}; trying for another {self._connect_timeout_s:g} s")
                    has_warned = True
            time.sleep(RETRY_BACKOFF_S)


def check(code: int, message: str | None = None) -> None:
    """:raises ApiError: the answer holds an error code; the sentence is the broker's, else Kafka's own."""
    if code != NONE:
        raise ApiError(code, message)
