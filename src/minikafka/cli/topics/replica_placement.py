"""Which brokers new replicas go to: evenly over brokers, and over racks where they are known (StripedReplicaPlacer)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from random import Random

from minikafka.client.errors import ClientError


def place_replicas(
    racks: Mapping[int, str | None], partition_count: int, replication_factor: int, random: Random
) -> list[list[int]]:
    """The replicas of each partition, its preferred leader first. Raises ClientError: there are too few brokers.

    :param racks: broker -> its rack.
    """
    if not racks:
        raise ClientError("All brokers are currently fenced.")
    if replication_factor > len(racks):
        raise ClientError(
            f"The target replication factor of {replication_factor} cannot be reached because only {len(racks)} "
            "broker(s) are registered."
        )
    ring = _ring(racks, random)
    start = random.randrange(len(ring))
    return [_from(ring, racks, start + index, replication_factor) for index in range(partition_count)]


def _ring(racks: Mapping[int, str | None], random: Random) -> list[int]:
    """All brokers, those of one rack as far apart from each other as they can be."""
    by_rack: dict[str | None, list[int]] = {}
    for broker, rack in sorted(racks.items()):
        by_rack.setdefault(rack, []).append(broker)
    shuffled = [
        random.sample(brokers, len(brokers)) for _, brokers in sorted(by_rack.items(), key=lambda each: each[0] or "")
    ]
    return [broker for stripe in zip_longest(*shuffled) for broker in stripe if broker is not None]


def _from(ring: Sequence[int], racks: Mapping[int, str | None], start: int, count: int) -> list[int]:
    """``count`` brokers behind each other, none of a rack that is there already while there is another."""
    around = [ring[(start + step) % len(ring)] for step in range(len(ring))]
    chosen: list[int] = []
    while len(chosen) < count:
        used = [racks[broker] for broker in chosen]
        left = [broker for broker in around if broker not in chosen]
        chosen.append(min(left, key=lambda broker: used.count(racks[broker])))
    return chosen
