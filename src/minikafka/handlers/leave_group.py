"""LeaveGroup (key 13), versions 0-5: members leave, or are removed by an admin.

Up to version 2 one member, whose error is that of the answer; since 3 several, each with its own (KIP-345); 5: reasons
(KIP-800). Source: Kafka's LeaveGroupRequest.normalizedData, LeaveGroupResponse, KafkaApis.handleLeaveGroupRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.handlers._groups import caller_of
from minikafka.protocol.messages import LeaveGroupRequest, LeaveGroupResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

SEVERAL_MEMBERS_SINCE_VERSION = 3


def handle(ctx: RequestContext, request: LeaveGroupRequest) -> LeaveGroupResponse | Pending[LeaveGroupResponse]:
    if ctx.api_version >= SEVERAL_MEMBERS_SINCE_VERSION:
        return ctx.broker.groups.leave_group(caller_of(ctx), request)
    one = LeaveGroupRequest(
        group_id=request.group_id, members=[LeaveGroupRequest.MemberIdentity(member_id=request.member_id)]
    )
    return map_pending(ctx.broker.groups.leave_group(caller_of(ctx), one), _with_one_error)


def _with_one_error(response: LeaveGroupResponse) -> LeaveGroupResponse:
    code = response.error_code or next((member.error_code for member in response.members if member.error_code), 0)
    return LeaveGroupResponse(error_code=code)
