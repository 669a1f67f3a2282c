"""What brokers keep in their log directories (KIP-113)."""

from __future__ import annotations

from minikafka.client.cluster import Cluster, check
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import DescribeLogDirsRequest


class ReplicaSize(NamedTuple):
    """``offset_lag``: how far it is behind the partition's end; ``is_future``: it is being moved here."""

    topic: str
    partition: int
    size_bytes: int
    offset_lag: int
    is_future: bool


class LogDirDescription(NamedTuple):
    """``error_code`` is not NONE when the directory is offline."""

    path: str
    error_code: int
    replicas: list[ReplicaSize]


def describe_log_dirs(cluster: Cluster, broker_id: int) -> list[LogDirDescription]:
    """The log directories of a broker. Raises ApiError, ClientError."""
    answer = cluster.broker(broker_id).call(DescribeLogDirsRequest(topics=None))
    check(answer.error_code)
    return [
        LogDirDescription(
            result.log_dir,
            result.error_code,
            [
                ReplicaSize(topic.name, part.partition_index, part.partition_size, part.offset_lag, part.is_future_key)
                for topic in result.topics
                for part in topic.partitions
            ],
        )
        for result in answer.results
    ]
