"""What AlterConfigs and IncrementalAlterConfigs share: checking, by this broker and then by the controller.

Levels of loggers end here, everything else is stored. Source: Kafka's ConfigAdminManager.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from minikafka.config.dynamic import validate_broker_update
from minikafka.config.tables import broker_keys
from minikafka.config.values import java_integer, value_text
from minikafka.controller.config_control import (
    APPEND,
    DELETE,
    OPERATION_NAMES,
    SET,
    ConfigAlteration,
    combined_list,
)
from minikafka.controller.topic_control import Outcome
from minikafka.errors import INVALID_CONFIG, INVALID_REQUEST, UNKNOWN_SERVER_ERROR, ApiError
from minikafka.handlers import _broker_loggers
from minikafka.pending import Pending
from minikafka.state.configurations import BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import Services


def alter(broker: Services, alterations: Sequence[ConfigAlteration], *, validate_only: bool) -> Pending[list[Outcome]]:
    """Make the changes; the outcome of each, in order, comes once they have taken effect."""
    counts = Counter((alteration.resource_type, alteration.resource_name) for alteration in alterations)
    outcomes: dict[int, Outcome] = {}
    for index, alteration in enumerate(alterations):
        try:
            if counts[alteration.resource_type, alteration.resource_name] > 1:
                raise ApiError(INVALID_REQUEST, "Each resource must appear at most once.")
            if _is_done_here(broker, alteration, validate_only=validate_only):
                outcomes[index] = Outcome()
        except ApiError as error:
            outcomes[index] = Outcome(error.code, None if error.code == UNKNOWN_SERVER_ERROR else error.message)
    left = [index for index in range(len(alterations)) if index not in outcomes]
    answer: Pending[list[Outcome]] = Pending()

    def altered(decided: list[Outcome]) -> None:
        outcomes.update(zip(left, decided, strict=True))
        answer.complete([outcomes[index] for index in range(len(alterations))])

    stored = [alterations[index] for index in left]
    broker.controller.alter_configs(stored, validate_only=validate_only).on_complete(altered)
    return answer


def _is_done_here(broker: Services, alteration: ConfigAlteration, *, validate_only: bool) -> bool:
    """Whether nothing is left for the controller. Raises ApiError for what this broker refuses."""
    _check_keys(alteration)
    if alteration.resource_type == BROKER_LOGGER and not alteration.replaces:
        _broker_loggers.check(broker.node_id, alteration.resource_name, alteration.operations)
        if not validate_only:
            _broker_loggers.apply(alteration.operations)
        return True
    if alteration.resource_type == BROKER:
        _check_broker(broker, alteration)
    elif alteration.resource_type not in {TOPIC, CLIENT_METRICS, GROUP}:
        raise ApiError(INVALID_REQUEST, f"Unknown resource type {alteration.resource_type}")
    return False


def _check_keys(alteration: ConfigAlteration) -> None:
    keys = [operation.key for operation in alteration.operations]
    if len(keys) != len(set(keys)):
        raise ApiError(INVALID_REQUEST, "Error due to duplicate config keys")
    without_value = [
        operation.key
        for operation in alteration.operations
        if operation.value is None and operation.operation != DELETE
    ]
    if without_value:
        raise ApiError(INVALID_REQUEST, f"Null value not supported for : {', '.join(without_value)}")


def _check_broker(broker: Services, alteration: ConfigAlteration) -> None:
    """Whether this broker can be changed so while it runs (DynamicBrokerConfig.validate)."""
    name = alteration.resource_name
    if name:
        broker_id = java_integer(name)
        if broker_id is None:
            raise ApiError(INVALID_REQUEST, f"Node id must be an integer, but it is: {name}")
        if broker_id != broker.node_id:
            raise ApiError(INVALID_REQUEST, f"Unexpected broker id, expected {broker.node_id}, but received {name}")
    settings = {} if alteration.replaces else dict(broker.image.configs.get((BROKER, name), {}))
    for key, operation, value in alteration.operations:
        _change(settings, key, operation, value)
    validate_broker_update(broker.controller.config, settings, per_broker=bool(name))


def _change(settings: dict[str, str], key: str, operation: int, value: str | None) -> None:
    if operation not in OPERATION_NAMES:
        raise ApiError(INVALID_REQUEST, f"Unknown operations type {operation}")
    if operation == DELETE or value is None:
        settings.pop(key, None)
        return
    if operation == SET:
        settings[key] = value
        return
    known = broker_keys().get(key)
    if known is None or not known.is_declared:
        raise ApiError(UNKNOWN_SERVER_ERROR)
    if known.type != "list":
        verb = "append" if operation == APPEND else "subtract"
        raise ApiError(INVALID_CONFIG, f"Config value {verb} is not allowed for config key: {key}")
    settings[key] = combined_list(operation, settings.get(key, value_text(known.default) or ""), value)
