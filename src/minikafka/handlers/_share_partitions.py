"""What ShareFetch and ShareAcknowledge have in common: who may ask, about which partitions, and who leads those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.handlers._groups import share_groups_are_enabled
from minikafka.handlers._partitions import partition_log

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import ShareAcknowledgeResponse, ShareFetchResponse

PartitionKey = tuple[bytes, int]
"""Topic id and index."""

_MAX_MEMBER_ID_CHARACTERS = 36
_ELSEWHERE = frozenset({errors.NOT_LEADER_OR_FOLLOWER, errors.FENCED_LEADER_EPOCH})


def refusal(ctx: RequestContext, group_id: str | None, member_id: str | None) -> int:
    """The error code for one who cannot be served at all, or NONE."""
    if not share_groups_are_enabled(ctx.broker):
        return errors.UNSUPPORTED_VERSION
    if group_id is None or not member_id or len(member_id) > _MAX_MEMBER_ID_CHARACTERS:
        return errors.INVALID_REQUEST
    return errors.NONE


def topic_name(ctx: RequestContext, topic_id: bytes) -> str | None:
    topic = ctx.broker.image.topics_by_id.get(topic_id)
    return None if topic is None else topic.name


def has_partition(ctx: RequestContext, topic_id: bytes, index: int) -> bool:
    topic = ctx.broker.image.topics_by_id.get(topic_id)
    return topic is not None and 0 <= index < len(topic.partitions)


def code_of_partition(ctx: RequestContext, topic: str, index: int) -> int:
    """NONE, or why nothing can be done with the partition here; see ``partition_log``."""
    try:
        partition_log(ctx.broker, topic, index)
    except ApiError as error:
        return error.code
    return errors.NONE


def tell_leader(
    ctx: RequestContext,
    response: ShareFetchResponse | ShareAcknowledgeResponse,
    topic_id: bytes,
    data: ShareFetchResponse.PartitionData | ShareAcknowledgeResponse.PartitionData,
) -> None:
    """Say who leads a partition, and where that is, to those whose error says that it has moved (KIP-951)."""
    if data.error_code not in _ELSEWHERE:
        return
    broker = ctx.broker
    log = broker.logs.get(topic_name(ctx, topic_id) or "", data.partition_index)
    if log is None:
        return
    kinds: Any = type(response)
    data.current_leader = kinds.LeaderIdAndEpoch(leader_id=broker.node_id, leader_epoch=log.leader_epoch)
    response.node_endpoints = [
        kinds.NodeEndpoint(node_id=broker.node_id, host=endpoint.host, port=endpoint.port)
        for endpoint in broker.advertised_endpoints(ctx.connection)
    ]
