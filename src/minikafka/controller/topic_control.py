"""The rules for creating, growing and deleting topics (Kafka: ReplicationControlManager of 4.2).

Pure: each function takes the image and the wish, and returns the records to write, or raises ApiError with Kafka's
code and sentence (clients and people see both). On one node placement is simple, and every rule of it still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from minikafka.config.topic import validate_topic_configs
from minikafka.errors import (
    INVALID_CONFIG,
    INVALID_PARTITIONS,
    INVALID_REPLICA_ASSIGNMENT,
    INVALID_REPLICATION_FACTOR,
    INVALID_REQUEST,
    INVALID_TOPIC_EXCEPTION,
    NONE,
    POLICY_VIOLATION,
    TOPIC_ALREADY_EXISTS,
    UNKNOWN_SERVER_ERROR,
    UNKNOWN_TOPIC_ID,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.state import topic_names
from minikafka.state.configurations import TOPIC
from minikafka.state.metadata_version import supports_eligible_leader_replicas
from minikafka.state.topics import UNASSIGNED_DIRECTORY, PartitionImage

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.state.topics import TopicImage

VersionedRecord = tuple[Any, int]
"""A metadata record and the version to write it in."""

DEFAULT: Final = -1
"""Stands for num.partitions or default.replication.factor."""
MAX_RECORDS_PER_OPERATION: Final = 10_000
"""Kafka's MAX_RECORDS_PER_USER_OP: one request is one atomic batch of the metadata log."""
MAX_PARTITIONS_PER_OPERATION: Final = 10_000

_MIN_INSYNC_REPLICAS = "min.insync.replicas"


class NewTopic(NamedTuple):
    """A topic to create. ``assignments``: (partition index, broker ids); when there are any, the two counts must be
    -1. A config value of None is refused as Kafka does."""

    name: str
    num_partitions: int = DEFAULT
    replication_factor: int = DEFAULT
    assignments: Sequence[tuple[int, Sequence[int]]] = ()
    configs: Sequence[tuple[str, str | None]] = ()


class NewPartitions(NamedTuple):
    """A topic that is to have ``partition_count`` partitions in all. ``assignments``: broker ids of each added one."""

    name: str
    partition_count: int
    assignments: Sequence[Sequence[int]] | None = None


class CreatedTopic(NamedTuple):
    """What became of one NewTopic: ``error`` is NONE (0), or the rest is unset."""

    name: str
    error: int = NONE
    message: str | None = None
    topic_id: bytes = bytes(16)
    num_partitions: int = -1
    replication_factor: int = -1
    configs: Mapping[str, str] = {}


class Outcome(NamedTuple):
    """What became of one deletion or growth."""

    error: int = NONE
    message: str | None = None


