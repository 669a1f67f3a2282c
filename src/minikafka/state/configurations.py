"""Dynamic configurations of the metadata image (Kafka: ConfigurationsImage)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from minikafka.protocol.messages import ConfigRecord

# Kafka's ConfigResource.Type
TOPIC: Final = 2
BROKER: Final = 4
BROKER_LOGGER: Final = 8
CLIENT_METRICS: Final = 16
GROUP: Final = 32

CLUSTER_DEFAULT: Final = ""
"""The name under which BROKER configs hold for all brokers."""


class ConfigurationsImage:
    """``by_resource``: (resource type, name) -> key -> value. A resource without keys is absent."""

    def __init__(self) -> None:
        self.by_resource: dict[tuple[int, str], dict[str, str]] = {}

    def replay(self, record: ConfigRecord) -> None:
        resource = (record.resource_type, record.resource_name)
        if record.value is not None:
            self.by_resource.setdefault(resource, {})[record.name] = record.value
            return
        configs = self.by_resource.get(resource)
        if configs is not None:
            configs.pop(record.name, None)
            if not configs:
                del self.by_resource[resource]

    def forget_topic(self, name: str) -> None:
        """A topic's configs end with it, without records of their own."""
        self.by_resource.pop((TOPIC, name), None)

    def records(self) -> Iterator[tuple[Any, int]]:
        from minikafka.protocol.messages import ConfigRecord

        for (resource_type, resource_name), configs in self.by_resource.items():
            for name, value in configs.items():
                yield (
                    ConfigRecord(resource_type=resource_type, resource_name=resource_name, name=name, value=value),
                    0,
                )
