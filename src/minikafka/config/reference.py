"""What the tables say, for people: one key (``explain``), or all of them as ``docs/configuration.md``.

``python -m minikafka.config.reference docs/configuration.md`` writes the page anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from minikafka.config.keys import ConfigKey, KeyTable
from minikafka.config.legacy import new_names
from minikafka.config.reasons import REASONS, no_effect
from minikafka.config.synonyms import BROKER_KEY_OF_TOPIC_KEY, broker_synonyms
from minikafka.config.tables import (
    admin_keys,
    broker_keys,
    client,
    client_metrics_keys,
    cluster,
    connect,
    connector_keys,
    consumer_keys,
    coordinator,
    group_keys,
    legacy,
    log,
    network,
    producer_keys,
    security,
    server,
    topic_keys,
    transaction,
    worker_keys,
)

_SCOPES: Final = (
    ("broker", broker_keys),
    ("topic", topic_keys),
    ("group", group_keys),
    ("client metrics", client_metrics_keys),
    ("producer", producer_keys),
    ("consumer", consumer_keys),
    ("admin client", admin_keys),
    ("Connect worker", worker_keys),
    ("connector", connector_keys),
)

_BROKER_SECTIONS: Final = (
    ("The node", server),
    ("Network", network),
    ("The log", log),
    ("Groups and offsets", coordinator),
    ("Transactions", transaction),
    ("Security", security),
    ("Clusters, quotas, tiered storage, metrics", cluster),
    ("Keys of older versions", legacy),
)

_INTRODUCTION: Final = """\
# Configuration

<!-- Written by `python -m minikafka.config.reference docs/configuration.md` from src/minikafka/config/tables. -->

A broker reads a property file in Kafka's syntax, `minikafka-server config/server.properties`, and pairs
`--override KEY=VALUE` that go before it; a program gives the same keys to `Broker`, with underscores for dots if it
likes: `Broker(log_retention_ms=60000)`.

Every key that Kafka 0.8 to 4.2 has had is known:

- It **takes effect** as described.
- Or it has **no effect** on a single node, or not yet, for a reason; it is accepted, checked, and named once at
  start-up.
- A name that is neither is ignored with a warning that says which name comes nearest.

A value of the wrong type or out of range stops the start with the key, the value, what it takes, and the line of the
file.

*Changes* says how a key can be changed while the broker runs: for this broker (`per-broker`), for this one or as the
default of all brokers (`cluster-wide`), or not at all (`read-only`).
"""


def explain(name: str) -> str | None:
    """What is known about a key in every scope that has it, as lines of text; None for an unknown name."""
    found = [(scope, keys()[name]) for scope, keys in _SCOPES if name in keys()]
    return "\n\n".join("\n".join(_explanation(scope, key)) for scope, key in found) or None


def page() -> str:
    """The text of ``docs/configuration.md``."""
    parts = [_INTRODUCTION, "## Broker\n"]
    for title, module in _BROKER_SECTIONS:
        parts += [f"### {title}\n", *_table(KeyTable(module.TABLE), changes=True)]
    parts += ["## Topic\n", *_table(topic_keys(), broker_default=True)]
    parts += ["## Group\n", *_table(group_keys())]
    parts += ["## Client metrics\n", *_table(client_metrics_keys())]
    parts.append(
        "## Clients\n\nProducers, consumers and admin clients have these settings themselves; a broker never sees\n"
        "them. minikafka knows them to explain them, and to say so when one stands in a broker's file.\n"
    )
    shared = KeyTable(client.TABLE)
    parts += ["### Producer, consumer and admin client\n", *_table(shared)]
    for title, keys in (("Producer", producer_keys()), ("Consumer", consumer_keys()), ("Admin client", admin_keys())):
        parts += [f"### {title}\n", *_table(keys, without=shared)]
    parts.append(
        "## Kafka Connect\n\nConnect comes with Apache Kafka, and works with a minikafka broker. A worker\n"
        "has the settings that all clients share, too; and those of its clients behind `producer.`, `consumer.` and\n"
        "`admin.`.\n"
    )
    parts += ["### Worker\n", *_table(KeyTable(connect.WORKER))]
    parts += ["### Connector\n", *_table(connector_keys())]
    return "\n".join(parts)


def listing() -> Iterator[tuple[str, list[ConfigKey]]]:
    """Every key by area, as the page has them: the area's title, and its keys."""
    for title, module in _BROKER_SECTIONS:
        yield f"Broker: {title[0].lower()}{title[1:]}", _public(KeyTable(module.TABLE))
    yield "Topic", _public(topic_keys())
    yield "Group", _public(group_keys())
    yield "Client metrics", _public(client_metrics_keys())
    shared = KeyTable(client.TABLE)
    yield "Producer, consumer and admin client", _public(shared)
    for title, keys in (("Producer", producer_keys()), ("Consumer", consumer_keys()), ("Admin client", admin_keys())):
        yield title, [key for key in _public(keys) if key.name not in shared]
    yield "Connect worker", _public(KeyTable(connect.WORKER))
    yield "Connector", _public(connector_keys())


