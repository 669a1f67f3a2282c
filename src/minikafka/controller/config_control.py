"""What a change of settings comes to: which records it writes, or why it is refused.

(Kafka: ConfigurationControlManager, ControllerConfigurationValidator.) Settings of brokers were checked before, by the
broker they are sent to (``handlers._config_changes``); here only what concerns the cluster is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from minikafka.config.client_metrics import validate_client_metrics
from minikafka.config.group import validate_group_configs
from minikafka.config.tables import broker_keys, group_keys, topic_keys
from minikafka.config.topic import validate_topic_configs
from minikafka.config.values import value_text
from minikafka.controller.topic_control import Outcome
from minikafka.errors import (
    INVALID_CONFIG,
    INVALID_REQUEST,
    UNKNOWN_SERVER_ERROR,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.state import topic_names
from minikafka.state.configurations import BROKER, CLIENT_METRICS, CLUSTER_DEFAULT, GROUP, TOPIC
from minikafka.state.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from minikafka.state.metadata_version import supports_eligible_leader_replicas

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.config.keys import KeyTable
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.state.metadata_image import MetadataImage

SET: Final = 0
DELETE: Final = 1
APPEND: Final = 2
SUBTRACT: Final = 3
OPERATION_NAMES: Final = {SET: "SET", DELETE: "DELETE", APPEND: "APPEND", SUBTRACT: "SUBTRACT"}
"""Kafka's AlterConfigOp.OpType."""

_MIN_ISR: Final = "min.insync.replicas"


class ConfigOperation(NamedTuple):
    """One change to one key; ``operation`` is one of the numbers above, ``value`` is None for DELETE."""

    key: str
    operation: int
    value: str | None


class ConfigAlteration(NamedTuple):
    """The changes to one resource, all or none of which are made.

    ``resource_type`` as in ``state.configurations``. ``replaces``: the settings that are not named go (AlterConfigs).
    """

    resource_type: int
    resource_name: str
    operations: Sequence[ConfigOperation]
    replaces: bool = False


class ConfigControl:
    """Decides about changes of settings against the image."""

    def __init__(self, image: MetadataImage, config: BrokerConfig) -> None:
        self._image = image
        self._config = config

    def decide(self, alterations: Sequence[ConfigAlteration]) -> tuple[list[Outcome], list[VersionedRecord]]:
        """The outcome of each, in order, and the records of those that are not refused. Resources are distinct."""
        outcomes: list[Outcome] = []
        records: list[VersionedRecord] = []
        for alteration in alterations:
            try:
                records += self._records(alteration)
                outcomes.append(Outcome())
            except ApiError as error:
                message = None if error.code == UNKNOWN_SERVER_ERROR else error.message
                outcomes.append(Outcome(error.code, message))
        return outcomes, records

    def _records(self, alteration: ConfigAlteration) -> list[VersionedRecord]:
        from minikafka.protocol.messages import ClearElrRecord, ConfigRecord

        resource_type, name, _, _ = alteration
        existing = self._image.configs.get((resource_type, name), {})
        changes = self._changes(alteration, existing)
        altered = {key: value for key, value in {**existing, **changes}.items() if value is not None}
        self._validate(resource_type, name, altered, existing)
        self._refuse_to_lose_min_isr(alteration, changes)
        self._ensure_exists(resource_type, name)
        records: list[VersionedRecord] = []
        for key, value in changes.items():
            records.append((ConfigRecord(resource_type=resource_type, resource_name=name, name=key, value=value), 0))
            if key == _MIN_ISR and resource_type in {TOPIC, BROKER} and self._has_elr():
                # Other replicas may be eligible under the new bound (ConfigurationControlManager of 4.x).
                records.append((ClearElrRecord(topic_name=name if resource_type == TOPIC else ""), 0))
        return records

    def _changes(self, alteration: ConfigAlteration, existing: Mapping[str, str]) -> dict[str, str | None]:
        """What to write: key -> value, None for what goes."""
        changes: dict[str, str | None] = {}
        for key, operation, value in alteration.operations:
            new_value = self._new_value(alteration.resource_type, key, operation, value, existing.get(key))
            # A broker reloads what its settings point to, e.g. a key store, when they are set again (KAFKA-14136).
            if new_value != existing.get(key) or alteration.resource_type == BROKER:
                changes[key] = new_value
        if alteration.replaces:
            named = {operation.key for operation in alteration.operations}
            changes |= {key: None for key in existing if key not in named}
        return changes

    def _new_value(
        self, resource_type: int, key: str, operation: int, value: str | None, current: str | None
    ) -> str | None:
        if operation == SET:
            return value
        if operation == DELETE:
            return None
        if operation not in OPERATION_NAMES or value is None:
            raise ApiError(UNKNOWN_SERVER_ERROR)
        table = _tables().get(resource_type)
        known = None if table is None else table.get(key)
        if known is None or known.type != "list":
            raise ApiError(
                INVALID_CONFIG,
                f"Can't {OPERATION_NAMES[operation]} to key {key} because its type is not LIST.",
            )
        if current is None:
            current = value_text(known.default)
        return combined_list(operation, current or "", value)

    def _validate(self, resource_type: int, name: str, altered: Mapping[str, str], existing: Mapping[str, str]) -> None:
        if resource_type == TOPIC:
            if not name:
                raise ApiError(INVALID_REQUEST, "Default topic resources are not allowed.")
            topic_names.validate(name)
            validate_topic_configs(altered, defaults=self._config.log_config().values, existing=existing)
        elif resource_type == GROUP:
            if not name:
                raise ApiError(INVALID_REQUEST, "Default group resources are not allowed.")
            validate_group_configs(self._config, altered)
        elif resource_type == CLIENT_METRICS:
            validate_client_metrics(name, altered)
        elif resource_type != BROKER:
            raise ApiError(INVALID_REQUEST, f"Unknown resource type {resource_type}")

    def _refuse_to_lose_min_isr(self, alteration: ConfigAlteration, changes: Mapping[str, str | None]) -> None:
        """min.insync.replicas belongs to the cluster once leaders are elected by it (KIP-966)."""
        if alteration.resource_type != BROKER or _MIN_ISR not in changes:
            return
        if self._image.features.level(ELIGIBLE_LEADER_REPLICAS_VERSION) == 0:
            return
        if alteration.resource_name != CLUSTER_DEFAULT:
            raise ApiError(INVALID_CONFIG, "Broker-level min.insync.replicas cannot be altered while ELR is enabled.")
        if changes[_MIN_ISR] is None:
            raise ApiError(INVALID_CONFIG, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.")

    def _ensure_exists(self, resource_type: int, name: str) -> None:
        if resource_type == TOPIC and name not in self._image.topics_by_name:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{name}' does not exist.")

    def _has_elr(self) -> bool:
        return supports_eligible_leader_replicas(self._image.features.metadata_version)


def combined_list(operation: int, current: str, value: str) -> str:
    """A list with items added or taken away, as text."""
    items = [item for item in current.split(",") if item]
    if operation == APPEND:
        items += [item for item in dict.fromkeys(value.split(",")) if item not in items]
    else:
        for item in value.split(","):
            if item in items:
                items.remove(item)
    return ",".join(items)


def _tables() -> Mapping[int, KeyTable]:
    """Where it can be looked up whether a key is a list; Kafka does not know that of client metrics."""
    return {TOPIC: topic_keys(), BROKER: broker_keys(), GROUP: group_keys()}
