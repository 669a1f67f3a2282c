"""``kafka-consumer-groups --delete-offsets``: what came of it, partition by partition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from minikafka.cli.toolkit.java_errors import as_thrown
from minikafka.cli.toolkit.tables import Column, table
from minikafka.cli.topics.partition_choice import chosen_partitions, named_partitions
from minikafka.client.admin.group_offsets import delete_offsets
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.leaders import TopicPartition
from minikafka.errors import (
    GROUP_AUTHORIZATION_FAILED,
    GROUP_ID_NOT_FOUND,
    GROUP_SUBSCRIBED_TO_TOPIC,
    INVALID_GROUP_ID,
    NON_EMPTY_GROUP,
    NONE,
    TOPIC_AUTHORIZATION_FAILED,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
    message_of,
)

_OF_GROUP: Final = (INVALID_GROUP_ID, GROUP_ID_NOT_FOUND, GROUP_AUTHORIZATION_FAILED, NON_EMPTY_GROUP)
_OF_PARTITIONS: Final = (GROUP_SUBSCRIBED_TO_TOPIC, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION)
_NO_PARTITION: Final = -1

Failures = dict[TopicPartition, ApiError | None]


def delete_group_offsets(coordinator: GroupCoordinator, topics: Sequence[str]) -> None:
    """Delete the offsets for ``TOPIC`` or ``TOPIC:0,1``, and print how it went. Raises UsageError, ClientError."""
    outcomes: Failures = {}
    partitions = [where for topic in topics if ":" in topic for where in named_partitions(topic)]
    for topic in topics:
        if ":" not in topic:
            try:
                partitions += chosen_partitions(coordinator.cluster, [topic])
            except ApiError as error:
                outcomes[topic, _NO_PARTITION] = error
    try:
        codes = delete_offsets(coordinator, partitions)
        failure = next((ApiError(code) for code in codes.values() if code != NONE), None)
        outcomes.update({where: None if code == NONE else ApiError(code) for where, code in codes.items()})
    except ApiError as error:
        failure = error
        outcomes.update(dict.fromkeys(partitions, error))
    print(_summary(coordinator.group_id, failure))
    columns = (Column("TOPIC", 15, grows=True), Column("PARTITION", 10), Column("STATUS", 15))
    rows = [
        (topic, None if index == _NO_PARTITION else index, f"Error: {as_thrown(error)}" if error else "Successful")
        for (topic, index), error in sorted(outcomes.items(), key=lambda outcome: f"{outcome[0][0]}{outcome[0][1]}")
    ]
    print("", *table(columns, rows), sep="\n")


def _summary(group_id: str, failure: ApiError | None) -> str:
    if failure is None:
        return f"Request succeeded for deleting offsets from group {group_id}."
    if failure.code in _OF_GROUP:
        return f"\nError: {message_of(failure.code)}"
    if failure.code in _OF_PARTITIONS:
        return "\nError: Encountered some partition-level error, see the follow-up details."
    return f"\nError: Encountered some unknown error: {failure.name}"
