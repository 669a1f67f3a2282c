"""ConsumerGroupDescribe (key 69), versions 0-1: the state and the members of groups of the consumer protocol (KIP-848).

Version 1: which protocol each member uses (KIP-1099). Source: Kafka's KafkaApis.handleConsumerGroupDescribe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.errors import NONE, UNSUPPORTED_VERSION
from minikafka.handlers._groups import ALL_GROUP_OPERATIONS, consumer_protocol_is_enabled
from minikafka.protocol.messages import ConsumerGroupDescribeResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ConsumerGroupDescribeRequest


def handle(
    ctx: RequestContext, request: ConsumerGroupDescribeRequest
) -> ConsumerGroupDescribeResponse | Pending[ConsumerGroupDescribeResponse]:
    if not consumer_protocol_is_enabled(ctx):
        return error_response(request, UNSUPPORTED_VERSION)

    def answer(groups: list[ConsumerGroupDescribeResponse.DescribedGroup]) -> ConsumerGroupDescribeResponse:
        if request.include_authorized_operations:
            for group in groups:
                if group.error_code == NONE:
                    group.authorized_operations = ALL_GROUP_OPERATIONS
        return ConsumerGroupDescribeResponse(groups=groups)

    return map_pending(ctx.broker.groups.describe_consumer_groups(request.group_ids), answer)


def error_response(request: ConsumerGroupDescribeRequest, code: int) -> ConsumerGroupDescribeResponse:
    """The answer when the request fails as a whole."""
    return ConsumerGroupDescribeResponse(
        groups=[
            ConsumerGroupDescribeResponse.DescribedGroup(group_id=group_id, error_code=code)
            for group_id in request.group_ids
        ]
    )
