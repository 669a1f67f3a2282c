"""SyncGroup (key 14), versions 0-5: get one's assignment; from the leader, bring everybody's.

Followers wait for the leader. Version 3: static members (KIP-345); 5: the protocol is named, and checked (KIP-559).
Source: Kafka's KafkaApis.handleSyncGroupRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.errors import INCONSISTENT_GROUP_PROTOCOL
from minikafka.handlers._groups import caller_of
from minikafka.protocol.messages import SyncGroupResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import SyncGroupRequest

PROTOCOL_MANDATORY_SINCE_VERSION = 5


def handle(ctx: RequestContext, request: SyncGroupRequest) -> SyncGroupResponse | Pending[SyncGroupResponse]:
    if ctx.api_version >= PROTOCOL_MANDATORY_SINCE_VERSION and (
        request.protocol_type is None or request.protocol_name is None
    ):
        return SyncGroupResponse(error_code=INCONSISTENT_GROUP_PROTOCOL)
    return ctx.broker.groups.sync_group(caller_of(ctx), request)
