"""ShareGroupHeartbeat (key 76), version 1: join, stay in and leave a share group (KIP-932).

The client makes its member id, and may begin anew at any time. What a member is the first to read it gets with a later
heartbeat: the state of the partitions is initialized first. Source: Kafka's KafkaApis.handleShareGroupHeartbeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.errors import INVALID_REQUEST, UNSUPPORTED_VERSION
from minikafka.handlers._groups import caller_of, share_groups_are_enabled
from minikafka.protocol.messages import ShareGroupHeartbeatResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ShareGroupHeartbeatRequest

_MAX_MEMBER_ID_CHARACTERS = 36
"""Of a UUID in its usual form."""


def handle(
    ctx: RequestContext, request: ShareGroupHeartbeatRequest
) -> ShareGroupHeartbeatResponse | Pending[ShareGroupHeartbeatResponse]:
    if not share_groups_are_enabled(ctx.broker):
        return ShareGroupHeartbeatResponse(error_code=UNSUPPORTED_VERSION)
    if not 0 < len(request.member_id) <= _MAX_MEMBER_ID_CHARACTERS:
        return ShareGroupHeartbeatResponse(error_code=INVALID_REQUEST)
    return ctx.broker.groups.share.heartbeat(caller_of(ctx), request)