class TopicControl:
    """Decides over topics for one node.

    :param new_topic_id: gives a fresh 16-byte random id; injected, so that tests know it.
    :param directory_of: the id of the log directory a new partition will lie in.
    """

    def __init__(self, image: MetadataImage, config: BrokerConfig, new_topic_id: Any, directory_of: Any) -> None:
        self._image = image
        self._config = config
        self._new_topic_id = new_topic_id
        self._directory_of = directory_of

    def create_topics(self, wishes: Sequence[NewTopic]) -> tuple[list[CreatedTopic], list[VersionedRecord]]:
        """Names must differ. Raises ApiError for what Kafka refuses as a whole: too many partitions or records."""
        self._ensure_not_excessive(wishes)
        results: list[CreatedTopic] = []
        records: list[VersionedRecord] = []
        collisions = {
            topic_names.unify_collision_chars(name): name
            for name in self._image.topics_by_name
            if topic_names.has_collision_chars(name)
        }
        for wish in wishes:
            try:
                self._check_name(wish.name, collisions)
                result, topic_records = self._create_topic(wish)
            except ApiError as error:
                results.append(CreatedTopic(wish.name, error.code, error.message))
                continue
            results.append(result)
            records += topic_records
            if len(records) > MAX_RECORDS_PER_OPERATION:
                raise ApiError(POLICY_VIOLATION, "Unable to perform excessively large batch operation.")
        return results, records

    def delete_topics(self, topic_ids: Iterable[bytes]) -> tuple[dict[bytes, Outcome], list[VersionedRecord]]:
        from minikafka.protocol.messages import RemoveTopicRecord

        outcomes: dict[bytes, Outcome] = {}
        records: list[VersionedRecord] = []
        for topic_id in topic_ids:
            if topic_id not in self._image.topics_by_id:
                outcomes[topic_id] = _refused(ApiError(UNKNOWN_TOPIC_ID))
                continue
            outcomes[topic_id] = Outcome()
            records.append((RemoveTopicRecord(topic_id=topic_id), 0))
        return outcomes, records

    def create_partitions(self, wishes: Sequence[NewPartitions]) -> tuple[list[Outcome], list[VersionedRecord]]:
        outcomes: list[Outcome] = []
        records: list[VersionedRecord] = []
        for wish in wishes:
            try:
                added = self._create_partitions(wish)
                if len(records) + len(added) > MAX_RECORDS_PER_OPERATION:
                    # Kafka's BoundedListTooLongException, which reaches the client as this code without a sentence.
                    raise ApiError(UNKNOWN_SERVER_ERROR)
            except ApiError as error:
                outcomes.append(_without_default_message(error))
                continue
            outcomes.append(Outcome())
            records += added
        return outcomes, records

    def _ensure_not_excessive(self, wishes: Sequence[NewTopic]) -> None:
        partitions = sum(len(wish.assignments) or max(wish.num_partitions, 0) for wish in wishes)
        if partitions > MAX_PARTITIONS_PER_OPERATION:
            raise ApiError(POLICY_VIOLATION, "Excessively large number of partitions per request.")

    def _check_name(self, name: str, collisions: Mapping[str, str]) -> None:
        if name == topic_names.CLUSTER_METADATA_TOPIC:
            raise ApiError(INVALID_REQUEST, f"Creation of internal topic {name} is prohibited.")
        if name in self._image.topics_by_name:
            raise ApiError(TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        topic_names.validate(name)
        if topic_names.has_collision_chars(name):
            other = collisions.get(topic_names.unify_collision_chars(name))
            if other is not None:
                raise ApiError(INVALID_TOPIC_EXCEPTION, f"Topic '{name}' collides with existing topic: {other}")

    def _create_topic(self, wish: NewTopic) -> tuple[CreatedTopic, list[VersionedRecord]]:
        from minikafka.protocol.messages import ConfigRecord, TopicRecord

        configs = self._checked_configs(wish.configs)
        partitions = self._assigned(wish) if wish.assignments else self._placed(wish)
        topic_id = self._new_topic_id()
        level = self._image.features.metadata_version
        records: list[VersionedRecord] = [(TopicRecord(name=wish.name, topic_id=topic_id), 0)]
        records += [
            (ConfigRecord(resource_type=TOPIC, resource_name=wish.name, name=name, value=value), 0)
            for name, value in configs.items()
        ]
        records += self._clear_elr(wish.name, configs, level)
        records += [partition.to_record(topic_id, level) for partition in partitions]
        created = CreatedTopic(
            wish.name,
            topic_id=topic_id,
            num_partitions=len(partitions),
            replication_factor=len(partitions[0].replicas),
            configs=configs,
        )
        return created, records

    def _checked_configs(self, wished: Sequence[tuple[str, str | None]]) -> dict[str, str]:
        without_value = [name for name, value in wished if value is None]
        if without_value:
            raise ApiError(INVALID_CONFIG, f"Null value not supported for topic configs: {','.join(without_value)}")
        configs = {name: value for name, value in wished if value is not None}
        validate_topic_configs(configs, defaults=self._config.log_config().values)
        return configs

    def _clear_elr(self, name: str, configs: Mapping[str, str], level: int) -> list[VersionedRecord]:
        from minikafka.protocol.messages import ClearElrRecord

        if _MIN_INSYNC_REPLICAS in configs and supports_eligible_leader_replicas(level):
            return [(ClearElrRecord(topic_name=name), 0)]
        return []

    def _assigned(self, wish: NewTopic) -> list[PartitionImage]:
        if wish.replication_factor != DEFAULT:
            raise ApiError(
                INVALID_REQUEST,
                "A manual partition assignment was specified, but replication factor was not set to -1.",
            )
        if wish.num_partitions != DEFAULT:
            raise ApiError(
                INVALID_REQUEST, "A manual partition assignment was specified, but numPartitions was not set to -1."
            )
        partitions: dict[int, PartitionImage] = {}
        replication_factor: int | None = None
        for index, replicas in wish.assignments:
            if index in partitions:
                raise ApiError(
                    INVALID_REPLICA_ASSIGNMENT, f"Found multiple manual partition assignments for partition {index}"
                )
            ensure_assignable(self._image, replicas, replication_factor)
            replication_factor = len(replicas)
            partitions[index] = self._partition(index, replicas)
        if partitions.keys() != set(range(len(partitions))):
            raise ApiError(INVALID_REPLICA_ASSIGNMENT, "partitions should be a consecutive 0-based integer sequence")
        return [partitions[index] for index in range(len(partitions))]

    def _placed(self, wish: NewTopic) -> list[PartitionImage]:
        if wish.replication_factor < DEFAULT or wish.replication_factor == 0:
            raise ApiError(
                INVALID_REPLICATION_FACTOR, "Replication factor must be larger than 0, or -1 to use the default value."
            )
        if wish.num_partitions < DEFAULT or wish.num_partitions == 0:
            raise ApiError(INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.")
        count = self._config["num.partitions"] if wish.num_partitions == DEFAULT else wish.num_partitions
        replication_factor = (
            self._config["default.replication.factor"]
            if wish.replication_factor == DEFAULT
            else wish.replication_factor
        )
        try:
            replicas = self._place(replication_factor)
        except ApiError as error:
            raise ApiError(
                error.code, f"Unable to replicate the partition {replication_factor} time(s): {error.message}"
            ) from None
        return [self._partition(index, replicas) for index in range(count)]

    def _place(self, replication_factor: int) -> list[int]:
        """The brokers of a partition, the leader first (StripedReplicaPlacer)."""
        brokers = self._image.cluster.brokers
        active = [broker.broker_id for broker in brokers.values() if broker.is_active]
        if replication_factor <= 0:
            raise ApiError(
                INVALID_REPLICATION_FACTOR,
                f"Invalid replication factor {replication_factor}: the replication factor must be positive.",
            )
        if not active:
            raise ApiError(INVALID_REPLICATION_FACTOR, "All brokers are currently fenced.")
        if replication_factor > len(brokers):
            raise ApiError(
                INVALID_REPLICATION_FACTOR,
                f"The target replication factor of {replication_factor} cannot be reached because only "
                f"{len(brokers)} broker(s) are registered.",
            )
        # Unfenced brokers first: on a node that took over a larger cluster's metadata only those lead anything.
        inactive = [broker_id for broker_id in brokers if broker_id not in active]
        return (active + inactive)[:replication_factor]

    def _partition(self, index: int, replicas: Sequence[int]) -> PartitionImage:
        brokers = self._image.cluster.brokers
        isr = [replica for replica in replicas if brokers[replica].is_active]
        if not isr:
            raise ApiError(
                INVALID_REPLICA_ASSIGNMENT,
                f"All brokers specified in the manual partition assignment for partition {index} "
                "are fenced or in controlled shutdown.",
            )
        return PartitionImage(
            index,
            leader=isr[0],
            replicas=list(replicas),
            isr=isr,
            directories=[self._directory_of(replica) or UNASSIGNED_DIRECTORY for replica in replicas],
        )

    def _create_partitions(self, wish: NewPartitions) -> list[VersionedRecord]:
        topic = self._image.topics_by_name.get(wish.name)
        if topic is None:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION)
        existing = len(topic.partitions)
        if wish.partition_count == existing:
            raise ApiError(INVALID_PARTITIONS, f"Topic already has {existing} partition(s).")
        if wish.partition_count < existing:
            raise ApiError(
                INVALID_PARTITIONS,
                f"The topic {wish.name} currently has {existing} partition(s); "
                f"{wish.partition_count} would not be an increase.",
            )
        additional = wish.partition_count - existing
        if additional > MAX_RECORDS_PER_OPERATION:
            raise ApiError(UNKNOWN_SERVER_ERROR)
        level = self._image.features.metadata_version
        return [
            self._partition(existing + added, replicas).to_record(topic.topic_id, level)
            for added, replicas in enumerate(self._added_replicas(topic, wish, additional))
        ]

    def _added_replicas(self, topic: TopicImage, wish: NewPartitions, additional: int) -> list[Sequence[int]]:
        replication_factor = len(topic.partitions[0].replicas)
        if wish.assignments is None:
            return [self._place(replication_factor)] * additional
        if len(wish.assignments) != additional:
            raise ApiError(
                INVALID_REPLICA_ASSIGNMENT,
                f"Attempted to add {additional} additional partition(s), but only {len(wish.assignments)} "
                "assignment(s) were specified.",
            )
        for replicas in wish.assignments:
            ensure_assignable(self._image, replicas, replication_factor)
        return list(wish.assignments)


def ensure_assignable(image: MetadataImage, replicas: Sequence[int], replication_factor: int | None) -> None:
    """Whether a partition can be given these replicas by hand. Raises ApiError(INVALID_REPLICA_ASSIGNMENT).

    ``replication_factor``: how many there must be; None leaves that open.
    """
    if not replicas:
        raise ApiError(INVALID_REPLICA_ASSIGNMENT, "The manual partition assignment includes an empty replica list.")
    previous: int | None = None
    for replica in sorted(replicas):
        if replica not in image.cluster.brokers:
            raise ApiError(
                INVALID_REPLICA_ASSIGNMENT,
                f"The manual partition assignment includes broker {replica}, but no such broker is registered.",
            )
        if replica == previous:
            raise ApiError(
                INVALID_REPLICA_ASSIGNMENT,
                f"The manual partition assignment includes the broker {replica} more than once.",
            )
        previous = replica
    if replication_factor is not None and len(replicas) != replication_factor:
        raise ApiError(
            INVALID_REPLICA_ASSIGNMENT,
            f"The manual partition assignment includes a partition with {len(replicas)} replica(s), but this is "
            f"not consistent with previous partitions, which have {replication_factor} replica(s).",
        )


def _refused(error: ApiError) -> Outcome:
    return Outcome(error.code, error.message)


def _without_default_message(error: ApiError) -> Outcome:
    """Kafka's exceptions that were raised without a sentence carry none here, where deletions carry the default."""
    has_sentence = error.code not in {UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_SERVER_ERROR}
    return Outcome(error.code, error.message if has_sentence else None)
