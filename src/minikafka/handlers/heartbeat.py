"""Heartbeat (key 12), versions 0-4: a member is alive; it learns whether it has to join again.

Version 3: static members (KIP-345). Source: Kafka's KafkaApis.handleHeartbeatRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.handlers._groups import caller_of

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import HeartbeatRequest, HeartbeatResponse


def handle(ctx: RequestContext, request: HeartbeatRequest) -> HeartbeatResponse | Pending[HeartbeatResponse]:
    return ctx.broker.groups.heartbeat(caller_of(ctx), request)
