"""Metadata (key 3), versions 0-13: brokers, controller, topics and their partitions.

No topics asked for: version 0 means all by an empty list, later ones by null, and an empty list is none. Topics can be
named by id from version 12 on (in 10 and 11 the field is there, but refused: KAFKA-15326 and others); then names are
not looked at. Asking for a topic creates it unless the client (version 4) or auto.create.topics.enable forbids that.

Where Kafka answers UNKNOWN_TOPIC_OR_PARTITION while such a topic is being created, and lets the client ask again, the
answer here waits until its leaders are ready. Source: KafkaApis.handleTopicMetadataRequest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.controller.internal_topics import auto_created_topic
from minikafka.errors import ApiError
from minikafka.handlers._authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED_FOR, TOPIC_OPERATIONS
from minikafka.handlers._topic_metadata import error_of_missing_topic, partition_state
from minikafka.pending import Pending
from minikafka.protocol.messages import MetadataRequest, MetadataResponse
from minikafka.state.topic_names import CLUSTER_METADATA_TOPIC, is_internal, is_valid

if TYPE_CHECKING:
    from minikafka.controller.topic_control import CreatedTopic
    from minikafka.handlers.context import RequestContext
    from minikafka.state.topics import PartitionImage, TopicImage

_NO_ID = bytes(16)
_FIRST_VERSION_WITH_IDS = 12
_FIRST_VERSION_WITH_AUTHORIZED_OPERATIONS = 8
_LAST_VERSION_WITH_CLUSTER_OPERATIONS = 10

_Topic = MetadataResponse.MetadataResponseTopic
_Partition = MetadataResponse.MetadataResponsePartition


def handle(ctx: RequestContext, request: MetadataRequest) -> MetadataResponse | Pending[MetadataResponse]:
    _check_topics(ctx, request)
    image = ctx.broker.image
    if request.topics is None or (ctx.api_version == 0 and not request.topics):
        return _response(ctx, request, [_describe(ctx, topic) for topic in image.topics_by_name.values()])
    ids = {topic.topic_id for topic in request.topics} - {_NO_ID}
    if ids:
        return _response(ctx, request, [_describe_id(ctx, topic_id) for topic_id in ids])
    names = list(dict.fromkeys(_name(topic) for topic in request.topics))
    missing = [name for name in names if name not in image.topics_by_name]
    config = ctx.broker.controller.config
    if missing and request.allow_auto_topic_creation and config["auto.create.topics.enable"]:
        return _create(ctx, request, names, missing)
    return _response(ctx, request, [_describe_name(ctx, name, {}) for name in names])


def error_response(request: MetadataRequest, code: int) -> MetadataResponse:
    """The answer when the request fails as a whole; from version 13 on it has a place of its own for the error."""
    topics = [
        _Topic(name=topic.name if topic.name is not None else "", topic_id=topic.topic_id, error_code=code)
        for topic in request.topics or ()
    ]
    return MetadataResponse(topics=topics, error_code=code)


def _check_topics(ctx: RequestContext, request: MetadataRequest) -> None:
    version = ctx.api_version
    for topic in request.topics or ():
        if version < _FIRST_VERSION_WITH_IDS:
            if topic.name is None:
                raise ApiError(errors.INVALID_REQUEST, f"Topic name can not be null for version {version}")
            if topic.topic_id != _NO_ID:
                raise ApiError(errors.INVALID_REQUEST, f"Topic IDs are not supported in requests for version {version}")
        elif topic.name is None and topic.topic_id == _NO_ID:
            raise ApiError(errors.INVALID_REQUEST, "A topic has neither a name nor an id")


def _name(topic: MetadataRequest.MetadataRequestTopic) -> str:
    assert topic.name is not None  # checked: without a name there is an id
    return topic.name


def _create(
    ctx: RequestContext, request: MetadataRequest, names: list[str], missing: list[str]
) -> Pending[MetadataResponse]:
    answer: Pending[MetadataResponse] = Pending()

    def created(results: list[CreatedTopic]) -> None:
        refusals = {result.name: result.error for result in results if result.error != errors.NONE}
        answer.complete(_response(ctx, request, [_describe_name(ctx, name, refusals) for name in names]))

    controller = ctx.broker.controller
    brokers = len(ctx.broker.image.cluster.brokers)
    controller.create_topics(
        [auto_created_topic(name, controller.config, brokers) for name in missing if _may_be_created(name)]
    ).on_complete(created)
    return answer


def _may_be_created(name: str) -> bool:
    return is_valid(name) and name != CLUSTER_METADATA_TOPIC


def _response(ctx: RequestContext, request: MetadataRequest, topics: Iterable[_Topic]) -> MetadataResponse:
    broker = ctx.broker
    version = ctx.api_version
    response = MetadataResponse(
        brokers=[
            MetadataResponse.MetadataResponseBroker(
                node_id=broker.node_id,
                host=endpoint.host,
                port=endpoint.port,
                rack=broker.config["broker.rack"],
            )
            for endpoint in broker.advertised_endpoints(ctx.connection)
        ],
        cluster_id=broker.cluster_id,
        controller_id=broker.node_id,
        topics=list(topics),
    )
    if version >= _FIRST_VERSION_WITH_AUTHORIZED_OPERATIONS:
        if request.include_topic_authorized_operations:
            for topic in response.topics:
                topic.topic_authorized_operations = TOPIC_OPERATIONS if topic.name is not None else NOT_ASKED_FOR
        if version <= _LAST_VERSION_WITH_CLUSTER_OPERATIONS and request.include_cluster_authorized_operations:
            response.cluster_authorized_operations = CLUSTER_OPERATIONS
    return response


def _describe_name(ctx: RequestContext, name: str, refusals: dict[str, int]) -> _Topic:
    topic = ctx.broker.image.topics_by_name.get(name)
    if topic is not None:
        return _describe(ctx, topic)
    error = refusals.get(name)
    if error is None:
        error = error_of_missing_topic(name)
    return _Topic(error_code=error, name=name, is_internal=is_internal(name))


def _describe_id(ctx: RequestContext, topic_id: bytes) -> _Topic:
    topic = ctx.broker.image.topics_by_id.get(topic_id)
    if topic is None:
        return _Topic(error_code=errors.UNKNOWN_TOPIC_ID, name=None, topic_id=topic_id)
    return _describe(ctx, topic)


def _describe(ctx: RequestContext, topic: TopicImage) -> _Topic:
    return _Topic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[_describe_partition(ctx, topic, partition) for partition in topic.partitions],
    )


def _describe_partition(ctx: RequestContext, topic: TopicImage, partition: PartitionImage) -> _Partition:
    error, leader, offline_replicas = partition_state(ctx.broker, topic, partition)
    return _Partition(
        error_code=error,
        partition_index=partition.index,
        leader_id=leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=partition.replicas,
        isr_nodes=partition.isr,
        offline_replicas=offline_replicas,
    )
