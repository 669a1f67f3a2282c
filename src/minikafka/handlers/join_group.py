"""JoinGroup (key 11), versions 0-9: become a member of the next generation of a group, or stay one.

The answer waits until the group knows its members. Since version 4 a new member is first given an id
(MEMBER_ID_REQUIRED, KIP-394); 5: static members (KIP-345); 7: the protocol type is answered; 8: reasons (KIP-800);
9: a static leader need not assign (KIP-814). Source: Kafka's KafkaApis.handleJoinGroupRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.handlers._groups import caller_of
from minikafka.protocol.messages import JoinGroupResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import JoinGroupRequest

NULLABLE_PROTOCOL_SINCE_VERSION = 7


def handle(ctx: RequestContext, request: JoinGroupRequest) -> JoinGroupResponse | Pending[JoinGroupResponse]:
    answer = ctx.broker.groups.join_group(caller_of(ctx), request)
    if ctx.api_version >= NULLABLE_PROTOCOL_SINCE_VERSION:
        return answer
    return map_pending(answer, _without_null_protocol)


def _without_null_protocol(response: JoinGroupResponse) -> JoinGroupResponse:
    if response.protocol_name is None:
        response.protocol_name = ""
    return response


def error_response(request: JoinGroupRequest, code: int) -> JoinGroupResponse:
    """The answer when the request fails as a whole."""
    return JoinGroupResponse(error_code=code, protocol_name="")
