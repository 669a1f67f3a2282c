"""A key that is said to take effect is read by the code that gives it one, and only by then is it said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minikafka.config.keys import ConfigKey
from minikafka.config.synonyms import BROKER_KEY_OF_TOPIC_KEY
from minikafka.config.tables import broker_keys, group_keys, topic_keys

SOURCES = Path(__file__).parents[2] / "src" / "minikafka"
# The command-line tools and their client read settings of clients, some of which have names of broker keys.
NOT_THE_BROKER = ("config", "cli", "client")
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in SOURCES.rglob("*.py")
    if path.relative_to(SOURCES).parts[0] not in NOT_THE_BROKER
)
TOPIC_KEY_OF_BROKER_KEY = {broker_key: topic_key for topic_key, broker_key in BROKER_KEY_OF_TOPIC_KEY.items()}

PART_OF_ANOTHER = {
    "advertised.host.name",
    "advertised.listeners",
    "advertised.port",
    "broker.id",
    "controller.listener.names",
    "delegation.token.master.key",
    "group.consumer.max.heartbeat.interval.ms",
    "group.consumer.max.session.timeout.ms",
    "group.consumer.min.heartbeat.interval.ms",
    "group.consumer.min.session.timeout.ms",
    "group.share.max.heartbeat.interval.ms",
    "group.share.max.record.lock.duration.ms",
    "group.share.max.session.timeout.ms",
    "group.share.min.heartbeat.interval.ms",
    "group.share.min.record.lock.duration.ms",
    "group.share.min.session.timeout.ms",
    "group.share.record.lock.duration.ms",
    "host.name",
    "internal.segment.bytes",
    "listener.security.protocol.map",
    "log.cleanup.interval.mins",
    "log.dir",
    "log.dirs",
    "log.flush.scheduler.interval.ms",
    "log.message.timestamp.difference.max.ms",
    "log.retention.hours",
    "log.retention.minutes",
    "log.roll.hours",
    "log.roll.jitter.hours",
    "max.connections.per.ip.overrides",
    "metadata.log.dir",
    "port",
}
"""Keys whose value reaches the code by a property of BrokerConfig or under another key, or is a limit of others."""


def _is_read(scope: str, key: ConfigKey) -> bool:
    if key.name in PART_OF_ANOTHER or f'"{key.name}"' in CODE:
        return True
    topic_key = key.name if scope == "topic" else TOPIC_KEY_OF_BROKER_KEY.get(key.name)
    return topic_key is not None and re.search(rf"\.{topic_key.replace('.', '_')}\b", CODE) is not None


KEYS = [
    pytest.param(scope, key, id=f"{scope}-{key.name}")
    for scope, table in (("broker", broker_keys()), ("topic", topic_keys()), ("group", group_keys()))
    for key in table.values()
]


@pytest.mark.parametrize(("scope", "key"), KEYS)
def test_the_table_says_what_takes_effect(scope: str, key: ConfigKey) -> None:
    if key.no_effect is None:
        assert _is_read(scope, key), f"nothing reads {key.name}: mark it 'no effect: not-yet' in its table"
    if key.no_effect == "not-yet":
        assert not _is_read(scope, key), (
            f"{key.name} is read now: remove 'no effect: not-yet' from its table, and write docs/configuration.md anew "
            "(python -m minikafka.config.reference docs/configuration.md)"
        )