def all_names() -> set[str]:
    """The names of all keys of every scope."""
    return {name for _, keys in _SCOPES for name in keys()}


def _public(keys: KeyTable) -> list[ConfigKey]:
    return [key for key in keys.values() if not key.is_internal]


def _explanation(scope: str, key: ConfigKey) -> Iterator[str]:
    yield f"{key.name} ({scope})"
    if key.documentation:
        yield f"  {key.documentation}"
    if key.no_effect is not None:
        yield f"  {no_effect(key.no_effect)}: {REASONS[key.no_effect]}."
    yield f"  type: {key.type}"
    yield f"  default: {_shown_default(key)}"
    if key.condition is not None and key.condition.text:
        yield f"  allowed: {key.condition.text}"
    if scope == "broker":
        yield f"  changes while running: {key.update_mode}"
        yield from _relatives(key.name)
    if scope == "topic" and key.name in BROKER_KEY_OF_TOPIC_KEY:
        yield f"  broker's default: {BROKER_KEY_OF_TOPIC_KEY[key.name]}"
    if key.last_version is not None:
        yield f"  in Kafka until {key.last_version}"


def _relatives(name: str) -> Iterator[str]:
    """Other keys that have to do with a broker's: those that say the same, its new name, the topic's own."""
    synonyms = broker_synonyms(name)
    if len(synonyms) > 1:
        yield f"  the first that is set counts: {', '.join(synonyms)}"
    if new_names(name):
        yield f"  now called: {' and '.join(new_names(name))}"
    of_topics = [topic_key for topic_key, broker_key in BROKER_KEY_OF_TOPIC_KEY.items() if broker_key == name]
    if of_topics:
        yield f"  a topic's own: {', '.join(of_topics)}"


def _table(
    keys: KeyTable, *, changes: bool = False, broker_default: bool = False, without: KeyTable | None = None
) -> Iterator[str]:
    extra = ["Changes"] if changes else ["Default of all topics"] if broker_default else []
    titles = ["Key", "Type", "Default", "Allowed", *extra, "Meaning"]
    yield _row(titles)
    yield _row(["---"] * len(titles))
    for key in keys.values():
        if key.is_internal or (without is not None and key.name in without):
            continue
        more = (
            [key.update_mode] if changes else [_code(BROKER_KEY_OF_TOPIC_KEY.get(key.name))] if broker_default else []
        )
        allowed = key.condition.text if key.condition is not None else ""
        yield _row([_code(key.name), key.type, _default_cell(key), allowed, *more, _meaning(key)])
    yield ""


def _meaning(key: ConfigKey) -> str:
    parts = [key.documentation]
    if key.no_effect is not None:
        parts.append(f"*{no_effect(key.no_effect)}:* {REASONS[key.no_effect]}.")
    if key.last_version is not None:
        parts.append(f"*In Kafka until {key.last_version}.*")
    return " ".join(filter(None, parts))


def _shown_default(key: ConfigKey) -> str:
    return "not set" if key.default_text is None else key.default_text or '""'


def _default_cell(key: ConfigKey) -> str:
    return "" if key.default_text is None else _code(_shown_default(key))


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(arguments: list[str]) -> None:
    """Write the page to the file named by the only argument."""
    with open(arguments[0], "w", encoding="utf-8") as file:
        file.write(page())


if __name__ == "__main__":
    main(sys.argv[1:])
