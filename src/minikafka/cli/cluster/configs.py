"""``kafka-configs``: show and change the settings of topics, brokers, loggers, groups, users, clients and addresses.

Kafka's ConfigCommand. With ``--zookeeper``, which Kafka had until 3.x, the sentences are those of Kafka 2.4.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from minikafka.cli.cluster import config_options
from minikafka.cli.cluster.config_options import Target
from minikafka.cli.toolkit.connecting import cluster_of, load_properties
from minikafka.cli.toolkit.options import Options
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.configs import (
    BROKER,
    BROKER_LOGGER,
    CLIENT_METRICS,
    DELETE,
    GROUP,
    SET,
    TOPIC,
    Change,
    ConfigEntry,
    Resource,
    alter_configs,
    describe_configs,
    list_resources,
)
from minikafka.client.admin.groups import list_groups
from minikafka.client.admin.topics import list_topics
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.errors import ApiError
from minikafka.protocol.messages import ListConfigResourcesRequest

_KINDS = {
    "topics": TOPIC,
    "brokers": BROKER,
    "broker-loggers": BROKER_LOGGER,
    "client-metrics": CLIENT_METRICS,
    "groups": GROUP,
}
_DYNAMIC_SOURCES = {
    "topics": "DYNAMIC_TOPIC_CONFIG",
    "brokers": "DYNAMIC_BROKER_CONFIG",
    "client-metrics": "DYNAMIC_CLIENT_METRICS_CONFIG",
    "groups": "DYNAMIC_GROUP_CONFIG",
}
_NAMES_OF_2_4 = {"topics": "topic", "users": "user-principal", "clients": "client-id"}
# A comma that stands in no brackets.
_SEPARATOR = re.compile(r",(?=[^\]]*(?:\[|$))")
_EQUALS = re.compile(r"\s*=\s*(?=[^\]]*(?:\[|$))")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)

    def act(options: Options) -> int:
        target = config_options.check(options)
        with cluster_of(options, bootstrap_servers=options.value("bootstrap-controller")) as cluster:
            try:
                _act(cluster, target, options)
            except ApiError as error:
                print(f"Error while executing config command with args '{' '.join(given)}'", file=sys.stderr)
                print(error, file=sys.stderr)
                return 1
        return 0

    return run_tool(config_options.TOOL, given, act)


def _act(cluster: Cluster, target: Target, options: Options) -> None:
    kind = target.types[0]
    if kind not in _KINDS:
        from minikafka.cli.cluster import quota_configs

        if options.has("alter"):
            quota_configs.alter(cluster, target, _to_add(options), _to_delete(options))
            _say_completed(target, options)
        else:
            quota_configs.describe(cluster, target)
    elif options.has("alter"):
        _alter(cluster, Resource(_KINDS[kind], target.names[0]), kind, _to_add(options), _to_delete(options))
        _say_completed(target, options)
    else:
        for name in target.names[:1] or _all_names(cluster, kind):
            _describe(cluster, kind, name, options)


def _describe(cluster: Cluster, kind: str, name: str, options: Options) -> None:
    shows_all = options.has("all")
    if name and not _exists(cluster, kind, name):
        print(f"The {kind[:-1]} '{name}' doesn't exist and doesn't have dynamic config.")
        return
    entries = _entries(cluster, kind, name, shows_all=shows_all, include_synonyms=True)
    if options.has("zookeeper"):
        pairs = ",".join(f"{entry.name}={_text(entry.value)}" for entry in entries)
        print(f"Configs for {_entity_of_2_4(kind, name)} are {pairs}")
        return
    if name:
        print(f"{'All' if shows_all else 'Dynamic'} configs for {kind[:-1]} {name} are:")
    else:
        print(f"Default configs for {kind} in the cluster are:")
    for entry in entries:
        synonyms = ", ".join(f"{each.source}:{each.name}={_text(each.value)}" for each in entry.synonyms)
        is_sensitive = "true" if entry.is_sensitive else "false"
        print(f"  {entry.name}={_text(entry.value)} sensitive={is_sensitive} synonyms={{{synonyms}}}")


def _text(value: str | None) -> str:
    return "null" if value is None else value


def _entries(
    cluster: Cluster, kind: str, name: str, *, shows_all: bool, include_synonyms: bool = False
) -> list[ConfigEntry]:
    """What has been changed, or everything, by name."""
    resource = Resource(_KINDS[kind], name)
    entries = describe_configs(cluster, [resource], include_synonyms=include_synonyms)[resource]
    source = _DYNAMIC_SOURCES.get(kind)
    if kind == "brokers" and not name:
        source = "DYNAMIC_DEFAULT_BROKER_CONFIG"
    if not shows_all and source is not None:
        entries = [entry for entry in entries if entry.source == source]
    return sorted(entries, key=lambda entry: entry.name)


def _exists(cluster: Cluster, kind: str, name: str) -> bool:
    """Whether there is something to describe; the loggers of a broker that is not there are an error."""
    return kind == "broker-loggers" or name in _all_names(cluster, kind)


def _all_names(cluster: Cluster, kind: str) -> Iterable[str]:
    if kind == "topics":
        return [topic.name for topic in list_topics(cluster)]
    if kind == "brokers":
        return [*map(str, cluster.broker_ids()), ""]
    named: set[str] = set()
    if cluster.any_broker().served_versions(ListConfigResourcesRequest.api_key) is not None:
        named.update(resource.name for resource in list_resources(cluster, [_KINDS[kind]]))
    if kind == "groups":
        named.update(group.group_id for group in list_groups(cluster))
    return sorted(named)


def _alter(cluster: Cluster, resource: Resource, kind: str, added: dict[str, str], deleted: list[str]) -> None:
    existing = {entry.name for entry in _entries(cluster, kind, resource.name, shows_all=False)}
    if kind == "broker-loggers":
        unknown = [name for name in [*deleted, *added] if name not in existing]
        if unknown:
            raise ClientError(f"Invalid broker logger(s): {','.join(unknown)}")
    unknown = [name for name in deleted if name not in existing]
    if unknown:
        raise ClientError(f"Invalid config(s): {','.join(unknown)}")
    changes = [Change(name, SET, value) for name, value in added.items()]
    changes += [Change(name, DELETE, "") for name in deleted]
    alter_configs(cluster, resource, changes)


def _say_completed(target: Target, options: Options) -> None:
    kind, name = target.types[0], target.names[0]
    if options.has("zookeeper"):
        entity = ", ".join(map(_entity_of_2_4, target.types, target.names))
        print(f"Completed Updating config for entity: {entity}.")
    elif name:
        print(f"Completed updating config for {kind[:-1]} {name}.")
    else:
        print(f"Completed updating default config for {kind} in the cluster.")


def _entity_of_2_4(kind: str, name: str) -> str:
    word = _NAMES_OF_2_4.get(kind, kind)
    return f"{word} '{name}'" if name else f"default {word}"


def _to_add(options: Options) -> dict[str, str]:
    configs = load_properties(options.value("add-config-file"))
    text = options.value("add-config")
    if text is not None:
        for pair in _SEPARATOR.split(text):
            words = _EQUALS.split(pair)
            if len(words) != 2:
                raise ClientError(
                    "requirement failed: Invalid entity config: all configs to be added must be in the format "
                    '"key=val" or  "key=[val1,val2]" to group values which contain commas.'
                )
            configs[words[0].strip()] = re.sub(r"[\[\]]", "", words[1]).strip()
    for name in configs:
        if not re.fullmatch(r"[a-zA-Z0-9._-]*", name):
            raise ClientError(f"Invalid character found for config key: {name}")
    return configs


def _to_delete(options: Options) -> list[str]:
    return [name.strip() for text in options.values("delete-config") for name in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
