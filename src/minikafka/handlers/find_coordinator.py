"""FindCoordinator (key 10), versions 0-6: who coordinates a group (type 0), a transactional id (1), a share group's
partition (2, version 6).

Keys of type 2 are "group:topic id:partition".

From version 4 on several keys are asked for at once (KIP-699). One node is the coordinator of everything, as soon as
the internal topic of the type is there: it is created now, and the answer waits for that, where Kafka answers
COORDINATOR_NOT_AVAILABLE and lets the client ask again. Source: KafkaApis.getCoordinator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.handlers._topic_metadata import partition_state
from minikafka.named_tuple import NamedTuple
from minikafka.pending import Pending
from minikafka.protocol.messages import FindCoordinatorRequest, FindCoordinatorResponse
from minikafka.state.topic_names import GROUP_METADATA_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_GROUP, _TRANSACTION, _SHARE = 0, 1, 2
_TOPICS = {
    _GROUP: GROUP_METADATA_TOPIC,
    _TRANSACTION: TRANSACTION_STATE_TOPIC,
    _SHARE: SHARE_GROUP_STATE_TOPIC,
}
_FIRST_VERSION_WITH_BATCHES = 4
_FIRST_VERSION_WITH_SHARE = 6


class _Found(NamedTuple):
    error: int
    node_id: int = -1
    host: str = ""
    port: int = -1


def handle(
    ctx: RequestContext, request: FindCoordinatorRequest
) -> FindCoordinatorResponse | Pending[FindCoordinatorResponse]:
    key_type = request.key_type
    topic = _TOPICS.get(key_type)
    if topic is None:
        return error_response(request, errors.INVALID_REQUEST)
    keys = request.coordinator_keys if ctx.api_version >= _FIRST_VERSION_WITH_BATCHES else [request.key]
    if topic in ctx.broker.image.topics_by_name or not any(_is_answerable(ctx, key_type, key) for key in keys):
        return _response(ctx, request)
    answer: Pending[FindCoordinatorResponse] = Pending()
    ctx.broker.controller.create_internal_topic(topic).on_complete(lambda _: answer.complete(_response(ctx, request)))
    return answer


def error_response(request: FindCoordinatorRequest, code: int) -> FindCoordinatorResponse:
    """The answer when the request fails as a whole."""
    message = errors.message_of(code)
    if request.coordinator_keys:
        return FindCoordinatorResponse(
            coordinators=[_coordinator(key, _Found(code), message) for key in request.coordinator_keys]
        )
    return FindCoordinatorResponse(error_code=code, error_message=message, node_id=-1, host="", port=-1)


def _response(ctx: RequestContext, request: FindCoordinatorRequest) -> FindCoordinatorResponse:
    if ctx.api_version >= _FIRST_VERSION_WITH_BATCHES:
        return FindCoordinatorResponse(
            coordinators=[_coordinator(key, _find(ctx, request.key_type, key), "") for key in request.coordinator_keys]
        )
    found = _find(ctx, request.key_type, request.key)
    return FindCoordinatorResponse(
        error_code=found.error,
        error_message=errors.message_of(found.error),
        node_id=found.node_id,
        host=found.host,
        port=found.port,
    )


def _coordinator(key: str, found: _Found, message: str) -> FindCoordinatorResponse.Coordinator:
    return FindCoordinatorResponse.Coordinator(
        key=key,
        node_id=found.node_id,
        host=found.host,
        port=found.port,
        error_code=found.error,
        error_message=message,
    )


def _find(ctx: RequestContext, key_type: int, key: str) -> _Found:
    if not _is_answerable(ctx, key_type, key):
        return _Found(errors.INVALID_REQUEST)
    if not _is_served(ctx, _TOPICS[key_type], _coordinator_key(key_type, key)):
        return _Found(errors.COORDINATOR_NOT_AVAILABLE)
    for endpoint in ctx.broker.advertised_endpoints(ctx.connection):
        return _Found(errors.NONE, ctx.broker.node_id, endpoint.host, endpoint.port)
    return _Found(errors.COORDINATOR_NOT_AVAILABLE)


def _is_served(ctx: RequestContext, topic_name: str, key: str) -> bool:
    """Whether the partition that holds ``key`` has its leader here."""
    from minikafka.coordinator.partitioner import partition_for

    topic = ctx.broker.image.topics_by_name.get(topic_name)
    if topic is None or not topic.partitions:
        return False
    partition = topic.partitions[partition_for(key, len(topic.partitions))]
    return partition_state(ctx.broker, topic, partition).leader == ctx.broker.node_id


def _is_answerable(ctx: RequestContext, key_type: int, key: str) -> bool:
    if key_type != _SHARE:
        return True
    if ctx.api_version < _FIRST_VERSION_WITH_SHARE:
        return False
    try:
        _coordinator_key(key_type, key)
    except ValueError:
        return False
    return True


def _coordinator_key(key_type: int, key: str) -> str:
    """What the place in the coordinator's topic depends on. Raises ValueError: it is no share partition."""
    if key_type != _SHARE:
        return key
    from minikafka.coordinator.share_state.share_partition_key import parse_share_partition_key

    return str(parse_share_partition_key(key))
