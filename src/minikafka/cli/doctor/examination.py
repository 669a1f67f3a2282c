"""What ``minikafka doctor`` does, one step after the other, as a client does it.

resolve -> connect -> TLS -> log in -> ApiVersions -> metadata -> each advertised address -> topic -> produce ->
consume -> group. The first that fails is the last: what follows could only fail for the same reason.
"""

from __future__ import annotations

from minikafka.cli.doctor import advice
from minikafka.cli.doctor.advice import Address, Problem
from minikafka.cli.doctor.reach import CLIENT_ID, Reach
from minikafka.cli.doctor.records import RecordSteps
from minikafka.cli.doctor.steps import Report, Steps
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.client.security import Security
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import MetadataResponse


class Wanted(NamedTuple):
    """What is to be examined. ``topic``: one that is there; None: a temporary one, unless ``is_read_only``."""

    addresses: list[Address]
    security: Security
    topic: str | None
    is_read_only: bool
    timeout_s: float


class Examination:
    """``run`` it once."""

    def __init__(self, wanted: Wanted, report: Report) -> None:
        self._wanted = wanted
        self._steps = Steps(report)
        self._reach = Reach(self._steps, wanted.security, wanted.timeout_s)

    @property
    def step(self) -> str:
        """The one that is being done, for who reports what it ended with."""
        return self._steps.current

    def run(self) -> None:
        """Raises Problem: what keeps a client from working."""
        wanted = self._wanted
        for address in wanted.addresses:
            self._reach.examine(address)
        servers = ",".join(map(str, wanted.addresses))
        with Cluster(servers, client_id=CLIENT_ID, timeout_s=wanted.timeout_s, security=wanted.security) as cluster:
            self._visit(self._ask_metadata(cluster))
            RecordSteps(
                self._steps,
                cluster,
                topic=wanted.topic,
                is_read_only=wanted.is_read_only,
                timeout_s=wanted.timeout_s,
            ).run()

    def _ask_metadata(self, cluster: Cluster) -> MetadataResponse:
        self._steps.begin("metadata")
        address = self._wanted.addresses[0]
        try:
            metadata = cluster.metadata(None)
        except ClientError as error:
            raise self._reach.without_login(address) or self._reach.dead_end(address, error) from error
        if not metadata.brokers:
            raise Problem(
                "the cluster has no brokers yet", "It is starting, or its brokers are fenced: look at their logs."
            )
        self._steps.ok(_about(metadata))
        leaderless = [
            f"{topic.name}-{partition.partition_index}"
            for topic in metadata.topics
            for partition in topic.partitions
            if partition.leader_id < 0
        ]
        if leaderless:
            shown = ", ".join(leaderless[:5]) + (f" and {len(leaderless) - 5} more" if len(leaderless) > 5 else "")
            self._steps.note(f"partitions without a leader: {shown}; a broker may be down")
        return metadata

    def _visit(self, metadata: MetadataResponse) -> None:
        """Go to each address that the cluster tells its clients."""
        self._steps.begin("advertised")
        began_with = self._wanted.addresses[0]
        for broker in metadata.brokers:
            address = Address(broker.host, broker.port)
            try:
                self._reach.visit(address, metadata.cluster_id)
            except Problem as problem:
                raise advice.advertised(address, broker.node_id, began_with, problem) from problem
            self._steps.ok(f"broker {broker.node_id} is reached at {address}, which it tells its clients")


def _about(metadata: MetadataResponse) -> str:
    cluster = f"cluster {metadata.cluster_id}" if metadata.cluster_id else "a cluster"
    brokers = len(metadata.brokers)
    controller = f"controller {metadata.controller_id}" if metadata.controller_id >= 0 else "no controller"
    topics = len(metadata.topics)
    return f"{cluster} of {brokers} broker{'s' * (brokers != 1)}, {controller}, {topics} topic{'s' * (topics != 1)}"
