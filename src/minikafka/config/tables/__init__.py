"""The tables of keys, by scope; each is built when it is first asked for. What a table looks like: ``keys``."""

from __future__ import annotations

from functools import cache

from minikafka.config.keys import KeyTable


@cache
def broker_keys() -> KeyTable:
    """Every key of ``server.properties``, of Kafka 4.2 and of the versions before it."""
    from minikafka.config.tables import (
        cluster,
        coordinator,
        legacy,
        log,
        network,
        security,
        server,
        transaction,
    )

    return KeyTable(
        server.TABLE,
        network.TABLE,
        log.TABLE,
        coordinator.TABLE,
        transaction.TABLE,
        security.TABLE,
        cluster.TABLE,
        legacy.TABLE,
    )


@cache
def topic_keys() -> KeyTable:
    """The keys a topic can have of its own, and those that older versions let it have."""
    from minikafka.config.tables import topic

    return KeyTable(topic.TABLE)


@cache
def group_keys() -> KeyTable:
    """The keys a group can have of its own."""
    from minikafka.config.tables import group

    return KeyTable(group.TABLE)


@cache
def client_metrics_keys() -> KeyTable:
    """The keys of a subscription to client metrics."""
    from minikafka.config.tables import client_metrics

    return KeyTable(client_metrics.TABLE)


@cache
def producer_keys() -> KeyTable:
    """Every key of ``producer.properties``."""
    from minikafka.config.tables import client, producer

    return KeyTable(producer.TABLE, client.TABLE)


@cache
def consumer_keys() -> KeyTable:
    """Every key of ``consumer.properties``."""
    from minikafka.config.tables import client, consumer

    return KeyTable(consumer.TABLE, client.TABLE)


@cache
def admin_keys() -> KeyTable:
    """Every key of an admin client's properties."""
    from minikafka.config.tables import admin, client

    return KeyTable(client.TABLE, admin.TABLE)


@cache
def worker_keys() -> KeyTable:
    """Every key of a worker of Kafka Connect, alone or with others; those of its connections to brokers included."""
    from minikafka.config.tables import client, connect

    return KeyTable(client.TABLE, connect.WORKER)


@cache
def connector_keys() -> KeyTable:
    """The keys that all connectors of Kafka Connect have; each has others of its own."""
    from minikafka.config.tables import connect

    return KeyTable(connect.CONNECTOR)
