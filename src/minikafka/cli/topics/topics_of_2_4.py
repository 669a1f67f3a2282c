"""What ``kafka-topics --zookeeper`` of Kafka 2.4 looked at itself, before it wrote to ZooKeeper, and its sentences.

A broker of today says the same in other words. Source: Kafka 2.4's TopicCommand, AdminUtils and Topic.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from minikafka.cli.toolkit.options import Options
from minikafka.client.admin.topics import delete_topics, describe_topics, list_topics
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import TOPIC_DELETION_DISABLED, ApiError

_GROUP_METADATA_TOPIC = "__consumer_offsets"
_MAX_NAME_LENGTH = 249


def check_create(cluster: Cluster, name: str, options: Options) -> None:
    """:raises ClientError: why the topic is not created."""
    if not options.has("replica-assignment"):
        _check_numbers(cluster, options.number("partitions") or 0, options.number("replication-factor") or 0)
    _check_name(name)
    if not options.has("if-not-exists") and any(topic.name == name for topic in list_topics(cluster)):
        raise ClientError(f"Topic '{name}' already exists.")


def check_partitions(cluster: Cluster, names: Sequence[str], count: int) -> None:
    """:raises ClientError: why one of the topics is not given so many partitions."""
    for name, topic in describe_topics(cluster, names).items():
        if name == _GROUP_METADATA_TOPIC:
            raise ClientError(f"The number of partitions for the internal topic {name} cannot be changed.")
        if count <= len(topic.partitions):
            raise ClientError(
                f"The number of partitions for a topic can only be increased. Topic {name} currently has "
                f"{len(topic.partitions)} partitions, {count} would not be an increase."
            )


def delete(cluster: Cluster, names: Sequence[str]) -> None:
    """Mark topics for deletion, as it was called; where deletion is disabled they stay, and that is no failure.

    :raises ApiError, ClientError: one of them cannot be deleted.
    """
    internal = {topic.name for topic in list_topics(cluster) if topic.is_internal}
    for name in names:
        if name in internal:
            raise ClientError(f"Topic {name} is a kafka internal topic and is not allowed to be marked for deletion.")
        try:
            delete_topics(cluster, [name])
        except ApiError as error:
            if error.code != TOPIC_DELETION_DISABLED:
                raise
            print(f"The broker has delete.topic.enable=false: {name} stays.", file=sys.stderr)
        print(f"Topic {name} is marked for deletion.")
        print("Note: This will have no impact if delete.topic.enable is not set to true.")


def _check_numbers(cluster: Cluster, partitions: int, replication_factor: int) -> None:
    if partitions < 1:
        raise ClientError("Number of partitions must be larger than 0.")
    if replication_factor < 1:
        raise ClientError("Replication factor must be larger than 0.")
    brokers = len(cluster.broker_ids())
    if replication_factor > brokers:
        raise ClientError(f"Replication factor: {replication_factor} larger than available brokers: {brokers}.")


def _check_name(name: str) -> None:
    if not name:
        raise ClientError("Topic name is illegal, it can't be empty")
    if name in (".", ".."):
        raise ClientError('Topic name cannot be "." or ".."')
    if len(name) > _MAX_NAME_LENGTH:
        raise ClientError(
            f"Topic name is illegal, it can't be longer than {_MAX_NAME_LENGTH} characters, topic name: {name}"
        )
    if not re.fullmatch(r"[a-zA-Z0-9._-]+", name):
        raise ClientError(
            f'Topic name "{name}" is illegal, it contains a character other than ASCII alphanumerics, '
            "'.', '_' and '-'"
        )
