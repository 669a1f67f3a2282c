"""The tables of keys, by scope; each is built when it is first asked for."""

from __future__ import annotations

from functools import cache

from minikafka.config.keys import KeyTable


@cache
def broker_keys() -> KeyTable:
    """Every key of ``server.properties``, of Kafka 4.2 and of the versions before it."""
    from minikafka.config.tables import broker

    return KeyTable(broker.TABLE)


@cache
def topic_keys() -> KeyTable:
    """The keys a topic can have of its own, as in Kafka 4.2."""
    from minikafka.config.tables import topic

    return KeyTable(topic.TABLE)


@cache
def group_keys() -> KeyTable:
    """The keys a group can have of its own, as in Kafka 4.2."""
    from minikafka.config.tables import group

    return KeyTable(group.TABLE)
