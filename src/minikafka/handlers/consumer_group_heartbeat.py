"""ConsumerGroupHeartbeat (key 68), versions 0-1: join, stay in and leave a group of the consumer protocol (KIP-848).

Version 1: the client makes its member id (KIP-1082), and may subscribe with a regular expression (KIP-848).
Source: Kafka's KafkaApis.handleConsumerGroupHeartbeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.errors import UNSUPPORTED_VERSION
from minikafka.handlers._groups import caller_of, consumer_protocol_is_enabled
from minikafka.protocol.messages import ConsumerGroupHeartbeatResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ConsumerGroupHeartbeatRequest


def handle(
    ctx: RequestContext, request: ConsumerGroupHeartbeatRequest
) -> ConsumerGroupHeartbeatResponse | Pending[ConsumerGroupHeartbeatResponse]:
    if not consumer_protocol_is_enabled(ctx):
        return ConsumerGroupHeartbeatResponse(error_code=UNSUPPORTED_VERSION)
    return ctx.broker.groups.consumer_group_heartbeat(caller_of(ctx), request)
