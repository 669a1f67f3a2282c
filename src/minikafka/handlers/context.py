"""What a handler is given: the services of the broker, and the facts of the one request."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.config import BrokerConfig
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.coordinator.group_coordinator import GroupCoordinator
    from minikafka.coordinator.share_state.share_coordinator import ShareCoordinator
    from minikafka.coordinator.transactions.producer_ids import ProducerIds
    from minikafka.coordinator.transactions.transaction_coordinator import TransactionCoordinator
    from minikafka.coordinator.transactions.transaction_markers import MarkerWriter
    from minikafka.pending import RunBlocking
    from minikafka.sharing.share_partitions import SharePartitions
    from minikafka.state.fetch_sessions import FetchSessionCache
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.storage.log_manager import LogManager
    from minikafka.storage.log_upkeep import LogUpkeep
    from minikafka.storage.replica_mover import ReplicaMover


class Endpoint(Protocol):
    """One advertised listener."""

    listener_name: str
    host: str
    port: int


class Connection(Protocol):
    """What a handler may know of the connection a request came by."""

    listener_name: str
    client_host: str
    client_port: int
    local_host: str
    local_port: int
    principal: str
    client_software_name: str
    client_software_version: str
    on_lost: Callable[[object], None] | None
    """Called with the connection when it has ended, however that came about."""


class Purgatory(Protocol):
    """Operations that wait for a condition or a deadline (Kafka: DelayedOperationPurgatory)."""

    def watch(
        self, try_complete: Callable[[bool], bool], keys: Iterable[Hashable], deadline_ms: int | None
    ) -> Callable[[], None]:
        """Call ``try_complete(False)`` whenever one of ``keys`` is checked, until it returns True, and
        ``try_complete(True)`` once when the monotonic ``deadline_ms`` is reached. Returns what cancels it."""
        ...

    def check(self, key: Hashable) -> None:
        """Something about ``key`` has changed: try the operations that wait for it."""
        ...


class Services:
    """What the broker is made of, as handlers see it. Built once, by ``broker.py``."""

    node_id: int
    cluster_id: str
    config: BrokerConfig
    clock: Clock
    timers: Timers
    run_blocking: RunBlocking
    image: MetadataImage
    controller: QuorumController
    logs: LogManager
    log_upkeep: LogUpkeep
    replica_mover: ReplicaMover
    purgatory: Purgatory
    groups: GroupCoordinator
    fetch_sessions: FetchSessionCache
    producer_ids: ProducerIds
    transactions: TransactionCoordinator
    transaction_markers: MarkerWriter
    share_states: ShareCoordinator
    share_partitions: SharePartitions
    partitions_led_elsewhere: AbstractSet[tuple[str, int]] = frozenset()
    """Topic and partition, where the leader is another broker, or none."""

    def advertised_endpoints(self, connection: Connection) -> list[Endpoint]:
        """Where the client of ``connection`` should find the broker: the advertised listeners that have the name of
        the listener it came by, with "0.0.0.0" and unset hosts replaced by the address it connected to."""
        raise NotImplementedError


class RequestContext:
    """One request: its header, the connection it came by, and the broker."""

    __slots__ = ("api_key", "api_version", "broker", "client_id", "connection", "correlation_id")

    def __init__(
        self,
        broker: Services,
        connection: Connection,
        api_key: int,
        api_version: int,
        correlation_id: int,
        client_id: str | None,
    ) -> None:
        self.broker = broker
        self.connection = connection
        self.api_key = api_key
        self.api_version = api_version
        self.correlation_id = correlation_id
        self.client_id = client_id
