"""ShareAcknowledge (key 79), versions 1-2: say what became of records that a share fetch has acquired (KIP-932).

Version 2: locks may be renewed (KIP-1222). The answer comes when the persister has written what was said. With the
epoch -1 the session ends, and what the member has not acknowledged is released.
Source: Kafka's KafkaApis.handleShareAcknowledgeRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.coordinator.gathering import map_pending
from minikafka.errors import ApiError
from minikafka.handlers._share_acknowledgements import Outcomes, acknowledge
from minikafka.handlers._share_partitions import refusal, tell_leader
from minikafka.protocol.messages import ShareAcknowledgeResponse
from minikafka.sharing.share_sessions import FINAL_EPOCH, SessionKey

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ShareAcknowledgeRequest

_PartitionData = ShareAcknowledgeResponse.PartitionData
_TopicResponse = ShareAcknowledgeResponse.ShareAcknowledgeTopicResponse


def handle(
    ctx: RequestContext, request: ShareAcknowledgeRequest
) -> ShareAcknowledgeResponse | Pending[ShareAcknowledgeResponse]:
    code = refusal(ctx, request.group_id, request.member_id)
    if code != errors.NONE:
        return error_response(request, code)
    share_partitions = ctx.broker.share_partitions
    session = SessionKey(request.group_id or "", request.member_id or "")
    try:
        share_partitions.sessions.acknowledges(session, request.share_session_epoch)
    except ApiError as error:
        return error_response(request, error.code)

    def answer(outcomes: Outcomes) -> ShareAcknowledgeResponse:
        if request.share_session_epoch == FINAL_EPOCH:
            share_partitions.close_session(session)
        return _answer(ctx, session, outcomes)

    return map_pending(acknowledge(ctx, session, request), answer)


def error_response(request: ShareAcknowledgeRequest, code: int) -> ShareAcknowledgeResponse:
    """The answer when the request fails as a whole; Kafka gives no sentence with it."""
    return ShareAcknowledgeResponse(error_code=code)


def _answer(ctx: RequestContext, session: SessionKey, outcomes: Outcomes) -> ShareAcknowledgeResponse:
    settings = ctx.broker.share_partitions.settings.of_group(session.group_id)
    response = ShareAcknowledgeResponse(acquisition_lock_timeout_ms=settings.record_lock_duration_ms)
    topics: dict[bytes, ShareAcknowledgeResponse.ShareAcknowledgeTopicResponse] = {}
    for (topic_id, index), outcome in outcomes.items():
        data = _PartitionData(partition_index=index, error_code=outcome.code, error_message=outcome.message)
        tell_leader(ctx, response, topic_id, data)
        topics.setdefault(topic_id, _TopicResponse(topic_id=topic_id)).partitions.append(data)
    response.responses = list(topics.values())
    return response
