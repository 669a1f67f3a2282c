"""How the one node enters and leaves the cluster metadata (Kafka: ClusterControlManager, BrokerLifecycleManager).

At start the controller and the broker register, the broker is unfenced, and it takes the lead of the partitions that
wait for it. At a clean stop it is fenced, but keeps its partitions: the next start finds them led, in the same epoch,
and has nothing to write for them. After an unclean one their leader epochs go up, since the end of a log may have been
lost, and clients must not take what is written there next for what they had read (KIP-320).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from minikafka.state.cluster import ENTER_CONTROLLED_SHUTDOWN, FENCE, SECURITY_PROTOCOL_IDS, UNFENCE, ListenerEndpoint
from minikafka.state.features import SUPPORTED
from minikafka.state.metadata_version import (
    partition_record_version,
    register_broker_record_version,
    supports_controller_registration,
    supports_eligible_leader_replicas,
)
from minikafka.state.topics import NO_LEADER

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.state.topics import PartitionImage, TopicImage
    from minikafka.storage.log_manager import LogManager

_WILDCARDS = frozenset({"", "0.0.0.0", "::"})
_DEFAULT_CONTROLLER = ListenerEndpoint("CONTROLLER", "localhost", 9093, SECURITY_PROTOCOL_IDS["PLAINTEXT"])
"""What config/server.properties of Kafka has: a directory made without a controller listener names this one, so that
Apache Kafka can be started on it."""


def controller_endpoints(config: BrokerConfig) -> list[ListenerEndpoint]:
    """Where Apache Kafka, started on this directory, will have its controller; minikafka does not listen there."""
    return [
        ListenerEndpoint(
            listener.name,
            "localhost" if listener.host in _WILDCARDS else listener.host,
            listener.port,
            SECURITY_PROTOCOL_IDS[listener.security_protocol],
        )
        for listener in config.controller_listeners
    ] or [_DEFAULT_CONTROLLER]


def register_controller(
    image: MetadataImage, node_id: int, incarnation_id: bytes, endpoints: Sequence[ListenerEndpoint]
) -> list[VersionedRecord]:
    from minikafka.protocol.messages import RegisterControllerRecord

    if not supports_controller_registration(image.features.metadata_version):
        return []
    record = RegisterControllerRecord(
        controller_id=node_id,
        incarnation_id=incarnation_id,
        end_points=[RegisterControllerRecord.ControllerEndpoint(**point._asdict()) for point in endpoints],
        features=[
            RegisterControllerRecord.ControllerFeature(name=name, min_supported_version=low, max_supported_version=high)
            for name, (low, high) in SUPPORTED.items()
        ],
    )
    return [(record, 0)]


def register_broker(
    image: MetadataImage,
    *,
    node_id: int,
    broker_epoch: int,
    incarnation_id: bytes,
    endpoints: Sequence[ListenerEndpoint],
    rack: str | None,
    log_dirs: Sequence[bytes],
) -> VersionedRecord:
    """The registration; it starts fenced. ``broker_epoch`` is the offset that the record will have."""
    from minikafka.protocol.messages import RegisterBrokerRecord

    version = register_broker_record_version(image.features.metadata_version)
    record = RegisterBrokerRecord(
        broker_id=node_id,
        incarnation_id=incarnation_id,
        broker_epoch=broker_epoch,
        end_points=[RegisterBrokerRecord.BrokerEndpoint(**point._asdict()) for point in endpoints],
        features=[
            RegisterBrokerRecord.BrokerFeature(name=name, min_supported_version=low, max_supported_version=high)
            for name, (low, high) in SUPPORTED.items()
        ],
        rack=rack,
        fenced=True,
    )
    if version >= 3:
        record.log_dirs = sorted(log_dirs)
    return record, version


def unfence(node_id: int, broker_epoch: int) -> VersionedRecord:
    from minikafka.protocol.messages import BrokerRegistrationChangeRecord

    return BrokerRegistrationChangeRecord(broker_id=node_id, broker_epoch=broker_epoch, fenced=UNFENCE), 0


def leave(node_id: int, broker_epoch: int) -> list[VersionedRecord]:
    """What a controlled shutdown ends with: Apache Kafka would otherwise wait for this broker's session to end."""
    from minikafka.protocol.messages import BrokerRegistrationChangeRecord

    return [
        (
            BrokerRegistrationChangeRecord(
                broker_id=node_id, broker_epoch=broker_epoch, in_controlled_shutdown=ENTER_CONTROLLED_SHUTDOWN
            ),
            1,
        ),
        (BrokerRegistrationChangeRecord(broker_id=node_id, broker_epoch=broker_epoch, fenced=FENCE), 0),
    ]


def take_leadership(image: MetadataImage, node_id: int, *, was_clean: bool) -> list[VersionedRecord]:
    """The changes for partitions without a leader and, after an unclean stop, for all that this node leads."""
    from minikafka.protocol.messages import PartitionChangeRecord

    level = image.features.metadata_version
    version = partition_record_version(level)
    has_elr = supports_eligible_leader_replicas(level)
    records: list[VersionedRecord] = []
    for topic in image.topics_by_name.values():
        for partition in topic.partitions:
            fields = _leadership(partition, node_id, was_clean=was_clean, has_elr=has_elr)
            if fields:
                record = PartitionChangeRecord(partition_id=partition.index, topic_id=topic.topic_id, **fields)
                records.append((record, version))
    return records


def assign_directories(
    image: MetadataImage, node_id: int, logs: LogManager, partitions: Iterable[tuple[TopicImage, PartitionImage]]
) -> list[VersionedRecord]:
    """The changes that name the directories of partitions that the image knows to be elsewhere, or nowhere yet."""
    from minikafka.protocol.messages import PartitionChangeRecord

    version = partition_record_version(image.features.metadata_version)
    records: list[VersionedRecord] = []
    for topic, partition in partitions if version >= 1 else ():
        log = logs.get(topic.name, partition.index)
        directory_id = None if log is None else logs.directory_id_of(log)
        if directory_id is None or node_id not in partition.replicas:
            continue
        directories = [
            directory_id if replica == node_id else known
            for replica, known in zip(partition.replicas, partition.directories, strict=True)
        ]
        if directories != partition.directories:
            record = PartitionChangeRecord(
                partition_id=partition.index, topic_id=topic.topic_id, directories=directories
            )
            records.append((record, version))
    return records


def _leadership(partition: PartitionImage, node_id: int, *, was_clean: bool, has_elr: bool) -> dict[str, Any]:
    if partition.leader == node_id:
        return {} if was_clean else {"leader": node_id}
    if partition.leader != NO_LEADER or not _may_lead(partition, node_id):
        return {}
    fields: dict[str, Any] = {"leader": node_id}
    if node_id not in partition.isr:
        fields["isr"] = [node_id]
    if has_elr and (partition.eligible_leader_replicas or partition.last_known_elr):
        fields["eligible_leader_replicas"] = [
            replica for replica in partition.eligible_leader_replicas if replica != node_id
        ]
        fields["last_known_elr"] = []
    return fields


def _may_lead(partition: PartitionImage, node_id: int) -> bool:
    """In sync when it stopped, or the only copy there is."""
    in_sync = {*partition.isr, *partition.eligible_leader_replicas, *partition.last_known_elr}
    return node_id in in_sync or partition.replicas == [node_id]
