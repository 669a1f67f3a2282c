"""How the leader of a classic group shares the partitions: the strategies this client knows, by Kafka's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from minikafka.client.consuming import range_assignor, round_robin_assignor, sticky_assignor
from minikafka.client.consuming.consumer_protocol import decoded_subscription, encoded_subscription
from minikafka.client.consuming.sticky_assignor import Owned, decoded_owned, encoded_owned
from minikafka.client.leaders import TopicPartition
from minikafka.protocol.messages import ConsumerProtocolSubscription

RANGE: Final = range_assignor.NAME
ROUND_ROBIN: Final = round_robin_assignor.NAME
STICKY: Final = sticky_assignor.NAME
COOPERATIVE_STICKY: Final = "cooperative-sticky"
NAMES: Final = (RANGE, ROUND_ROBIN, STICKY, COOPERATIVE_STICKY)


def subscription_of(name: str, topics: list[str], owned: Owned) -> bytes:
    """What a member tells the leader for the strategy ``name``."""
    if name == COOPERATIVE_STICKY:
        return encoded_subscription(topics, owned=owned.partitions, generation_id=owned.generation_id)
    return encoded_subscription(topics, encoded_owned(owned) if name == STICKY else None)


def must_join_again(name: str, owned: Owned, assigned: list[TopicPartition]) -> bool:
    """Whether partitions were taken from this member: with the cooperative strategy they are free for others only when
    it has joined once more (KIP-429).
    """
    return name == COOPERATIVE_STICKY and not set(owned.partitions) <= set(assigned)


def assign(
    name: str, partition_counts: Callable[[list[str]], Mapping[str, int]], subscriptions: Mapping[str, bytes]
) -> dict[str, dict[str, list[int]]]:
    """Member -> topic -> partitions, by the strategy ``name``, which is one of ``NAMES``. Raises ProtocolError.

    :param partition_counts: topics -> their numbers of partitions.
    :param subscriptions: member -> its encoded subscription.
    """
    said = {member: decoded_subscription(subscription) for member, subscription in subscriptions.items()}
    topics: dict[str, Sequence[str]] = {member: each.topics for member, each in said.items()}
    counts = partition_counts(sorted({topic for wanted in topics.values() for topic in wanted}))
    if name == ROUND_ROBIN:
        return round_robin_assignor.assign(counts, topics)
    if name == STICKY:
        owned = {member: decoded_owned(each.user_data) for member, each in said.items()}
        return sticky_assignor.assign(counts, topics, owned)
    if name == COOPERATIVE_STICKY:
        owned = {member: _owned(each) for member, each in said.items()}
        return _without_what_others_have(sticky_assignor.assign(counts, topics, owned), owned)
    return range_assignor.assign(counts, topics)


def _owned(said: ConsumerProtocolSubscription) -> Owned:
    partitions = [(owned.topic, index) for owned in said.owned_partitions for index in owned.partitions]
    if said.generation_id >= 0 or not said.user_data:
        return Owned(partitions, said.generation_id)
    # Of a member from before Kafka 3.4: the generation alone.
    return Owned(partitions, int.from_bytes(said.user_data[:4], "big", signed=True))


def _without_what_others_have(
    assignment: dict[str, dict[str, list[int]]], owned: Mapping[str, Owned]
) -> dict[str, dict[str, list[int]]]:
    generation_id = max(each.generation_id for each in owned.values())
    owners = {
        partition: member
        for member, each in owned.items()
        if each.generation_id == generation_id
        for partition in each.partitions
    }
    return {
        member: {
            topic: [index for index in indexes if owners.get((topic, index), member) == member]
            for topic, indexes in topics.items()
        }
        for member, topics in assignment.items()
    }
