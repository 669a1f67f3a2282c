"""CreateTopics (key 19), versions 0-7: new topics with partitions, placement and settings of their own.

Version 1 adds validate_only and sentences, 4 lets both counts be -1 for the broker's defaults (KIP-464), 5 answers with
the topic's configs (KIP-525), 7 with its id. Each topic has its own outcome; all that are created are durable, and
their leaders ready, when the answer goes out. Source: ControllerApis.createTopics, ReplicationControlManager.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.config.describe import describe_topic
from minikafka.controller.topic_control import CreatedTopic, NewTopic
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import CreateTopicsRequest, CreateTopicsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_FIRST_VERSION_WITH_CONFIGS = 5

_Result = CreateTopicsResponse.CreatableTopicResult


def handle(ctx: RequestContext, request: CreateTopicsRequest) -> CreateTopicsResponse | Pending[CreateTopicsResponse]:
    counts = Counter(topic.name for topic in request.topics)
    refused = [_refusal(name, errors.INVALID_REQUEST, "Duplicate topic name.") for name in counts if counts[name] > 1]
    wishes = [_wish(topic) for topic in request.topics if counts[topic.name] == 1]
    if not wishes:
        return CreateTopicsResponse(topics=refused)
    answer: Pending[CreateTopicsResponse] = Pending()

    def created(results: list[CreatedTopic]) -> None:
        topics = [_result(ctx, result) for result in results] + refused
        answer.complete(CreateTopicsResponse(topics=topics))

    try:
        ctx.broker.controller.create_topics(wishes, validate_only=request.validate_only).on_complete(created)
    except ApiError as error:
        # The request as a whole, e.g. for too many partitions: every topic in it then has this outcome.
        return CreateTopicsResponse(
            topics=[_refusal(topic.name, error.code, error.message) for topic in request.topics]
        )
    return answer


def error_response(request: CreateTopicsRequest, code: int) -> CreateTopicsResponse:
    """The answer when the request fails as a whole."""
    return CreateTopicsResponse(
        topics=[_refusal(topic.name, code, errors.message_of(code)) for topic in request.topics]
    )


def _wish(topic: CreateTopicsRequest.CreatableTopic) -> NewTopic:
    return NewTopic(
        topic.name,
        topic.num_partitions,
        topic.replication_factor,
        [(assignment.partition_index, assignment.broker_ids) for assignment in topic.assignments],
        [(config.name, config.value) for config in topic.configs],
    )


def _refusal(name: str, code: int, message: str | None) -> _Result:
    return _Result(name=name, error_code=code, error_message=message)


def _result(ctx: RequestContext, created: CreatedTopic) -> _Result:
    if created.error != errors.NONE:
        return _refusal(created.name, created.error, created.message)
    result = _Result(
        name=created.name,
        topic_id=created.topic_id,
        error_message=None,
        num_partitions=created.num_partitions,
        replication_factor=created.replication_factor,
    )
    if ctx.api_version >= _FIRST_VERSION_WITH_CONFIGS:
        result.configs = [
            CreateTopicsResponse.CreatableTopicConfigs(
                name=config.name,
                value=config.value,
                read_only=config.read_only,
                config_source=config.source,
                is_sensitive=config.is_sensitive,
            )
            for config in describe_topic(ctx.broker.controller.config, created.configs)
        ]
    return result
