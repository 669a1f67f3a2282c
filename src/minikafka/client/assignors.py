"""How the leader of a classic group shares the partitions: the strategies this client knows, by Kafka's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from minikafka.client import range_assignor, round_robin_assignor, sticky_assignor
from minikafka.client.consumer_protocol import decoded_subscription
from minikafka.client.sticky_assignor import Owned, decoded_owned, encoded_owned

RANGE: Final = range_assignor.NAME
ROUND_ROBIN: Final = round_robin_assignor.NAME
STICKY: Final = sticky_assignor.NAME
NAMES: Final = (RANGE, ROUND_ROBIN, STICKY)


def user_data(name: str, owned: Owned) -> bytes | None:
    """What a member tells the leader for the strategy ``name``, besides the topics it wants."""
    return encoded_owned(owned) if name == STICKY else None


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
    return range_assignor.assign(counts, topics)
