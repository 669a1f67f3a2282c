"""The steps of ``minikafka doctor``: each does what a client does next, and says what came of it.

resolve -> connect -> TLS -> log in -> ApiVersions -> metadata -> each advertised address -> topic -> produce ->
consume -> group. The first that fails is the last: what follows could only fail for the same reason.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from minikafka import errors
from minikafka.cli import doctor_advice as advice
from minikafka.cli.doctor_advice import Address, Problem
from minikafka.cli.doctor_probe import is_old_kafka, look_at, offered_mechanisms, speaks_tls
from minikafka.client.cluster import Cluster
from minikafka.client.connection import Connection
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import (
    AuthenticationFailed,
    BrokerUnreachable,
    ClientError,
    MalformedAnswer,
    TlsFailed,
    UnsupportedByBroker,
)
from minikafka.client.fetcher import FetchSettings, fetch
from minikafka.client.leaders import Leaders
from minikafka.client.producer import Producer
from minikafka.client.producer_settings import ProducerSettings
from minikafka.client.security import Security
from minikafka.client.topics import create_topic, delete_topics
from minikafka.errors import ApiError, MinikafkaError
from minikafka.protocol.messages import FetchRequest, MetadataRequest, MetadataResponse, ProduceRequest

Report = Callable[[str, str, str], None]
"""(OK, NOTE or SKIPPED; the step; a sentence)"""

OK: Final = "ok"
NOTE: Final = "note"
SKIPPED: Final = "skip"

_POLL_INTERVAL_S: Final = 0.05
_CLIENT_ID: Final = "minikafka-doctor"


class Wanted(NamedTuple):
    """What is to be examined. ``topic``: one that is there; None: a temporary one, unless ``is_read_only``."""

    addresses: list[Address]
    security: Security
    topic: str | None
    is_read_only: bool
    timeout_s: float


class Examination:
    """``run`` it once. ``step`` is the one that is being done, for who reports what it ended with."""

    def __init__(self, wanted: Wanted, report: Report) -> None:
        self.step = ""
        self._wanted = wanted
        self._report = report
        self._security = wanted.security
        self._timeout_s = wanted.timeout_s

    def run(self) -> None:
        """Raises Problem: what keeps a client from working."""
        for address in self._wanted.addresses:
            self._resolve(address)
            self._connect(address)
            if self._security.tls is not None:
                self._handshake(address)
            if self._security.sasl is not None:
                self._log_in(address)
            self._ask_versions(address)
        with self._cluster() as cluster:
            metadata = self._ask_metadata(cluster)
            self._visit(metadata)
            with self._topic(cluster) as topic:
                if topic is None:
                    return
                partition = self._find_leader(cluster, topic)
                if self._wanted.is_read_only:
                    self._read(cluster, topic, partition)
                    return
                self._produce_and_consume(cluster, topic, partition)
            self._find_group(cluster)

    # Up to the first answer.

    def _resolve(self, address: Address) -> None:
        self.step = "resolve"
        found = _resolved(address)
        self._report(OK, self.step, f"{address.host} is {' and '.join(found)}")

    def _connect(self, address: Address) -> None:
        self.step = "connect"
        begun = time.monotonic()
        _try_connect(address, self._timeout_s)
        self._report(OK, self.step, f"{address} takes connections ({_milliseconds_since(begun)})")

    def _handshake(self, address: Address) -> None:
        self.step = "TLS"
        try:
            with self._connection(address, Security(self._security.tls)) as connection:
                version = connection.tls_version
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except ClientError as error:
            raise self._dead_end(address, error) from error
        self._report(OK, self.step, f"{version}; the certificate is trusted")

    def _log_in(self, address: Address) -> None:
        self.step = "log in"
        assert self._security.sasl is not None
        mechanism = self._security.sasl.mechanism
        try:
            self._connection(address, self._security).close()
        except AuthenticationFailed as error:
            raise advice.login_failed(address, error, mechanism, self._security.tls is not None) from error
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except ClientError as error:
            raise self._dead_end(address, error) from error
        self._report(OK, self.step, f"the broker let us in with {mechanism}")

    def _ask_versions(self, address: Address) -> None:
        self.step = "versions"
        try:
            with self._connection(address, self._security) as connection:
                served = {api.api_key: api.max_version for api in connection.api_versions().api_keys}
        except TlsFailed as error:
            raise self._tls_problem(address, error) from error
        except ClientError as error:
            raise self._dead_end(address, error) from error
        if not served.keys() >= {MetadataRequest.api_key, ProduceRequest.api_key, FetchRequest.api_key}:
            raise Problem(
                f"{address} serves neither topics nor records: it is a listener of a controller",
                "Use the port of a broker's listener: one of listeners that is not in controller.listener.names.",
            )
        self._report(OK, self.step, f"{address} speaks Kafka's protocol: {len(served)} APIs")

    # The cluster.

    def _ask_metadata(self, cluster: Cluster) -> MetadataResponse:
        self.step = "metadata"
        address = self._wanted.addresses[0]
        try:
            metadata = cluster.metadata(None)
        except BrokerUnreachable as error:
            mechanisms = None
            if self._security.sasl is None:
                mechanisms = offered_mechanisms(address.host, address.port, self._timeout_s, self._security)
            if mechanisms is not None:
                raise advice.wants_login(address, mechanisms, self._security.tls is not None) from error
            raise self._dead_end(address, error) from error
        if not metadata.brokers:
            raise Problem(
                "the cluster has no brokers yet", "It is starting, or its brokers are fenced: look at their logs."
            )
        self._report(OK, self.step, _about(metadata))
        leaderless = [
            f"{topic.name}-{partition.partition_index}"
            for topic in metadata.topics
            for partition in topic.partitions
            if partition.leader_id < 0
        ]
        if leaderless:
            shown = ", ".join(leaderless[:5]) + (f" and {len(leaderless) - 5} more" if len(leaderless) > 5 else "")
            self._report(NOTE, self.step, f"partitions without a leader: {shown}; a broker may be down")
        return metadata

    def _visit(self, metadata: MetadataResponse) -> None:
        """Go to each address that the cluster tells its clients."""
        self.step = "advertised"
        began_with = self._wanted.addresses[0]
        for broker in metadata.brokers:
            address = Address(broker.host, broker.port)
            try:
                self._visit_broker(address, metadata.cluster_id)
            except Problem as problem:
                raise advice.advertised(address, broker.node_id, began_with, problem) from problem
            self._report(OK, self.step, f"broker {broker.node_id} is reached at {address}, which it tells its clients")

    def _visit_broker(self, address: Address, cluster_id: str | None) -> None:
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
            raise self._dead_end(address, error) from error
        if cluster_id is not None and there.cluster_id not in (None, cluster_id):
            raise Problem(
                f"another cluster answers there ({there.cluster_id} instead of {cluster_id})",
                "Two brokers have the same address in different networks, or a tunnel ends at the wrong one.",
            )

    # A topic, and a record.

    @contextmanager
    def _topic(self, cluster: Cluster) -> Iterator[str | None]:
        self.step = "topic"
        if self._wanted.topic is not None:
            yield self._wanted.topic
            return
        if self._wanted.is_read_only:
            self._report(SKIPPED, "topic", "--read-only, and no --topic to read from")
            yield None
            return
        name = f"minikafka-doctor-{secrets.token_hex(6)}"
        with self._asked("creating a topic"):
            create_topic(cluster, name, partitions=1)
        self._report(OK, self.step, f"{name} was created; it is deleted in the end")
        try:
            yield name
        finally:
            self._delete(cluster, name)

    def _delete(self, cluster: Cluster, name: str) -> None:
        try:
            delete_topics(cluster, [name])
        except MinikafkaError as error:
            self._report(NOTE, "topic", f"{name} could not be deleted, and is still there: {error}")
        else:
            self._report(OK, "topic", f"{name} was deleted")

    def _find_leader(self, cluster: Cluster, topic: str) -> int:
        """The first partition of the topic; all must have a leader."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            with self._asked("describing the topic"):
                (found,) = cluster.metadata([topic]).topics
            leaderless = [part.partition_index for part in found.partitions if part.leader_id < 0]
            is_passing = found.error_code in (errors.LEADER_NOT_AVAILABLE, errors.UNKNOWN_TOPIC_OR_PARTITION)
            is_ready = found.error_code == errors.NONE and not leaderless
            waits = self._wanted.topic is None and (leaderless or is_passing)
            if is_ready or not waits or time.monotonic() >= deadline:
                break
            time.sleep(_POLL_INTERVAL_S)
        if leaderless:
            replicas = sorted({node for part in found.partitions if part.leader_id < 0 for node in part.replica_nodes})
            raise Problem(
                f"topic {topic} has no leader for partition {', '.join(map(str, leaderless))}: it cannot be used",
                f"Start the brokers that have its replicas ({', '.join(map(str, replicas))}).",
            )
        if found.error_code != errors.NONE:
            raise advice.refused(f"topic {topic}", ApiError(found.error_code))
        if self._wanted.topic is not None:
            self._report(OK, self.step, f"{topic} has {len(found.partitions)} partitions, each with a leader")
        return min(part.partition_index for part in found.partitions)

    def _produce_and_consume(self, cluster: Cluster, topic: str, partition: int) -> None:
        self.step = "produce"
        value = f"minikafka doctor {secrets.token_hex(8)}".encode()
        begun = time.monotonic()
        offset = self._produce(cluster, topic, partition, value)
        where = f"{topic}-{partition}, offset {offset}"
        self._report(OK, self.step, f"a record was written to {where} ({_milliseconds_since(begun)}, acks=all)")
        self.step = "consume"
        begun = time.monotonic()
        if value not in self._fetch(cluster, topic, partition, offset, value):
            raise Problem(
                f"the record written to {where} could not be read back within {self._timeout_s:g} s",
                "The partition may wait for replicas that do not follow: look at the broker's log.",
            )
        self._report(OK, self.step, f"it was read back ({_milliseconds_since(begun)})")

    def _produce(self, cluster: Cluster, topic: str, partition: int, value: bytes) -> int:
        written: list[int] = []
        timeout_ms = round(self._timeout_s * 1000)
        settings = ProducerSettings(
            acks=-1,
            retries=0,
            is_idempotent=False,
            request_timeout_ms=timeout_ms,
            delivery_timeout_ms=timeout_ms,
            max_block_ms=timeout_ms,
        )
        producer = Producer(cluster, settings, on_written=lambda _, __, offset, ___: written.append(offset))
        with self._asked("writing a record"):
            producer.send(topic, value, partition=partition)
            producer.flush()
        return written[0]

    def _fetch(self, cluster: Cluster, topic: str, partition: int, offset: int, value: bytes) -> list[bytes | None]:
        where = (topic, partition)
        leaders = Leaders(cluster)
        deadline = time.monotonic() + self._timeout_s
        values: list[bytes | None] = []
        while value not in values and time.monotonic() < deadline:
            with self._asked("reading records"):
                found = fetch(cluster, leaders, {where: offset}, FetchSettings(), 500)[where]
                if found.error_code != errors.NONE:
                    raise ApiError(found.error_code)
            offset = found.next_position
            values += [fetched.record.value for fetched in found.records]
        return values

    def _read(self, cluster: Cluster, topic: str, partition: int) -> None:
        self.step = "consume"
        with self._asked("reading records"):
            found = fetch(cluster, Leaders(cluster), {(topic, partition): 0}, FetchSettings(), 100)[topic, partition]
            if found.error_code not in (errors.NONE, errors.OFFSET_OUT_OF_RANGE):
                raise ApiError(found.error_code)
        self._report(OK, self.step, f"{topic}-{partition} can be read; nothing was written (--read-only)")

    def _find_group(self, cluster: Cluster) -> None:
        self.step = "group"
        with self._asked("finding the coordinator of a group"):
            node_id = GroupCoordinator(cluster, _CLIENT_ID, timeout_s=self._timeout_s).node_id()
        self._report(OK, self.step, f"broker {node_id} coordinates groups")

    # What they share.

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """What the broker refuses, or does not answer, as a Problem."""
        try:
            yield
        except ApiError as error:
            raise advice.refused(what, error) from error
        except UnsupportedByBroker as error:
            raise Problem(f"{what}: {error}", "The broker is too old, or too new, for this tool.") from error
        except BrokerUnreachable as error:
            raise Problem(
                f"{what} got no answer: {error}",
                "The broker is too busy, or hangs: look at its log, and try again with a longer --timeout.",
            ) from error
        except MinikafkaError as error:
            raise Problem(f"{what} failed: {error}", "The broker's log may say more.") from error

    def _cluster(self) -> Cluster:
        return Cluster(
            ",".join(map(str, self._wanted.addresses)),
            client_id=_CLIENT_ID,
            timeout_s=self._timeout_s,
            security=self._security,
        )

    def _connection(self, address: Address, security: Security) -> Connection:
        return Connection(
            address.host, address.port, client_id=_CLIENT_ID, timeout_s=self._timeout_s, security=security
        )

    def _tls_problem(self, address: Address, error: TlsFailed) -> Problem:
        is_certificate = getattr(error.__cause__, "verify_code", None) is not None
        # With the right protocol there is nothing to look for: TLS was spoken, and ended.
        is_spoken = is_certificate or speaks_tls(address.host, address.port, self._timeout_s)
        endpoint = None if is_spoken else look_at(address.host, address.port, self._timeout_s)
        return advice.tls_failed(address, error, endpoint)

    def _dead_end(self, address: Address, error: Exception) -> Problem:
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


def _about(metadata: MetadataResponse) -> str:
    cluster = f"cluster {metadata.cluster_id}" if metadata.cluster_id else "a cluster"
    brokers = len(metadata.brokers)
    controller = f"controller {metadata.controller_id}" if metadata.controller_id >= 0 else "no controller"
    topics = len(metadata.topics)
    return f"{cluster} of {brokers} broker{'s' * (brokers != 1)}, {controller}, {topics} topic{'s' * (topics != 1)}"


def _milliseconds_since(begun: float) -> str:
    return f"{(time.monotonic() - begun) * 1000:.0f} ms"
