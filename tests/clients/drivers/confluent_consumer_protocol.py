"""confluent-kafka with groups of the consumer protocol (KIP-848), in which the broker shares out the partitions."""

from __future__ import annotations

from tests.clients.drivers import Driver
from tests.clients.drivers.confluent import Confluent


def make(bootstrap: str) -> Driver:
    return Confluent(bootstrap, group_protocol="consumer")
