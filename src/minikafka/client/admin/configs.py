"""Configurations: describe them, and change single entries; on brokers before KIP-339 by replacing them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    AlterConfigsRequest,
    DescribeConfigsRequest,
    DescribeConfigsResponse,
    IncrementalAlterConfigsRequest,
    ListConfigResourcesRequest,
)

TOPIC: Final = 2
BROKER: Final = 4
BROKER_LOGGER: Final = 8
CLIENT_METRICS: Final = 16
GROUP: Final = 32

SET: Final = 0
DELETE: Final = 1

SOURCES: Final = {
    1: "DYNAMIC_TOPIC_CONFIG",
    2: "DYNAMIC_BROKER_CONFIG",
    3: "DYNAMIC_DEFAULT_BROKER_CONFIG",
    4: "STATIC_BROKER_CONFIG",
    5: "DEFAULT_CONFIG",
    6: "DYNAMIC_BROKER_LOGGER_CONFIG",
    7: "DYNAMIC_CLIENT_METRICS_CONFIG",
    8: "DYNAMIC_GROUP_CONFIG",
}
"""Where a value comes from, in the words of Kafka's ConfigEntry.ConfigSource."""
_UNKNOWN_SOURCE: Final = "UNKNOWN"
_DEFAULT_SOURCE: Final = 5
_DYNAMIC_SOURCES: Final = {TOPIC: 1, BROKER: 2, BROKER_LOGGER: 6, CLIENT_METRICS: 7, GROUP: 8}


class Resource(NamedTuple):
    """``kind`` is TOPIC and so on; the name of all brokers' defaults is ""."""

    kind: int
    name: str


class Synonym(NamedTuple):
    name: str
    value: str | None
    source: str


class ConfigEntry(NamedTuple):
    """``value`` is None where it is secret."""

    name: str
    value: str | None
    source: str
    is_sensitive: bool
    is_read_only: bool
    synonyms: list[Synonym]

    @property
    def is_default(self) -> bool:
        return self.source == SOURCES[_DEFAULT_SOURCE]


class Change(NamedTuple):
    """``operation`` is SET or DELETE."""

    key: str
    operation: int
    value: str | None


def describe_configs(
    cluster: Cluster, resources: Sequence[Resource], *, include_synonyms: bool = False
) -> dict[Resource, list[ConfigEntry]]:
    """The entries of each resource in the broker's order. A broker is asked itself for its own.

    :raises ApiError: why one of them cannot be described. ClientError.
    """
    found: dict[Resource, list[ConfigEntry]] = {}
    shared = [resource for resource in resources if not _is_one_broker(resource)]
    for group in [shared, *([resource] for resource in resources if _is_one_broker(resource))]:
        if group:
            found.update(_described(cluster, group, include_synonyms))
    return found


def alter_configs(cluster: Cluster, resource: Resource, changes: Iterable[Change]) -> None:
    """:raises ApiError: why nothing was changed. ClientError."""
    changes = list(changes)
    connection = cluster.broker(int(resource.name)) if _is_one_broker(resource) else cluster.any_broker()
    if connection.served_versions(IncrementalAlterConfigsRequest.api_key) is None:
        _replace_configs(cluster, resource, changes)
        return
    altered = IncrementalAlterConfigsRequest.AlterConfigsResource(
        resource_type=resource.kind,
        resource_name=resource.name,
        configs=[
            IncrementalAlterConfigsRequest.AlterableConfig(name=name, config_operation=operation, value=value)
            for name, operation, value in changes
        ],
    )
    for result in connection.call(IncrementalAlterConfigsRequest(resources=[altered])).responses:
        check(result.error_code, result.error_message)


def list_resources(cluster: Cluster, kinds: Sequence[int]) -> list[Resource]:
    """The names of resources of these kinds that have configurations (KIP-1142). Raises ApiError, ClientError."""
    request = ListConfigResourcesRequest()
    version = cluster.any_broker().highest_version(request)
    if version >= 1:
        request.resource_types = list(kinds)
    answer = cluster.any_broker().call(request, version)
    check(answer.error_code)
    found = [Resource(each.resource_type, each.resource_name) for each in answer.config_resources]
    # Version 0 lists client metrics, whatever is wanted (KIP-1000).
    return [resource for resource in found if resource.kind in set(kinds)]


def _is_one_broker(resource: Resource) -> bool:
    return resource.kind in (BROKER, BROKER_LOGGER) and resource.name.isdecimal()


def _described(
    cluster: Cluster, group: Sequence[Resource], include_synonyms: bool
) -> dict[Resource, list[ConfigEntry]]:
    connection = cluster.broker(int(group[0].name)) if _is_one_broker(group[0]) else cluster.any_broker()
    request = DescribeConfigsRequest(
        resources=[
            DescribeConfigsRequest.DescribeConfigsResource(
                resource_type=kind, resource_name=name, configuration_keys=None
            )
            for kind, name in group
        ]
    )
    version = connection.highest_version(request)
    if version >= 1:
        request.include_synonyms = include_synonyms
    found = {}
    for result in connection.call(request, version).results:
        check(result.error_code, result.error_message)
        resource = Resource(result.resource_type, result.resource_name)
        found[resource] = [_entry(resource.kind, config, version) for config in result.configs]
    return found


def _entry(kind: int, config: DescribeConfigsResponse.DescribeConfigsResourceResult, version: int) -> ConfigEntry:
    source = config.config_source
    if version == 0:  # which only says whether it is the default
        source = _DEFAULT_SOURCE if config.is_default else _DYNAMIC_SOURCES.get(kind, 0)
    return ConfigEntry(
        config.name,
        config.value,
        SOURCES.get(source, _UNKNOWN_SOURCE),
        config.is_sensitive,
        config.read_only,
        [Synonym(each.name, each.value, SOURCES.get(each.source, _UNKNOWN_SOURCE)) for each in config.synonyms],
    )


def _replace_configs(cluster: Cluster, resource: Resource, changes: Sequence[Change]) -> None:
    own_source = SOURCES[_DYNAMIC_SOURCES[resource.kind]]
    entries = describe_configs(cluster, [resource])[resource]
    configs = {entry.name: entry.value for entry in entries if entry.source == own_source}
    for key, operation, value in changes:
        if operation == DELETE:
            configs.pop(key, None)
        else:
            configs[key] = value
    altered = AlterConfigsRequest.AlterConfigsResource(
        resource_type=resource.kind,
        resource_name=resource.name,
        configs=[AlterConfigsRequest.AlterableConfig(name=key, value=value) for key, value in configs.items()],
    )
    connection = cluster.broker(int(resource.name)) if _is_one_broker(resource) else cluster.any_broker()
    for result in connection.call(AlterConfigsRequest(resources=[altered])).responses:
        check(result.error_code, result.error_message)
