"""DescribeConfigs (key 32), versions 0-4: the settings of topics, brokers, loggers, groups and metric subscriptions.

Version 1 has sources and synonyms (KIP-226), 3 types and documentation (KIP-569). A resource of an unknown type fails
the whole request. Source: Kafka's ConfigHelper.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.config.describe import (
    DEFAULT_CONFIG,
    DYNAMIC_BROKER_LOGGER_CONFIG,
    DescribedConfig,
    describe_broker,
    describe_broker_defaults,
    describe_client_metrics,
    describe_group,
    describe_topic,
)
from minikafka.config.values import java_integer
from minikafka.errors import ApiError
from minikafka.handlers._broker_loggers import levels
from minikafka.protocol.messages import DescribeConfigsRequest, DescribeConfigsResponse
from minikafka.state import topic_names
from minikafka.state.configurations import BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext, Services

_Resource = DescribeConfigsRequest.DescribeConfigsResource
_Result = DescribeConfigsResponse.DescribeConfigsResult
_Config = DescribeConfigsResponse.DescribeConfigsResourceResult
_DESCRIBED = frozenset({TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP})
_FIRST_VERSION_WITH_SOURCES = 1
_FIRST_VERSION_WITH_TYPES = 3


def handle(ctx: RequestContext, request: DescribeConfigsRequest) -> DescribeConfigsResponse:
    if any(resource.resource_type not in _DESCRIBED for resource in request.resources):
        raise ApiError(errors.INVALID_REQUEST)
    return DescribeConfigsResponse(results=[_result(ctx, request, resource) for resource in request.resources])


def error_response(request: DescribeConfigsRequest, code: int) -> DescribeConfigsResponse:
    """The answer when the request fails as a whole."""
    error = ApiError(code)
    return DescribeConfigsResponse(results=[_refused(resource, error) for resource in request.resources])


def _result(ctx: RequestContext, request: DescribeConfigsRequest, resource: _Resource) -> _Result:
    result = _Result(resource_type=resource.resource_type, resource_name=resource.resource_name)
    wanted = resource.configuration_keys
    try:
        if resource.resource_type == BROKER_LOGGER:
            _check_logger_name(ctx.broker, resource.resource_name)
            result.configs = [_logger(name, level) for name, level in levels() if not wanted or name in wanted]
        else:
            described = _described(ctx.broker, resource.resource_type, resource.resource_name)
            result.configs = [
                _config(ctx, request, config) for config in described if not wanted or config.name in wanted
            ]
    except ApiError as error:
        return _refused(resource, error)
    return result


def _refused(resource: _Resource, error: ApiError) -> _Result:
    # Kafka says nothing more about a topic that is not there.
    message = "" if error.code == errors.UNKNOWN_TOPIC_OR_PARTITION else error.message
    return _Result(
        error_code=error.code,
        error_message=message,
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
    )


def _described(broker: Services, resource_type: int, name: str) -> Iterable[DescribedConfig]:
    """Raises ApiError: there is no such resource, or it is another broker's."""
    config = broker.controller.config
    own = broker.image.configs.get((resource_type, name), {})
    if resource_type == TOPIC:
        topic_names.validate(name)
        if name not in broker.image.topics_by_name:
            raise ApiError(errors.UNKNOWN_TOPIC_OR_PARTITION)
        return describe_topic(config, own)
    if resource_type == BROKER:
        if not name:
            return describe_broker_defaults(config)
        _check_broker_id(broker, name)
        return describe_broker(config)
    if resource_type == CLIENT_METRICS:
        if not name:
            raise ApiError(errors.INVALID_REQUEST, "Client metrics subscription name must not be empty")
        return describe_client_metrics(own)
    if not name:
        raise ApiError(errors.INVALID_REQUEST, "Group name must not be empty")
    return describe_group(config, own)


def _check_broker_id(broker: Services, name: str) -> None:
    """Raises ApiError(INVALID_REQUEST) unless ``name`` is the id of this broker."""
    if _broker_id(name) != broker.node_id:
        raise ApiError(
            errors.INVALID_REQUEST,
            f"Unexpected broker id, expected {broker.node_id} or empty string, but received {name}",
        )


def _check_logger_name(broker: Services, name: str) -> None:
    """The same for loggers, in Kafka's other words."""
    if not name:
        raise ApiError(errors.INVALID_REQUEST, "Broker id must not be empty")
    if _broker_id(name) != broker.node_id:
        raise ApiError(errors.INVALID_REQUEST, f"Unexpected broker id, expected {broker.node_id} but received {name}")


def _broker_id(name: str) -> int:
    broker_id = java_integer(name)
    if broker_id is None:
        raise ApiError(errors.INVALID_REQUEST, f"Broker id must be an integer, but it is: {name}")
    return broker_id


def _config(ctx: RequestContext, request: DescribeConfigsRequest, described: DescribedConfig) -> _Config:
    config = _Config(
        name=described.name,
        value=described.value,
        read_only=described.read_only,
        config_source=described.source,
        is_sensitive=described.is_sensitive,
        config_type=described.type_code,
    )
    if ctx.api_version < _FIRST_VERSION_WITH_SOURCES:
        config.is_default = described.source == DEFAULT_CONFIG
    elif request.include_synonyms:
        config.synonyms = [
            DescribeConfigsResponse.DescribeConfigsSynonym(
                name=synonym.name, value=synonym.value, source=synonym.source
            )
            for synonym in described.synonyms
        ]
    if ctx.api_version >= _FIRST_VERSION_WITH_TYPES:
        config.documentation = described.documentation if request.include_documentation else None
    return config


def _logger(name: str, level: str) -> _Config:
    return _Config(name=name, value=level, config_source=DYNAMIC_BROKER_LOGGER_CONFIG)
