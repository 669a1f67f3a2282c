"""What the data APIs share: from a topic and an index to its log, or to Kafka's error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError

if TYPE_CHECKING:
    from minikafka.handlers.context import Services
    from minikafka.storage.partition_log import PartitionLog

NO_EPOCH = -1


def partition_log(broker: Services, topic: str, index: int) -> PartitionLog:
    """The log of a partition.

    Raises ApiError: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, or KAFKA_STORAGE_ERROR when its log directory
    is offline.
    """
    log = broker.logs.get(topic, index)
    if log is None:
        known = broker.image.topics_by_name.get(topic)
        if known is None or not 0 <= index < len(known.partitions):
            raise ApiError(errors.UNKNOWN_TOPIC_OR_PARTITION)
        raise ApiError(errors.KAFKA_STORAGE_ERROR, f"Partition {topic}-{index} is in an offline log directory")
    if log.is_failed:
        raise ApiError(errors.KAFKA_STORAGE_ERROR, f"Partition {topic}-{index} is in an offline log directory")
    led_elsewhere = broker.partitions_led_elsewhere
    if led_elsewhere and (topic, index) in led_elsewhere:
        raise ApiError(errors.NOT_LEADER_OR_FOLLOWER)
    return log


def check_leader_epoch(log: PartitionLog, current_leader_epoch: int) -> None:
    """Refuse a client whose metadata is older or newer than the broker's (KIP-320); -1 stands for no epoch.

    Raises ApiError: FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH.
    """
    if current_leader_epoch == NO_EPOCH or current_leader_epoch == log.leader_epoch:
        return
    raise ApiError(
        errors.FENCED_LEADER_EPOCH if current_leader_epoch < log.leader_epoch else errors.UNKNOWN_LEADER_EPOCH
    )
